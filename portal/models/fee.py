"""劳务费: paid by the applicant (Art. 10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.panel import PanelMember


class ExpertFee(Base):
    """One fee of one member: due, approved by a second person, paid. Amounts are in fen (1/100 yuan)."""

    __tablename__ = "expert_fee"
    __table_args__ = (
        one_of("state", ("due", "approved", "paid")),
        one_of("work", ("preliminary_analysis", "session", "other")),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> entered_by_id", name="two_people"),
        UniqueConstraint("member_id", "work"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"))
    work: Mapped[str] = mapped_column(String(24))
    amount_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="due")
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    paid_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    paid_note: Mapped[str] = mapped_column(String(120), default="")
    member: Mapped[PanelMember] = relationship()
