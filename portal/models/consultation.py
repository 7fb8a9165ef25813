"""The consultation with its application: grounds, product information, preliminary verification (Art. 4, 6, 7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.institution import Institution
from portal.process.consultation import Stage

GROUNDS = ("cross_province", "national_arrangement", "institution_necessity")  # Art. 4(1)–(3)
_NUMBERED = "stage IN ('draft', 'discarded') OR (serial IS NOT NULL AND submitted_at IS NOT NULL)"
_LISTED = ("stage", "applicant_institution_id", "lead_institution_id")


class Consultation(Base):
    """One expert consultation, from application to archive."""

    __tablename__ = "consultation"
    __table_args__ = (
        one_of("stage", [stage.value for stage in Stage]),
        CheckConstraint(_NUMBERED, name="numbered"),
        UniqueConstraint("alliance_id", "year", "serial"),
        one_of("outcome", ("concluded", "watch", "withdrawn", "terminated")),
        # Both cover what the list filters by: the order of its rows, and its counts, never touch the wide rows.
        Index("ix_consultation_next_due", "next_due_at", "id", "year", *_LISTED),
        Index("ix_consultation_count", "year", *_LISTED, "next_due_at"),
        Index("ix_consultation_stage_due", "stage", "next_due_at", "id"),
        Index("ix_consultation_applicant", "applicant_institution_id", "next_due_at"),
        Index("ix_consultation_lead", "lead_institution_id", "next_due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alliance_id: Mapped[int] = mapped_column(ForeignKey("alliance.id"))
    edition: Mapped[str] = mapped_column(String(60))  # the edition of the Standard it began with
    stage: Mapped[str] = mapped_column(String(30))
    version: Mapped[int] = mapped_column(default=1)
    year: Mapped[int | None]
    serial: Mapped[int | None]
    applicant_institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    lead_institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    saved_at: Mapped[datetime] = mapped_column(Instant)  # of the application; every save counts up `version`
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    material_sent_at: Mapped[datetime | None] = mapped_column(Instant)
    lead_told_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    handover_to_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))  # proposed, not yet accepted
    handover_reason: Mapped[str] = mapped_column(Text, default="")
    even_panel_reason: Mapped[str | None] = mapped_column(Text)  # Art. 8(1), printed in the minutes
    outcome: Mapped[str | None] = mapped_column(String(20))
    # The final opinion, filled when concluded: {"defect_finding": "yes", …} and the reason where there was no majority.
    final_opinion: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    conclusion_reason: Mapped[str | None] = mapped_column(Text)
    previous_consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    # The earliest open obligation, kept by services.kernel.obligations for lists sorted by deadline.
    next_due_at: Mapped[datetime | None] = mapped_column(Instant)

    applicant_institution: Mapped[Institution] = relationship(foreign_keys=[applicant_institution_id])
    lead_institution: Mapped[Institution | None] = relationship(foreign_keys=[lead_institution_id])
    product: Mapped[ProductInformation] = relationship(back_populates="consultation", cascade="all, delete-orphan")
    verification: Mapped[PreliminaryVerification] = relationship(cascade="all, delete-orphan")
    grounds: Mapped[list[ApplicationGround]] = relationship(
        order_by="ApplicationGround.ground", cascade="all, delete-orphan"
    )
    parties: Mapped[list[ConsultationParty]] = relationship(cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}

    @property
    def number(self) -> str | None:
        """The short number 〔2026〕12号, None while a draft."""
        return short_number(self.year, self.serial)


def short_number(year: int | None, serial: int | None) -> str | None:
    """〔2026〕12号, None for a draft, which has none."""
    return f"〔{year}〕{serial}号" if serial else None


class ConsultationParty(Base):
    """An institution that may see the consultation: applicant, lead, with an expert, or taking part (people.md)."""

    __tablename__ = "consultation_party"
    __table_args__ = (Index("ix_consultation_party_institution", "institution_id", "consultation_id"),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)


class ConsultationCount(Base):
    """How many consultations an institution is party to, by year and stage; kept by services.kernel.counting."""

    __tablename__ = "consultation_count"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stage: Mapped[str] = mapped_column(String(30), primary_key=True)
    number: Mapped[int]


class ApplicationGround(Base):
    """A ground of Art. 4 that the application names; several can hold."""

    __tablename__ = "application_ground"
    __table_args__ = (one_of("ground", GROUNDS),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    ground: Mapped[str] = mapped_column(String(24), primary_key=True)
    arrangement: Mapped[str] = mapped_column(Text, default="")  # national arrangement: what
    arranged_on: Mapped[date | None]  # national arrangement: when
    document_number: Mapped[str] = mapped_column(String(80), default="")  # where there is one
    reason: Mapped[str] = mapped_column(Text, default="")  # necessity, by the institution


class ProductInformation(Base):
    """产品及生产信息: the sheet's first part, and what a recall needs later."""

    __tablename__ = "product_information"
    __table_args__ = (one_of("origin", ("domestic", "imported")),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    information_sources: Mapped[list[str]] = mapped_column(JSON, default=list)
    information_source_other: Mapped[str] = mapped_column(String(120), default="")
    report_numbers: Mapped[str] = mapped_column(Text, default="")
    product_name: Mapped[str] = mapped_column(String(120), default="", index=True)
    specification: Mapped[str] = mapped_column(String(120), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    brand: Mapped[str] = mapped_column(String(120), default="")
    producer: Mapped[str] = mapped_column(String(120), default="", index=True)
    credit_code: Mapped[str] = mapped_column(String(18), default="")  # 统一社会信用代码, GB 32100
    registered_province: Mapped[str | None] = mapped_column(String(20))
    registered_place: Mapped[str] = mapped_column(String(120), default="")
    manufacturing_province: Mapped[str | None] = mapped_column(String(20))
    manufacturing_place: Mapped[str] = mapped_column(String(120), default="")
    test_basis: Mapped[str] = mapped_column(Text, default="")
    suspected_defect: Mapped[str] = mapped_column(Text, default="")
    product_class: Mapped[str] = mapped_column(String(60), default="")
    batch: Mapped[str] = mapped_column(String(120), default="")
    produced_from: Mapped[date | None]
    produced_until: Mapped[date | None]
    quantity: Mapped[str] = mapped_column(String(60), default="")
    origin: Mapped[str | None] = mapped_column(String(10))
    brand_owner: Mapped[str] = mapped_column(String(120), default="")
    parent_company: Mapped[str] = mapped_column(String(120), default="")  # 控股/母公司
    test_laboratory: Mapped[str] = mapped_column(String(120), default="")
    consultation: Mapped[Consultation] = relationship(back_populates="product")


class PreliminaryVerification(Base):
    """初步核实判断: what the applicant checked before applying (Art. 7)."""

    __tablename__ = "preliminary_verification"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    checked: Mapped[str] = mapped_column(Text, default="")
    verified_by: Mapped[str] = mapped_column(String(120), default="")
    verified_on: Mapped[date | None]
    result: Mapped[str] = mapped_column(Text, default="")


class NumberSeries(Base):
    """The last number given in a series and year; raised in the transaction that uses it, so no gap and no double."""

    __tablename__ = "number_series"
    __table_args__ = (CheckConstraint(text("last >= 0"), name="last"),)

    series: Mapped[str] = mapped_column(String(60), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
