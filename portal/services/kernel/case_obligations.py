"""What is owed in a recall case: opened, closed and moved as its table says (portal.process.recall_obligations)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.recall_case import CaseParticipant, RecallCase
from portal.process.obligations import PRODUCER
from portal.process.recall_case import Stage
from portal.process.recall_obligations import RECALL_OBLIGATIONS, Anchor, Owner, RecallObligationKind, opened
from portal.rules.dates import end_of_day
from portal.rules.recall.editions import load_recall_edition
from portal.rules.recall.limits import Due, due_after, interim_due, is_in_months
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.obligations import move, oblige_for


def oblige_in_case(
    db: Session,
    case: RecallCase,
    kind: str,
    *,
    now: datetime,
    since_at: datetime | None = None,
    on: date | None = None,
    due: Due | None = None,
    institution_id: int | None = None,
) -> Obligation:
    """Open an obligation of a case for whoever its kind names.

    The deadline is `due`, else 24:00 of the day `on` that a person set, else the edition's limit counted from
    `since_at` (by default `now`), else none. ValueError for a dated kind without a day: no limit stays unset.
    """
    line = RECALL_OBLIGATIONS[kind]
    begins = since_at or now
    if due is None and on is not None:
        due = Due(on, end_of_day(on), not working_calendar(db).covers(on.year))
    value = load_recall_edition(case.edition).value(line.limit) if line.limit is not None and due is None else None
    if value is not None:
        due = due_after(value, begins, working_calendar(db))
    if due is None and line.has_deadline:
        raise ValueError(f"{kind} needs a date")
    obligation = oblige_for(
        db,
        kind,
        since_at=begins,
        due_at=due.due_at if due is not None else None,
        recall_case_id=case.id,
        **_owner(db, case, line, institution_id),
    )
    obligation.remind_at = now
    if due is not None:
        obligation.is_provisional = due.provisional
    if value is not None and not is_in_months(value):
        obligation.working_days = value.value
    db.flush()
    # One more obligation can only bring the next deadline nearer, so the others need not be asked.
    case.next_due_at = _earliest(case.next_due_at, obligation.due_at)
    return obligation


def _earliest(*dues: datetime | None) -> datetime | None:
    return min((due for due in dues if due is not None), default=None)


def _owner(db: Session, case: RecallCase, line: RecallObligationKind, institution_id: int | None) -> dict[str, Any]:
    if line.owner is Owner.PRODUCER:
        return {"role": PRODUCER}
    if line.owner is Owner.PROVINCE:
        return {"institution_id": provincial_regulator(db, case.authority.province).id}
    if line.owner is Owner.TECHNICAL:
        return {"institution_id": institution_id or technical_of(db, case)}
    return {"institution_id": case.authority_id}


def provincial_regulator(db: Session, province: str) -> Institution:
    """The regulator of a province by its key. LookupError while it is not entered."""
    found = db.scalar(
        select(Institution).where(
            Institution.kind == "regulator", Institution.level == "province", Institution.province == province
        )
    )
    if found is None:
        raise LookupError(f"no provincial regulator of {province}")
    return found


def technical_of(db: Session, case: RecallCase) -> int:
    """The technical institution that takes part, the one asked last. LookupError while none does."""
    asked = (
        select(CaseParticipant.institution_id)
        .where(CaseParticipant.case_id == case.id, CaseParticipant.role == "technical")
        .order_by(CaseParticipant.asked_at.desc())
        .limit(1)
    )
    found = db.scalar(asked)
    if found is None:
        raise LookupError("no technical institution takes part")
    return found


def open_in_case(db: Session, case_id: int, kinds: Collection[str] | None = None) -> list[Obligation]:
    """The open obligations of a case, soonest first."""
    return [one for one in db.scalars(_OPEN, {"case": case_id}) if kinds is None or one.kind in kinds]


# Made once. What is open in one case is little, so it is narrowed here and not there.
_OPEN = (
    select(Obligation)
    .where(Obligation.recall_case_id == bindparam("case"), Obligation.closed_at.is_(None))
    .order_by(Obligation.due_at.is_(None), Obligation.due_at, Obligation.id)
)
_EARLIEST = select(func.min(Obligation.due_at)).where(
    Obligation.recall_case_id == bindparam("case"), Obligation.closed_at.is_(None)
)


def close_in_case(
    db: Session, case: RecallCase, obligations: Iterable[Obligation], *, now: datetime, met: bool
) -> None:
    """Close obligations: met, or lifted because the case went on without them."""
    for obligation in obligations:
        obligation.closed_at, obligation.is_met = now, met
    db.flush()
    refresh_case_due(db, case)


def move_in_case(db: Session, case: RecallCase, obligation: Obligation, *, due: Due, now: datetime) -> None:
    """Give an open obligation another deadline."""
    move(obligation, due_at=due.due_at, now=now, is_provisional=due.provisional)
    db.flush()
    refresh_case_due(db, case)


def settle_case(
    db: Session,
    case: RecallCase,
    act: str,
    *,
    entered: Stage | None,
    now: datetime,
    dates: dict[str, date],
    skip: Collection[str],
    by_institution: int | None,
) -> list[Obligation]:
    """Close what `act` has met and what is not owed where the case stands now; open what the act brings, and return it.

    `dates` are the days that a person set, by kind; `skip` are kinds that this time are not opened: of an act with
    several endings, or that the service opens with another beginning.
    """
    owed, found = open_in_case(db, case.id), []
    for obligation in owed:
        kind = RECALL_OBLIGATIONS[obligation.kind]
        is_theirs = kind.owner is not Owner.TECHNICAL or obligation.institution_id == by_institution
        if act in kind.closed_by and is_theirs:
            obligation.closed_at, obligation.is_met = now, True
        elif entered is not None and (Stage(case.stage) not in kind.stages or entered in kind.opens_on_entry):
            obligation.closed_at, obligation.is_met = now, False
    for kind in opened(act, Stage(case.stage), entered):
        if kind.kind in skip or kind.counts_from in (Anchor.RECEIPT, Anchor.STARTED, Anchor.COMPLETED):
            continue
        before = [one for one in owed if one.kind == kind.kind and one.is_open]
        # An act that is done again does not begin its limit anew; a day that a person sets takes the place of the last.
        if before and kind.counts_from is not Anchor.SET:
            continue
        for one in before:
            one.closed_at, one.is_met = now, False
        found.append(oblige_in_case(db, case, kind.kind, now=now, on=dates.get(kind.kind)))
    case.next_due_at = _earliest(*(one.due_at for one in (*owed, *found) if one.is_open))
    return found


def hand_over_duties(db: Session, case: RecallCase) -> list[Obligation]:
    """Let what the authority owes be owed by who is the authority now; returns what has changed hands."""
    changed = [
        one
        for one in open_in_case(db, case.id)
        if RECALL_OBLIGATIONS[one.kind].owner is Owner.AUTHORITY and one.institution_id != case.authority_id
    ]
    for obligation in changed:
        obligation.institution_id = case.authority_id
    db.flush()
    return changed


def owe_interim_summary(db: Session, case: RecallCase, *, number: int, now: datetime) -> Obligation:
    """Open the interim summary `number` (from 1), counted from the day on which the recall began (Art. 16)."""
    if case.started_on is None:
        raise ValueError("the recall has not begun")
    due = interim_due(load_recall_edition(case.edition), case.started_on, number, working_calendar(db))
    return oblige_in_case(db, case, "hand_in_interim_summary", now=now, due=due)


def refresh_case_due(db: Session, case: RecallCase) -> None:
    """Set the case's `next_due_at` to its earliest open deadline."""
    db.flush()
    case.next_due_at = db.scalar(_EARLIEST, {"case": case.id})
