"""Market regulators: one for each area, entered once from the shipped areas; counties are added (Workflow Art. 4–6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.institution import Institution
from portal.process.errors import Invalid, NotAllowed, NotFound
from portal.process.permissions import Actor, Role, is_granted
from portal.rules.dates import beijing_day
from portal.rules.problem import Problem
from portal.rules.regions import STANDARD, Area, is_division_code, level_of, parent_of, shipped_areas
from portal.services.heads import head_today, heads_of, replace_regulators_head
from portal.services.kernel.events import record
from portal.services.kernel.mailing import officers

_BADGES = {"shanghai": "沪", "jiangsu": "苏", "zhejiang": "浙", "anhui": "皖"}
_SUFFIXES = ("特别行政区", "自治州", "地区", "新区", "市", "省", "区", "县")


def establish_regulators(db: Session, *, actor: Actor | None, now: datetime) -> int:
    """Enter the regulator of each shipped area that has none; returns how many. `actor` None is the operator."""
    if actor is not None:
        _require_editor(actor)
    known = set(db.scalars(select(Institution.division).where(Institution.kind == "regulator")))
    missing = [area for area in shipped_areas().values() if area.code not in known]
    db.add_all(_regulator(area) for area in missing)
    if missing:
        db.flush()
        record(db, "regulators_established", now=now, actor=actor, divisions=[area.code for area in missing])
    return len(missing)


def add_county_regulator(db: Session, *, actor: Actor, division: str, area_name: str, now: datetime) -> Institution:
    """Enter the regulator of a county: its code lies in an area that has a regulator. Invalid otherwise."""
    _require_editor(actor)
    division, area_name = division.strip(), area_name.strip()
    problems = [*_division_problems(db, division), *_name_problems(area_name)]
    if problems:
        raise Invalid(problems)
    parent = regulator_of(db, parent_of(division) or "")
    regulator = _regulator(Area(division, area_name, parent.province))
    if db.scalar(select(Institution.id).where(Institution.name == regulator.name)) is not None:
        raise Invalid.field("area_name", f"{regulator.name}已经登记。", "6")
    db.add(regulator)
    db.flush()
    record(db, "regulator_added", now=now, actor=actor, regulator=regulator.name, division=division)
    return regulator


@dataclass(frozen=True)
class RegulatorLine:
    """A regulator as the administrator's page shows it. `officers`: how many open accounts of 监管人员 it has.

    `head` is the name of its 负责人 today, "" where there is none.
    """

    institution_id: int
    name: str
    division: str
    abbreviation: str
    phone: str
    officers: int
    head: str


@dataclass(frozen=True)
class ProvinceOfRegulators:
    """The regulators of a province, the province's own first."""

    name: str
    lines: tuple[RegulatorLine, ...]

    @property
    def officers(self) -> int:
        """How many officers there are in the province."""
        return sum(line.officers for line in self.lines)


@dataclass(frozen=True)
class RegulatorsPage:
    """All regulators by province, and how many of the shipped areas still have none."""

    provinces: tuple[ProvinceOfRegulators, ...]
    missing: int


def view_regulators(db: Session, *, actor: Actor, now: datetime) -> RegulatorsPage:
    """The regulators for the administrator, in the order of their codes."""
    _require_editor(actor)
    counted = (
        select(Person.institution_id, func.count(Person.id).label("officers"))
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.role == Role.OFFICER.value, Person.is_active)
        .group_by(Person.institution_id)
        .subquery()
    )
    rows = db.execute(
        select(Institution, func.coalesce(counted.c.officers, 0))
        .outerjoin(counted, counted.c.institution_id == Institution.id)
        .where(Institution.kind == "regulator")
        .order_by(Institution.division)
    ).all()
    by_province: dict[str, list[RegulatorLine]] = {}
    heads = heads_of(db, [one.id for one, _ in rows], beijing_day(now))
    for one, count in rows:
        head = next((line.name for line in heads.get(one.id, ())), "")
        line = RegulatorLine(one.id, one.name, one.division, one.abbreviation, one.phone, count, head)
        by_province.setdefault(one.province, []).append(line)
    areas = shipped_areas()
    names = {area.province: area.name for area in areas.values() if area.level == "province"}
    return RegulatorsPage(
        tuple(ProvinceOfRegulators(names[key], tuple(lines)) for key, lines in by_province.items()),
        len(areas.keys() - {one.division for one, _ in rows}),
    )


@dataclass(frozen=True)
class RegulatorToSet:
    """A regulator whose contact and head are to be set; `candidates` (id, name) may be its head."""

    regulator: Institution
    head_id: int | None
    candidates: tuple[tuple[int, str], ...]


