"""Passwords: what is accepted, how it is kept, how it is checked.

Checking costs tens of milliseconds on purpose. Writers come one at a time (portal.models.database), so a
password is proved while reading, before the write transaction that acts on the proof: fifty experts who sign
in the last second must not wait for each other's hashes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.process.errors import Invalid

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory, two passes, one lane.
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1

SHORTEST_PASSWORD = 8  # OWASP ASVS 5.0, 6.2.1
LONGEST_PASSWORD = 200  # ASVS 6.2.9 asks for 64 at least; without an upper bound a request could be made to cost
# No character of a start password can be taken for another one when it is read out on the telephone.
_START_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_START_GROUPS, _START_GROUP_LENGTH = 3, 4

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


def require_acceptable_password(password: str, *, username: str, field: str) -> None:
    """Refuse, as Invalid at `field`, a password that is too short, too long or easily guessed."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid.field(field, f"密码至少 {SHORTEST_PASSWORD} 个字符，现有 {len(password)} 个。")
    if len(password) > LONGEST_PASSWORD:
        raise Invalid.field(field, f"密码最多 {LONGEST_PASSWORD} 个字符。")
    lowered = password.lower()
    if lowered in _common_passwords() or len(set(lowered)) <= 2:
        raise Invalid.field(field, "这个密码太常见，容易被猜中，请换一个。")
    if username and username.lower() in lowered:
        raise Invalid.field(field, "密码不能包含账号。")


def make_start_password() -> str:
    """A random password (59 bits) to begin with; its owner has to change it at the first log-in."""
    letters = [secrets.choice(_START_ALPHABET) for _ in range(_START_GROUPS * _START_GROUP_LENGTH)]
    return "-".join("".join(letters[at::_START_GROUPS]) for at in range(_START_GROUPS))


def _prove(person_id: int | None, kept: str | None, password: str) -> PasswordProof:
    against = kept or _nobodys_hash()
    try:
        _hasher.verify(against, password)
    except (VerificationError, InvalidHashError):
        return PasswordProof(person_id, is_right=False, checked_hash=against)
    if kept is None:
        return PasswordProof(None, is_right=False)
    better = _hasher.hash(password) if _hasher.check_needs_rehash(kept) else None
    return PasswordProof(person_id, is_right=True, checked_hash=kept, better_hash=better)


@cache
def _nobodys_hash() -> str:
    """A hash that fits no password anybody knows, so that unknown names cost the same time."""
    return hash_password(secrets.token_urlsafe(32))


@cache
def _common_passwords() -> frozenset[str]:
    text = files(__package__).joinpath("common-passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
