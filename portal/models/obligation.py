"""Obligations: who owes what until when. Pages read lateness off the clock, never off a job."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of
from portal.process.obligations import OWNING_ROLES

OWNERS = ("institution_id", "person_id", "role")
"""Who owes an obligation: exactly one of these."""
SUBJECTS = ("consultation_id", "recall_case_id", "term_id", "year")
"""What it is about: one of these at most. What each is called and where it is seen: services.kernel.subjects."""


def _given(columns: tuple[str, ...]) -> str:
    return " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns)


class Obligation(Base):
    """One thing that an institution, a person or a role of the installation owes; `due_at` NULL means no limit."""

    __tablename__ = "obligation"
    __table_args__ = (
        CheckConstraint(f"{_given(OWNERS)} = 1", name="one_owner"),
        CheckConstraint(f"{_given(SUBJECTS)} <= 1", name="one_subject"),
        one_of("role", OWNING_ROLES),
        # What stands beside the acts of a consultation is opened once, whoever looks first (services.kernel.standing).
        Index(
            "uq_obligation_open_slot",
            "kind",
            "slot",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
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
        Index("ix_obligation_recall_case", "recall_case_id", "closed_at"),
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
    kind: Mapped[str] = mapped_column(String(40))  # a key of portal.process.ledger.KINDS
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    recall_case_id: Mapped[int | None] = mapped_column(ForeignKey("recall_case.id"))
    term_id: Mapped[int | None] = mapped_column(ForeignKey("rotation_term.id"))
    year: Mapped[int | None]  # of the working calendar
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str | None] = mapped_column(String(32))
    slot: Mapped[str | None] = mapped_column(String(60))  # of which one is open at a time; NULL: as many as there are
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

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)  # a key of KINDS
    content: Mapped[str | None] = mapped_column(Text)  # TOML as portal.rules.reminder_policies writes; NULL: as shipped
    version: Mapped[int]
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(Instant)
