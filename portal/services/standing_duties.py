"""The clock's part of the ledger: what is owed beside the acts of consultations is opened when its time comes.

Acts close what they have done, and open what follows from them; the clock sees to the rest, and to whatever an act
has forgotten. Each runs as often as it likes: what is open already stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.process.obligations import OBLIGATIONS
from portal.services.archiving.drill import drills_owed
from portal.services.calendar_years import years_owed
from portal.services.consultation.disposal_review import reviews_owed
from portal.services.kernel.events import record
from portal.services.kernel.standing import Standing, changes, keep
from portal.services.liaisons import liaisons_owed
from portal.services.term_handover import acceptances_owed, signatures_owed

AHEAD = timedelta(days=2)
"""So long before it begins a duty is opened: then the clock shows and tells it, even while no worker runs."""

STANDING: Mapping[str, Callable[[Session, datetime, datetime], Iterable[Standing]]] = {
    "review_disposal": reviews_owed,
    "hold_custody_drill": drills_owed,
    "sign_term_handover": signatures_owed,
    "accept_term_handover": acceptances_owed,
    "name_liaisons": liaisons_owed,
    "load_calendar_year": years_owed,
}
"""What is owed of each kind now, or begins until an instant ahead: `(db, now, until)`."""


def open_by_clock(database: Database, now: datetime) -> int:
    """Bring all of STANDING in step with how things stand; returns how many were opened, moved or lifted."""
    with database.read() as db:
        if not any(changes(db, kind, owed(db, now, now + AHEAD)) for kind, owed in STANDING.items()):
            return 0
    with database.write() as db:
        return keep_standing(db, now=now)


def keep_standing(db: Session, *, now: datetime) -> int:
    """The same in a transaction that is open."""
    return sum(_keep(db, kind, now) for kind in STANDING)


def _keep(db: Session, kind: str, now: datetime) -> int:
    done = keep(db, kind, STANDING[kind](db, now, now + AHEAD), now=now)
    if done:
        record(
            db, "duties_kept", now=now, kind=kind, duty=OBLIGATIONS[kind].label,
            opened=[one.slot for one in done.opened],
            moved=[one.slot for _, one in done.moved],
            lifted=[one.slot for one in done.closed],
        )  # fmt: skip
    return len(done.opened) + len(done.moved) + len(done.closed)
