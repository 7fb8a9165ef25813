"""Who can be asked for a panel, with what the choice and the page need to know, in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.expert import Expert, ExpertField, ExpertRelation, FormerEmployer
from portal.models.institution import AllianceMember, Institution
from portal.models.panel import PanelMember
from portal.rules.dates import beijing_day
from portal.services.conflicts import Tie, conflicts_among, declared_tie, former_tie, involved_in
from portal.services.consultation.panel_choice import Candidate
from portal.services.expert_load import ON_PANEL, ExpertLoad, loads_of
from portal.services.kernel.loading import Loaded
from portal.services.kernel.remembering import remembered

ENOUGH = 60
"""With so many experts of a wanted field in the registers, the others are not looked at."""


@dataclass(frozen=True)
class KnownExpert:
    """An expert of one of the registers. `matches` are names that look like a conflict of interest."""

    expert_id: int
    name: str
    institution_id: int
    fields: frozenset[str]
    field: str
    employer: str
    title: str
    load: ExpertLoad
    matches: tuple[str, ...]

    @property
    def candidate(self) -> Candidate:
        """The expert as the choice sees one."""
        return Candidate(self.expert_id, self.institution_id, self.fields, self.load.open, self.employer)


def institutions_of(db: Session, loaded: Loaded) -> dict[int, Institution]:
    """The institutions of the consultation's alliance by id, in its order."""
    rows = db.scalars(
        select(Institution)
        .join(AllianceMember, AllianceMember.institution_id == Institution.id)
        .where(AllianceMember.alliance_id == loaded.consultation.alliance_id)
        .order_by(AllianceMember.position)
    )
    return {institution.id: institution for institution in rows}


def sitting_experts(db: Session, loaded: Loaded, now: datetime) -> list[KnownExpert]:
    """Those who are invited or have accepted."""
    places = _places(db, loaded)
    ids = [expert_id for expert_id, state in places.items() if state in ON_PANEL]
    return known_experts(db, loaded, now, Expert.id.in_(ids))


def free_experts(
    db: Session, loaded: Loaded, institution_ids: Collection[int], wanted: Collection[str], now: datetime
) -> list[KnownExpert]:
    """Who can be asked and has no conflict: first those of a wanted field, all where these are too few."""
    today = beijing_day(now)
    anybody = and_(Expert.institution_id.in_(institution_ids), can_be_asked(loaded, today))
    fitting = Expert.fields.any(ExpertField.field_key.in_(wanted))
    found = known_experts(db, loaded, now, and_(anybody, fitting))
    registers = {one.institution_id for one in found if not one.matches}
    if len(found) < ENOUGH or registers != set(institution_ids):
        found = known_experts(db, loaded, now, anybody)
    return [one for one in found if not one.matches]


def can_be_asked(loaded: Loaded, today: date) -> ColumnElement[bool]:
    """The condition that an expert is there, has an account, and was not asked in this consultation before."""
    asked = select(PanelMember.expert_id).where(PanelMember.consultation_id == loaded.consultation.id)
    return and_(is_there(today), Expert.id.not_in(asked))


def is_there(today: date) -> ColumnElement[bool]:
    """The condition that an expert has an account and is not away."""
    return and_(or_(Expert.is_available, Expert.away_until < today), Person.is_active)


def known_experts(db: Session, loaded: Loaded, now: datetime, condition: ColumnElement[bool]) -> list[KnownExpert]:
    """The experts of whom the condition is true, by id, whatever their conflicts."""
    of_chosen = select(Expert.id).join(Person, Person.id == Expert.person_id).where(condition)
    rows = db.execute(
        select(Expert.id, Person.name, Expert.institution_id, Expert.field, Expert.employer, Expert.title)
        .join(Person, Person.id == Expert.person_id)
        .where(condition)
        .order_by(Expert.id)
    ).all()
    fields: dict[int, set[str]] = {}
    for expert_id, key in db.execute(
        select(ExpertField.expert_id, ExpertField.field_key).where(ExpertField.expert_id.in_(of_chosen))
    ):
        fields.setdefault(expert_id, set()).add(key)
    ties = _ties(db, {row.id: row.employer for row in rows}, of_chosen)
    loads, today = loads_of(db, [row.id for row in rows]), beijing_day(now)
    involved = involved_in(db, loaded.consultation.product)
    return [
        KnownExpert(
            row.id, row.name, row.institution_id, frozenset(fields.get(row.id, ())), row.field, row.employer, row.title,
            loads.get(row.id, ExpertLoad()),
            tuple(found.words for found in conflicts_among(ties[row.id], involved, today)),
        )
        for row in rows
    ]  # fmt: skip


def conflicts_of_sitting(
    db: Session, loaded: Loaded, members: Collection[PanelMember], now: datetime
) -> dict[int, tuple[str, ...]]:
    """By place: which names of the register, as it stands today, match those of the application.

    The register changes with an event only, so that it is asked once and not each time that the page is opened.
    """
    if not members:
        return {}
    today = beijing_day(now)
    key = ("conflicts_of_sitting", loaded.consultation.id, tuple(sorted(one.id for one in members)), today)
    return remembered(db, key, lambda: _conflicts_of_sitting(db, loaded, members, today))


def _conflicts_of_sitting(
    db: Session, loaded: Loaded, members: Collection[PanelMember], today: date
) -> dict[int, tuple[str, ...]]:
    employers = {member.expert_id: member.expert.employer for member in members}
    ties, involved = _ties(db, employers, tuple(employers)), involved_in(db, loaded.consultation.product)
    found = {
        member.id: tuple(one.words for one in conflicts_among(ties[member.expert_id], involved, today))
        for member in members
    }
    return {member_id: words for member_id, words in found.items() if words}


def _ties(db: Session, employers: Mapping[int, str], experts: Collection[int] | Select[int]) -> dict[int, list[Tie]]:
    """The ties of these experts: employer, former employers, declared relations."""
    ties = {expert_id: [Tie("工作单位", employer)] for expert_id, employer in employers.items()}
    for expert_id, name, until_on in db.execute(
        select(FormerEmployer.expert_id, FormerEmployer.name, FormerEmployer.until_on).where(
            FormerEmployer.expert_id.in_(experts)
        )
    ):
        ties[expert_id].append(former_tie(name, until_on))
    for expert_id, organisation, kind, ended_on in db.execute(
        select(
            ExpertRelation.expert_id, ExpertRelation.organisation, ExpertRelation.kind, ExpertRelation.until_on
        ).where(ExpertRelation.expert_id.in_(experts))
    ):
        ties[expert_id].append(declared_tie(organisation, kind, ended_on))
    return ties


def _places(db: Session, loaded: Loaded) -> dict[int, str]:
    places = db.execute(
        select(PanelMember.expert_id, PanelMember.state)
        .where(PanelMember.consultation_id == loaded.consultation.id)
        .order_by(PanelMember.id)
    )
    return dict(iter(places))
