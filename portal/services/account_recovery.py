"""A forgotten password. The page only notes what was typed; the worker looks whose account it is.

So known and unknown names cost the page the same by construction, and nothing it answers can tell them apart.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.models.account import AccountLink, Person, RecoveryRequest
from portal.models.database import Database
from portal.process.permissions import Actor
from portal.services.account_links import has_mail_address, mail_link
from portal.services.kernel.events import record

# OWASP's Forgot Password Cheat Sheet asks for limits without figures; these are the house's. An office may share
# one address.
LIMIT_LASTS = timedelta(hours=1)
LINKS_PER_ACCOUNT = 3
REQUESTS_PER_ADDRESS = 20
MOST_ACCOUNTS_OF_AN_ADDRESS = 5
"""One mailbox may serve several accounts; each gets a mail of its own."""


def ask_for_recovery(db: Session, *, typed: str, address: str, now: datetime) -> None:
    """Note that somebody has forgotten a password; `typed` is a user name or a mail address.

    Past the limit of the network address nothing is noted, and nobody is told.
    """
    lately = (RecoveryRequest.address == address, RecoveryRequest.asked_at > now - LIMIT_LASTS)
    if (db.scalar(select(func.count()).select_from(RecoveryRequest).where(*lately)) or 0) < REQUESTS_PER_ADDRESS:
        db.add(RecoveryRequest(asked_at=now, address=address, typed=typed))


def settle_recovery_requests(database: Database, settings: Settings, now: datetime) -> int:
    """Mail a link for every request that has an account; returns how many requests were settled."""
    waiting = select(RecoveryRequest).where(RecoveryRequest.typed.is_not(None)).order_by(RecoveryRequest.id).limit(1)
    over = RecoveryRequest.typed.is_(None), RecoveryRequest.asked_at <= now - LIMIT_LASTS
    settled = 0
    while True:
        with database.read() as db:
            if db.scalar(waiting) is None:
                break
        with database.write() as db:
            request = db.scalar(waiting)
            if request is not None:
                _settle(db, request, lasts=settings.reset_link_lasts, now=now)
                settled += 1
    with database.read() as db:
        has_old = db.scalar(select(RecoveryRequest.id).where(*over).limit(1)) is not None
    if has_old:
        with database.write() as db:
            db.execute(delete(RecoveryRequest).where(*over))
    return settled


def _settle(db: Session, request: RecoveryRequest, *, lasts: timedelta, now: datetime) -> None:
    typed, request.typed = request.typed or "", None  # What was typed may be a password, in the wrong field.
    people = _owners(db, typed)
    if not people:
        record(db, "recovery_refused", now=now, reason="unknown_name", address=request.address)
    for person in people:
        actor = Actor(person.id, person.name, person.institution_id, address=request.address)
        reason = _why_not(db, person, now)
        if reason:
            record(db, "recovery_refused", now=now, actor=actor, reason=reason)
        else:
            mail_link(db, person, purpose="recovery", lasts=lasts, now=now, actor=actor)


def _owners(db: Session, typed: str) -> list[Person]:
    lowered = typed.strip().lower()
    is_meant = func.lower(Person.email) == lowered if "@" in lowered else Person.username == lowered
    query = select(Person).where(is_meant).order_by(Person.is_active.desc(), Person.id)
    return list(db.scalars(query.limit(MOST_ACCOUNTS_OF_AN_ADDRESS)))


def _why_not(db: Session, person: Person, now: datetime) -> str:
    if not person.is_active:
        return "disabled"
    if not has_mail_address(person):
        return "no_mail_address"
    lately = select(func.count()).where(
        AccountLink.person_id == person.id,
        AccountLink.purpose == "recovery",
        AccountLink.issued_at > now - LIMIT_LASTS,
    )
    return "too_many" if (db.scalar(lately) or 0) >= LINKS_PER_ACCOUNT else ""
