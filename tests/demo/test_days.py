"""Working days counted back from the telling."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from portal.demo.days import JUST_NOW, Days
from portal.rules.dates import BEIJING
from portal.rules.working_days import shipped_calendar


def days(*now: int) -> Days:
    return Days(shipped_calendar(), datetime(*now, tzinfo=BEIJING))


def test_day_zero_is_today_or_the_last_working_day() -> None:
    assert days(2026, 11, 24, 0, 30).day(0) == date(2026, 11, 24)
    assert days(2026, 11, 22, 12).day(0) == date(2026, 11, 20)
    assert days(2026, 10, 4, 12).day(0) == date(2026, 9, 30)


def test_holidays_and_make_up_days_are_counted_as_the_notice_says() -> None:
    after = days(2026, 10, 8, 12)
    assert [after.day(number) for number in (-2, -1, 1, 2)] == [
        date(2026, 9, 29),
        date(2026, 9, 30),
        date(2026, 10, 9),
        date(2026, 10, 10),
    ]


def test_a_year_without_notice_is_guessed() -> None:
    assert days(2027, 1, 4, 12).day(-1) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("now", "began"),
    [
        ((2026, 11, 24, 14, 50), (2026, 11, 24, 13, 30)),
        ((2026, 11, 24, 10, 0), (2026, 11, 23, 16, 0)),
        ((2026, 11, 24, 23, 59), (2026, 11, 24, 16, 0)),
        ((2026, 11, 22, 9, 0), (2026, 11, 20, 16, 0)),
    ],
)
def test_a_session_is_under_way_since_an_hour_at_least(now: tuple[int, ...], began: tuple[int, ...]) -> None:
    assert days(*now).instant(JUST_NOW, "00:00") == datetime(*began, tzinfo=BEIJING)
