"""劳务费: paid by the applicant (Art. 10): rates, one fee per expert and consultation, and where to pay it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.consultation import Consultation
from portal.models.panel import PanelMember

WORKS = ("preliminary_analysis", "session", "other")
TITLE_CLASSES = ("eminent", "senior", "other")
FEE_STATES = ("due", "approved", "paid")


class FeeRate(Base):
    """What an institution pays for one kind of work to one class of experts, before tax, from a day on."""

    __tablename__ = "fee_rate"
    __table_args__ = (
        one_of("work", WORKS),
        one_of("title_class", TITLE_CLASSES),
        CheckConstraint("amount_fen > 0", name="amount"),
        UniqueConstraint("institution_id", "work", "title_class", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    work: Mapped[str] = mapped_column(String(24))
    title_class: Mapped[str] = mapped_column(String(10))
    amount_fen: Mapped[int]
    valid_from: Mapped[date]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)


class ExpertFee(Base):
    """What one expert is paid for one consultation, as one payment: due, approved by a second person, paid.

    Amounts are in fen (1/100 yuan). Gross and tax are fixed at the approval; `entered_by_id` is who last entered an
    item, and the approval is somebody else's.
    """

    __tablename__ = "expert_fee"
    __table_args__ = (
        one_of("state", FEE_STATES),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> entered_by_id", name="two_people"),
        CheckConstraint("gross_fen > 0 AND tax_fen >= 0 AND tax_fen < gross_fen", name="amounts"),
        CheckConstraint(
            "(state = 'due') = (approved_at IS NULL) AND (approved_at IS NULL) = (approved_by_id IS NULL) "
            "AND (approved_at IS NULL) = (gross_fen IS NULL) AND (approved_at IS NULL) = (tax_fen IS NULL) "
            "AND (approved_at IS NULL) = (withholding IS NULL)",
            name="fixed_when_approved",
        ),
        CheckConstraint(
            "(state = 'paid') = (paid_at IS NOT NULL) AND (paid_at IS NULL) = (paid_on IS NULL) "
            "AND (paid_at IS NULL) = (paid_by_id IS NULL) AND (paid_at IS NULL OR voucher <> '')",
            name="voucher_when_paid",
        ),
        UniqueConstraint("consultation_id", "expert_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"))
    state: Mapped[str] = mapped_column(String(10), default="due")
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    sent_back_reason: Mapped[str] = mapped_column(String(200), default="")
    gross_fen: Mapped[int | None]
    tax_fen: Mapped[int | None]
    withholding: Mapped[str | None] = mapped_column(String(40))  # name of the rule that the tax was worked out by
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    paid_on: Mapped[date | None]
    voucher: Mapped[str] = mapped_column(String(120), default="")
    paid_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    consultation: Mapped[Consultation] = relationship()
    member: Mapped[PanelMember] = relationship()
    items: Mapped[list[FeeItem]] = relationship(order_by="FeeItem.id", back_populates="fee")


class FeeItem(Base):
    """One kind of work within a fee. `rate_fen` is the rate of the session's day, None where there was none."""

    __tablename__ = "fee_item"
    __table_args__ = (
        one_of("work", WORKS),
        one_of("title_class", TITLE_CLASSES),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("rate_fen IS NULL OR rate_fen = amount_fen OR reason <> ''", name="reason"),
        UniqueConstraint("fee_id", "work"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fee_id: Mapped[int] = mapped_column(ForeignKey("expert_fee.id"))
    work: Mapped[str] = mapped_column(String(24))
    title_class: Mapped[str] = mapped_column(String(10))
    amount_fen: Mapped[int]
    rate_fen: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    fee: Mapped[ExpertFee] = relationship(back_populates="items")


class PaymentDetails(Base):
    """收款信息 of an expert: identity document, bank account, telephone, in one text; its key is elsewhere."""

    __tablename__ = "payment_details"

    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime] = mapped_column(Instant)
