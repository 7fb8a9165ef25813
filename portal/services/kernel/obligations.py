"""Opening, closing and moving obligations; the consultation's next deadline is kept in step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, literal, or_, select, update
from sqlalchemy.orm import Session

from portal.models.base import Instant
from portal.models.consultation import Consultation
from portal.models.obligation import Obligation
from portal.process.consultation import Stage
from portal.process.obligations import OBLIGATIONS, ObligationKind, Owner
from portal.rules.editions import load_edition
from portal.services.kernel.calendar import working_calendar


def oblige(
    db: Session,
    consultation: Consultation,
    kind: str,
    *,
    now: datetime,
    institution_id: int | None = None,
    person_id: int | None = None,
    due_at: datetime | None = None,
    working_days: int | None = None,
) -> Obligation:
    """Open an obligation of one institution or person in a consultation; its deadline as in `oblige_for`.

    The limit is that of the edition which the consultation goes by.
    """
    limit = OBLIGATIONS[kind].limit
    if working_days is None and due_at is None and limit is not None:
        working_days = load_edition(consultation.edition).value(limit).value
    obligation = oblige_for(
        db,
        kind,
        since_at=now,
        due_at=due_at,
        working_days=working_days,
        consultation_id=consultation.id,
        institution_id=institution_id,
        person_id=person_id,
    )
    # One more obligation can only bring the next deadline nearer, so the others need not be asked.
    known = [due for due in (consultation.next_due_at, obligation.due_at) if due is not None]
    consultation.next_due_at = min(known, default=None)
    return obligation


def oblige_for(
    db: Session,
    kind: str,
    *,
    since_at: datetime,
    due_at: datetime | None = None,
    working_days: int | None = None,
    slot: str | None = None,
    **parts: Any,
) -> Obligation:
    """Open an obligation. `parts` name one of OWNERS and at most one of SUBJECTS (portal.models.obligation).

    The deadline is `due_at` where it stands on a date, else `working_days` counted from `since_at`, else none. One
    that reaches into a year without calendar is provisional (暂定). Reminders run from `since_at` on.
    """
    obligation = Obligation(kind=kind, since_at=since_at, remind_at=since_at, slot=slot, **parts)
    if due_at is not None:
        obligation.due_at = due_at
    elif working_days is not None:
        counted = working_calendar(db).deadline(since_at, working_days, strict=False)
        obligation.working_days = working_days
        obligation.due_at = counted.due_at
        obligation.is_provisional = counted.provisional
    obligation.first_due_at = obligation.due_at
    db.add(obligation)
    return obligation


def open_obligations(
    db: Session,
    consultation_id: int,
    *,
    kinds: Collection[str] | None = None,
    institution_id: int | None = None,
    person_id: int | None = None,
) -> list[Obligation]:
    """The open obligations of a consultation, narrowed by kind and owner, soonest first."""
    return [
        one
        for one in db.scalars(_OPEN, {"consultation": consultation_id})
        if (kinds is None or one.kind in kinds)
        and (institution_id is None or one.institution_id == institution_id)
        and (person_id is None or one.person_id == person_id)
    ]


# Made once, as _NEXT_DUE below. What is open in one consultation is little, so it is narrowed here and not there.
_OPEN = (
    select(Obligation)
    .where(Obligation.consultation_id == bindparam("consultation"), Obligation.closed_at.is_(None))
    .order_by(Obligation.due_at.is_(None), Obligation.due_at, Obligation.id)
)


def close(
    db: Session, consultation: Consultation, obligations: Iterable[Obligation], *, now: datetime, met: bool
) -> None:
    """Close obligations: met, or lifted because the process went on without them."""
    closed = list(obligations)
    for obligation in closed:
        obligation.closed_at = now
        obligation.is_met = met
    if closed:
        refresh_next_due(db, consultation)


def extend(
    db: Session, consultation: Consultation, obligation: Obligation, *, working_days: int, reason: str, now: datetime
) -> None:
    """Count `working_days` more from the present last day; the first date stays visible."""
    total = (obligation.working_days or 0) + working_days
    counted = working_calendar(db).deadline(obligation.since_at, total, strict=False)
    obligation.working_days = total
    obligation.extension_reason = reason
    move(obligation, due_at=counted.due_at, is_provisional=counted.provisional, now=now)
    refresh_next_due(db, consultation)


def move(obligation: Obligation, *, due_at: datetime | None, now: datetime, is_provisional: bool = False) -> None:
    """Give an open obligation another deadline, or none; reminders follow it from `now` on."""
    obligation.due_at, obligation.is_provisional, obligation.remind_at = due_at, is_provisional, now


def begin_at(obligation: Obligation, since_at: datetime) -> None:
    """Let an obligation without deadline begin at another instant, ahead where the clock opens it."""
    obligation.since_at = obligation.remind_at = since_at


def look_again(db: Session, *, now: datetime, kind: str | None = None) -> None:
    """Let the reminders of everything open, or of one kind, be worked out anew from `now` on.

    What is due to be told of already stays so: it is told by whatever holds when it is looked at.
    """
    later = or_(Obligation.remind_at.is_(None), Obligation.remind_at > now)
    chosen = (Obligation.kind == kind,) if kind is not None else ()
    # What begins ahead of now keeps its beginning: nothing of it is told before.
    anew = case((Obligation.since_at > now, Obligation.since_at), else_=literal(now, Instant()))
    db.execute(update(Obligation).where(Obligation.closed_at.is_(None), later, *chosen).values(remind_at=anew))


def settle(
    db: Session,
    consultation: Consultation,
    *,
    met: Callable[[Obligation], bool] | None,
    entering: Stage | None,
    now: datetime,
) -> None:
    """Close what an act has met and what is not owed in the stage that it leads to; open what entering that brings.

    What is open is read once, and the next deadline worked out from it. With `met` and `entering` None nothing is.
    """
    if met is None and entering is None:
        return
    still_open = []
    for obligation in open_obligations(db, consultation.id):
        if met is not None and met(obligation):
            obligation.closed_at, obligation.is_met = now, True
        elif entering is not None and entering not in OBLIGATIONS[obligation.kind].stages:
            obligation.closed_at, obligation.is_met = now, False
        else:
            still_open.append(obligation)
    consultation.next_due_at = min((one.due_at for one in still_open if one.due_at is not None), default=None)
    for kind in OBLIGATIONS.values():
        if entering is not None and entering in kind.opens_on_entry:
            oblige(db, consultation, kind.kind, now=now, institution_id=_owner_of(consultation, kind))


def _owner_of(consultation: Consultation, kind: ObligationKind) -> int:
    owner = consultation.applicant_institution_id if kind.owner is Owner.APPLICANT else consultation.lead_institution_id
    if owner is None:
        raise ValueError(f"{kind.kind} needs a lead institution")
    return owner


def refresh_next_due(db: Session, consultation: Consultation) -> None:
    """Set the consultation's `next_due_at` to its earliest open deadline."""
    db.flush()
    consultation.next_due_at = db.scalar(_NEXT_DUE, {"consultation": consultation.id})


# Made once: it runs several times in every act, and making it takes longer than running it.
_NEXT_DUE = (
    select(Obligation.due_at)
    .where(
        Obligation.consultation_id == bindparam("consultation"),
        Obligation.closed_at.is_(None),
        Obligation.due_at.is_not(None),
    )
    .order_by(Obligation.due_at)
    .limit(1)
)
