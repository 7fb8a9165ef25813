"""The people of the demo and their institutions, and the rotation since the Standard took effect (Art. 2, 3)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.resources import files
from typing import Any

from sqlalchemy.orm import Session

from portal.process.permissions import Actor, Role
from portal.rules.editions import load_edition
from portal.services.account_passwords import hash_password
from portal.services.accounts import NewPerson, create_person, first_administrator
from portal.services.expert_entry import ExpertInput
from portal.services.experts import add_expert
from portal.services.heads import name_head
from portal.services.institutions import establish_alliance, rename_institution
from portal.services.liaisons import appoint_liaison
from portal.services.regulators import (
    add_county_regulator,
    establish_regulators,
    find_regulator,
    regulator_of,
    set_regulator_contact,
)
from portal.services.rotation import generate_schedule

ROTATION_YEARS = 8
_MAIL_DOMAIN = "example.cn"
# Addresses that are set aside for documentation (RFC 5737).
_ADDRESSES = {Role.STAFF: "192.0.2.{}", Role.OFFICER: "192.0.2.{}", Role.EXPERT: "198.51.100.{}"}


@dataclass
class Cast:
    """Everybody by user name, and who belongs to which institution."""

    actors: dict[str, Actor] = field(default_factory=dict)
    staff: dict[int, list[Actor]] = field(default_factory=dict)  # by institution; liaisons first
    institutions: dict[str, int] = field(default_factory=dict)  # by province
    province_of: dict[str, str] = field(default_factory=dict)  # in whose register an expert is
    regulators: dict[str, int] = field(default_factory=dict)  # by division code, those that have officers here

    def expert_id(self, username: str) -> int:
        """The expert's number in the register; KeyError for anybody else."""
        number = self.actors[username].expert_id
        if number is None:
            raise KeyError(username)
        return number

    def liaison(self, institution_id: int, number: int = 0) -> Actor:
        """A liaison of an institution, the first by default."""
        return self.staff[institution_id][number]


def people() -> dict[str, Any]:
    """What people.toml says."""
    return tomllib.loads(files(__package__).joinpath("people.toml").read_text("utf-8"))


@dataclass(frozen=True)
class _Password:
    """The password of everybody here, hashed once: hashing costs tens of milliseconds on purpose."""

    words: str
    hashed: str


def settle(db: Session, *, password: str, now: datetime) -> Cast:
    """Set up institutions, accounts, registers, liaisons and rotation, on the day that the Standard took effect."""
    told, cast, given_to_all = people(), Cast(), _Password(password, hash_password(password))
    security = _first_account(db, told["security_administrator"], password, now)
    cast.actors[told["security_administrator"]["username"]] = security
    for one in told["apart"]:
        cast.actors[one["username"]] = _account(db, security, one, Role(one["role"]), None, given_to_all, now)
    administrator = next(actor for actor in cast.actors.values() if Role.ADMINISTRATOR in actor.roles)
    alliance = establish_alliance(db, actor=administrator, now=now)
    by_province = {member.institution.province: member.institution for member in alliance.members}
    for given in told["institutions"]:
        institution = by_province[given["province"]]
        cast.institutions[institution.province] = institution.id
        rename_institution(
            db, actor=administrator, institution_id=institution.id, name=given["name"],
            short_name=institution.short_name, badge=institution.badge, now=now,
        )  # fmt: skip
        _engage_staff(db, cast, security, institution.id, given["staff"], given_to_all, now)
        _register_experts(db, cast, security, institution.id, given["experts"], given_to_all, now)
        cast.province_of |= {one["username"]: institution.province for one in given["experts"]}
    _lay_out_rotation(db, administrator, cast, now)
    _post_officers(db, cast, administrator, security, told["regulators"], given_to_all, now)
    return cast


def _first_account(db: Session, one: Mapping[str, str], password: str, now: datetime) -> Actor:
    created = first_administrator(
        db, username=one["username"], name=one["name"], email=f"{one['username']}@{_MAIL_DOMAIN}",
        password=password, now=now,
    )  # fmt: skip
    return Actor(created.person_id, created.name, roles=frozenset({Role.SECURITY_ADMINISTRATOR}))


