"""A run of the reminders with much open and with little, and as many mails due: what is not due costs nothing."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, insert, select, update

from benchmarks.filling import NOW, fill
from benchmarks.measuring import Cost, measure
from portal.migrations import upgrade
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.institution import AllianceMember
from portal.models.obligation import Obligation, ReminderSent
from portal.models.outbox import OutboxMessage
from portal.services.reminders import remind_due

OPEN, FEW_OPEN, DUE = 100_000, 1_000, 100
_CONSULTATIONS = 60
_SINCE = NOW - timedelta(days=10)  # so long ago that a step of "what has no deadline" has come
_LATER = NOW + timedelta(days=30)
_AT_ONCE = 5_000


def reminder_costs(
    many_url: str, few_url: str, *, many: int = OPEN, few: int = FEW_OPEN, times: int = 20
) -> list[Cost]:
    """The cost of one run that reminds of `DUE` obligations, among `many` that are open and among `few`."""
    databases = [Database(many_url), Database(few_url)]
    due = [_prepare(database, count) for database, count in zip(databases, (many, few), strict=True)]

    def again() -> None:
        for database, ids in zip(databases, due, strict=True):
            with database.write() as db:
                db.execute(delete(ReminderSent))
                db.execute(delete(OutboxMessage).where(OutboxMessage.kind.startswith("reminder")))
                db.execute(update(Obligation).where(Obligation.id.in_(ids)).values(remind_at=_SINCE))

    def run(database: Database) -> bytes:
        mails = remind_due(database, NOW)
        if mails < DUE:
            raise ValueError(f"only {mails} mails of {DUE} obligations")
        return b""

    calls = [lambda database=database: run(database) for database in databases]
    costs = measure(calls, [database.engine for database in databases], times=times, before=again)
    for database in databases:
        database.dispose()
    return costs


def _prepare(database: Database, count: int) -> list[int]:
    """Let exactly `count` obligations be open, and `DUE` of them due; the ids of those."""
    upgrade(database.engine)
    fill(database, _CONSULTATIONS)
    with database.write() as db:
        db.execute(update(Obligation).values(remind_at=_LATER))
        have = db.scalar(select(func.count()).select_from(Obligation).where(Obligation.closed_at.is_(None))) or 0
        consultations = db.scalars(select(Consultation.id).where(Consultation.lead_institution_id.is_not(None))).all()
        institutions = db.scalars(select(AllianceMember.institution_id)).all()
        rows = [
            {
                "kind": "conclude",
                "consultation_id": consultations[number % len(consultations)],
                "institution_id": institutions[number % len(institutions)],
                "since_at": _SINCE,
                "is_provisional": False,
                "remind_at": _LATER,
            }
            for number in range(count - have)
        ]
        for first in range(0, len(rows), _AT_ONCE):
            db.execute(insert(Obligation), rows[first : first + _AT_ONCE])
        last = select(Obligation.id).where(Obligation.kind == "conclude", Obligation.since_at == _SINCE)
        return list(db.scalars(last.order_by(Obligation.id).limit(DUE)))
