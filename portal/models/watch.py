"""持续关注: what the applicant keeps an eye on after a consultation (Art. 8(7))."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant, one_of

WATCH_FINDINGS = ("injury", "recall", "test", "opinion", "other")


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
    # What would be a reason to apply anew: findings of WATCH_FINDINGS, and in words.
    reopen_on: Mapped[list[str]] = mapped_column(JSON, default=list)
    reopen_note: Mapped[str] = mapped_column(Text, default="")
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
    findings: Mapped[list[str]] = mapped_column(JSON, default=list)  # of WATCH_FINDINGS
    next_review_on: Mapped[date]
    files: Mapped[list[WatchFile]] = relationship(order_by="WatchFile.id")


class WatchFile(Base):
    """New material that came while watching; a new consultation begins with it."""

    __tablename__ = "watch_file"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("watch_entry.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))  # of MATERIAL_KINDS
    title: Mapped[str] = mapped_column(String(120))
    filename: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    sha256: Mapped[str] = mapped_column(String(64), index=True)
