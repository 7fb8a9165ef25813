"""The calendar invitation to a session: who gets it, the iCalendar text, its update and its cancellation."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.expert import Expert
from portal.models.institution import AllianceMember
from portal.models.online_session import OnlineSession, SessionParticipant
from portal.models.panel import PanelMember
from portal.rules.dates import beijing_day
from portal.services.kernel.mailing import MESSAGE_ID_DOMAIN, liaisons, queue

MODES = {"online": "线上", "on_site": "现场", "mixed": "线上与现场结合"}
CURRENT = ("fixed", "open")


def new_uid() -> str:
    """An iCalendar UID: stays with the session over all its updates (RFC 7986, 5.3)."""
    return f"{uuid.uuid4()}@{MESSAGE_ID_DOMAIN}"


def current_session(db: Session, consultation_id: int) -> OnlineSession | None:
    """The session that is fixed or open; at most one."""
    return db.scalar(
        select(OnlineSession).where(OnlineSession.consultation_id == consultation_id, OnlineSession.state.in_(CURRENT))
    )


def invited_persons(db: Session, consultation: Consultation, online: OnlineSession, now: datetime) -> list[Person]:
    """Members, named participants, and the liaisons of all institutions of the alliance."""
    members = db.scalars(
        select(Person)
        .join(Expert, Expert.person_id == Person.id)
        .join(PanelMember, PanelMember.expert_id == Expert.id)
        .where(PanelMember.consultation_id == consultation.id, PanelMember.state == "accepted")
        .order_by(PanelMember.seat, Person.id)
    )
    named = db.scalars(
        select(Person)
        .join(SessionParticipant, SessionParticipant.person_id == Person.id)
        .where(SessionParticipant.session_id == online.id)
        .order_by(Person.id)
    )
    alliance = db.scalars(
        select(AllianceMember.institution_id).where(AllianceMember.alliance_id == consultation.alliance_id)
    )
    return [*members, *named, *liaisons(db, alliance, beijing_day(now))]


def invite(
    db: Session,
    kind: str,
    consultation: Consultation,
    online: OnlineSession,
    persons: Iterable[Person],
    *,
    now: datetime,
    method: str = "REQUEST",
    reason: str = "",
) -> None:
    """Queue the mail `kind` with the calendar entry; `method` CANCEL takes the entry out of calendars again.

    Each gets an entry that names only the recipient: addresses of others are nobody's business, and a
    calendar files an entry only for an attendee.
    """
    # Its library is large, and few processes ever invite.
    from portal.services.consultation.calendar_entry import calendar_entry

    organizer = db.get_one(Person, online.fixed_by_id)
    parties = {party.institution_id for party in consultation.parties}
    page = f"/consultations/{consultation.id}/online-session"
    everybody = {person.id: person for person in persons if person.is_active}.values()
    outside = [one for one in everybody if one.institution_id is not None and one.institution_id not in parties]
    # An institution that has nobody in it yet sees no more than the page on which it names somebody.
    naming = ("指派参会人员", f"{page}/name-participants") if method == "REQUEST" else ("查看我的待办", "/tasks")
    inside = [one for one in everybody if one not in outside]
    for group, (label, path) in ((inside, ("查看会诊安排", page)), (outside, naming)):
        entries = {
            person.id: calendar_entry(
                consultation, online, organizer, person, how_to_join=how_to_join(online), now=now, method=method
            )
            for person in group
        }
        queue(
            db, kind, group, now=now, consultation=consultation, online=online, reason=reason,
            mode=MODES[online.mode], link_label=label, link_path=path, calendars=entries,
        )  # fmt: skip


def cancel_session(db: Session, consultation: Consultation, *, now: datetime, reason: str) -> None:
    """Cancel what is fixed, if anything: called where a consultation ends early."""
    online = current_session(db, consultation.id)
    if online is None:
        return
    was_fixed = online.state == "fixed"
    online.state, online.closed_at = "cancelled", now
    if was_fixed:
        withdraw_invitation(db, consultation, online, now=now, reason=reason)


def withdraw_invitation(
    db: Session, consultation: Consultation, online: OnlineSession, *, now: datetime, reason: str
) -> None:
    """Tell everybody that the session is not held, and take it out of their calendars."""
    online.sequence += 1
    persons = invited_persons(db, consultation, online, now)
    invite(db, "session_cancelled", consultation, online, persons, now=now, method="CANCEL", reason=reason)


def invite_newcomer(db: Session, consultation: Consultation, person: Person, *, now: datetime) -> OnlineSession | None:
    """Invite who has joined the panel after the session was fixed; returns the session, None where none is fixed."""
    online = current_session(db, consultation.id)
    if online is None or online.state != "fixed":
        return None
    invite(db, "session_fixed", consultation, online, [person], now=now)
    return online


def uninvite(db: Session, consultation: Consultation, person: Person, *, now: datetime, reason: str) -> None:
    """Take a session that is fixed out of the calendar of one person who will not take part."""
    online = current_session(db, consultation.id)
    if online is None or online.state != "fixed":
        return
    online.sequence += 1
    invite(db, "session_cancelled", consultation, online, [person], now=now, method="CANCEL", reason=reason)


def how_to_join(online: OnlineSession) -> list[str]:
    """Mode, place and meeting as lines of words."""
    told = (
        ("方式", MODES[online.mode]),
        ("地点", online.place),
        ("会议服务", online.meeting_service),
        ("会议链接", online.meeting_link),
        ("会议号", online.meeting_code),
        ("会议密码", online.meeting_password),
    )
    return [f"{label}：{value}" for label, value in told if value]
