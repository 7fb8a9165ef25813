"""Log-in sessions: they live in the database; the cookie holds a random token, the table only its SHA-256.

A refused log-in has to be kept (it counts for the lock), so these services answer with None or False where
others raise: what is raised inside a transaction is rolled back.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from portal.models.account import LoginSession, Person, PersonRole
from portal.models.expert import Expert
from portal.models.institution import Institution, Liaison
from portal.process.errors import NotFound
from portal.process.permissions import Actor, Role
from portal.rules.dates import beijing_day
from portal.services.account_passwords import NewPassword, PasswordProof, replace_password, tell_of_new_password
from portal.services.kernel.events import record
from portal.services.kernel.institutions import InstitutionFacts

# 等级保护 (GB/T 22239-2019, 8.1.4.1 b) asks for a limit without naming one; five is the house's (security line 2).
FAILURES_BEFORE_LOCK = 5
LOCK_LASTS = timedelta(minutes=15)
LAST_SEEN_EVERY = timedelta(minutes=1)

REFUSED_LOG_IN = (
    f"账号或密码不正确。连续输错 {FAILURES_BEFORE_LOCK} 次，账号锁定 {LOCK_LASTS.seconds // 60} 分钟；"
    "急需使用的，请点“忘记密码”重新设置，或联系安全管理员解锁。"
)
REFUSED_PASSWORD = (
    f"密码不正确。连续输错 {FAILURES_BEFORE_LOCK} 次，账号锁定 {LOCK_LASTS.seconds // 60} 分钟，其间不能再核对密码。"
)


@dataclass(frozen=True)
class SignedIn:
    """A fresh log-in: the token goes into the cookie and is kept nowhere else."""

    token: str = field(repr=False)
    person_id: int


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in: the actor, and what the log-in session knows.

    `must_change_password`: it was already too old at this log-in; one that ages while somebody works waits.
    """

    actor: Actor
    institution: InstitutionFacts | None
    must_change_password: bool
    token_digest: str = field(repr=False)
    csrf_secret: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    reauthenticated_at: datetime | None


@dataclass(frozen=True)
class OpenSession:
    """One line of the list of one's own log-ins."""

    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str
    is_current: bool


def sign_in(
    db: Session, *, proof: PasswordProof, address: str, user_agent: str, now: datetime, kept_secret: str | None = None
) -> SignedIn | None:
    """Open a session for whoever `proof` proves to be; None when refused, which is recorded and counted.

    Refused alike: wrong password, unknown name, locked or disabled account, password changed meanwhile.
    `kept_secret`: the CSRF secret of the same person's run-out session, so that a page left open stays usable.
    """
    person = db.get(Person, proof.person_id) if proof.person_id is not None else None
    if person is None:
        # The name is not kept: people type passwords into the wrong field.
        record(db, "sign_in_refused", now=now, reason="unknown_name", address=address)
        return None
    actor = Actor(person.id, person.name, person.institution_id, address=address)
    if not person.is_active:
        record(db, "sign_in_refused", now=now, actor=actor, reason="disabled")
        return None
    if not _settle_proof(db, person, proof, actor, now, refused="sign_in_refused"):
        return None
    session = LoginSession(
        person_id=person.id,
        csrf_secret=kept_secret or secrets.token_hex(32),
        created_at=now,
        last_seen_at=now,
        address=address,
        user_agent=user_agent[:200],
    )
    token = _give_token(session)
    db.add(session)
    record(db, "signed_in", now=now, actor=actor)
    return SignedIn(token, person.id)