def regulator_to_set(db: Session, *, actor: Actor, institution_id: int, now: datetime) -> RegulatorToSet:
    """The regulator with its present head; NotFound for any other institution."""
    regulator = _regulator_to_edit(db, actor, institution_id)
    head = head_today(db, institution_id, beijing_day(now))
    people = {person.id: person.name for person in (*officers(db, [institution_id]), *([head] if head else []))}
    return RegulatorToSet(regulator, head.id if head is not None else None, tuple(people.items()))


def set_regulator_contact(
    db: Session,
    *,
    actor: Actor,
    institution_id: int,
    abbreviation: str,
    phone: str,
    head_id: int | None,
    now: datetime,
) -> Institution:
    """Set how the numbers of its documents begin (宁市监), the telephone that its notices and the public get, its head.

    `head_id` None: it has none, and all its officers are told what would be the head's to hear.
    """
    regulator = _regulator_to_edit(db, actor, institution_id)
    given = {"abbreviation": abbreviation.strip(), "phone": phone.strip()}
    longest = {"abbreviation": (20, "机关代字"), "phone": (40, "联系电话")}
    problems = [
        Problem(name, f"{longest[name][1]}最长 {longest[name][0]} 个字。", "")
        for name, value in given.items()
        if len(value) > longest[name][0]
    ]
    same = select(Institution.name).where(
        Institution.abbreviation == given["abbreviation"], Institution.id != regulator.id
    )
    if given["abbreviation"] and (owner := db.scalar(same)) is not None:
        problems.append(Problem("abbreviation", f"机关代字“{given['abbreviation']}”已由{owner}使用，文号会重复。", ""))
    if problems:
        raise Invalid(problems)
    replace_regulators_head(db, actor=actor, regulator=regulator, person_id=head_id, now=now)
    before = {name: getattr(regulator, name) for name in given}
    if before == given:
        return regulator
    regulator.abbreviation, regulator.phone = given["abbreviation"], given["phone"]
    db.flush()
    record(db, "regulator_contact_set", now=now, actor=actor, regulator=regulator.name, before=before, after=given)
    return regulator


def regulator_of(db: Session, division: str) -> Institution:
    """The regulator of an area; NotFound when none is entered."""
    found = find_regulator(db, division)
    if found is None:
        raise NotFound
    return found


def find_regulator(db: Session, division: str) -> Institution | None:
    """The regulator of an area by its division code, None when there is none."""
    return db.scalar(select(Institution).where(Institution.kind == "regulator", Institution.division == division))


def handling_regulator(db: Session, division: str) -> Institution | None:
    """Who handles what belongs to an area: the city's regulator, for a county the one above; None while unknown."""
    if not is_division_code(division):
        return None
    code: str | None = parent_of(division) if level_of(division) == "county" else division
    return find_regulator(db, code) if code is not None else None


def list_regulators(db: Session, *, province: str | None = None) -> Sequence[Institution]:
    """The regulators, of one province or of all, in the order of their codes."""
    query = select(Institution).where(Institution.kind == "regulator").order_by(Institution.division)
    return db.scalars(query if province is None else query.where(Institution.province == province)).all()


def _regulator(area: Area) -> Institution:
    areas = shipped_areas()
    parent = areas.get(area.parent or "")
    prefix = parent.name if area.level == "county" and parent is not None else ""
    return Institution(
        kind="regulator",
        level=area.level,
        name=f"{prefix}{area.name}市场监督管理局",
        short_name=_short(area.name),
        badge=_BADGES[area.province],
        province=area.province,
        division=area.code,
        abbreviation=area.abbreviation,
    )


def _short(name: str) -> str:
    """南京 for 南京市; what would become one sign keeps its whole name."""
    suffix = next((one for one in _SUFFIXES if name.endswith(one)), "")
    short = name.removesuffix(suffix)
    return (short if len(short) > 1 else name)[:20]


def _division_problems(db: Session, division: str) -> list[Problem]:
    if not is_division_code(division) or level_of(division) != "county":
        return [Problem("division", f"“{division}”不是县（市、区）的行政区划代码（{STANDARD}）。", "6")]
    if find_regulator(db, division) is not None:
        return [Problem("division", f"行政区划代码{division}的市场监管部门已经登记。", "6")]
    if find_regulator(db, parent_of(division) or "") is None:
        return [Problem("division", f"行政区划代码{division}的上级市场监管部门没有登记。", "6")]
    return []


def _name_problems(name: str) -> list[Problem]:
    if not name:
        return [Problem("area_name", "请填写县（市、区）的名称。", "6")]
    if len(name) > 20:
        return [Problem("area_name", f"名称最长 20 个字，现为 {len(name)} 个。", "6")]
    return []


def _regulator_to_edit(db: Session, actor: Actor, institution_id: int) -> Institution:
    _require_editor(actor)
    regulator = db.get(Institution, institution_id)
    if regulator is None or regulator.kind != "regulator":
        raise NotFound
    return regulator


def _require_editor(actor: Actor) -> None:
    if not is_granted("edit_institutions", actor):
        raise NotAllowed("机构信息由系统管理员维护。")
