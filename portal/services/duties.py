"""Duties as pages show them: open obligations with their subject, owner and deadline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.institution import RotationTerm
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.ledger import KINDS, AnyKind
from portal.process.obligations import OBLIGATIONS, OWNING_ROLE_LABELS, OWNING_ROLES, PRIVATE, ObligationKind
from portal.process.permissions import PERMISSIONS, Actor
from portal.process.recall_permissions import RECALL_PERMISSIONS
from portal.rules.dates import beijing_day, end_of_day
from portal.rules.regions import codes_within
from portal.services.kernel.case_loading import area_of
from portal.services.kernel.institutions import InstitutionFacts, all_institutions
from portal.services.kernel.remembering import remembered
from portal.services.kernel.subjects import SUBJECT_COLUMNS, Subject, subject_of_row, with_subjects


@dataclass(frozen=True)
class Duty:
    """One open obligation. `owner` is a short institution name, a person's name or what a role is called."""

    obligation_id: int
    kind: AnyKind
    subject: Subject
    owner: str
    institution_id: int | None
    person_id: int | None
    since_at: datetime
    due_at: datetime | None
    is_provisional: bool

    @property
    def consultation_id(self) -> int | None:
        """The consultation that it is about."""
        return self.subject.consultation_id

    @property
    def path(self) -> str:
        """Where it is done, for what is about no consultation; "" otherwise."""
        if self.subject.recall_case_id is not None and not self.is_done_now:
            return self.subject.page
        return self.subject.path_of(self.kind)

    @property
    def page(self) -> str:
        """Where others look: the page of the consultation or of the case, else where it is done."""
        return self.subject.page or self.path

    @property
    def is_done_now(self) -> bool:
        """Whether what it asks for is done in the present stage; else it waits for another act."""
        if self.subject.case_stage is not None:
            case_stages = RECALL_PERMISSIONS[self.act].stages
            return case_stages is None or self.subject.case_stage in case_stages
        stages = PERMISSIONS[self.act].stages
        return stages is None or self.subject.stage in stages

    @property
    def act(self) -> str:
        """The act, or the permission to look, whose page its button leads to now."""
        if isinstance(self.kind, ObligationKind) and self.subject.stage is not None:
            return self.kind.act_in(self.subject.stage)
        return self.kind.act

    @property
    def button(self) -> str:
        """The words of its button now."""
        if self.subject.page and not self.is_done_now:
            return "查看"
        if isinstance(self.kind, ObligationKind) and self.subject.stage is not None:
            return self.kind.button_in(self.subject.stage)
        return self.kind.button


def own_duties(db: Session, *, actor: Actor, now: datetime, limit: int = 100) -> list[Duty]:
    """What the actor, or the actor's institution, owes: soonest first, what has no limit last."""
    return _read(db, _duties(now).where(is_owed_by(actor)).limit(limit))


def own_duty_count(db: Session, *, actor: Actor, now: datetime) -> int:
    """How many duties wait for the actor."""
    # One of these owns it, never two: a look at an index for each instead of one at all that is open.
    counts = [
        select(func.count()).select_from(Obligation).where(is_owed_at(now), one).scalar_subquery()
        for one in _owners(actor)
    ]
    # Beside events, the day is all that the count depends on (is_owed_at).
    key = ("own_duty_count", actor.person_id, actor.institution_id, actor.roles, beijing_day(now))
    return remembered(db, key, lambda: sum(db.execute(select(*counts)).one()))


def duties_of_others(db: Session, *, actor: Actor, now: datetime, limit: int = 60) -> list[Duty]:
    """What others owe in consultations that the own institution applied for or leads, and what concerns the lead.

    An officer sees what others owe in the cases of the own regulator, and what regulators and technical institutions
    owe in the own area.
    """
    if actor.institution_id is None:
        return []
    own = actor.institution_id
    concerns = [*_concerns_staff(own, now), *(_concerns_officers(db, own, actor) if actor.is_officer else ())]
    theirs = _duties(now).where(
        or_(*concerns),
        or_(Obligation.institution_id.is_(None), Obligation.institution_id != own),
        Obligation.kind.not_in(PRIVATE),
    )
    return _read(db, theirs.limit(limit))


