"""Accounts: the security administrator creates, disables, unlocks and lists them (people.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from portal.config import DEFAULT_INVITATION_HOURS, PasswordProfile
from portal.mail.message import is_address
from portal.models.account import ROLES, AccountLink, LoginSession, Person, PersonRole
from portal.models.institution import Institution
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import ROLE_LABELS, Actor, Role, is_granted
from portal.rules.problem import Problem
from portal.rules.regions import shipped_areas
from portal.services.account_links import mail_link
from portal.services.account_passwords import hash_password, replace_password, revoke_links
from portal.services.account_sessions import end_all_sessions
from portal.services.kernel.events import record
from portal.services.password_rules import require_acceptable_password

PAGE_SIZE = 25
SEPARATED_ROLES = (Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR)
GIVEN_ROLES = tuple(Role(role) for role in ROLES)
"""The roles an account can be given; liaison follows from the liaison list."""

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,59}")
_STATES = ("active", "disabled", "locked", "pending")
NOT_OPENED = "这个账号还没有开通，请在“待开通账号”中办理。"


@dataclass(frozen=True)
class NewPerson:
    """What is typed for a new account; `roles` are words of GIVEN_ROLES."""

    username: str
    name: str
    email: str
    roles: frozenset[str] = frozenset()
    institution_id: int | None = None


@dataclass(frozen=True)
class CreatedPerson:
    """A new account."""

    person_id: int
    username: str
    name: str


@dataclass(frozen=True)
class AccountLine:
    """One account, as list and page show it. `link_until`: when the link to choose a password ends, if one is open."""

    person_id: int
    username: str
    name: str
    email: str
    institution: str
    role_labels: tuple[str, ...]
    is_active: bool
    is_pending: bool
    locked_until: datetime | None
    has_password: bool
    link_until: datetime | None
    created_at: datetime
    last_seen_at: datetime | None
    is_own: bool

    @property
    def state(self) -> str:
        """One of active, disabled, locked, pending."""
        if self.is_pending:
            return "pending"
        if not self.is_active:
            return "disabled"
        return "locked" if self.locked_until else "active"


@dataclass(frozen=True)
class AccountPage:
    """One page of the list."""

    lines: tuple[AccountLine, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PAGE_SIZE))


def create_person(
    db: Session,
    *,
    actor: Actor,
    given: NewPerson,
    now: datetime,
    password: str | None = None,
    hashed: str | None = None,
    link_lasts: timedelta = timedelta(hours=DEFAULT_INVITATION_HOURS),
) -> CreatedPerson:
    """Create an account. Without `password` its owner is mailed an invitation to choose one, open for `link_lasts`.

    `hashed` is what hash_password has made of `password` already, where many accounts begin with the same one.
    Nobody but the owner ever knows the password: it is what signs (电子签名法 13). Raises Invalid beside the
    fields; NotFound for anybody but the security administrator.
    """
    _require_security_administrator(actor)
    person = _create(db, given, password, now=now, actor=actor, profile=PasswordProfile.STANDARD, hashed=hashed)
    if password is None:
        mail_link(db, person, purpose="invitation", lasts=link_lasts, now=now, actor=actor)
    return CreatedPerson(person.id, person.username, person.name)


def first_administrator(
    db: Session,
    *,
    username: str,
    name: str,
    email: str,
    password: str,
    now: datetime,
    profile: PasswordProfile = PasswordProfile.STANDARD,
) -> CreatedPerson:
    """Create the first account of an installation: its security administrator, who creates all others.

    Raises Refusal when there is an account already, Invalid for bad input.
    """
    if db.scalar(select(func.count()).select_from(Person)):
        raise Refusal("已有账号，不能再次初始化。请由安全管理员开通账号。")
    roles = frozenset({Role.SECURITY_ADMINISTRATOR.value})
    given = NewPerson(username, name, email, roles)
    person = _create(db, given, password, now=now, actor=None, profile=profile)
    return CreatedPerson(person.id, person.username, person.name)


def set_active(db: Session, *, actor: Actor, person_id: int, is_active: bool, now: datetime) -> None:
    """Enable or disable an account; disabling ends all its sessions and links at once."""
    person = _other_person(db, actor, person_id, "停用或启用")
    if person.is_active == is_active:
        return
    if person.is_pending:
        raise Refusal(NOT_OPENED)
    person.is_active = is_active
    if not is_active:
        end_all_sessions(db, person_id=person.id, now=now)
        revoke_links(db, person_id=person.id, now=now)
    record(db, "account_enabled" if is_active else "account_disabled", now=now, actor=actor, person=person.id)


def unlock(db: Session, *, actor: Actor, person_id: int, now: datetime) -> None:
    """Lift the lock that failed log-ins brought about."""
    person = _person(db, actor, person_id)
    person.failed_logins = 0
    person.locked_until = None
    record(db, "account_unlocked", now=now, actor=actor, person=person.id)


def reset_password(db: Session, *, actor: Actor, person_id: int, link_lasts: timedelta, now: datetime) -> None:
    """Void the password and mail the owner a link to choose another; ends all sessions and lifts a lock.

    For an account that was never used it is the invitation again.
    """
    person = _other_person(db, actor, person_id, "重置密码")
    if not person.is_active:
        raise Refusal(NOT_OPENED if person.is_pending else "账号已停用，请先启用。")
    replace_password(db, person, None, now=now)
    end_all_sessions(db, person_id=person.id, now=now)
    record(db, "password_reset", now=now, actor=actor, person=person.id)
    purpose = "reset" if person.password_changed_at else "invitation"
    mail_link(db, person, purpose=purpose, lasts=link_lasts, now=now, actor=actor)


def change_email(db: Session, *, actor: Actor, person_id: int, email: str, now: datetime) -> None:
    """Set where an account's mail goes; a link that was mailed to the old address is void. Raises Invalid."""
    person = _other_person(db, actor, person_id, "修改邮箱")
    problems = _email_problems(email)
    if problems:
        raise Invalid(problems)
    if person.email == email.strip():
        return
    person.email = email.strip()
    revoke_links(db, person_id=person.id, now=now)
    record(db, "email_changed", now=now, actor=actor, person=person.id)


