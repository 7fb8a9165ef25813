"""The calendar against a library, day by day, and deadlines counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.calendar_year import CalendarYearError, parse_calendar_year, shipped_years
from portal.rules.dates import BEIJING, add_months, add_years, beijing_day, end_of_day
from portal.rules.working_days import CalendarYearMissing, WorkingCalendar, shipped_calendar

CALENDAR = shipped_calendar()


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(("year", "working_days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_every_day_is_what_the_library_says(year: int, working_days: int) -> None:
    for day in days_of(year):
        assert CALENDAR.mark(day).counted == chinese_calendar.is_workday(day), day
    assert sum(CALENDAR.mark(day).counted for day in days_of(year)) == working_days


def test_the_make_up_days_of_2026() -> None:
    (entry,) = (entry for entry in shipped_years() if entry.year == 2026)
    listed = {day.strftime("%m-%d") for day in entry.make_up_working_days}
    assert listed == {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}
    assert entry.document_number == "国办发明电〔2025〕7号"


@pytest.mark.parametrize(
    ("start", "working_days", "last_day"),
    [
        ("2026-09-30T15:00", 1, "2026-10-08"),
        ("2026-09-30T15:00", 3, "2026-10-10"),  # 10 October is a Saturday that is worked
        ("2026-09-30T15:00", 4, "2026-10-12"),
        ("2026-10-03T09:00", 1, "2026-10-08"),  # begun on a holiday
        ("2026-09-18T23:59", 1, "2026-09-20"),  # a Sunday that is worked for the holiday to come
        ("2025-09-30T08:00", 5, "2025-10-14"),  # eight days off, and Saturday the 11th worked
        ("2024-11-21T00:00", 3, "2024-11-26"),
        ("2025-12-31T10:00", 2, "2026-01-05"),  # across the year, Sunday the 4th worked
    ],
)
def test_deadlines_by_hand(start: str, working_days: int, last_day: str) -> None:
    deadline = CALENDAR.deadline(at(start), working_days)
    assert deadline.last_day == date.fromisoformat(last_day)
    assert deadline.due_at == at(last_day) + timedelta(days=1)
    assert deadline.due_at.tzinfo is UTC
    assert not deadline.provisional


def test_every_day_is_explained() -> None:
    marks = CALENDAR.deadline(at("2026-09-30T15:00"), 3).days
    assert [mark.counted for mark in marks] == [False] * 7 + [True] * 3
    assert {mark.reason for mark in marks} == {"国庆节放假", "工作日", "国庆节调休上班"}
    assert CALENDAR.deadline(at("2026-11-13T15:00"), 1).days[0].reason == "周末"


def test_the_day_it_starts_on_is_the_day_in_beijing() -> None:
    late_in_london = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 25 November, half past midnight, in Beijing
    assert CALENDAR.deadline(late_in_london, 1).last_day == date(2026, 11, 26)


@given(st.dates(date(2024, 1, 1), date(2026, 11, 1)), st.integers(1, 20))
def test_a_deadline_counts_exactly_its_days(start: date, working_days: int) -> None:
    deadline = CALENDAR.deadline(datetime(start.year, start.month, start.day, 12, tzinfo=BEIJING), working_days)
    passed = [start + timedelta(days=n) for n in range(1, (deadline.last_day - start).days + 1)]
    assert [mark.day for mark in deadline.days] == passed
    assert sum(map(chinese_calendar.is_workday, passed)) == working_days
    assert chinese_calendar.is_workday(deadline.last_day)


def test_a_year_that_is_not_loaded_is_refused_or_provisional() -> None:
    with pytest.raises(CalendarYearMissing) as missing:
        CALENDAR.deadline(at("2026-12-30T15:00"), 3)
    assert missing.value.year == 2027
    guessed = CALENDAR.deadline(at("2026-12-30T15:00"), 3, strict=False)
    assert (guessed.last_day, guessed.provisional) == (date(2027, 1, 4), True)
    assert "暂定" in guessed.days[-1].reason
    assert guessed.notices == ("国办发明电〔2025〕7号",)
    assert not CALENDAR.deadline(at("2026-12-30T15:00"), 1).provisional


def test_the_end_of_time_is_a_missing_year() -> None:
    with pytest.raises(CalendarYearMissing):
        CALENDAR.deadline(at("9999-12-31T12:00"), 1, strict=False)


def test_a_loaded_year_replaces_the_guess() -> None:
    loaded = WorkingCalendar([*shipped_years(), parse_calendar_year(YEAR_2027)])
    deadline = loaded.deadline(at("2026-12-30T15:00"), 2)
    # The invented notice gives away 31 December, a Thursday, and works the Sunday after.
    assert (deadline.last_day, deadline.provisional) == (date(2027, 1, 4), False)
    assert deadline.days[0].reason == "元旦放假"


def test_bad_starts_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.deadline(datetime(2026, 9, 30, 15), 3)  # noqa: DTZ001
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.deadline(at("2026-09-30T15:00"), 0)


def test_what_is_left_and_how_late_it_is() -> None:
    due_at = CALENDAR.deadline(at("2026-11-26T16:30"), 3).due_at  # 1 December, 24:00
    left = [CALENDAR.working_days_left(at(now), due_at) for now in ("2026-11-26T17:00", "2026-11-28T09:00")]
    assert left == [3, 2]
    assert CALENDAR.working_days_left(at("2026-12-01T23:59"), due_at) == 0
    assert CALENDAR.working_days_late(at("2026-12-01T23:59"), due_at) == 0
    assert CALENDAR.working_days_late(at("2026-12-02T00:00"), due_at) == 1
    assert CALENDAR.working_days_late(at("2026-12-06T12:00"), due_at) == 3
    assert CALENDAR.working_days_left(at("2026-12-06T12:00"), due_at) == 0
    assert CALENDAR.working_days_left(at("2026-12-31T12:00"), at("2027-01-05T00:00")) == 2


# Invented for the tests, not the notice: New Year's holiday begins in December of the year before.
YEAR_2027 = """
year = 2027
notice = "测试用通知"
document_number = "测试〔2026〕1号"