def _concerns_staff(own: int, now: datetime) -> list[ColumnElement[bool]]:
    today = beijing_day(now)
    leads = exists().where(
        RotationTerm.institution_id == own, RotationTerm.starts_on <= today, RotationTerm.ends_on >= today
    )
    return [
        Consultation.applicant_institution_id == own,
        Consultation.lead_institution_id == own,
        and_(Obligation.kind.in_(_CONCERNS_LEAD), leads),
    ]


def _concerns_officers(db: Session, own: int, actor: Actor) -> list[ColumnElement[bool]]:
    handled, area = RecallCase.authority_id == own, area_of(db, actor)
    if area is None:
        return []
    # A province would read of nothing but what producers owe; those whom it supervises read that.
    return [handled, and_(RecallCase.area.between(*codes_within(area)), Obligation.institution_id.is_not(None))]


_CONCERNS_LEAD = tuple(kind.kind for kind in OBLIGATIONS.values() if kind.concerns_lead)


def grouped(duties: Iterable[Duty]) -> list[Duty]:
    """The same duty of several owners as one: 陆清和、卞文杰; in the order of the first of each."""
    groups: dict[tuple[Subject, str, datetime | None], list[Duty]] = {}
    for duty in duties:
        groups.setdefault((duty.subject, duty.kind.kind, duty.due_at), []).append(duty)
    return [replace(many[0], owner="、".join(one.owner for one in many)) for many in groups.values()]


def duties_in(
    db: Session, consultation_ids: Iterable[int], now: datetime, *, seen_by: int | None
) -> dict[int, list[Duty]]:
    """The open duties of several consultations in one statement, by consultation.

    `seen_by` is the institution that looks: what is private to others is left out; None sees nothing private.
    """
    found: dict[int, list[Duty]] = {}
    for duty in _read(db, _duties(now).where(Obligation.consultation_id.in_(list(consultation_ids)))):
        if duty.consultation_id is not None and (not duty.kind.is_private or duty.institution_id == seen_by):
            found.setdefault(duty.consultation_id, []).append(duty)
    return found


def is_owed_at(now: datetime) -> ColumnElement[bool]:
    """The condition that an obligation is open at `now`: not closed, and begun.

    Only the clock opens one ahead of its time, and it does so at 24:00 of a last day. So the day decides, and a
    machine whose clock is a little behind does not miss what another has just opened.
    """
    return is_owed_before(end_of_day(beijing_day(now)))


def is_owed_before(end: Any) -> ColumnElement[bool]:
    """As `is_owed_at`, for the day that ends at `end`, an instant or a bound parameter."""
    return and_(Obligation.closed_at.is_(None), Obligation.since_at < end)


def is_owed_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that an obligation is the actor's, the actor's institution's, or that of one of the roles held."""
    return or_(*_owners(actor))


def _owners(actor: Actor) -> list[ColumnElement[bool]]:
    owners = [Obligation.person_id == actor.person_id]
    if actor.is_staff or actor.is_officer:
        owners.append(Obligation.institution_id == actor.institution_id)
    roles = sorted(actor.roles & set(OWNING_ROLES))
    return [*owners, Obligation.role.in_(roles)] if roles else owners


def _duties(now: datetime) -> Select[*tuple[Any, ...]]:
    query = select(
        Obligation.id, Obligation.kind, Obligation.institution_id, Obligation.person_id, Obligation.role,
        Obligation.since_at, Obligation.due_at, Obligation.is_provisional, Person.name.label("person_name"),
        *SUBJECT_COLUMNS,
    ).select_from(Obligation)  # fmt: skip
    return (
        with_subjects(query)
        .outerjoin(Person, Person.id == Obligation.person_id)
        .where(is_owed_at(now))
        .order_by(Obligation.due_at.is_(None), Obligation.due_at, Obligation.id)
    )


def _read(db: Session, query: Select[*tuple[Any, ...]]) -> list[Duty]:
    institutions = all_institutions(db)
    return [_duty(row, institutions) for row in db.execute(query)]


def _duty(row: Row[*tuple[Any, ...]], institutions: Mapping[int, InstitutionFacts]) -> Duty:
    owner = institutions.get(row.institution_id)
    role = OWNING_ROLE_LABELS[row.role] if row.role is not None else ""
    return Duty(
        obligation_id=row.id,
        kind=KINDS[row.kind],
        subject=subject_of_row(row, institutions),
        owner=owner.called if owner is not None else row.person_name or role,
        institution_id=row.institution_id,
        person_id=row.person_id,
        since_at=row.since_at,
        due_at=row.due_at,
        is_provisional=row.is_provisional,
    )