def set_roles(
    db: Session, *, actor: Actor, person_id: int, roles: frozenset[str], institution_id: int | None, now: datetime
) -> None:
    """Change what a person is in the portal, and where; takes effect with the next page they open."""
    person = _other_person(db, actor, person_id, "调整角色")
    if person.is_pending:
        raise Refusal(NOT_OPENED)
    problems = _role_problems(db, roles, institution_id)
    if problems:
        raise Invalid(problems)
    before = sorted(role.role for role in person.roles)
    kept = {role.role: role for role in person.roles}
    person.roles = [role for word, role in kept.items() if word in roles]
    db.flush()  # What goes must be gone before what separates from it comes.
    person.roles += [PersonRole(role=word) for word in sorted(roles - kept.keys())]
    person.institution_id = institution_id
    db.flush()
    record(
        db, "roles_changed", now=now, actor=actor, person=person.id, before=before, after=sorted(roles),
        institution=institution_id,
    )  # fmt: skip


def list_accounts(
    db: Session, *, actor: Actor, now: datetime, search: str = "", state: str = "", role: str = "", page: int = 1
) -> AccountPage:
    """One page of the accounts, by user name; `state` and `role` narrow it, unknown words are ignored."""
    _require_security_administrator(actor)
    conditions: list[ColumnElement[bool]] = []
    if search.strip():
        like = f"%{_escaped(search.strip())}%"
        conditions.append(or_(*(column.ilike(like, escape="\\") for column in (Person.username, Person.name))))
    if state in _STATES:
        is_active, is_pending = Person.is_active.is_(True), Person.is_pending.is_(True)
        states = {
            "active": is_active,
            "disabled": and_(~is_active, ~is_pending),
            "locked": and_(is_active, Person.locked_until > now),
            "pending": is_pending,
        }
        conditions.append(states[state])
    if role in GIVEN_ROLES:
        conditions.append(Person.id.in_(select(PersonRole.person_id).where(PersonRole.role == role)))
    total = db.scalar(select(func.count()).select_from(Person).where(*conditions)) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
    rows = _lines(db, actor, now, *conditions, offset=(page - 1) * PAGE_SIZE)
    return AccountPage(rows, total, page)


def account(db: Session, *, actor: Actor, person_id: int, now: datetime) -> AccountLine:
    """One account; NotFound where there is none."""
    _require_security_administrator(actor)
    lines = _lines(db, actor, now, Person.id == person_id)
    if not lines:
        raise NotFound
    return lines[0]


def roles_and_institution(db: Session, *, actor: Actor, person_id: int) -> tuple[frozenset[str], int | None]:
    """The roles given to an account and its institution, for the form that changes them."""
    person = _person(db, actor, person_id)
    return frozenset(role.role for role in person.roles), person.institution_id


def institution_choices(db: Session, *, actor: Actor) -> Mapping[str, Sequence[tuple[int, str]]]:
    """Institutions to choose from, id and name: the technical ones, then the regulators of each province."""
    _require_security_administrator(actor)
    provinces = {area.province: area.name for area in shipped_areas().values() if area.level == "province"}
    rows = db.scalars(select(Institution).order_by(Institution.kind.desc(), Institution.division, Institution.id))
    groups: dict[str, list[tuple[int, str]]] = {}
    for one in rows:
        group = "召回技术机构" if one.kind == "technical" else f"{provinces[one.province]}市场监管部门"
        groups.setdefault(group, []).append((one.id, one.name))
    return groups