# Made once: this statement runs before every page, and making it takes longer than running it.
_VISITOR = (
    select(
        LoginSession.token_digest, LoginSession.csrf_secret, LoginSession.created_at, LoginSession.last_seen_at,
        LoginSession.reauthenticated_at, Person.id.label("person_id"), Person.name.label("person_name"),
        Person.institution_id, Person.password_changed_at, PersonRole.role, Liaison.id.label("liaison"),
        Expert.id.label("expert"), Institution.name, Institution.short_name, Institution.badge, Institution.province,
    )
    .join(Person, Person.id == LoginSession.person_id)
    .outerjoin(PersonRole, PersonRole.person_id == Person.id)
    .outerjoin(
        Liaison,
        and_(
            Liaison.person_id == Person.id,
            Liaison.from_on <= bindparam("today"),
            or_(Liaison.until_on.is_(None), Liaison.until_on > bindparam("today")),
        ),
    )
    .outerjoin(Expert, Expert.person_id == Person.id)
    .outerjoin(Institution, Institution.id == Person.institution_id)
    .where(
        LoginSession.token_digest == bindparam("digest"),
        LoginSession.ended_at.is_(None),
        LoginSession.created_at > bindparam("created_after"),
        LoginSession.last_seen_at > bindparam("seen_after"),
        Person.is_active,
    )
)  # fmt: skip


def visitor_of_token(
    db: Session,
    *,
    token: str,
    now: datetime,
    idle: timedelta,
    absolute: timedelta,
    password_lasts: timedelta | None = None,
) -> Visitor | None:
    """Who a cookie's token belongs to; None when it was ended, has run out, or the person is disabled.

    `password_lasts`: how long a password may be used, None for ever.

    One statement: it runs before every page. Several roles make several rows.
    """
    given = {
        "digest": digest_of_token(token),
        "today": beijing_day(now),
        "created_after": now - absolute,
        "seen_after": now - idle,
    }
    rows = db.execute(_VISITOR, given).all()
    if not rows:
        return None
    first = rows[0]
    roles = {Role(row.role) for row in rows if row.role}
    if any(row.liaison for row in rows):
        roles.add(Role.LIAISON)
    return Visitor(
        actor=Actor(
            person_id=first.person_id,
            name=first.person_name,
            institution_id=first.institution_id,
            roles=frozenset(roles),
            expert_id=first.expert,
        ),
        institution=InstitutionFacts(first.name, first.short_name, first.badge, first.province) if first.name else None,
        must_change_password=_is_too_old(first.password_changed_at, first.created_at, password_lasts),
        token_digest=first.token_digest,
        csrf_secret=first.csrf_secret,
        created_at=first.created_at,
        last_seen_at=first.last_seen_at,
        reauthenticated_at=first.reauthenticated_at,
    )


def secret_of_token(db: Session, *, token: str, run_out_of: int | None = None) -> str | None:
    """The CSRF secret of the session that a cookie once belonged to, also after its end; None for no such session.

    `run_out_of`: only if it is this person's and ran out by itself, so that a new log-in may go on with it.
    """
    query = select(LoginSession.csrf_secret).where(LoginSession.token_digest == digest_of_token(token))
    if run_out_of is not None:
        query = query.where(LoginSession.person_id == run_out_of, LoginSession.ended_at.is_(None))
    return db.scalar(query)


