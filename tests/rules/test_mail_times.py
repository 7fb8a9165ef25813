"""Quiet hours and digest moments, over midnight and over the week."""

from datetime import UTC, datetime

import pytest

from portal.rules.date_words import how_counted
from portal.rules.dates import BEIJING
from portal.rules.mail_times import after_quiet_hours, last_digest_moment
from portal.rules.working_days import shipped_calendar


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("now", "quiet_from", "quiet_until", "leaves"),
    [
        ("2026-11-24T21:59", 22, 7, "2026-11-24T21:59"),
        ("2026-11-24T22:00", 22, 7, "2026-11-25T07:00"),
        ("2026-11-25T00:00", 22, 7, "2026-11-25T07:00"),
        ("2026-11-25T06:59", 22, 7, "2026-11-25T07:00"),
        ("2026-11-25T07:00", 22, 7, "2026-11-25T07:00"),
        ("2026-11-25T12:30", 12, 14, "2026-11-25T14:00"),
        ("2026-11-25T23:10", 0, 6, "2026-11-25T23:10"),
        ("2026-11-25T00:10", 0, 6, "2026-11-25T06:00"),
        ("2026-11-25T22:10", 22, 0, "2026-11-26T00:00"),
    ],
)
def test_quiet_hours_put_a_mail_off(now: str, quiet_from: int, quiet_until: int, leaves: str) -> None:
    assert after_quiet_hours(at(now).astimezone(UTC), quiet_from, quiet_until) == at(leaves)


@pytest.mark.parametrize(
    ("now", "weekday", "moment"),
    [
        ("2026-11-24T08:59", None, "2026-11-23T09:00"),
        ("2026-11-24T09:00", None, "2026-11-24T09:00"),
        ("2026-11-24T23:59", 1, "2026-11-24T09:00"),  # a Tuesday
        ("2026-11-24T08:59", 1, "2026-11-17T09:00"),
        ("2026-11-24T12:00", 0, "2026-11-23T09:00"),
        ("2026-11-24T12:00", 6, "2026-11-22T09:00"),
    ],
)
def test_the_last_moment_of_a_digest(now: str, weekday: int | None, moment: str) -> None:
    assert last_digest_moment(at(now).astimezone(UTC), hour=9, weekday=weekday) == at(moment)


@pytest.mark.parametrize(
    ("since", "days", "says"),
    [
        (
            "2026-11-24T10:00",
            2,
            "11月24日（周二）起算，当日不计；11月25日（周三）第1个工作日，11月26日（周四）第2个工作日；末日24:00止。",
        ),
        (
            "2026-09-30T15:00",
            3,
            (
                "9月30日（周三）起算，当日不计；10月1日至10月7日国庆节放假，不计，10月8日（周四）第1个工作日，"
                "10月9日（周五）第2个工作日，10月10日（周六，国庆节调休上班）第3个工作日；末日24:00止。"
            ),
        ),
        (
            "2026-12-30T10:00",
            2,
            (
                "12月30日（周三）起算，当日不计；12月31日（周四）第1个工作日，"
                "1月1日（周五，暂定，2027 年日历未载入）第2个工作日；末日24:00止。"
            ),
        ),
        (
            "2026-09-15T10:00",
            20,
            (
                "9月15日（周二）起算，当日不计；9月16日（周三）第1个工作日，……，9月25日至9月27日中秋节放假，不计，……，"
                "10月1日至10月7日国庆节放假，不计，……，10月19日（周一）第20个工作日；末日24:00止。"
            ),
        ),
    ],
)
def test_how_a_deadline_was_counted_in_words(since: str, days: int, says: str) -> None:
    assert how_counted(shipped_calendar(), at(since), days) == says
