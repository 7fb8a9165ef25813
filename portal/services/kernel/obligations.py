"""Opening, closing and moving obligations; the consultation's next deadline is kept in step."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

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
    """Open an obligation of one institution or person.

    The deadline is `due_at` where a person set it, else `working_days` or the edition's limit counted from
    `now`, else none. A deadline that reaches into a year without calendar is provisional (暂定).
    """
    line = OBLIGATIONS[kind]
    obligation = Obligation(
        kind=kind,
        consultation_id=consultation.id,
        institution_id=institution_id,
        person_id=person_id,
        since_at=now,
    )
    if working_days is None and due_at is None and line.limit is not None:
        working_days = load_edition(consultation.edition).value(line.limit).value
    if due_at is not None:
        obligation.due_at = due_at
    elif working_days is not None:
        counted = working_calendar(db).deadline(now, working_days, strict=False)
        obligation.working_days = working_days
        obligation.due_at = counted.due_at
        obligation.is_provisional = counted.provisional
    obligation.first_due_at = obligation.due_at
    db.add(obligation)
    refresh_next_due(db, consultation)
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
    query = select(Obligation).where(Obligation.consultation_id == consultation_id, Obligation.closed_at.is_(None))
    if kinds is not None:
        query = query.where(Obligation.kind.in_(kinds))
    if institution_id is not None:
        query = query.where(Obligation.institution_id == institution_id)
    if person_id is not None:
        query = query.where(Obligation.person_id == person_id)
    return list(db.scalars(query.order_by(Obligation.due_at.is_(None), Obligation.due_at, Obligation.id)))


def close(
    db: Session, consultation: Consultation, obligations: Iterable[Obligation], *, now: datetime, met: bool
) -> None:
    """Close obligations: met, or lifted because the process went on without them."""
    for obligation in obligations:
        obligation.closed_at = now
        obligation.is_met = met
    refresh_next_due(db, consultation)


def extend(db: Session, consultation: Consultation, obligation: Obligation, *, working_days: int, reason: str) -> None:
    """Count `working_days` more from the present last day; the first date stays visible."""
    total = (obligation.working_days or 0) + working_days
    counted = working_calendar(db).deadline(obligation.since_at, total, strict=False)
    obligation.working_days = total
    obligation.due_at = counted.due_at
    obligation.is_provisional = counted.provisional
    obligation.extension_reason = reason
    refresh_next_due(db, consultation)


def enter_stage(db: Session, consultation: Consultation, stage: Stage, *, now: datetime) -> None:
    """Close what is not owed in `stage` any more; open what entering it brings for applicant or lead."""
    gone = [
        obligation
        for obligation in open_obligations(db, consultation.id)
        if stage not in OBLIGATIONS[obligation.kind].stages
    ]
    close(db, consultation, gone, now=now, met=False)
    for kind in OBLIGATIONS.values():
        if stage in kind.opens_on_entry:
            oblige(db, consultation, kind.kind, now=now, institution_id=_owner_of(consultation, kind))


def _owner_of(consultation: Consultation, kind: ObligationKind) -> int:
    owner = consultation.applicant_institution_id if kind.owner is Owner.APPLICANT else consultation.lead_institution_id
    if owner is None:
        raise ValueError(f"{kind.kind} needs a lead institution")
    return owner


def refresh_next_due(db: Session, consultation: Consultation) -> None:
    """Set the consultation's `next_due_at` to its earliest open deadline."""
    db.flush()
    consultation.next_due_at = db.scalar(
        select(Obligation.due_at)
        .where(
            Obligation.consultation_id == consultation.id,
            Obligation.closed_at.is_(None),
            Obligation.due_at.is_not(None),
        )
        .order_by(Obligation.due_at)
        .limit(1)
    )