def note_last_seen(db: Session, *, token_digest: str, now: datetime) -> None:
    """Move the idle limit on. Called at most once in LAST_SEEN_EVERY, so that reading a page seldom writes."""
    db.execute(
        update(LoginSession)
        .where(LoginSession.token_digest == token_digest, LoginSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def sign_out(db: Session, *, actor: Actor, token_digest: str, now: datetime) -> None:
    """End this session for good: the cookie is refused from now on, whoever kept a copy."""
    _end(db, actor.person_id, now, only=token_digest)
    record(db, "signed_out", now=now, actor=actor)


def end_other_sessions(db: Session, *, actor: Actor, token_digest: str, now: datetime) -> int:
    """End all of one's sessions but this one; how many there were."""
    ended = _end(db, actor.person_id, now, but=token_digest)
    record(db, "other_sessions_ended", now=now, actor=actor, count=ended)
    return ended


def end_all_sessions(db: Session, *, person_id: int, now: datetime) -> int:
    """End all sessions of a person (disabled, password reset); the caller records why. How many there were."""
    return _end(db, person_id, now)


def own_sessions(
    db: Session, *, actor: Actor, token_digest: str, now: datetime, idle: timedelta, absolute: timedelta
) -> Sequence[OpenSession]:
    """One's open sessions, the latest first."""
    rows = db.scalars(
        select(LoginSession)
        .where(
            LoginSession.person_id == actor.person_id,
            LoginSession.ended_at.is_(None),
            LoginSession.created_at > now - absolute,
            LoginSession.last_seen_at > now - idle,
        )
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.token_digest)
    )
    return [
        OpenSession(row.created_at, row.last_seen_at, row.address, row.user_agent, row.token_digest == token_digest)
        for row in rows
    ]


def reauthenticate(db: Session, *, actor: Actor, token_digest: str, proof: PasswordProof, now: datetime) -> str | None:
    """Note that the actor has just proved the own password; the new token, or None when refused.

    Used before signing (电子签名法 13). The session id changes, so the old cookie is worth nothing any more.
    Failures count for the lock; while locked, the right password is refused as well.
    """
    person = db.get_one(Person, actor.person_id)
    if proof.person_id != person.id or not _settle_proof(
        db, person, proof, actor, now, refused="reauthentication_refused"
    ):
        return None
    session = _present_session(db, token_digest)
    session.reauthenticated_at = now
    token = _give_token(session)
    record(db, "reauthenticated", now=now, actor=actor)
    return token


def change_password(
    db: Session,
    *,
    actor: Actor,
    token_digest: str,
    proof: PasswordProof,
    new: NewPassword,
    now: datetime,
) -> str | None:
    """Set a new password; the new token of this session, or None when the present password was wrong.

    Every other session ends, the id of this one changes, and the owner is told by mail. Raises Invalid at the
    field of `new` for one that was used lately.
    """
    person = db.get_one(Person, actor.person_id)
    if proof.person_id != person.id or not _settle_proof(
        db, person, proof, actor, now, refused="password_change_refused"
    ):
        return None
    replace_password(db, person, new, now=now)
    session = _present_session(db, token_digest)
    token = _give_token(session)
    session.csrf_secret = secrets.token_hex(32)
    db.flush()
    _end(db, person.id, now, but=session.token_digest)
    record(db, "password_changed", now=now, actor=actor)
    tell_of_new_password(db, person, now=now)
    return token


def _is_too_old(changed_at: datetime | None, at: datetime, lasts: timedelta | None) -> bool:
    return lasts is not None and changed_at is not None and changed_at + lasts <= at


def digest_of_token(token: str) -> str:
    """What the table keeps of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _settle_proof(
    db: Session, person: Person, proof: PasswordProof, actor: Actor, now: datetime, *, refused: str
) -> bool:
    """Whether the proof holds at this moment; counts failures, locks, and records what was refused."""
    if person.locked_until is not None and person.locked_until > now:
        record(db, refused, now=now, actor=actor, reason="locked")
        return False
    if not proof.is_right or proof.checked_hash != person.password_hash:
        person.failed_logins += 1
        record(db, refused, now=now, actor=actor, reason="wrong_password", failures=person.failed_logins)
        if person.failed_logins >= FAILURES_BEFORE_LOCK:
            person.failed_logins = 0
            person.locked_until = now + LOCK_LASTS
            record(db, "account_locked", now=now, actor=actor)
        return False
    person.failed_logins = 0
    person.locked_until = None
    if proof.better_hash is not None:
        person.password_hash = proof.better_hash
    return True


def _give_token(session: LoginSession) -> str:
    token = secrets.token_urlsafe(32)
    session.token_digest = digest_of_token(token)
    return token


def _present_session(db: Session, token_digest: str) -> LoginSession:
    session = db.get(LoginSession, token_digest)
    if session is None or session.ended_at is not None:
        raise NotFound  # Ended between the check and this moment.
    return session


def _end(db: Session, person_id: int, now: datetime, *, only: str = "", but: str = "") -> int:
    condition = [LoginSession.person_id == person_id, LoginSession.ended_at.is_(None)]
    if only:
        condition.append(LoginSession.token_digest == only)
    if but:
        condition.append(LoginSession.token_digest != but)
    found = db.scalars(select(LoginSession).where(*condition)).all()
    for session in found:
        session.ended_at = now
    db.flush()
    return len(found)
