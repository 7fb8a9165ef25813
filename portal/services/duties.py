"""Duties as pages show them: open obligations with their consultation, owner and deadline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.models.account import Person
from portal.models.consultation import Consultation, ProductInformation
from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.process.consultation import Stage
from portal.process.obligations import OBLIGATIONS, ObligationKind
from portal.process.permissions import Actor


@dataclass(frozen=True)
class Duty:
    """One open obligation. `owner` is a short institution name or a person's name."""

    obligation_id: int
    kind: ObligationKind
    consultation_id: int
    stage: Stage
    number: str | None
    product_name: str
    model: str
    owner: str
    institution_id: int | None
    person_id: int | None
    owner_badge: str | None
    owner_province: str | None
    applicant: str
    applicant_badge: str
    applicant_province: str
    since_at: datetime
    due_at: datetime | None
    is_provisional: bool


def own_duties(db: Session, *, actor: Actor, now: datetime, limit: int = 100) -> list[Duty]:
    """What the actor, or the actor's institution, owes: soonest first, what has no limit last."""
    return _read(db, _duties().where(is_owed_by(actor)).limit(limit))


def own_duty_count(db: Session, *, actor: Actor, now: datetime) -> int:
    """How many duties wait for the actor."""
    counted = select(func.count()).select_from(Obligation).where(Obligation.closed_at.is_(None), is_owed_by(actor))
    return db.scalar(counted) or 0


def duties_of_others(db: Session, *, actor: Actor, now: datetime, limit: int = 20) -> list[Duty]:
    """What others owe in the consultations that the actor's institution applied for or leads."""
    if actor.institution_id is None:
        return []
    own = actor.institution_id
    theirs = _duties().where(
        or_(Consultation.applicant_institution_id == own, Consultation.lead_institution_id == own),
        or_(Obligation.institution_id.is_(None), Obligation.institution_id != own),
    )
    return _read(db, theirs.limit(limit))


def duties_in(db: Session, consultation_ids: Iterable[int]) -> dict[int, list[Duty]]:
    """The open duties of several consultations in one statement, by consultation."""
    found: dict[int, list[Duty]] = {}
    for duty in _read(db, _duties().where(Obligation.consultation_id.in_(list(consultation_ids)))):
        found.setdefault(duty.consultation_id, []).append(duty)
    return found


def is_owed_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that an obligation is the actor's, or the actor's institution's."""
    personal = Obligation.person_id == actor.person_id
    if actor.is_staff:
        return or_(personal, Obligation.institution_id == actor.institution_id)
    return personal


def _duties() -> Select[Obligation, Consultation, ProductInformation, Institution, Institution, Person]:
    owner, applicant = aliased(Institution), aliased(Institution)
    return (
        select(Obligation, Consultation, ProductInformation, owner, applicant, Person)
        .join(Consultation, Consultation.id == Obligation.consultation_id)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .join(applicant, applicant.id == Consultation.applicant_institution_id)
        .outerjoin(owner, owner.id == Obligation.institution_id)
        .outerjoin(Person, Person.id == Obligation.person_id)
        .where(Obligation.closed_at.is_(None))
        .order_by(Obligation.due_at.is_(None), Obligation.due_at, Obligation.id)
    )


def _read(
    db: Session,
    query: Select[Obligation, Consultation, ProductInformation, Institution, Institution, Person],
) -> list[Duty]:
    return [_duty(*row) for row in db.execute(query)]


def _duty(
    obligation: Obligation,
    consultation: Consultation,
    product: ProductInformation,
    owner: Institution | None,
    applicant: Institution,
    person: Person | None,
) -> Duty:
    name = person.name if person is not None else ""
    return Duty(
        obligation_id=obligation.id,
        kind=OBLIGATIONS[obligation.kind],
        consultation_id=consultation.id,
        stage=Stage(consultation.stage),
        number=consultation.number,
        product_name=product.product_name,
        model=product.model,
        owner=owner.short_name if owner is not None else name,
        institution_id=obligation.institution_id,
        person_id=obligation.person_id,
        owner_badge=owner.badge if owner is not None else None,
        owner_province=owner.province if owner is not None else None,
        applicant=applicant.short_name,
        applicant_badge=applicant.badge,
        applicant_province=applicant.province,
        since_at=obligation.since_at,
        due_at=obligation.due_at,
        is_provisional=obligation.is_provisional,
    )