def _create(
    db: Session,
    given: NewPerson,
    password: str | None,
    *,
    now: datetime,
    actor: Actor | None,
    profile: PasswordProfile,
    hashed: str | None = None,
) -> Person:
    username = given.username.strip().lower()
    problems = [*_identity_problems(db, given, username), *_role_problems(db, given.roles, given.institution_id)]
    if problems:
        raise Invalid(problems)
    if password is not None:
        require_acceptable_password(password, username=username, field="password", profile=profile)
    person = Person(
        username=username,
        name=given.name.strip(),
        email=given.email.strip(),
        institution_id=given.institution_id,
        password_hash=None if password is None else hashed or hash_password(password),
        password_changed_at=None if password is None else now,
        created_at=now,
        roles=[PersonRole(role=role) for role in sorted(given.roles)],
    )
    db.add(person)
    db.flush()
    record(
        db, "account_created", now=now, actor=actor, person=person.id, username=username,
        roles=sorted(given.roles), institution=given.institution_id,
    )  # fmt: skip
    return person


def _identity_problems(db: Session, given: NewPerson, username: str) -> list[Problem]:
    problems = []
    if not _USERNAME.fullmatch(username):
        problems.append(Problem("username", "账号用 3 至 60 个小写字母、数字、点、横线，以字母开头。", ""))
    elif db.scalar(select(Person.id).where(Person.username == username)):
        problems.append(Problem("username", "这个账号已有人使用。", ""))
    if not 1 <= len(given.name.strip()) <= Person.name.type.length:
        problems.append(Problem("name", f"请填写姓名，最多 {Person.name.type.length} 个字。", ""))
    return [*problems, *_email_problems(given.email)]


def _email_problems(email: str) -> list[Problem]:
    return [] if is_address(email.strip()) else [Problem("email", "邮箱格式应为 name@example.cn。", "")]


def _role_problems(db: Session, roles: frozenset[str], institution_id: int | None) -> list[Problem]:
    if not roles:
        return [Problem("roles", "请至少选择一个角色。", "")]
    if roles - set(GIVEN_ROLES):
        return [Problem("roles", "没有这个角色。", "")]
    separated = [role for role in SEPARATED_ROLES if role in roles]
    if separated and len(roles) > 1:
        return [Problem("roles", f"{ROLE_LABELS[separated[0]]}须由专人担任，不能兼任其他角色。", "")]
    institution = db.get(Institution, institution_id) if institution_id is not None else None
    if institution_id is not None and institution is None:
        return [Problem("institution_id", "没有这个单位。", "")]
    if Role.STAFF in roles and (institution is None or institution.kind != "technical"):
        return [Problem("institution_id", "工作人员须属于一个召回技术机构。", "2")]
    if Role.OFFICER in roles and (institution is None or institution.kind != "regulator"):
        return [Problem("institution_id", "监管人员须属于一个市场监管部门。", "")]
    if separated and institution is not None:
        return [Problem("institution_id", f"{ROLE_LABELS[separated[0]]}不属于任何单位，请留空。", "")]
    return []


def _lines(
    db: Session, actor: Actor, now: datetime, *conditions: ColumnElement[bool], offset: int = 0
) -> tuple[AccountLine, ...]:
    seen = select(func.max(LoginSession.last_seen_at)).where(LoginSession.person_id == Person.id).scalar_subquery()
    is_open = (AccountLink.used_at.is_(None), AccountLink.revoked_at.is_(None), AccountLink.expires_at > now)
    until = select(AccountLink.expires_at).where(AccountLink.person_id == Person.id, *is_open).scalar_subquery()
    rows = db.execute(
        select(Person, Institution.name, seen, until)
        .outerjoin(Institution, Institution.id == Person.institution_id)
        .where(*conditions)
        .options(selectinload(Person.roles))
        .order_by(Person.username)
        .offset(offset)
        .limit(PAGE_SIZE)
    ).all()
    return tuple(
        AccountLine(
            person_id=person.id,
            username=person.username,
            name=person.name,
            email=person.email,
            institution=institution or "",
            role_labels=tuple(ROLE_LABELS[role] for role in GIVEN_ROLES if role in {one.role for one in person.roles}),
            is_active=person.is_active,
            is_pending=person.is_pending,
            locked_until=person.locked_until if person.locked_until and person.locked_until > now else None,
            has_password=person.password_hash is not None,
            link_until=link_until,
            created_at=person.created_at,
            last_seen_at=last_seen_at,
            is_own=person.id == actor.person_id,
        )
        for person, institution, last_seen_at, link_until in rows
    )


def _require_security_administrator(actor: Actor) -> None:
    if not is_granted("edit_accounts", actor):
        raise NotFound


def _person(db: Session, actor: Actor, person_id: int) -> Person:
    _require_security_administrator(actor)
    person = db.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def _other_person(db: Session, actor: Actor, person_id: int, what: str) -> Person:
    person = _person(db, actor, person_id)
    if person.id == actor.person_id:
        raise Refusal(f"不能对自己的账号{what}；修改自己的密码请用“我的密码”。")
    return person


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
