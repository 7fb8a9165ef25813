"""Passwords: what is accepted, how it is kept, how it is checked.

Checking costs tens of milliseconds on purpose. Writers come one at a time (portal.models.database), so a
password is proved while reading, before the write transaction that acts on the proof: fifty experts who sign
in the last second must not wait for each other's hashes.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.config import PasswordProfile
from portal.models.account import AccountLink, FormerPassword, Person
from portal.process.errors import Invalid
from portal.services.kernel.mailing import queue
from portal.services.password_rules import MOST_REMEMBERED, RULES, require_acceptable_password

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory, two passes, one lane.
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1

_hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)


@dataclass(frozen=True)
class PasswordProof:
    """What a check of a password found. `checked_hash` is what it was checked against.

    Whoever acts on a proof compares `checked_hash` with the hash of that moment: a proof made before the
    password was changed proves nothing.
    """

    person_id: int | None
    is_right: bool
    checked_hash: str = field(default="", repr=False)
    better_hash: str | None = field(default=None, repr=False)  # where the parameters have become stricter


@dataclass(frozen=True)
class NewPassword:
    """A new password that fits the profile, hashed while reading.

    `used_among_last`: it is one of so many that were used last; 0 if it is not.
    """

    hash: str = field(repr=False)
    field_name: str
    used_among_last: int = 0


def hash_password(password: str) -> str:
    """The Argon2id hash that is kept instead of the password."""
    return _hasher.hash(password)


def prove_log_in(db: Session, *, username: str, password: str) -> PasswordProof:
    """Check a password for a user name; takes as long for a name that nobody has."""
    row = db.execute(select(Person.id, Person.password_hash).where(Person.username == username.strip().lower())).first()
    return _prove(row.id if row else None, row.password_hash if row else None, password)


def prove_own_password(db: Session, *, person_id: int, password: str) -> PasswordProof:
    """Check the password of somebody who is signed in."""
    return _prove(person_id, db.scalar(select(Person.password_hash).where(Person.id == person_id)), password)


def prepare_new_password(
    db: Session, *, person_id: int, password: str, profile: PasswordProfile, field: str, present: str | None = None
) -> NewPassword:
    """Check a new password against the profile and hash it. Raises Invalid at `field`.

    `present` is what was typed as the present one: the new one has to be another.

    That it was used before is only noted: whoever says so before the present password is proved, tells a guesser.
    """
    if password == present:
        raise Invalid.field(field, "新密码不能与现在的密码相同。")
    person = db.get_one(Person, person_id)
    require_acceptable_password(password, username=person.username, field=field, profile=profile)
    rules = RULES[profile]
    used = [
        *([person.password_hash] if person.password_hash else []),
        *(former.password_hash for former in _former(db, person_id)),
    ]
    was_used_lately = any(_fits(kept, password) for kept in used[: rules.remembered])
    return NewPassword(hash_password(password), field, rules.remembered if was_used_lately else 0)


def replace_password(db: Session, person: Person, new: NewPassword | None, *, now: datetime) -> None:
    """Set a password that was prepared, or none; the one before is remembered, links to choose one end.

    Raises Invalid where the password was used lately.
    """
    if new is not None and new.used_among_last:
        raise Invalid.field(new.field_name, f"新密码不能与最近 {new.used_among_last} 次用过的密码相同。")
    if person.password_hash is not None:
        db.add(FormerPassword(person_id=person.id, password_hash=person.password_hash, replaced_at=now))
        db.flush()
        for forgotten in _former(db, person.id)[MOST_REMEMBERED:]:
            db.delete(forgotten)
    person.password_hash = None if new is None else new.hash
    if new is not None:
        person.password_changed_at = now
    person.failed_logins = 0
    person.locked_until = None
    revoke_links(db, person_id=person.id, now=now)


def tell_of_new_password(db: Session, person: Person, *, now: datetime) -> None:
    """Mail the owner that the password was changed (ASVS 5.0, 6.3.7)."""
    queue(db, "password_changed", [person], now=now, link_label="登录", link_path="/login", changed_at=now)


def revoke_links(db: Session, *, person_id: int, now: datetime) -> None:
    """Let no link that is still open choose a password for this person."""
    is_open = (AccountLink.person_id == person_id, AccountLink.used_at.is_(None), AccountLink.revoked_at.is_(None))
    db.execute(update(AccountLink).where(*is_open).values(revoked_at=now))


def _former(db: Session, person_id: int) -> Sequence[FormerPassword]:
    """The passwords that were replaced, the latest first."""
    is_theirs = FormerPassword.person_id == person_id
    return db.scalars(select(FormerPassword).where(is_theirs).order_by(FormerPassword.id.desc())).all()


def _fits(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _prove(person_id: int | None, kept: str | None, password: str) -> PasswordProof:
    against = kept or _nobodys_hash()
    if not _fits(against, password):
        return PasswordProof(person_id, is_right=False, checked_hash=against)
    if kept is None:
        return PasswordProof(None, is_right=False)
    better = _hasher.hash(password) if _hasher.check_needs_rehash(kept) else None
    return PasswordProof(person_id, is_right=True, checked_hash=kept, better_hash=better)


@cache
def _nobodys_hash() -> str:
    """A hash that fits no password anybody knows, so that unknown names cost the same time."""
    return hash_password(secrets.token_urlsafe(32))
