"""A deadline as a calendar entry (RFC 5545): with the mail that opens an obligation, and in a person's feed.

Loaded with the first call that has a date. Why it is so stands in docs/decisions/calendar-invitations.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from icalendar import Alarm, Calendar, Event

from portal.mail.message import clean_header
from portal.models.consultation import Consultation
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.ledger import KINDS
from portal.rules.date_words import beijing
from portal.rules.dates import BEIJING, beijing_day

PRODUCT_ID = "-//consultation portal//deadline//ZH"
UID_DOMAIN = "consultation.portal"
_SHOWN = timedelta(minutes=30)


def deadline_uid(obligation_id: int, person_id: int) -> str:
    """The UID of an obligation in the calendar of one person: the same in every mail and in the feed."""
    return f"obligation-{obligation_id}-{person_id}@{UID_DOMAIN}"


def deadline_calendar(
    obligation: Obligation,
    person_id: int,
    *,
    of: Consultation | RecallCase | None,
    now: datetime,
    how_counted: str,
    about: str = "",
) -> str:
    """The text that goes with a mail: one entry, METHOD:PUBLISH, which asks for no answer.

    `about` is what it is about where that is neither a consultation nor a recall case.
    """
    product = of.product if of is not None else None
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(
        deadline_event(
            deadline_uid(obligation.id, person_id),
            KINDS[obligation.kind].label,
            obligation.due_at or now,
            about=f"{product.product_name} {product.model or ''}" if product is not None else about,
            reference=_reference(of),
            how_counted=how_counted,
            # A deadline that is moved is told of later than it was made, so that its entry is the later one.
            sequence=max(0, int((now - obligation.since_at).total_seconds())),
            stamp=now,
        )
    )
    return str(calendar.to_ical(), "utf-8")


def _reference(of: Consultation | RecallCase | None) -> str:
    if isinstance(of, RecallCase):
        return f"召回案件：{of.number}"
    return f"会诊编号：{of.number}" if of is not None and of.number else ""


def deadline_event(
    uid: str,
    what: str,
    due_at: datetime,
    *,
    about: str,
    reference: str,
    how_counted: str,
    sequence: int,
    stamp: datetime,
    url: str = "",
) -> Event:
    """The entry: the whole last day for a deadline at 24:00, else the half hour before it; it blocks no time.

    `reference` is the line that says the number. Whatever was typed becomes one line, so that no text can add a
    property.
    """
    entry = Event()
    entry.add("uid", uid)
    entry.add("sequence", sequence)
    entry.add("dtstamp", stamp.astimezone(UTC))
    local = due_at.astimezone(BEIJING)
    is_midnight = local.time() == time(0)
    if is_midnight:
        last = beijing_day(due_at - timedelta(microseconds=1))
        entry.add("dtstart", last)
        entry.add("dtend", last + timedelta(days=1))
    else:
        entry.add("dtstart", (due_at - _SHOWN).astimezone(UTC))
        entry.add("dtend", due_at.astimezone(UTC))
    summary = clean_header(f"截止：{what} {about}")
    entry.add("summary", summary)
    lines = (f"截止：{beijing(due_at)}", reference, how_counted)
    entry.add("description", "\n".join(clean_header(line) for line in lines if line))
    if url:
        entry.add("url", url)
    entry.add("status", "CONFIRMED")
    entry.add("transp", "TRANSPARENT")
    # At 09:00 of the day before and of the last day; before a time of its own, a day and two hours.
    before = (timedelta(hours=-15), timedelta(hours=9)) if is_midnight else (timedelta(days=-1), timedelta(hours=-2))
    for trigger in before:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", trigger)
        entry.add_component(alarm)
    return entry
