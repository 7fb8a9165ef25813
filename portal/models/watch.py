"""持续关注: what the applicant keeps an eye on after a consultation (Art. 8(7))."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant, one_of


class Watch(Base):
    """A watch on one consultation's product: owner, entries, next review date, and how it ended."""

    __tablename__ = "watch"
    __table_args__ = (
        one_of("state", ("open", "ended", "reapplied")),
        CheckConstraint("state = 'open' OR ended_at IS NOT NULL", name="ended"),
        CheckConstraint("state <> 'ended' OR end_reason <> ''", name="end_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10), default="open")
    review_on: Mapped[date]
    began_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str] = mapped_column(Text, default="")
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    owner: Mapped[Person] = relationship()
    entries: Mapped[list[WatchEntry]] = relationship(order_by="WatchEntry.at.desc()")


class WatchEntry(Base):
    """What was learned while watching."""

    __tablename__ = "watch_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watch.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    next_review_on: Mapped[date]