def _account(
    db: Session,
    security: Actor,
    one: Mapping[str, str],
    role: Role,
    institution_id: int | None,
    password: _Password,
    now: datetime,
) -> Actor:
    given = NewPerson(
        one["username"], one["name"], f"{one['username']}@{_MAIL_DOMAIN}", frozenset({role.value}), institution_id
    )
    created = create_person(db, actor=security, given=given, password=password.words, hashed=password.hashed, now=now)
    address = _ADDRESSES.get(role, "203.0.113.{}").format(created.person_id)
    return Actor(created.person_id, created.name, institution_id, frozenset({role}), address=address)


def _engage_staff(
    db: Session,
    cast: Cast,
    security: Actor,
    institution_id: int,
    staff: list[dict[str, str]],
    password: _Password,
    now: datetime,
) -> None:
    actors = [_account(db, security, one, Role.STAFF, institution_id, password, now) for one in staff]
    serving = load_edition().value("liaisons_maximum").value
    appointing = actors[0]
    for place, actor in enumerate(actors[:serving]):
        appoint_liaison(
            db, actor=appointing, person_id=actor.person_id, from_on=load_edition().rotation.first_start, now=now
        )  # fmt: skip
        actors[place] = replace(actor, roles=actor.roles | {Role.LIAISON})
        appointing = actors[0]
    if len(actors) > serving:
        first_day = load_edition().rotation.first_start
        name_head(db, actor=actors[0], person_id=actors[-1].person_id, from_on=first_day, now=now)
    cast.staff[institution_id] = actors
    cast.actors |= {one["username"]: actor for one, actor in zip(staff, actors, strict=True)}


def _register_experts(
    db: Session,
    cast: Cast,
    security: Actor,
    institution_id: int,
    experts: list[dict[str, Any]],
    password: _Password,
    now: datetime,
) -> None:
    for one in experts:
        actor = _account(db, security, one, Role.EXPERT, None, password, now)
        given = ExpertInput(
            field=one["field"],
            employer=one["employer"],
            title=one["title"],
            fields=tuple(one["fields"]),
            former_employers=one.get("former_employers", ""),
            relations=one.get("relations", ""),
            languages=one.get("languages", "普通话"),
            username=one["username"],
        )
        expert = add_expert(db, actor=cast.liaison(institution_id), given=given, now=now)
        cast.actors[one["username"]] = replace(actor, expert_id=expert.id)


def _post_officers(
    db: Session,
    cast: Cast,
    administrator: Actor,
    security: Actor,
    regulators: list[dict[str, Any]],
    password: _Password,
    now: datetime,
) -> None:
    """All regulators of the region; those of the story get officers, a telephone, some a head. Counties are added."""
    establish_regulators(db, actor=administrator, now=now)
    for one in regulators:
        if find_regulator(db, one["division"]) is None:
            add_county_regulator(db, actor=administrator, division=one["division"], area_name=one["area_name"], now=now)
        regulator = regulator_of(db, one["division"])
        cast.regulators[one["division"]] = regulator.id
        for officer in one["officers"]:
            actor = _account(db, security, officer, Role.OFFICER, regulator.id, password, now)
            cast.actors[officer["username"]] = actor
        head = cast.actors[one["head"]].person_id if "head" in one else None
        set_regulator_contact(
            db, actor=administrator, institution_id=regulator.id, abbreviation=regulator.abbreviation,
            phone=one["phone"], head_id=head, now=now,
        )  # fmt: skip


def _lay_out_rotation(db: Session, administrator: Actor, cast: Cast, now: datetime) -> None:
    rotation = load_edition().rotation
    order = [cast.institutions[province] for province in rotation.order]
    generate_schedule(
        db, actor=administrator, start=rotation.first_start, order=order, years=ROTATION_YEARS, now=now
    )  # fmt: skip
