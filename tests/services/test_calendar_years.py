"""Loading a year moves every deadline that reaches into it, and pages warn while a year is missing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.event import Event
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.rules.dates import end_of_day
from portal.services.calendar_years import load_year, missing_year_warning, view_year
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.obligations import open_obligations
from tests.factories.application import submitted
from tests.factories.calendar import YEAR_2027
from tests.factories.world import NOON, build_world

YEAR_END = datetime(2026, 12, 30, 4, 0, tzinfo=UTC)  # a Wednesday; two working days lead into 2027


def test_a_provisional_deadline_is_counted_anew_with_the_next_due_date(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world, now=YEAR_END)
        (owed,) = open_obligations(db, consultation.id)
        assert owed.is_provisional
        guessed = owed.due_at
        assert guessed == end_of_day(date(2027, 1, 1))
        loaded = load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=YEAR_END)
        assert loaded.recomputed == 1
        assert owed.due_at == consultation.next_due_at == end_of_day(date(2027, 1, 4))
        assert owed.first_due_at == guessed
        assert not owed.is_provisional
        event = db.scalar(select(Event).where(Event.name == "deadline_recomputed"))
        assert event is not None
        assert (event.consultation_id, event.facts["obligation_id"]) == (consultation.id, owed.id)
        assert event.facts["before"] != event.facts["after"]


def test_deadlines_of_other_years_stay(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        due = consultation.next_due_at
        assert load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=NOON).recomputed == 0
        assert consultation.next_due_at == due


def test_an_amended_notice_replaces_the_year_and_moves_firm_deadlines(database: Database) -> None:
    amended = YEAR_2027.replace("last = 2027-01-03", "last = 2027-01-04").replace("9号", "11号")
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world, now=YEAR_END)
        load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=YEAR_END)
        with pytest.raises(Refusal, match="内容相同"):
            load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=YEAR_END + timedelta(hours=1))
        with pytest.raises(Refusal, match="更新的版本"):
            load_year(db, actor=world.administrator, toml_text=amended, now=YEAR_END)
        assert consultation.next_due_at == end_of_day(date(2027, 1, 4))
        load_year(db, actor=None, toml_text=amended, now=YEAR_END + timedelta(hours=1))
        assert consultation.next_due_at == end_of_day(date(2027, 1, 5))
        assert working_calendar(db).years[2027].document_number == "国办发明电〔2026〕11号"
        kept = [
            event.facts["before"] for event in db.scalars(select(Event).where(Event.name == "calendar_year_loaded"))
        ]
        assert sorted(kept, key=str) == sorted([None, YEAR_2027], key=str)


@pytest.mark.parametrize(
    ("text", "says"),
    [("year = 2027", "缺少键"), ("year =", "TOML"), (YEAR_2027.replace("2027-01-30", "2027-01-29"), "不是周末")],
)
def test_a_text_that_cannot_be_used_is_refused_at_the_field(database: Database, text: str, says: str) -> None:
    with database.write() as db:
        world = build_world(db)
        with pytest.raises(Invalid) as refused:
            load_year(db, actor=world.administrator, toml_text=text, now=NOON)
        (problem,) = refused.value.problems
        assert problem.field == "content"
        assert says in problem.message
        assert not working_calendar(db).covers(2027)


def test_only_the_administrator_loads_and_the_auditor_sees_nothing(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        with pytest.raises(NotAllowed):
            load_year(db, actor=world.lead, toml_text=YEAR_2027, now=NOON)
        assert world.auditor is not None
        with pytest.raises(NotFound):
            view_year(db, actor=world.auditor, now=NOON)


def test_the_warning_begins_in_november_and_ends_with_the_year_loaded(sqlite_database: Database) -> None:
    november = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    with sqlite_database.write() as db:
        world = build_world(db)
        assert missing_year_warning(db, november - timedelta(days=1)) is None
        warning = missing_year_warning(db, november)
        assert warning is not None
        assert "2027" in warning
        assert "2028" in (missing_year_warning(db, datetime(2028, 3, 1, tzinfo=UTC)) or "")
        load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=november)
        assert missing_year_warning(db, november) is None


def test_the_year_at_a_glance(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        page = view_year(db, actor=world.lead, year=2026, now=NOON)
        assert (len(page.months), page.may_load, page.loaded_at) == (12, False, None)
        assert page.document_number == "国办发明电〔2025〕7号"
        days = {day.number: day for week in page.months[1].weeks for day in week if day.number}
        assert (days[14].state, days[14].reason) == ("make_up", "春节调休上班")
        assert (days[16].state, days[13].state) == ("off", "work")
        assert page.working_days == sum(
            working_calendar(db).mark(date.fromordinal(day)).counted
            for day in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())
        )
        assert view_year(db, actor=world.lead, year=2027, now=NOON).months == ()
        with pytest.raises(NotFound):
            view_year(db, actor=world.lead, year=2031, now=NOON)
