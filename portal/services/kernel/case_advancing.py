"""Carrying out an act of the recall case's table: the only place that begins a case or changes its stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.models.event import Event
from portal.models.recall_case import RecallCase
from portal.process.permissions import Actor
from portal.process.recall_case import ENDED, Stage, transition
from portal.services.kernel.case_loading import LoadedCase
from portal.services.kernel.case_mailing import tell_owners
from portal.services.kernel.case_obligations import settle_case
from portal.services.kernel.events import record

_NO_DATES: Mapping[str, date] = {}


def advance_case(
    db: Session,
    loaded: LoadedCase,
    act: str,
    *,
    now: datetime,
    to: Stage | None = None,
    dates: Mapping[str, date] = _NO_DATES,
    skip: Collection[str] = (),
    outcome: str | None = None,
    **facts: Any,
) -> Event:
    """Carry out `act`: change the stage as the table says, settle obligations, record the event with `facts`.

    What it opens for another institution than the actor's own is told to that.

    `to` names the stage where the table leaves a choice; it must be one of the line's alternatives. `outcome` says
    how the case ended, where it does. The act must have been authorised (`load_case`) before.
    """
    line = transition(act)
    case = loaded.case
    if to is not None and to not in (line.next, *line.alternatives):
        raise ValueError(f"{act} cannot lead to {to}")
    target = to or line.next
    entered = target if target is not None and target is not loaded.stage else None
    if entered is not None:
        case.stage = entered
        case.closed_at, case.outcome = (now, outcome) if entered in ENDED else (None, None)
        db.flush()
    opened = settle_case(
        db, case, act, entered=entered, now=now, dates=dict(dates), skip=skip,
        by_institution=loaded.actor.institution_id if loaded.actor is not None else None,
    )  # fmt: skip
    tell_owners(db, case, opened, actor=loaded.actor, now=now)
    return _tell(db, case, line.event, loaded.actor, target, now, facts)


def begin_case(db: Session, case: RecallCase, act: str, *, actor: Actor | None, now: datetime, **facts: Any) -> Event:
    """Carry out an act that begins a case: `case` is new, and its stage that of the table."""
    line = transition(act)
    if line.stages or line.next is None:
        raise ValueError(f"{act} begins no case")
    case.stage = line.next
    db.add(case)
    db.flush()
    opened = settle_case(
        db, case, act, entered=line.next, now=now, dates={}, skip=(),
        by_institution=actor.institution_id if actor is not None else None,
    )  # fmt: skip
    tell_owners(db, case, opened, actor=actor, now=now)
    return _tell(db, case, line.event, actor, line.next, now, facts)


def _tell(
    db: Session, case: RecallCase, name: str, actor: Actor | None, stage: Stage | None, now: datetime,
    facts: Mapping[str, Any],
) -> Event:  # fmt: skip
    return record(db, name, now=now, actor=actor, recall_case_id=case.id, stage=stage, **facts)
