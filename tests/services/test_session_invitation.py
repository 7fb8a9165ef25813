"""The calendar invitation as two libraries that know nothing of each other read it: icalendar and vobject."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.consultation import Consultation, ProductInformation
from portal.models.database import Database
from portal.models.online_session import OnlineSession
from portal.models.outbox import OutboxMessage
from portal.process.consultation import Stage
from portal.services.consultation import scheduling as step
from portal.services.consultation.calendar_entry import calendar_entry
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import adjourn_session
from portal.services.consultation.panel import recuse_member
from tests.factories.online_session import PLAN, STARTS, session_fixed, session_of
from tests.factories.world import NOON, build_world


@dataclass(frozen=True)
class Read:
    """What a program reads out of an invitation."""

    method: str
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    status: str
    attendee: str
    organizer: str
    asks_for_answer: bool
    alarms: frozenset[timedelta]


def read_with_icalendar(text: str) -> Read:
    calendar = icalendar.Calendar.from_ical(text)
    (entry,) = calendar.walk("VEVENT")
    return Read(
        str(calendar["METHOD"]), str(entry["UID"]), int(entry["SEQUENCE"]), entry["DTSTART"].dt, entry["DTEND"].dt,
        str(entry["SUMMARY"]), str(entry["DESCRIPTION"]), str(entry["STATUS"]), str(entry["ATTENDEE"]),
        str(entry["ORGANIZER"]), entry["ATTENDEE"].params.get("RSVP") == "TRUE",
        frozenset(alarm["TRIGGER"].dt for alarm in entry.walk("VALARM")),
    )  # fmt: skip


def read_with_vobject(text: str) -> Read:
    calendar: Any = vobject.readOne(text)
    entry = calendar.vevent
    return Read(
        calendar.method.value, entry.uid.value, int(entry.sequence.value), entry.dtstart.value, entry.dtend.value,
        entry.summary.value, entry.description.value, entry.status.value, entry.attendee.value,
        entry.organizer.value, entry.attendee.params.get("RSVP") == ["TRUE"],
        frozenset(alarm.trigger.value for alarm in entry.contents.get("valarm", [])),
    )  # fmt: skip


def read(text: str) -> Read:
    """What both libraries read; they have to agree on all of it."""
    one, other = read_with_icalendar(text), read_with_vobject(text)
    assert one == other
    return one


def sent(db: Session, kind: str, person_id: int) -> list[Read]:
    query = select(OutboxMessage).where(OutboxMessage.kind == kind, OutboxMessage.person_id == person_id)
    return [read(message.calendar or "") for message in db.scalars(query.order_by(OutboxMessage.id))]


def test_both_libraries_read_the_same_invitation_update_and_cancellation(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        later = replace(PLAN, starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=2))
        step.move_session(db, actor=world.lead, consultation_id=consultation.id, plan=later, now=NOON)
        adjourn_session(
            db, actor=world.lead, consultation_id=consultation.id, reason="材料不齐", to=Stage.SCHEDULING, now=NOON
        )
        member = world.experts["shanghai"][0].person_id
        (first,), (moved,), (cancelled,) = (
            sent(db, kind, member) for kind in ("session_fixed", "session_moved", "session_cancelled")
        )
        assert first.uid == moved.uid == cancelled.uid
        assert (first.sequence, moved.sequence, cancelled.sequence) == (0, 1, 2)
        assert (first.method, moved.method, cancelled.method) == ("REQUEST", "REQUEST", "CANCEL")
        assert (first.starts_at, first.ends_at, moved.starts_at) == (PLAN.starts_at, PLAN.ends_at, later.starts_at)
        assert first.alarms == moved.alarms == {-timedelta(days=1), -timedelta(minutes=15)}
        assert cancelled.alarms == frozenset()
        assert (first.status, cancelled.status) == ("CONFIRMED", "CANCELLED")
        assert first.asks_for_answer
        assert first.attendee == "mailto:shanghai-expert-1@example.org"
        assert first.organizer == "mailto:jiangsu-liaison-1@example.org"
        said = first.description.splitlines()
        assert said[1:] == [
            "会议服务：政务视频会议",
            "会议链接：https://meeting.example.cn/j/8842",
            "会议号：884 201 337",
            "会议密码：1122",
        ]
        # A session that is fixed after the cancelled one is another entry.
        step.fix_session(db, actor=world.lead, consultation_id=consultation.id, plan=PLAN, now=NOON)
        again = sent(db, "session_fixed", member)[-1]
        assert again.uid != first.uid
        assert again.sequence == 0


def test_who_leaves_the_panel_loses_the_entry_and_a_later_one_still_counts(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        member = accepted_members(db, consultation.id)[0]
        person_id = member.expert.person_id
        recuse_member(
            db,
            actor=world.lead,
            consultation_id=consultation.id,
            member_id=member.id,
            reason="有合作",
            now=NOON,
        )
        (gone,) = sent(db, "session_cancelled", person_id)
        assert (gone.method, gone.sequence, gone.uid) == ("CANCEL", 1, session_of(db, consultation).uid)
        step.move_session(db, actor=world.lead, consultation_id=consultation.id, plan=PLAN, now=NOON)
        assert sent(db, "session_moved", person_id) == []
        (moved,) = sent(db, "session_moved", world.lead.person_id)
        assert moved.sequence == 2


def test_naming_again_raises_the_sequence_for_those_who_come_and_go(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        staff, other = world.staff["anhui"].person_id, world.liaisons["anhui"][0].person_id
        for person_id in (staff, other, staff):
            step.name_participants(
                db, actor=world.staff["anhui"], consultation_id=consultation.id, person_ids=[person_id],
                has_no_interest=True, now=NOON,
            )  # fmt: skip
        assert [one.sequence for one in sent(db, "session_fixed", staff)] == [0, 2]
        assert [one.sequence for one in sent(db, "session_cancelled", staff)] == [1]


def entry(typed: dict[str, str], serial: int = 1) -> str:
    """An entry made of what was typed, without a database."""
    consultation = Consultation(year=2026, serial=serial, product=ProductInformation(product_name=typed["product"]))
    online = OnlineSession(
        uid="1@consultation.portal", sequence=0, starts_at=PLAN.starts_at, ends_at=PLAN.ends_at, mode="mixed",
        place=typed["place"], meeting_link=typed["link"],
    )  # fmt: skip
    person = Person(name=typed["name"], email="a@example.org")
    return calendar_entry(
        consultation, online, person, person, how_to_join=["方式：线上", typed["place"]], now=NOON, method="REQUEST"
    )


NAMES = {"BEGIN", "END", "METHOD", "PRODID", "VERSION", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"}
NAMES |= {"DESCRIPTION", "LOCATION", "URL", "STATUS", "TRANSP", "ORGANIZER", "ATTENDEE", "ACTION", "TRIGGER"}
EVIL = st.text(st.sampled_from(list("会a:;,\\\"=^'\r\n\t\x00\x0b\x0c\x1c\x85\u2028\u2029 ATTENDEE")), max_size=60)


@settings(deadline=None)  # a loaded machine is no failure
@given(place=EVIL, link=EVIL, product=EVIL, name=EVIL)
def test_nothing_typed_becomes_a_property(place: str, link: str, product: str, name: str) -> None:
    text = entry({"place": place, "link": link, "product": product, "name": name})
    # Also a reader that takes any line break of Unicode for one finds the same lines.
    assert all(line.isprintable() for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert {line.split(":")[0].split(";")[0] for line in unfolded if line} <= NAMES
    assert sum(line.startswith("ATTENDEE") for line in unfolded) == 1
    read(text)


def test_no_line_is_longer_than_75_octets_and_no_character_is_torn() -> None:
    place = "合肥市滨湖新区" * 28
    text = entry({"place": place, "link": "", "product": "电热毯" * 40, "name": "欧阳" * 18})
    lines = text.encode().split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert all(line.decode() is not None for line in lines)
    assert place in read(text).description


def test_times_are_written_in_utc_whatever_zone_they_came_in() -> None:
    text = entry({"place": "", "link": "", "product": "电热毯", "name": "许静"})
    assert f"DTSTART:{PLAN.starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}" in text
    assert "TZID" not in text


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_the_method_of_the_text_is_that_of_the_act(method: str) -> None:
    consultation = Consultation(year=2026, serial=1, product=ProductInformation(product_name="电热毯"))
    online = OnlineSession(uid="1@x", sequence=3, starts_at=PLAN.starts_at, ends_at=PLAN.ends_at, mode="online")
    online.place = online.meeting_link = ""
    person = Person(name="许静", email="a@example.org")
    text = calendar_entry(consultation, online, person, person, how_to_join=["方式：线上"], now=NOON, method=method)
    assert read(text).method == method
