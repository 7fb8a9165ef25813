"""Accounts of experts: an institution asks by putting somebody on its register, the security administrator opens.

Until then there is a person without a role and without a password, whose account nothing and nobody can use: so the
one who keeps a register never opens an account, and the one who opens accounts never types a register anew.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.mail.message import is_address
from portal.models.account import Person, PersonRole
from portal.models.expert import Expert
from portal.models.institution import Institution
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor, Role, is_granted
from portal.rules.problem import Problem
from portal.services.account_links import mail_link
from portal.services.expert_entry import ARTICLE, ExpertInput
from portal.services.expert_search import username_of
from portal.services.kernel.events import record

MOST_AT_ONCE = 200
"""Accounts opened in one act: each sends a mail with a link that soon ends."""
_SHORTEST_USERNAME = 3


@dataclass(frozen=True)
class PendingAccount:
    """Somebody whose account is asked for. `same_email` are the user names that have this address already."""

    person_id: int
    username: str
    name: str
    email: str
    institution: str
    asked_at: datetime
    same_email: tuple[str, ...]


@dataclass(frozen=True)
class PendingPage:
    """The longest waiting first, as many as can be opened at once."""

    accounts: tuple[PendingAccount, ...]
    total: int


def identity_problems(name: str, email: str) -> list[Problem]:
    """What is wrong with the name and the address of somebody who has no account yet."""
    problems = []
    longest = Person.name.type.length
    if not 1 <= len(name.strip()) <= longest:
        problems.append(Problem("name", f"没有账号的，请填写姓名，最多 {longest} 个字。", ARTICLE))
    if not is_address(email.strip()):
        problems.append(Problem("email", "请填写邮箱，格式为 name@example.cn。", ARTICLE))
    return problems


def own_duplicates(db: Session, institution_id: int, given: ExpertInput) -> list[Problem]:
    """Who stands on the own register already, by address or by name and employer; other registers stay unseen."""
    rows = db.execute(
        select(Person.name, Person.email, Expert.employer)
        .join(Expert, Expert.person_id == Person.id)
        .where(
            Expert.institution_id == institution_id,
            (func.lower(Person.email) == given.email.strip().lower())
            | ((Person.name == given.name.strip()) & (Expert.employer == given.employer.strip())),
        )
    ).all()
    return [
        Problem("email", f"本单位专家库已有使用该邮箱的{name}。", ARTICLE)
        if email.lower() == given.email.strip().lower()
        else Problem("name", f"本单位专家库已有{employer}的{name}。", ARTICLE)
        for name, email, employer in rows
    ]


def taken_usernames(db: Session) -> set[str]:
    """Every user name there is."""
    return set(db.scalars(select(Person.username)))


def new_pending_person(db: Session, name: str, email: str, taken: set[str], now: datetime) -> Person:
    """A person without role and password; its user name, from the pinyin of the name, is added to `taken`."""
    person = Person(
        username=unused_username(username_of(name), taken),
        name=name.strip(),
        email=email.strip(),
        is_active=False,
        is_pending=True,
        created_at=now,
    )
    db.add(person)
    return person


def unused_username(begin: str, taken: set[str]) -> str:
    """A user name that begins so and is not among `taken`, to which it is added."""
    if len(begin) < _SHORTEST_USERNAME:
        begin = f"expert.{begin}"
    username, number = begin, 2
    while username in taken:
        username, number = f"{begin}{number}", number + 1
    taken.add(username)
    return username


def pending_count(db: Session, *, actor: Actor, now: datetime) -> int:
    """How many accounts wait for the security administrator; NotFound for anybody else."""
    _require(actor)
    return db.scalar(select(func.count()).select_from(Person).where(Person.is_pending)) or 0


def pending_accounts(db: Session, *, actor: Actor, now: datetime) -> PendingPage:
    """Whose accounts wait for the security administrator; NotFound for anybody else."""
    total = pending_count(db, actor=actor, now=now)
    rows = db.execute(
        select(Person, Institution.name)
        .join(Expert, Expert.person_id == Person.id)
        .join(Institution, Institution.id == Expert.institution_id)
        .where(Person.is_pending)
        .order_by(Person.created_at, Person.id)
        .limit(MOST_AT_ONCE)
    ).all()
    addresses = {person.email.lower() for person, _ in rows}
    same: dict[str, list[str]] = {}
    for username, email in db.execute(
        select(Person.username, Person.email).where(func.lower(Person.email).in_(addresses), ~Person.is_pending)
    ):
        same.setdefault(email.lower(), []).append(username)
    accounts = tuple(
        PendingAccount(
            person.id, person.username, person.name, person.email, institution, person.created_at,
            tuple(same.get(person.email.lower(), ())),
        )
        for person, institution in rows
    )  # fmt: skip
    return PendingPage(accounts, total)


def open_expert_accounts(
    db: Session, *, actor: Actor, person_ids: Collection[int], link_lasts: timedelta, now: datetime
) -> int:
    """Open these accounts as experts' and mail each owner a link to choose a password. Returns how many.

    Who has been opened or taken back in the meantime is passed over. Raises Invalid for none and for too many.
    """
    _require(actor)
    if not 1 <= len(set(person_ids)) <= MOST_AT_ONCE:
        raise Invalid.field("persons", f"请选择要开通的账号，一次最多 {MOST_AT_ONCE} 个。", "")
    persons = db.scalars(
        select(Person).where(Person.id.in_(set(person_ids)), Person.is_pending).order_by(Person.id)
    ).all()
    for person in persons:
        person.is_pending, person.is_active = False, True
        person.roles.append(PersonRole(role=Role.EXPERT.value))
        record(
            db, "account_created", now=now, actor=actor, person=person.id, username=person.username,
            roles=[Role.EXPERT.value], institution=None,
        )  # fmt: skip
        mail_link(db, person, purpose="invitation", lasts=link_lasts, now=now, actor=actor)
    return len(persons)


def _require(actor: Actor) -> None:
    if not is_granted("edit_accounts", actor):
        raise NotFound
