"""Consultation material: stored files, numbered versions, who opened what (Art. 8(2))."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of

MATERIAL_KINDS = ("test_report", "defect_analysis", "injury_investigation", "research_report", "other")


class Material(Base):
    """One item of material; frozen once sent. A later addition is a new item that names its reason."""

    __tablename__ = "material"
    __table_args__ = (
        one_of("kind", MATERIAL_KINDS),
        UniqueConstraint("consultation_id", "number", "revision"),
        CheckConstraint("size > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    number: Mapped[int]
    revision: Mapped[int] = mapped_column(default=1)  # 第 n 版
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(120))
    report_number: Mapped[str] = mapped_column(String(80), default="")
    filename: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]  # bytes
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    addition_reason: Mapped[str | None] = mapped_column(Text)  # set when added after sending
    openings: Mapped[list[MaterialOpening]] = relationship(back_populates="material")


class MaterialOpening(Base):
    """Who first opened an item, and when."""

    __tablename__ = "material_opening"

    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    material: Mapped[Material] = relationship(back_populates="openings")
