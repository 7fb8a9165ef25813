"""The recall case: the clue, the product and its producer, who takes part, the consultations it asked (Workflow)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant, one_of
from portal.models.institution import Institution
from portal.process.recall_case import ENDED, OUTCOMES, Stage

_ENDED = f"stage <> '{ENDED[0].value}' OR (closed_at IS NOT NULL AND outcome IS NOT NULL)"


class RecallCase(Base):
    """One case, from the clue to the complete file. `area` is the division code by which officers see it."""

    __tablename__ = "recall_case"
    __table_args__ = (
        one_of("stage", [stage.value for stage in Stage]),
        one_of("outcome", OUTCOMES),
        UniqueConstraint("province", "year", "serial"),
        CheckConstraint(
            f"stage <> '{ENDED[0].value}' OR (closed_at IS NOT NULL AND outcome IS NOT NULL)", name="ended"
        ),
        # What an officer sees is a range of codes: 32, 3201, 320115.
        Index("ix_recall_case_area_due", "area", "next_due_at"),
        Index("ix_recall_case_authority", "authority_id", "next_due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition: Mapped[str] = mapped_column(String(60))  # the edition of the Workflow it began with
    stage: Mapped[str] = mapped_column(String(30))
    version: Mapped[int] = mapped_column(default=1)
    province: Mapped[str] = mapped_column(String(20))  # key; its numbers are consecutive
    year: Mapped[int]
    serial: Mapped[int]
    area: Mapped[str] = mapped_column(String(6))  # GB/T 2260: the authority's, or a county in it
    authority_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))  # NULL: a consultation advised it
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    in_charge_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # 专人, Art. 20
    begun_at: Mapped[datetime] = mapped_column(Instant)
    channel: Mapped[str] = mapped_column(String(30))  # of the edition's channels, Art. 8
    channel_note: Mapped[str] = mapped_column(String(200), default="")
    found_on: Mapped[date]
    discovered_at: Mapped[datetime | None] = mapped_column(Instant)  # the review found a defect possible, Art. 11
    watch_review_on: Mapped[date | None]
    is_voluntary: Mapped[bool] = mapped_column(default=False)  # the producer recalls without a recall notice
    recall_number: Mapped[str] = mapped_column(String(40), default="")  # of the national system, annex 8
    started_on: Mapped[date | None]  # the recall, from which the periods of three months run
    completed_on: Mapped[date | None]  # the plan, by the producer
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(24))
    # The earliest open obligation, kept by services.kernel.case_obligations for lists sorted by deadline.
    next_due_at: Mapped[datetime | None] = mapped_column(Instant)

    authority: Mapped[Institution] = relationship(foreign_keys=[authority_id])
    in_charge: Mapped[Person | None] = relationship(foreign_keys=[in_charge_id])
    product: Mapped[RecallProduct] = relationship(back_populates="case", cascade="all, delete-orphan")
    participants: Mapped[list[CaseParticipant]] = relationship(order_by="CaseParticipant.asked_at")

    __mapper_args__ = {"version_id_col": version}

    @property
    def number(self) -> str:
        """The short number 〔2026〕12号, within its province."""
        return f"〔{self.year}〕{self.serial}号"


class RecallProduct(Base):
    """The product and its producer: what the annexes begin with, so that nothing is typed twice."""

    __tablename__ = "recall_product"
    __table_args__ = (one_of("origin", ("domestic", "imported")),)

    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"), primary_key=True)
    product_name: Mapped[str] = mapped_column(String(120), index=True)
    product_class: Mapped[str] = mapped_column(String(60), default="")
    brand: Mapped[str] = mapped_column(String(120), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    specification: Mapped[str] = mapped_column(String(120), default="")
    batches: Mapped[str] = mapped_column(Text, default="")
    produced_from: Mapped[date | None]
    produced_until: Mapped[date | None]
    quantity: Mapped[str] = mapped_column(String(60), default="")
    origin: Mapped[str | None] = mapped_column(String(10))
    producer: Mapped[str] = mapped_column(String(120), default="", index=True)
    credit_code: Mapped[str] = mapped_column(String(18), default="", index=True)  # 统一社会信用代码, GB 32100
    producer_area: Mapped[str] = mapped_column(String(6), default="")  # division code of the registered place
    address: Mapped[str] = mapped_column(String(200), default="")
    legal_representative: Mapped[str] = mapped_column(String(60), default="")
    contact: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    defect: Mapped[str] = mapped_column(Text, default="")  # 可能存在的缺陷, later the defect that was found
    consequence: Mapped[str] = mapped_column(Text, default="")
    report_numbers: Mapped[str] = mapped_column(Text, default="")  # of tests that the clue rests on
    case: Mapped[RecallCase] = relationship(back_populates="product")


class CaseParticipant(Base):
    """A county regulator that helps (Art. 6), or a technical institution that supports (Art. 7)."""

    __tablename__ = "case_participant"
    __table_args__ = (
        one_of("role", ("county", "technical")),
        Index("ix_case_participant_institution", "institution_id"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(10))
    task: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    institution: Mapped[Institution] = relationship()


class CaseConsultation(Base):
    """A consultation that a case asked for (Art. 9), or whose advice a case follows."""

    __tablename__ = "case_consultation"
    __table_args__ = (one_of("origin", ("asked", "advised")),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"), index=True)
    origin: Mapped[str] = mapped_column(String(10))
    linked_at: Mapped[datetime] = mapped_column(Instant)


class RecallProgress(Base):
    """How many of the affected products came back in one period through one channel (annexes 9 and 10)."""

    __tablename__ = "recall_progress"
    __table_args__ = (CheckConstraint("quantity >= 0", name="quantity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("case_document.id"))
    until_on: Mapped[date]  # last day of the period
    channel: Mapped[str] = mapped_column(String(30))  # a sales channel of the annex; "" where it was not told apart
    quantity: Mapped[int]


class SystemUpload(Base):
    """Something that was uploaded to one of the two other systems (Art. 14, 16, 18), as recorded by an officer."""

    __tablename__ = "system_upload"
    __table_args__ = (UniqueConstraint("case_id", "system", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"))
    system: Mapped[str] = mapped_column(String(20))  # of the edition's systems
    item: Mapped[str] = mapped_column(String(60))  # document:<id>, or file
    uploaded_on: Mapped[date]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
