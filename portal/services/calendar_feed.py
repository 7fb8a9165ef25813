"""日历订阅: a person's deadlines and sessions under a secret address that a calendar program reads.

The address is shown once; the table holds the SHA-256 of its token. It shows what the portal's pages show that person,
and nothing that is done: what is over disappears from the calendar by itself.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.mail.message import clean_header
from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.expert import Expert
from portal.models.institution import AllianceMember
from portal.models.mail_preference import CalendarFeed
from portal.models.online_session import OnlineSession
from portal.models.panel import PanelMember
from portal.process.permissions import Actor, Role
from portal.services.account_sessions import digest_of_token
from portal.services.duties import Duty, own_duties
from portal.services.kernel.events import record
from portal.services.kernel.loading import Loaded, find

if TYPE_CHECKING:
    from icalendar import Event

FEED_PATH = "/calendar/feed.ics"
READ_ANEW_AFTER = timedelta(hours=1)
_TOKEN_BYTES = 32
_SHOWN_AFTER = timedelta(days=30)
"""How long a session stays in the calendar after it was held."""
_MOST = 500


@dataclass(frozen=True)
class Feed:
    """The iCalendar text; `etag` changes with it and with nothing else."""

    text: str
    etag: str


@dataclass(frozen=True)
class OwnFeed:
    """Whether the actor has an address now, and since when."""

    made_at: datetime | None


def own_feed(db: Session, *, actor: Actor) -> OwnFeed:
    """What the page says of the actor's address; never the address itself."""
    return OwnFeed(db.scalar(select(CalendarFeed.made_at).where(*_open(actor.person_id))))


def make_feed(db: Session, *, actor: Actor, now: datetime) -> str:
    """Make a new address; the earlier one ends. Returns the path with its token, which nobody can read again."""
    _close(db, actor, now)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.add(CalendarFeed(person_id=actor.person_id, token_digest=digest_of_token(token), made_at=now))
    record(db, "calendar_feed_made", now=now, actor=actor)
    return f"{FEED_PATH}?token={token}"


def revoke_feed(db: Session, *, actor: Actor, now: datetime) -> None:
    """End the present address, if there is one."""
    if _close(db, actor, now):
        record(db, "calendar_feed_revoked", now=now, actor=actor)


def feed_of_token(db: Session, *, token: str, base_url: str, now: datetime) -> Feed | None:
    """The calendar of whom the token was made for; None for one that is unknown, revoked, or of a closed account."""
    person = db.scalar(
        select(Person)
        .join(CalendarFeed, CalendarFeed.person_id == Person.id)
        .where(CalendarFeed.token_digest == digest_of_token(token), CalendarFeed.revoked_at.is_(None), Person.is_active)
    )
    if person is None:
        return None
    text = _calendar(db, _actor(db, person), base_url.rstrip("/"), now)
    return Feed(text, hashlib.sha256(text.encode()).hexdigest()[:32])


def _actor(db: Session, person: Person) -> Actor:
    roles = frozenset(Role(one.role) for one in person.roles)
    expert_id = db.scalar(select(Expert.id).where(Expert.person_id == person.id))
    return Actor(person.id, person.name, person.institution_id, roles, expert_id)


def _calendar(db: Session, actor: Actor, base_url: str, now: datetime) -> str:
    # Its library is large, and few requests ask for a calendar.
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//consultation portal//feed//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", "缺陷消费品专家会诊")
    calendar.add("x-wr-calname", "缺陷消费品专家会诊")
    calendar.add("refresh-interval", READ_ANEW_AFTER, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for duty in own_duties(db, actor=actor, now=now, limit=_MOST):
        if duty.due_at is not None:
            calendar.add_component(_deadline(duty, duty.due_at, actor, base_url))
    for online in _sessions(db, actor, now):
        loaded = find(db, actor=actor, consultation_id=online.consultation_id, now=now)
        entry = _session(online, loaded, base_url)
        if entry is not None:
            calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


def _deadline(duty: Duty, due_at: datetime, actor: Actor, base_url: str) -> Event:
    from portal.services.kernel.deadline_entry import deadline_event, deadline_uid

    # Who is asked for a time sees the product's name, and no more of it.
    subject = duty.subject
    about = subject.name if duty.kind.kind == "mark_times" else subject.title
    return deadline_event(
        deadline_uid(duty.obligation_id, actor.person_id), duty.kind.label, due_at,
        about=about, reference=subject.reference, how_counted="",
        # Grows with every later date, so that a program which compares finds the newer entry.
        sequence=int((due_at - duty.since_at).total_seconds()) if due_at > duty.since_at else 0,
        stamp=duty.since_at, url=base_url + (duty.path or f"/consultations/{duty.consultation_id}"),
    )  # fmt: skip


def _sessions(db: Session, actor: Actor, now: datetime) -> list[OnlineSession]:
    query = (
        select(OnlineSession)
        .join(Consultation, Consultation.id == OnlineSession.consultation_id)
        .where(OnlineSession.state.in_(("fixed", "open", "closed")), OnlineSession.ends_at > now - _SHOWN_AFTER)
        .order_by(OnlineSession.starts_at, OnlineSession.id)
        .limit(_MOST)
    )
    if actor.is_staff:
        member = select(AllianceMember.alliance_id).where(AllianceMember.institution_id == actor.institution_id)
        query = query.where(Consultation.alliance_id.in_(member))
    elif actor.expert_id is not None:
        own = select(PanelMember.consultation_id).where(
            PanelMember.expert_id == actor.expert_id, PanelMember.state == "accepted"
        )
        query = query.where(Consultation.id.in_(own))
    else:
        return []
    return list(db.scalars(query))


def _session(online: OnlineSession, loaded: Loaded, base_url: str) -> Event | None:
    """The entry of a session; None where the actor may not even see that there is one."""
    from icalendar import Event

    from portal.services.consultation.session_invitation import how_to_join

    sees_session, consultation = loaded.may("view_session"), loaded.consultation
    if not sees_session and not loaded.may("view_session_summary"):
        return None
    entry = Event()
    entry.add("uid", online.uid)
    entry.add("sequence", online.sequence)
    entry.add("dtstamp", online.fixed_at.astimezone(UTC))
    entry.add("dtstart", online.starts_at.astimezone(UTC))
    entry.add("dtend", online.ends_at.astimezone(UTC))
    entry.add("summary", clean_header(f"线上会诊{consultation.number or ''} {consultation.product.product_name}"))
    if sees_session:
        entry.add("description", "\n".join(clean_header(line) for line in how_to_join(online)))
        place = clean_header(online.place or online.meeting_link)
        if place:
            entry.add("location", place)
        entry.add("url", f"{base_url}/consultations/{consultation.id}/online-session")
    entry.add("status", "CONFIRMED")
    entry.add("transp", "OPAQUE")
    return entry


def _open(person_id: int) -> tuple[ColumnElement[bool], ...]:
    return (CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None))


def _close(db: Session, actor: Actor, now: datetime) -> bool:
    present = db.scalar(select(CalendarFeed).where(*_open(actor.person_id)))
    if present is None:
        return False
    present.revoked_at = now
    db.flush()
    return True
