"""Obligations: who owes what until when. Pages read lateness off the clock, never off a job."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant


class Obligation(Base):
    """One thing that one institution or one person owes; `due_at` NULL means no limit."""

    __tablename__ = "obligation"
    __table_args__ = (
        CheckConstraint("(institution_id IS NULL) <> (person_id IS NULL)", name="one_owner"),
        Index(
            "ix_obligation_open_institution",
            "institution_id",
            "due_at",
            "consultation_id",
            "since_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_obligation_open_person",
            "person_id",
            "due_at",
            "consultation_id",
            "since_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_obligation_consultation", "consultation_id", "closed_at"),
        Index(
            "ix_obligation_due",
            "due_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_obligation_remind",
            "remind_at",
            "id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))  # a key of portal.process.obligations.OBLIGATIONS
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    since_at: Mapped[datetime] = mapped_column(Instant)  # the event it runs from; ahead, where the clock opens it
    working_days: Mapped[int | None]  # NULL where the date was set by a person
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    first_due_at: Mapped[datetime | None] = mapped_column(Instant)  # stays when extended
    extension_reason: Mapped[str | None] = mapped_column(Text)
    is_provisional: Mapped[bool] = mapped_column(default=False)  # 暂定: falls into a year without calendar
    # No moment of its policy before this one is still to be told of; NULL when none follows (services.reminders).
    remind_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    is_met: Mapped[bool | None]  # NULL while open; False when it lapsed or was lifted

    @property
    def is_open(self) -> bool:
        """Whether it is still owed."""
        return self.closed_at is None


class ReminderSent(Base):
    """A reminder that went out; unique, so that no run, late run or second worker sends it twice.

    `due_at` is the instant it is about: the deadline, or, for what has none, when the obligation began.
    """

    __tablename__ = "reminder_sent"

    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(24), primary_key=True)  # of portal.rules.reminders: on_due, again_5d.2
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)  # a moved deadline is reminded of anew
    sent_at: Mapped[datetime] = mapped_column(Instant)


class ReminderPolicy(Base):
    """The policy that the lead has set for a kind of obligation, instead of the one that comes with the release."""

    __tablename__ = "reminder_policy"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)  # a key of OBLIGATIONS
    content: Mapped[str | None] = mapped_column(Text)  # TOML as portal.rules.reminder_policies writes; NULL: as shipped
    version: Mapped[int]
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(Instant)
