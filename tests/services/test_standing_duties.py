"""What is owed beside the acts of consultations: opened when its time comes, once, told of, and closed when done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord
from portal.models.calendar import LoadedCalendarYear
from portal.models.database import Database
from portal.models.event import Event
from portal.models.institution import Liaison, RotationTerm
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.process.errors import NotFound
from portal.process.obligations import Owner
from portal.process.permissions import Actor, Role
from portal.rules.dates import BEIJING, end_of_day
from portal.rules.working_days import shipped_calendar
from portal.services import term_handover
from portal.services.archiving.drill import ask_custody_drill, drill_asked
from portal.services.calendar_years import load_year
from portal.services.consultation.archive import (
    dispose_archive,
    extend_retention,
    hold_archive,
    lift_hold,
    propose_disposal,
)
from portal.services.deadlines import view_own_deadline
from portal.services.duties import duties_of_others, own_duties, own_duty_count
from portal.services.kernel.obligations import oblige_for
from portal.services.kernel.standing import Standing, keep
from portal.services.liaisons import appoint_liaison, end_liaison
from portal.services.reminder_preview import preview_day
from portal.services.reminders import remind_due
from portal.services.standing_duties import AHEAD, keep_standing, open_by_clock
from portal.storage.local import Storage
from tests.factories.calendar import YEAR_2027
from tests.factories.ending import EXPIRED, archived
from tests.factories.world import NOON, World, build_world

A_DAY = timedelta(days=1)
DRILL = ["hold_custody_drill"]


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BEIJING)


def owed(database: Database, actor: Actor | None, now: datetime) -> list[str]:
    """The kinds of what the actor has to do, with the subject of each."""
    assert actor is not None
    with database.read() as db:
        duties = own_duties(db, actor=actor, now=now)
        assert own_duty_count(db, actor=actor, now=now) == len(duties)
        return [" ".join(part for part in (duty.kind.kind, duty.subject.name) if part) for duty in duties]


def told(database: Database, *, since: int = 0) -> list[tuple[str, str]]:
    """Kind and recipient of every mail after the first `since`, in order."""
    with database.read() as db:
        rows = db.scalars(select(OutboxMessage).where(OutboxMessage.id > since).order_by(OutboxMessage.id))
        return [(row.kind, row.recipient_name) for row in rows]


def work(database: Database, now: datetime) -> None:
    """What the worker does of it."""
    open_by_clock(database, now)
    remind_due(database, now)


@pytest.fixture
def settled(sqlite_database: Database) -> tuple[Database, World]:
    """The world without anything that is owed from before its time."""
    with sqlite_database.write() as db:
        world = build_world(db)
        keep_standing(db, now=NOON)
        db.execute(update(Obligation).values(closed_at=NOON, is_met=True, slot=None))
        old = db.scalars(select(RotationTerm.id).where(RotationTerm.ends_on < NOON.date()))
        for term_id in old:
            term = db.get_one(RotationTerm, term_id)
            term.starts_on, term.ends_on = term.starts_on - 3000 * A_DAY, term.ends_on - 3000 * A_DAY
    return sqlite_database, world


def test_a_pack_is_signed_and_accepted_and_each_side_is_asked_once(settled: tuple[Database, World]) -> None:
    database, world = settled
    old, new = world.liaisons["jiangsu"][0], world.liaisons["zhejiang"][0]
    before = at(2026, 10, 20)
    work(database, before)
    assert owed(database, old, before) == []
    begins = at(2026, 10, 21)
    with database.read() as db:
        mails = db.scalar(select(func.count(OutboxMessage.id))) or 0
    # The clock shows and tells it from the first moment on, though the ledger was looked at the day before.
    (name,) = owed(database, old, begins)
    assert name == "sign_term_handover 江苏牵头任期（至2026年11月20日）"
    assert remind_due(database, begins - timedelta(minutes=1)) == 0, "nobody is woken at midnight"
    work(database, begins)
    assert told(database, since=mails) == [("term_handover_asked", one.name) for one in world.liaisons["jiangsu"]]
    with database.read() as db:
        letter = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
        assert letter is not None
        assert letter.subject == "【请签署】江苏牵头任期（至2026年11月20日）移交清单，截止 11月20日（周五）24:00"
        assert letter.link_path.startswith("/rotation/terms/")
        assert "BEGIN:VEVENT" in (letter.calendar or "")
        assert "江苏牵头任期" in (letter.calendar or "").replace("\r\n ", "")
        (duty,) = own_duties(db, actor=old, now=begins)
        assert duties_of_others(db, actor=new, now=begins) == []
        paper = view_own_deadline(db, actor=old, obligation_id=duty.obligation_id, now=begins)
        assert (paper.due_at, paper.days, paper.article.label if paper.article else "") == (
            end_of_day(date(2026, 11, 20)), (), "第三条",
        )  # fmt: skip
        for stranger in (new, world.administrator, world.staff["anhui"]):
            assert stranger is not None
            with pytest.raises(NotFound):
                view_own_deadline(db, actor=stranger, obligation_id=duty.obligation_id, now=begins)
    late = at(2026, 11, 23)
    work(database, late)
    with database.read() as db:
        # Who leads now sees what the one before still owes.
        assert [duty.kind.kind for duty in duties_of_others(db, actor=new, now=late)] == ["sign_term_handover"]
    with database.write() as db:
        term_id = duty.subject.term_id or 0
        signed = term_handover.sign_term_handover(db, actor=old, term_id=term_id, now=late)
    assert owed(database, old, late) == []
    assert owed(database, new, late) == ["accept_term_handover 江苏牵头任期（至2026年11月20日）"]
    with database.read() as db:
        mails = db.scalar(select(func.max(OutboxMessage.id))) or 0
    assert remind_due(database, late + A_DAY) == 0
    assert remind_due(database, at(2026, 11, 25)) == 2
    assert told(database, since=mails) == [("reminder_waiting", one.name) for one in world.liaisons["zhejiang"]]
    with database.write() as db:
        term_handover.accept_term_handover(db, actor=new, term_id=term_id, digest=signed.digest, now=at(2026, 11, 25))
        assert set(db.scalars(select(Obligation.is_met).where(Obligation.term_id == term_id))) == {True}
    assert owed(database, new, at(2026, 11, 25)) == []
    assert open_by_clock(database, at(2026, 11, 26)) >= 0
    assert owed(database, old, at(2026, 11, 26)) == []


def test_another_successor_takes_over_what_the_new_lead_owed(settled: tuple[Database, World]) -> None:
    database, world = settled
    now, old = at(2026, 10, 26), world.liaisons["jiangsu"][0]
    work(database, now)
    with database.write() as db:
        term = db.scalars(select(RotationTerm).where(RotationTerm.ends_on == date(2026, 11, 20))).one()
        term_handover.sign_term_handover(db, actor=old, term_id=term.id, now=now)
        following = db.scalars(select(RotationTerm).where(RotationTerm.starts_on == date(2026, 11, 21))).one()
        following.institution_id = world.institutions["anhui"]
    assert open_by_clock(database, now + timedelta(hours=1)) == 2
    assert owed(database, world.liaisons["zhejiang"][0], now) == []
    assert owed(database, world.liaisons["anhui"][0], now + A_DAY) == [
        "accept_term_handover 江苏牵头任期（至2026年11月20日）"
    ]
    with database.read() as db:
        assert db.scalars(select(Obligation.is_met).where(Obligation.closed_at == now + timedelta(hours=1))).all() == [
            False
        ]


def test_a_drill_is_owed_once_a_year_by_whom_keeps_something(settled: tuple[Database, World], tmp_path: object) -> None:
    database, world = settled
    with database.write() as db:
        archived(db, world)
        day = db.scalars(select(ArchiveRecord.archived_on)).first()
    assert day is not None
    last = date(day.year + 1, day.month, day.day)
    begins = end_of_day(last - 31 * A_DAY)
    open_by_clock(database, begins - AHEAD - A_DAY)
    assert not any(kind.startswith("hold_custody_drill") for kind in owed(database, world.applicant, begins))
    work(database, begins + timedelta(hours=9))
    assert "hold_custody_drill" in owed(database, world.applicant, begins)
    assert "hold_custody_drill" in owed(database, world.lead, begins)
    assert "hold_custody_drill" not in owed(database, world.staff["anhui"], begins)
    asked = [who for kind, who in told(database) if kind == "custody_drill_due"]
    assert asked == [one.name for key in ("shanghai", "jiangsu") for one in world.liaisons[key]]
    with database.write() as db:
        due = set(db.scalars(select(Obligation.due_at).where(Obligation.kind == "hold_custody_drill")))
        assert due == {end_of_day(last)}
        ask_custody_drill(db, actor=world.applicant, now=begins + A_DAY)
    with database.read() as db:
        (drill,) = [one for one in own_duties(db, actor=world.lead, now=begins) if one.kind.kind in DRILL]
        paper = view_own_deadline(db, actor=world.lead, obligation_id=drill.obligation_id, now=begins)
        assert paper.limit is not None
        assert "每十二个月" in paper.limit.text
    drill_asked(database, Storage(tmp_path), begins + A_DAY)  # type: ignore[arg-type]
    assert "hold_custody_drill" not in owed(database, world.applicant, begins + A_DAY)
    assert "hold_custody_drill" in owed(database, world.lead, begins + A_DAY)
    open_by_clock(database, begins + 2 * A_DAY)
    assert "hold_custody_drill" not in owed(database, world.applicant, begins + 2 * A_DAY)


def test_what_has_been_kept_long_enough_is_looked_at(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = archived(db, world)
        keep_standing(db, now=EXPIRED)

        def open_for(actor: Actor) -> list[str]:
            duties = own_duties(db, actor=actor, now=EXPIRED + 200 * A_DAY)
            return [one.kind.kind for one in duties if one.kind.owner is Owner.CUSTODIAN]

        first, second = world.liaisons["shanghai"]
        ids = {"consultation_id": consultation.id, "now": EXPIRED}
        (review,) = [one for one in own_duties(db, actor=first, now=EXPIRED) if one.kind.kind == "review_disposal"]
        assert (review.kind.kind, review.due_at, review.button) == ("review_disposal", None, "去鉴定")
        until = db.scalars(select(ArchiveRecord.keep_until)).first()
        assert until is not None
        assert review.since_at == end_of_day(until)
        hold_archive(db, actor=first, reason="召回尚未完成", **ids)
        assert (open_for(first), open_for(world.lead)) == (DRILL, [*DRILL, "review_disposal"])
        keep_standing(db, now=EXPIRED)
        assert open_for(first) == DRILL
        lift_hold(db, actor=first, reason="召回已完成", **ids)
        assert open_for(first) == [*DRILL, "review_disposal"]
        extend_retention(db, actor=first, keep_until=EXPIRED.date() + 90 * A_DAY, reason="留作研究", **ids)
        keep_standing(db, now=EXPIRED)
        assert open_for(first) == DRILL
        later = {**ids, "now": EXPIRED + 120 * A_DAY}
        keep_standing(db, now=later["now"])
        propose_disposal(db, actor=first, reason="期满", **later)
        assert open_for(first) == [*DRILL, "review_disposal"], "until a second person has decided"
        dispose_archive(db, actor=second, **later)
        assert open_for(first) == DRILL
        keep_standing(db, now=later["now"])
        assert open_for(first) == [], "nothing is left to produce in a drill"
        assert open_for(world.lead) == [*DRILL, "review_disposal"]


def test_a_missing_year_waits_for_the_administrator_who_sees_nothing_else(settled: tuple[Database, World]) -> None:
    database, world = settled
    november = at(2026, 11, 1)
    with database.write() as db:
        archived(db, world)
    work(database, november - A_DAY)
    assert owed(database, world.administrator, november - A_DAY) == []
    assert owed(database, world.administrator, november) == ["load_calendar_year 2027年"]
    assert owed(database, world.auditor, november) == []
    work(database, november)
    assert [who for kind, who in told(database) if kind == "calendar_year_due"] == ["郑管理"]
    work(database, at(2027, 1, 4))
    late = {(kind, who) for kind, who in told(database) if kind.startswith("reminder")}
    assert ("reminder_overdue", "郑管理") in late
    assert {who for kind, who in late if kind == "reminder_escalated"} >= {
        one.name for one in world.liaisons["zhejiang"]
    }, "who leads then"
    with database.write() as db:
        load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=at(2027, 1, 5))
    assert owed(database, world.administrator, at(2027, 1, 5)) == []
    open_by_clock(database, at(2027, 1, 5))
    assert owed(database, world.administrator, at(2027, 1, 5)) == []


def test_an_institution_without_liaison_and_who_leads_are_told(settled: tuple[Database, World]) -> None:
    database, world = settled
    anhui = world.institutions["anhui"]
    with database.write() as db:
        for liaison in db.scalars(select(Liaison).where(Liaison.institution_id == anhui).order_by(Liaison.id.desc())):
            end_liaison(db, actor=world.liaisons["anhui"][0], liaison_id=liaison.id, until_on=NOON.date(), now=NOON)
        last = db.scalar(select(func.max(OutboxMessage.id))) or 0
    assert owed(database, world.staff["anhui"], NOON) == ["name_liaisons"]
    work(database, NOON)
    own = {world.staff["anhui"].name, *(one.name for one in world.liaisons["anhui"])}
    assert set(told(database, since=last)) == {
        ("liaisons_missing", name) for name in (*own, *(one.name for one in world.liaisons["jiangsu"]))
    }
    with database.read() as db:
        (other,) = duties_of_others(db, actor=world.lead, now=NOON)
        assert (other.kind.kind, other.owner, other.path) == ("name_liaisons", "安徽", "/rotation/liaisons")
        assert duties_of_others(db, actor=world.staff["zhejiang"], now=NOON) == []
    with database.write() as db:
        staff = world.staff["anhui"]
        appoint_liaison(db, actor=staff, person_id=staff.person_id, from_on=NOON.date(), now=NOON)
    assert owed(database, world.staff["anhui"], NOON) == []
    with database.write() as db:
        # The same institution can come to it again.
        (liaison,) = db.scalars(select(Liaison).where(Liaison.institution_id == anhui, Liaison.until_on.is_(None)))
        liaison.person.is_active = False
    assert open_by_clock(database, NOON + A_DAY) == 1


def test_two_workers_open_a_duty_once_and_the_database_refuses_a_second(database: Database) -> None:
    now = at(2026, 11, 20)
    with database.write() as db:
        build_world(db)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_by_clock(database, now), range(4)))
    with database.read() as db:
        rows = db.scalars(select(Obligation.kind)).all()
        assert sum(opened) == len(rows)
        assert rows.count("load_calendar_year") == 1
        assert db.scalar(select(func.count()).where(Event.name == "duties_kept")) == len(set(rows))
    with database.write() as db:
        one = Standing(now, role=Role.ADMINISTRATOR.value, year=2027)
        with pytest.raises(IntegrityError):
            _refused(db, "load_calendar_year", one)
        for parts in ({}, {"role": "auditor"}, {"institution_id": 1, "person_id": 1}):
            with pytest.raises(IntegrityError):
                _refused(db, "hold_custody_drill", one, **parts)
        with pytest.raises(IntegrityError):
            _refused(db, "sign_term_handover", one, institution_id=1, term_id=1, year=2027)


def _refused(db: Session, kind: str, one: Standing, **parts: object) -> None:
    with db.begin_nested():
        oblige_for(db, kind, since_at=one.since_at, **(parts if kind != "load_calendar_year" else one.parts),
                   slot=one.slot if kind == "load_calendar_year" else None)  # fmt: skip
        db.flush()


def test_what_is_counted_into_a_year_without_calendar_is_provisional_whatever_it_is_about(database: Database) -> None:
    now = at(2026, 12, 30)
    with database.write() as db:
        world = build_world(db)
        term_id = db.scalars(select(RotationTerm.id)).first()
        own = {"institution_id": world.institutions["anhui"], "term_id": term_id}
        oblige_for(db, "sign_term_handover", since_at=now, working_days=3, **own)
        actor = world.liaisons["anhui"][0]
        (duty,) = own_duties(db, actor=actor, now=now)
        assert duty.is_provisional
        guessed = duty.due_at
        paper = view_own_deadline(db, actor=actor, obligation_id=duty.obligation_id, now=now)
        assert paper.missing_years == (2027,)
        assert [day.place for day in paper.days][-1] == 3
        assert load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=now).recomputed == 1
        (duty,) = own_duties(db, actor=actor, now=now)
        assert (duty.is_provisional, duty.due_at) == (False, end_of_day(date(2027, 1, 5)))
        assert guessed is not None
        assert guessed < end_of_day(date(2027, 1, 5))
        assert db.get(LoadedCalendarYear, 2027) is not None
    assert not shipped_calendar().covers(2027)


def test_a_moved_date_moves_what_is_open_and_a_preview_says_what_comes(settled: tuple[Database, World]) -> None:
    database, world = settled
    now = at(2026, 11, 2)
    anhui = world.institutions["anhui"]
    with database.write() as db:
        one = Standing(now, at(2026, 12, 1, 0), institution_id=anhui)
        assert len(keep(db, "hold_custody_drill", [one], now=now).opened) == 1
        assert not keep(db, "hold_custody_drill", [one], now=now)
        moved = replace(one, due_at=at(2026, 12, 5, 0))
        assert len(keep(db, "hold_custody_drill", [moved], now=now + A_DAY).moved) == 1
        row = db.scalars(select(Obligation).where(Obligation.slot == one.slot)).one()
        assert (row.due_at, row.first_due_at, row.remind_at) == (moved.due_at, one.due_at, now + A_DAY)
    with database.read() as db:
        lines = list(preview_day(db, on=date(2026, 12, 4), now=now + A_DAY))
    assert {(line.kind, line.subject, line.number) for line in lines} >= {
        ("开展保管演练", "【请开展】保管演练，今天截止：12月4日（周五）24:00", "")
    }
