"""The calendar entry of a session as iCalendar (RFC 5545, iTIP RFC 5546). Loaded with the first invitation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from icalendar import Calendar, Event, vCalAddress, vText

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.online_session import OnlineSession

PRODUCT_ID = "-//consultation portal//session//ZH"


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
    """The text for one attendee; `method` is REQUEST or CANCEL, `how_to_join` the lines of its description."""
    entry = Event()
    entry.add("uid", online.uid)
    entry.add("sequence", online.sequence)
    entry.add("dtstamp", now)
    entry.add("dtstart", online.starts_at)
    entry.add("dtend", online.ends_at)
    entry.add("summary", f"线上会诊{consultation.number} {consultation.product.product_name}")
    entry.add("description", "\n".join(how_to_join))
    if online.place or online.meeting_link:
        entry.add("location", online.place or online.meeting_link)
    if online.meeting_link:
        entry.add("url", online.meeting_link)
    entry.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    entry.add("organizer", _address(organizer))
    entry.add("attendee", _address(attendee))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email}")
    address.params["CN"] = vText(person.name)
    return address
