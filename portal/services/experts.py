"""The expert registers: each institution keeps its own (Art. 8(1), 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models.account import Person, PersonRole
from portal.models.consultation import Consultation
from portal.models.expert import Expert, ExpertField
from portal.models.panel import PanelMember
from portal.process.consultation import STAGE_LABELS, Stage
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import Actor, Role, is_granted
from portal.rules.dates import beijing_day
from portal.rules.expertise import expertise_fields, field_labels
from portal.rules.problem import Problem
from portal.services.expert_accounts import identity_problems, new_pending_person, own_duplicates, taken_usernames
from portal.services.expert_entry import ARTICLE, ExpertInput, changes, entry_of, entry_problems, write_entry
from portal.services.expert_load import ExpertLoad, ExpertPunctuality, is_busy, loads_of, punctuality_of
from portal.services.expert_search import matches
from portal.services.kernel.events import record

PAGE_SIZE = 25
STATES = ("free", "busy", "away", "pending")


@dataclass(frozen=True)
class RegisterRow:
    """An expert in the list. `away_until` is None as well while somebody is away until further notice."""

    expert_id: int
    name: str
    field: str
    field_labels: tuple[str, ...]
    employer: str
    title: str
    is_pending: bool
    is_away: bool
    away_until: date | None
    load: ExpertLoad
    punctuality: ExpertPunctuality
    undertaking_until: date | None
    is_undertaking_valid: bool


@dataclass(frozen=True)
class RegisterPage:
    """One page of the own register."""

    rows: tuple[RegisterRow, ...]
    total: int
    page: int
    pending: int  # of the whole register

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
    """One expert of the own register, with every panel; `entry` is what a form shows."""

    expert: Expert
    row: RegisterRow
    entry: ExpertInput
    panels: tuple[PastPanel, ...]


def register(
    db: Session, *, actor: Actor, now: datetime, search: str = "", field: str = "", state: str = "", page: int = 1
) -> RegisterPage:
    """One page of the actor's own register by name.

    `search` finds any part of a word, pinyin and its initials; `field` is a key of the list; `state` is free, busy,
    away or pending. Unknown words are ignored.
    """
    own = own_institution(actor, "view_expert_register")
    conditions = [Expert.institution_id == own, *matches(search)]
    if field in expertise_fields():
        conditions.append(Expert.fields.any(ExpertField.field_key == field))
    if state in STATES:
        conditions.append(_in_state(state, beijing_day(now)))
    found = select(Expert).join(Person, Person.id == Expert.person_id).where(*conditions)
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    rows = db.scalars(
        found.options(joinedload(Expert.person), selectinload(Expert.undertakings), selectinload(Expert.fields))
        .order_by(Person.name, Expert.id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    ).all()
    of_register = select(func.count()).select_from(Expert).join(Person).where(Expert.institution_id == own)
    pending = db.scalar(of_register.where(Person.is_pending)) or 0
    return RegisterPage(_rows(db, rows, now), total, page, pending)


def _in_state(state: str, today: date) -> ColumnElement[bool]:
    is_away = and_(~Expert.is_available, or_(Expert.away_until.is_(None), Expert.away_until >= today))
    conditions: dict[str, ColumnElement[bool]] = {
        "free": and_(~is_away, ~is_busy(), Person.is_active),
        "busy": and_(~is_away, is_busy(), Person.is_active),
        "away": is_away,
        "pending": Person.is_pending.is_(True),
    }
    return conditions[state]


def expert_page(db: Session, *, actor: Actor, expert_id: int, now: datetime) -> ExpertPage:
    """One expert of the actor's own register; NotFound for any other."""
    expert = own_expert(db, actor, expert_id, "view_expert_register")
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
    return ExpertPage(expert, _rows(db, [expert], now)[0], entry_of(expert, beijing_day(now)), panels)


