"""Four institutions with staff, liaisons and experts, and the rotation since the Standard took effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.expert import Expert, ExpertField, ExpertUndertaking
from portal.models.institution import Alliance, AllianceMember, Institution, Liaison, RotationTerm
from portal.process.permissions import Actor, Role
from portal.rules.editions import load_edition
from portal.rules.rotation import generate_terms
from portal.services.expert_search import write_search_text
from tests.support.scenes import scene

KEYS = ("shanghai", "jiangsu", "zhejiang", "anhui")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in Beijing; Jiangsu leads
EXPERTS_PER_INSTITUTION = 4


@dataclass
class World:
    """Ids and actors of what `build_world` made, by province key."""

    institutions: dict[str, int] = field(default_factory=dict)
    staff: dict[str, Actor] = field(default_factory=dict)
    liaisons: dict[str, tuple[Actor, Actor]] = field(default_factory=dict)
    experts: dict[str, list[Actor]] = field(default_factory=dict)
    administrator: Actor | None = None
    security_administrator: Actor | None = None
    auditor: Actor | None = None
    alliance_id: int = 0

    @property
    def lead(self) -> Actor:
        """A liaison of the institution that leads at NOON (Jiangsu)."""
        return self.liaisons["jiangsu"][0]

    @property
    def applicant(self) -> Actor:
        """A liaison of Shanghai, which applies in most tests."""
        return self.liaisons["shanghai"][0]

    @property
    def everyone(self) -> list[Actor]:
        """Every actor there is."""
        singles = [one for one in (self.administrator, self.security_administrator, self.auditor) if one]
        pairs = [actor for pair in self.liaisons.values() for actor in pair]
        return [*self.staff.values(), *pairs, *(e for many in self.experts.values() for e in many), *singles]


@scene
def build_world(db: Session, *, password_hash: str = "!", now: datetime = NOON) -> World:
    """Four institutions, each with one staff member, two liaisons and four experts, and three administrators."""
    edition, world = load_edition(), World()
    alliance = Alliance(name=edition.alliance.name, number_prefix=edition.document_series["consultation"])
    db.add(alliance)
    for position, member in enumerate(edition.alliance.members):
        institution = Institution(
            kind="technical",
            name=f"{member.province}消费品召回技术中心",
            short_name=member.short_name,
            badge=member.abbreviation,
            province=member.key,
        )
        db.add(institution)
        db.flush()
        db.add(AllianceMember(alliance_id=alliance.id, institution_id=institution.id, position=position))
        world.institutions[member.key] = institution.id
        _people(db, world, member.key, institution.id, password_hash, now)
    for term in generate_terms(edition.rotation.first_start, edition.rotation.order, 8, edition):
        db.add(
            RotationTerm(
                alliance_id=alliance.id,
                institution_id=world.institutions[term.institution],
                starts_on=term.starts_on,
                ends_on=term.ends_on,
            )
        )
    world.administrator = _person(db, "administrator", "郑管理", None, (Role.ADMINISTRATOR,), password_hash, now)
    world.security_administrator = _person(
        db, "security", "钱安全", None, (Role.SECURITY_ADMINISTRATOR,), password_hash, now
    )
    world.auditor = _person(db, "auditor", "孙审计", None, (Role.AUDITOR,), password_hash, now)
    world.alliance_id = alliance.id
    db.flush()
    return world


def _people(db: Session, world: World, key: str, institution_id: int, password_hash: str, now: datetime) -> None:
    world.staff[key] = _person(db, f"{key}-staff", f"{key[:2]}工", institution_id, (Role.STAFF,), password_hash, now)
    pair = []
    for seat in (1, 2):
        actor = _person(
            db, f"{key}-liaison-{seat}", f"{key[:2]}联{seat}", institution_id, (Role.STAFF,), password_hash, now
        )
        db.add(Liaison(institution_id=institution_id, person_id=actor.person_id, seat=seat, from_on=date(2024, 11, 21)))
        pair.append(Actor(**{**actor.__dict__, "roles": actor.roles | {Role.LIAISON}}))
    world.liaisons[key] = (pair[0], pair[1])
    world.experts[key] = [
        _expert(db, key, number, institution_id, password_hash, now) for number in range(1, EXPERTS_PER_INSTITUTION + 1)
    ]


def _person(
    db: Session,
    username: str,
    name: str,
    institution_id: int | None,
    roles: tuple[Role, ...],
    password_hash: str,
    now: datetime,
) -> Actor:
    person = Person(
        username=username,
        name=name,
        email=f"{username}@example.org",
        institution_id=institution_id,
        password_hash=password_hash,
        password_changed_at=now,
        created_at=now,
        roles=[PersonRole(role=role.value) for role in roles],
    )
    db.add(person)
    db.flush()
    return Actor(person.id, name, institution_id, frozenset(roles), address="192.0.2.1")


def _expert(db: Session, key: str, number: int, institution_id: int, password_hash: str, now: datetime) -> Actor:
    actor = _person(db, f"{key}-expert-{number}", f"{key[:2]}专{number}", None, (Role.EXPERT,), password_hash, now)
    expert = Expert(
        person_id=actor.person_id,
        institution_id=institution_id,
        field="家用电器安全",
        fields=[ExpertField(field_key="household_appliances"), ExpertField(field_key="electrical_safety")],
        employer=f"{key}电器检验院",
        title="高级工程师",
        undertakings=[
            ExpertUndertaking(signed_on=now.date(), signed_at=now, expires_on=(now + timedelta(days=365)).date())
        ],
    )
    db.add(expert)
    expert.person = db.get_one(Person, actor.person_id)
    write_search_text(expert)
    db.flush()
    return Actor(**{**actor.__dict__, "expert_id": expert.id})
