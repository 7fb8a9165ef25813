"""The expert registers: each institution manages its own (Standard Art. 8(1), 10)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant
from portal.models.institution import Institution


class Expert(Base):
    """A person on one institution's expert register."""

    __tablename__ = "expert"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    field: Mapped[str] = mapped_column(String(60))  # 专业领域
    employer: Mapped[str] = mapped_column(String(120))  # 工作单位
    title: Mapped[str] = mapped_column(String(60))  # 职务/职称
    relations: Mapped[str] = mapped_column(Text, default="")  # declared relations, one organisation a line
    is_available: Mapped[bool] = mapped_column(default=True)
    person: Mapped[Person] = relationship()
    institution: Mapped[Institution] = relationship()
    undertakings: Mapped[list[ExpertUndertaking]] = relationship(
        back_populates="expert", order_by="ExpertUndertaking.expires_on"
    )


class ExpertUndertaking(Base):
    """The yearly undertaking on confidentiality and interests; `expires_on` is the first day it no longer holds."""

    __tablename__ = "expert_undertaking"
    __table_args__ = (CheckConstraint("expires_on > signed_on", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    signed_on: Mapped[date]
    signed_at: Mapped[datetime] = mapped_column(Instant)
    expires_on: Mapped[date]
    expert: Mapped[Expert] = relationship(back_populates="undertakings")