[[holidays]]
name = "元旦"
first = 2026-12-31
last = 2027-01-02
make_up_working_days = [2027-01-03]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("year = 2027", "year = 2027\nyear = 2027", "TOML"),
        ("year = 2027", 'year = "2027"', "year"),
        ("year = 2027", "year = true", "year"),
        ("year = 2027", "", "缺少键 year"),
        ("year = 2027", "year = 2027\nsource = 1", "未知的键 source"),
        ('notice = "测试用通知"', 'notice = " "', "notice"),
        ('name = "元旦"', "name = 1", "name"),
        ('name = "元旦"', 'name = "元旦"\nlength = 3', "length"),
        ("last = 2027-01-02", "last = 2026-12-30", "last 早于 first"),
        ("last = 2027-01-02", 'last = "2027-01-02"', "应为日期"),
        ("last = 2027-01-02", "last = 2027-01-02T08:00:00", "应为日期"),
        ("first = 2026-12-31", "first = 2026-11-30", "不在 2027 年"),
        ("[2027-01-03]", "[2027-01-04]", "不是周末"),
        ("[2027-01-03]", "[2027-01-03, 2027-01-03]", "重复"),
        ("[2027-01-03]", "[2027-01-02]", "重复"),
        ("[2027-01-03]", "2027-01-03", "应为日期数组"),
    ],
)
def test_a_bad_calendar_file_is_refused_by_its_entry(old: str, new: str, message: str) -> None:
    assert old in YEAR_2027
    with pytest.raises(CalendarYearError, match=message):
        parse_calendar_year(YEAR_2027.replace(old, new))


@pytest.mark.parametrize("holidays", ["holidays = []", "holidays = 3", "holidays = [1]"])
def test_a_year_without_holidays_is_refused(holidays: str) -> None:
    with pytest.raises(CalendarYearError, match="holidays"):
        parse_calendar_year(f'year = 2027\nnotice = "n"\ndocument_number = "d"\n{holidays}')


def test_months_and_years_end_on_a_day_that_exists() -> None:
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)
    assert add_months(date(2026, 1, 31), -2) == date(2025, 11, 30)


def test_a_day_ends_at_midnight_in_beijing() -> None:
    assert end_of_day(date(2026, 11, 27)) == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert beijing_day(end_of_day(date(2026, 11, 27))) == date(2026, 11, 28)
