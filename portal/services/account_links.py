"""Links of one purpose: whoever holds one may choose the password of one account, once and for a while.

A token is made when the mail leaves and is then nowhere but in that mail: the table holds its SHA-256, and the
outbox only the path. Opening a link uses nothing up, since mail scanners open links; choosing the password does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.mail.message import is_address
from portal.models.account import AccountLink, Person
from portal.models.time_poll import TimePollLink
from portal.process.errors import Refusal
from portal.process.permissions import Actor
from portal.services.account_passwords import NewPassword, replace_password, revoke_links, tell_of_new_password
from portal.services.account_sessions import digest_of_token, end_all_sessions
from portal.services.kernel.events import record
from portal.services.kernel.mailing import queue

LINK_PATH = "/password/new"
_TOKEN_BYTES = 32  # Of these 256 bits ASVS 5.0 (7.2.3) asks for 128.


@dataclass(frozen=True)
class OpenLink:
    """What the page of a link says: whose password is to be chosen."""

    person_id: int
    username: str
    name: str


def mail_link(
    db: Session, person: Person, *, purpose: str, lasts: timedelta, now: datetime, actor: Actor | None = None
) -> None:
    """Mail the account's owner a link to choose a password; every earlier one ends. `lasts` counts from now."""
    link = _issue(db, person, purpose=purpose, lasts=lasts, now=now, actor=actor)
    kind = "account_invitation" if purpose == "invitation" else "password_link"
    queue(
        db, kind, [person], now=now, link_label="设置密码", link_path=LINK_PATH, account_link=link,
        until=link.expires_at, purpose=purpose,
    )  # fmt: skip


def issue_emergency_link(db: Session, *, username: str, lasts: timedelta, now: datetime) -> str:
    """The token of a link that whoever operates the server hands over, where mail cannot help.

    Only the command line calls this: nobody else could bring a sole security administrator back in.
    """
    person = db.scalar(select(Person).where(Person.username == username.strip().lower(), Person.is_active))
    if person is None:
        raise Refusal("没有这个账号，或账号已停用。")
    link = _issue(db, person, purpose="emergency", lasts=lasts, now=now, actor=None)
    return give_token(db, link_id=link.id)


def give_token(db: Session, *, link_id: int) -> str:
    """Make the token of a link, which leaves with the mail. A second try of the same mail makes the first one void."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.get_one(AccountLink, link_id).token_digest = digest_of_token(token)
    return token


def give_poll_token(db: Session, *, link_id: int) -> str:
    """As `give_token`, for a link that marks the slots of a time poll."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.get_one(TimePollLink, link_id).token_digest = digest_of_token(token)
    return token


def path_with_token(path: str, token: str) -> str:
    """Where the link leads. The token is a parameter: the portal and deploy/nginx write paths to their logs."""
    return f"{path}?token={token}"


def link_of_token(db: Session, *, token: str, now: datetime) -> OpenLink | None:
    """Whose password a token may choose; None for one that is unknown, expired, used or void."""
    link = _open_link(db, token, now)
    if link is None:
        return None
    person = db.get_one(Person, link.person_id)
    return OpenLink(person.id, person.username, person.name)


def choose_password(db: Session, *, token: str, new: NewPassword, address: str, now: datetime) -> bool:
    """Set the password a link was mailed for; False when the link is not open (any more), which is recorded.

    Uses the link up, ends all sessions, lifts a lock and tells the owner by mail. Raises Invalid for a password
    that was used lately; the link then stays open.
    """
    link = _open_link(db, token, now)
    if link is None:
        record(db, "account_link_refused", now=now, address=address)
        return False
    person = db.get_one(Person, link.person_id)
    link.used_at = now
    db.flush()
    replace_password(db, person, new, now=now)
    end_all_sessions(db, person_id=person.id, now=now)
    actor = Actor(person.id, person.name, person.institution_id, address=address)
    record(db, "password_chosen", now=now, actor=actor, purpose=link.purpose)
    tell_of_new_password(db, person, now=now)
    return True


def refuse_link(db: Session, *, address: str, now: datetime) -> None:
    """Record that a password was sent with a link that is not open."""
    record(db, "account_link_refused", now=now, address=address)


def has_mail_address(person: Person) -> bool:
    """Whether mail can reach a person."""
    return is_address(person.email)


def _issue(
    db: Session, person: Person, *, purpose: str, lasts: timedelta, now: datetime, actor: Actor | None
) -> AccountLink:
    revoke_links(db, person_id=person.id, now=now)
    link = AccountLink(person_id=person.id, purpose=purpose, issued_at=now, expires_at=now + lasts)
    db.add(link)
    db.flush()
    record(db, "account_link_issued", now=now, actor=actor, person=person.id, purpose=purpose)
    return link


def _open_link(db: Session, token: str, now: datetime) -> AccountLink | None:
    return db.scalar(
        select(AccountLink)
        .join(Person, Person.id == AccountLink.person_id)
        .where(
            AccountLink.token_digest == digest_of_token(token),
            AccountLink.used_at.is_(None),
            AccountLink.revoked_at.is_(None),
            AccountLink.expires_at > now,
            Person.is_active,
        )
    )
