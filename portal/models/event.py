"""Events: the timeline, the audit trail and the statistics are all read from this one table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, ForeignKey, Index, String, event, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant


class Event(Base):
    """Something that happened, in the past tense; append-only and chained by SHA-256."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_consultation", "consultation_id", "id"),
        Index(
            "ix_event_recall_case",
            "recall_case_id",
            "id",
            sqlite_where=text("recall_case_id IS NOT NULL"),
            postgresql_where=text("recall_case_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    name: Mapped[str] = mapped_column(String(60))
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    recall_case_id: Mapped[int | None] = mapped_column(ForeignKey("recall_case.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(40), default="")
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    address: Mapped[str] = mapped_column(String(64), default="")
    stage: Mapped[str | None] = mapped_column(String(30))  # the stage entered, where the event is a transition
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous_digest: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)


_SQLITE_REFUSALS = [
    f"CREATE TRIGGER event_no_{verb} BEFORE {verb.upper()} ON event "
    f"BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    for verb in ("update", "delete")
]
_POSTGRESQL_REFUSALS = [
    (
        "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
    ),
    (
        "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_event_change()"
    ),
]
REFUSAL_STATEMENTS = {"sqlite": _SQLITE_REFUSALS, "postgresql": _POSTGRESQL_REFUSALS}
"""Statements per dialect that make the table append-only; the first migration runs them."""

for _dialect, _statements in REFUSAL_STATEMENTS.items():
    for _statement in _statements:
        event.listen(Event.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
