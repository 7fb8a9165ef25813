"""The calendar entry of a session as iCalendar (RFC 5545, iTIP RFC 5546). Loaded with the first invitation.

Why it is made the way it is stands in docs/decisions/calendar-invitations.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress

from portal.mail.message import clean_header
from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.online_session import OnlineSession

PRODUCT_ID = "-//consultation portal//session//ZH"
_QUOTED_DIFFERENTLY = re.compile(r"[\\^\"':;,=]")
ALARMS_BEFORE = (timedelta(days=1), timedelta(minutes=15))


def calendar_entry(
    consultation: Consultation,
    online: OnlineSession,
    organizer: Person,
    attendee: Person,
    *,
    how_to_join: Sequence[str],
    now: datetime,
    method: str,
) -> str:
    """The text for one attendee; `method` is REQUEST or CANCEL, `how_to_join` the lines of its description.

    The instants are written in UTC. Whatever was typed becomes one line, so that no text can add a property.
    """
    entry = Event()
    entry.add("uid", online.uid)
    entry.add("sequence", online.sequence)
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("dtstart", online.starts_at.astimezone(UTC))
    entry.add("dtend", online.ends_at.astimezone(UTC))
    summary = clean_header(f"线上会诊{consultation.number} {consultation.product.product_name}")
    entry.add("summary", summary)
    entry.add("description", "\n".join(clean_header(line) for line in how_to_join))
    place = clean_header(online.place or online.meeting_link)
    if place:
        entry.add("location", place)
    if online.meeting_link:
        entry.add("url", clean_header(online.meeting_link))
    entry.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    entry.add("transp", "OPAQUE")
    entry.add("organizer", _address(organizer))
    entry.add("attendee", _invited(attendee))
    if method != "CANCEL":
        for before in ALARMS_BEFORE:
            entry.add_component(_alarm(before, summary))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


def _alarm(before: timedelta, words: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", -before)
    return alarm


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{clean_header(person.email)}")
    # Parsers disagree on how these are quoted inside a parameter; no name needs them.
    address.params["CN"] = clean_header(_QUOTED_DIFFERENTLY.sub(" ", person.name))
    return address


def _invited(person: Person) -> vCalAddress:
    """The attendee, asked to accept or decline in the own calendar."""
    address = _address(person)
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "NEEDS-ACTION"
    address.params["RSVP"] = "TRUE"
    return address
