"""The personal calendar: what is in it, for whom, and that a revoked address is dead."""

from datetime import date, timedelta

import icalendar
import pytest
import vobject
from sqlalchemy import select

from portal.models.account import Person
from portal.models.database import Database
from portal.models.mail_preference import CalendarFeed
from portal.models.outbox import OutboxMessage
from portal.process.permissions import Actor
from portal.services.calendar_feed import feed_of_token, make_feed, own_feed, revoke_feed
from portal.services.consultation.material import extend_analysis
from tests.factories import application, material, online_session, time_poll
from tests.factories.panel import actors
from tests.factories.world import NOON, World, build_world

BASE = "https://portal.example.org"


@pytest.fixture
def world(sqlite_database: Database) -> World:
    with sqlite_database.write() as db:
        return build_world(db)


def token_of(database: Database, actor: Actor) -> str:
    with database.write() as db:
        return make_feed(db, actor=actor, now=NOON).partition("?token=")[2]


def entries(database: Database, actor: Actor) -> list[icalendar.Event]:
    """What both libraries read, which share no code."""
    with database.read() as db:
        token = token_of(database, actor)
        feed = feed_of_token(db, token=token, base_url=BASE, now=NOON)
    assert feed is not None
    read = list(icalendar.Calendar.from_ical(feed.text).walk("VEVENT"))
    other = getattr(vobject.readOne(feed.text), "vevent_list", [])
    assert [str(one["SUMMARY"]) for one in read] == [one.summary.value for one in other]
    assert [str(one["UID"]) for one in read] == [one.uid.value for one in other]
    return read


def test_deadlines_with_stable_uids(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        consultation = application.submitted(db, world)
        mailed = db.scalars(select(OutboxMessage.calendar).where(OutboxMessage.person_id == world.lead.person_id)).one()
    (entry,) = entries(sqlite_database, world.lead)
    assert str(entry["SUMMARY"]) == "截止：受理或退回会诊申请 电热毯 XM-1518D"
    # Until 24:00 of 4 March is that whole day.
    assert (entry.start, entry.end) == (date(2026, 3, 4), date(2026, 3, 5))
    assert str(entry["URL"]) == f"{BASE}/consultations/{consultation.id}"
    (sent,) = icalendar.Calendar.from_ical(mailed).walk("VEVENT")
    assert (sent["UID"], sent["SUMMARY"], sent.start) == (entry["UID"], entry["SUMMARY"], entry.start)
    assert entries(sqlite_database, world.lead)[0]["UID"] == entry["UID"]
    assert entries(sqlite_database, world.applicant) == []


def test_a_moved_deadline_is_the_same_entry_with_a_higher_sequence(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        consultation = material.sent(db, world)
        expert = actors(world)[0]
        before = entries_in_mail(db, expert)
        later = NOON + timedelta(hours=3)
        known = {"consultation_id": consultation.id, "working_days": 2, "reason": "材料较多"}
        extend_analysis(db, actor=world.lead, now=later, **known)  # type: ignore[arg-type]
        first, moved = entries_in_mail(db, expert)
    assert before == [first]
    assert (moved["UID"], moved["SEQUENCE"] > first["SEQUENCE"]) == (first["UID"], True)
    assert moved.start > first.start
    (shown,) = entries(sqlite_database, expert)
    assert (shown["UID"], shown.start) == (moved["UID"], moved.start)


def entries_in_mail(db: object, actor: Actor) -> list[icalendar.Event]:
    query = select(OutboxMessage.calendar).where(
        OutboxMessage.person_id == actor.person_id, OutboxMessage.kind.in_(("material_sent", "deadline_moved"))
    )
    calendars = [icalendar.Calendar.from_ical(text) for text in db.scalars(query.order_by(OutboxMessage.id))]  # type: ignore[attr-defined]
    assert all(calendar["METHOD"] == "PUBLISH" for calendar in calendars)
    assert all(calendar.walk("VALARM") for calendar in calendars)
    return [event for calendar in calendars for event in calendar.walk("VEVENT")]


def test_a_session_for_who_may_see_it(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        consultation = online_session.session_fixed(db, world)
        online = online_session.session_of(db, consultation)
    member = [one for one in entries(sqlite_database, actors(world)[0]) if one["UID"] == online.uid]
    assert [str(one["SUMMARY"]) for one in member] == [f"线上会诊{consultation.number} 电热毯"]
    assert "方式" in str(member[0]["DESCRIPTION"])
    assert member[0].start == online.starts_at
    stranger = next(one for one in world.experts["anhui"] if one not in actors(world))
    assert entries(sqlite_database, stranger) == []


def test_who_is_asked_for_a_time_sees_the_name_alone(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        time_poll.time_poll_opened(db, world)
    shown = [str(one["SUMMARY"]) for one in entries(sqlite_database, world.liaisons["anhui"][0])]
    assert shown
    assert not any("XM-1518D" in summary for summary in shown)


def test_an_address_lives_until_the_next_or_until_it_is_revoked(sqlite_database: Database, world: World) -> None:
    first = token_of(sqlite_database, world.lead)
    second = token_of(sqlite_database, world.lead)

    def is_alive(token: str) -> bool:
        with sqlite_database.read() as db:
            return feed_of_token(db, token=token, base_url=BASE, now=NOON) is not None

    assert [is_alive(first), is_alive(second), is_alive("x"), is_alive("")] == [False, True, False, False]
    with sqlite_database.write() as db:
        assert second not in {one.token_digest for one in db.scalars(select(CalendarFeed))}
        db.get_one(Person, world.lead.person_id).is_active = False
    assert not is_alive(second)
    with sqlite_database.write() as db:
        db.get_one(Person, world.lead.person_id).is_active = True
        revoke_feed(db, actor=world.lead, now=NOON)
        assert own_feed(db, actor=world.lead).made_at is None
    assert not is_alive(second)


def test_the_same_dates_are_the_same_bytes(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        application.submitted(db, world)
    token = token_of(sqlite_database, world.lead)
    with sqlite_database.read() as db:
        texts = {
            feed.text
            for hours in (0, 5)
            if (feed := feed_of_token(db, token=token, base_url=BASE, now=NOON + timedelta(hours=hours)))
        }
    assert len(texts) == 1
