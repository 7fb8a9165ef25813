"""The expert registers: each institution keeps its own (Art. 8(1), 10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models.account import Person, PersonRole
from portal.models.consultation import Consultation
from portal.models.expert import Expert
from portal.models.panel import PanelMember
from portal.process.consultation import STAGE_LABELS, Stage
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor, Role, is_granted
from portal.rules.dates import beijing_day
from portal.rules.problem import Problem
from portal.services.expert_load import ExpertLoad, loads_of
from portal.services.kernel.events import record

PAGE_SIZE = 25
_TEXTS = (("field", "专业领域"), ("employer", "工作单位"), ("title", "职务/职称"))


@dataclass(frozen=True)
class ExpertInput:
    """What the register says of an expert. `username` is the account, for a new entry only."""

    field: str
    employer: str
    title: str
    relations: str = ""
    is_available: bool = True
    username: str = ""


@dataclass(frozen=True)
class RegisterRow:
    """An expert in the list."""

    expert_id: int
    name: str
    field: str
    employer: str
    title: str
    is_available: bool
    load: ExpertLoad
    undertaking_until: date | None
    is_undertaking_valid: bool


@dataclass(frozen=True)
class RegisterPage:
    """One page of the own register."""

    rows: tuple[RegisterRow, ...]
    total: int
    page: int
    fields: tuple[str, ...]

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class PastPanel:
    """A panel that an expert was asked into."""

    consultation_id: int
    number: str
    product_name: str
    state: str
    stage_label: str
    since: datetime


@dataclass(frozen=True)
class ExpertPage:
    """One expert of the own register, with every panel."""

    expert: Expert
    row: RegisterRow
    panels: tuple[PastPanel, ...]


def register(
    db: Session, *, actor: Actor, now: datetime, search: str = "", field: str = "", state: str = "", page: int = 1
) -> RegisterPage:
    """One page of the actor's own register by name; `state` is free, busy or away, unknown words are ignored."""
    own = _own_institution(actor, "view_expert_register")
    conditions: list[ColumnElement[bool]] = [Expert.institution_id == own]
    for word in search.split():
        columns = (Person.name, Expert.field, Expert.employer, Expert.title)
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if field:
        conditions.append(Expert.field == field)
    if state in ("free", "away"):
        conditions.append(Expert.is_available.is_(state == "free"))
    found = select(Expert).join(Person, Person.id == Expert.person_id).where(*conditions)
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    rows = db.scalars(
        found.options(joinedload(Expert.person), selectinload(Expert.undertakings))
        .order_by(Person.name, Expert.id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    ).all()
    loads = loads_of(db, [expert.id for expert in rows])
    fields = db.scalars(select(Expert.field).where(Expert.institution_id == own).distinct().order_by(Expert.field))
    return RegisterPage(tuple(_row(expert, loads, now) for expert in rows), total, page, tuple(fields))


def expert_page(db: Session, *, actor: Actor, expert_id: int, now: datetime) -> ExpertPage:
    """One expert of the actor's own register; NotFound for any other."""
    expert = _own_expert(db, actor, expert_id, "view_expert_register")
    rows = db.execute(
        select(PanelMember, Consultation)
        .join(Consultation, Consultation.id == PanelMember.consultation_id)
        .where(PanelMember.expert_id == expert.id)
        .options(joinedload(Consultation.product))
        .order_by(PanelMember.id.desc())
    ).all()
    panels = tuple(
        PastPanel(
            consultation.id,
            consultation.number or "",
            consultation.product.product_name,
            member.state,
            STAGE_LABELS[Stage(consultation.stage)],
            member.nominated_at,
        )
        for member, consultation in rows
    )
    return ExpertPage(expert, _row(expert, loads_of(db, [expert.id]), now), panels)


def add_expert(db: Session, *, actor: Actor, given: ExpertInput, now: datetime) -> Expert:
    """Put a person with an expert's account on the actor's own register."""
    own = _own_institution(actor, "edit_expert_register")
    problems = _problems(given)
    person = db.scalar(
        select(Person)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(
            Person.username == given.username.strip().lower(),
            PersonRole.role == Role.EXPERT.value,
            Person.id.not_in(select(Expert.person_id)),
        )
    )
    if person is None:
        words = "没有可以入库的专家账号。请先由安全管理员开通角色为“专家”的账号；已在专家库的不能重复入库。"
        problems.insert(0, Problem("username", words, "10"))
    if problems or person is None:
        raise Invalid(problems)
    expert = Expert(person=person, institution_id=own)
    _write(expert, given)
    db.add(expert)
    db.flush()
    record(db, "expert_added", now=now, actor=actor, expert=expert.id, detail=person.name)
    return expert


def edit_expert(db: Session, *, actor: Actor, expert_id: int, given: ExpertInput, now: datetime) -> Expert:
    """Change what the register says; panels already confirmed keep what they took down."""
    expert = _own_expert(db, actor, expert_id, "edit_expert_register")
    problems = _problems(given)
    if problems:
        raise Invalid(problems)
    before = {name: getattr(expert, name) for name in ("field", "employer", "title", "relations", "is_available")}
    _write(expert, given)
    after = {name: getattr(expert, name) for name in before}
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    record(db, "expert_edited", now=now, actor=actor, expert=expert.id, changed=changed)
    return expert


def _problems(given: ExpertInput) -> list[Problem]:
    return [Problem(name, f"请填写{label}。", "10") for name, label in _TEXTS if not getattr(given, name).strip()]


def _write(expert: Expert, given: ExpertInput) -> None:
    expert.field, expert.employer, expert.title = given.field.strip(), given.employer.strip(), given.title.strip()
    expert.relations, expert.is_available = given.relations.strip(), given.is_available


def _own_institution(actor: Actor, permission: str) -> int:
    if not is_granted(permission, actor) or actor.institution_id is None:
        raise NotFound
    return actor.institution_id


def _own_expert(db: Session, actor: Actor, expert_id: int, permission: str) -> Expert:
    expert = db.get(Expert, expert_id, options=[joinedload(Expert.person), selectinload(Expert.undertakings)])
    if expert is None or expert.institution_id != _own_institution(actor, permission):
        raise NotFound
    return expert


def _row(expert: Expert, loads: dict[int, ExpertLoad], now: datetime) -> RegisterRow:
    until = expert.undertakings[-1].expires_on if expert.undertakings else None
    return RegisterRow(
        expert_id=expert.id,
        name=expert.person.name,
        field=expert.field,
        employer=expert.employer,
        title=expert.title,
        is_available=expert.is_available,
        load=loads.get(expert.id, ExpertLoad()),
        undertaking_until=until,
        is_undertaking_valid=until is not None and until > beijing_day(now),
    )