def add_expert(db: Session, *, actor: Actor, given: ExpertInput, now: datetime) -> Expert:
    """Put a person on the actor's own register.

    With `username` the owner of that expert's account; with `name` and `email` somebody whose account the security
    administrator is asked to open.
    """
    own = own_institution(actor, "edit_expert_register")
    problems = entry_problems(given, beijing_day(now))
    person = None
    if given.username.strip():
        person = _unregistered(db, given.username)
        if person is None:
            words = "没有可以入库的专家账号。请填写角色为“专家”的账号，已在专家库的不能重复入库；没有账号的请留空。"
            problems.insert(0, Problem("username", words, ARTICLE))
    else:
        problems = [*identity_problems(given.name, given.email), *own_duplicates(db, own, given), *problems]
    if problems:
        raise Invalid(problems)
    person = person or new_pending_person(db, given.name, given.email, taken_usernames(db), now)
    expert = Expert(person=person, institution_id=own)
    write_entry(expert, given)
    db.add(expert)
    db.flush()
    record(
        db, "expert_account_asked" if person.is_pending else "expert_added", now=now, actor=actor,
        expert=expert.id, person=person.id, detail=person.name,
    )  # fmt: skip
    return expert


def edit_expert(db: Session, *, actor: Actor, expert_id: int, given: ExpertInput, now: datetime) -> Expert:
    """Change what the register says; panels already confirmed keep what they took down."""
    expert, today = own_expert(db, actor, expert_id, "edit_expert_register"), beijing_day(now)
    problems = entry_problems(given, today)
    if problems:
        raise Invalid(problems)
    before = entry_of(expert, today)
    write_entry(expert, given)
    db.flush()
    record(
        db, "expert_edited", now=now, actor=actor, expert=expert.id, changed=changes(before, entry_of(expert, today))
    )
    return expert


def withdraw_expert(db: Session, *, actor: Actor, expert_id: int, now: datetime) -> str:
    """Take an entry back whose account is not opened yet; whoever has an account stays. Returns the name."""
    expert = own_expert(db, actor, expert_id, "edit_expert_register")
    if not expert.person.is_pending:
        raise Refusal("账号已经开通，不能撤回；不再参加会诊的，请设为暂不参加。", article=ARTICLE)
    person = expert.person
    record(db, "expert_withdrawn", now=now, actor=actor, expert=expert.id, person=person.id, detail=person.name)
    db.delete(expert)
    db.flush()
    db.delete(person)
    return person.name


def own_institution(actor: Actor, permission: str) -> int:
    """The institution whose register the actor keeps; NotFound for who keeps none."""
    if not is_granted(permission, actor) or actor.institution_id is None:
        raise NotFound
    return actor.institution_id


def own_expert(db: Session, actor: Actor, expert_id: int, permission: str) -> Expert:
    """An expert of the actor's own register; NotFound for any other."""
    expert = db.get(Expert, expert_id, options=[joinedload(Expert.person), selectinload(Expert.undertakings)])
    if expert is None or expert.institution_id != own_institution(actor, permission):
        raise NotFound
    return expert


def _unregistered(db: Session, username: str) -> Person | None:
    """Whose expert's account this is, as long as it stands on no register."""
    return db.scalar(
        select(Person)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(
            Person.username == username.strip().lower(),
            PersonRole.role == Role.EXPERT.value,
            Person.id.not_in(select(Expert.person_id)),
        )
    )


def _rows(db: Session, experts: Sequence[Expert], now: datetime) -> tuple[RegisterRow, ...]:
    ids, today = [expert.id for expert in experts], beijing_day(now)
    loads, answers = loads_of(db, ids), punctuality_of(db, ids)
    rows = []
    for expert in experts:
        until = expert.undertakings[-1].expires_on if expert.undertakings else None
        rows.append(
            RegisterRow(
                expert_id=expert.id,
                name=expert.person.name,
                field=expert.field,
                field_labels=field_labels([one.field_key for one in expert.fields]),
                employer=expert.employer,
                title=expert.title,
                is_pending=expert.person.is_pending,
                is_away=expert.is_away(today),
                away_until=expert.away_until,
                load=loads.get(expert.id, ExpertLoad()),
                punctuality=answers.get(expert.id, ExpertPunctuality()),
                undertaking_until=until,
                is_undertaking_valid=until is not None and until > today,
            )
        )
    return tuple(rows)
