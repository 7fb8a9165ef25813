"""Reminding by the clock: once per obligation and person, told from the clock and the ledger.

A later policy will say more offsets; at this stage a reminder goes out on the working day before the last one, and
when the clock has opened what nobody's act opens: the lead can be told, as the last expert is overdue (Art. 8(3)).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.obligation import Obligation, ReminderSent
from portal.process.consultation import Stage
from portal.process.obligations import OBLIGATIONS
from portal.rules.dates import beijing_day
from portal.services.consultation.preliminary_analysis import ask_to_tell
from portal.services.duties import is_owed_at
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.mailing import liaisons, queue

DUE_TOMORROW = "due_tomorrow"
# A deadline one working day away can be this far off by the clock: no public holiday is longer.
_HORIZON = timedelta(days=12)


def remind_due(database: Database, now: datetime) -> int:
    """Queue what is to be reminded of now; returns the number of mails. Safe to call at any time, as often as liked."""
    with database.read() as db:
        if not (_candidates(db, now) or _opened(db, now)):
            return 0
    with database.write() as db:
        asked = sum(ask_to_tell(db, obligation, now=now) for obligation in _opened(db, now))
        return asked + sum(_remind(db, obligation, now) for obligation in _candidates(db, now))


def _opened(db: Session, now: datetime) -> list[Obligation]:
    """What the clock has opened and nobody was told of."""
    return list(
        db.scalars(
            select(Obligation)
            .where(
                Obligation.kind == "tell_lead",
                is_owed_at(now),
                ~exists().where(
                    ReminderSent.obligation_id == Obligation.id, ReminderSent.due_at == Obligation.since_at
                ),
            )
            .order_by(Obligation.id)
        )
    )


def _candidates(db: Session, now: datetime) -> list[Obligation]:
    """Open obligations whose last day is the next working day and of which nobody was reminded yet."""
    soon = db.scalars(
        select(Obligation)
        .where(
            Obligation.closed_at.is_(None),
            Obligation.due_at > now,
            Obligation.due_at <= now + _HORIZON,
            ~exists().where(ReminderSent.obligation_id == Obligation.id, ReminderSent.due_at == Obligation.due_at),
        )
        .order_by(Obligation.due_at, Obligation.id)
    ).all()
    calendar = working_calendar(db)
    return [one for one in soon if one.due_at and calendar.working_days_left(now, one.due_at) <= 1]


def _remind(db: Session, obligation: Obligation, now: datetime) -> int:
    kind = OBLIGATIONS[obligation.kind]
    consultation = db.get_one(Consultation, obligation.consultation_id)
    told = set(
        db.scalars(
            select(ReminderSent.person_id).where(
                ReminderSent.obligation_id == obligation.id, ReminderSent.due_at == obligation.due_at
            )
        )
    )
    recipients = [person for person in _owners(db, obligation, now) if person.id not in told]
    for person in recipients:
        db.add(
            ReminderSent(
                obligation_id=obligation.id, offset=DUE_TOMORROW, person_id=person.id, due_at=obligation.due_at
            )
        )
    return queue(
        db,
        "deadline_tomorrow",
        recipients,
        now=now,
        consultation=consultation,
        link_label=kind.button_in(Stage(consultation.stage)),
        link_path=f"/consultations/{obligation.consultation_id}",
        duty=kind.label,
        due_at=obligation.due_at,
        is_provisional=obligation.is_provisional,
    )


def _owners(db: Session, obligation: Obligation, now: datetime) -> Iterable[Person]:
    if obligation.person_id is not None:
        return [db.get_one(Person, obligation.person_id)]
    return liaisons(db, [obligation.institution_id or 0], beijing_day(now))
