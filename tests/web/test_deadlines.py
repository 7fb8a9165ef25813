"""Deadlines in words, pips and days."""

from datetime import UTC, datetime

import pytest

from portal.rules.dates import BEIJING
from portal.rules.working_days import shipped_calendar
from portal.web.deadlines import present_due


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


# Sent on a Tuesday; three working days: Wednesday, Thursday, Friday.
SINCE, DUE = at("2026-11-24T15:00"), at("2026-11-28T00:00")
THREE_DAYS = {"due_at": DUE, "since_at": SINCE}


def present(now, **given):
    return present_due(**{**THREE_DAYS, **given}, now=at(now), calendar=shipped_calendar())


@pytest.mark.parametrize(
    ("now", "state", "words", "detail"),
    [
        ("2026-11-24T16:00", "ok", "剩 3 个工作日", "截止 11月27日（周五）24:00"),
        ("2026-11-25T09:00", "ok", "剩 2 个工作日", "截止 11月27日（周五）24:00"),
        ("2026-11-26T09:00", "soon", "剩 1 个工作日", "截止 11月27日（周五）24:00"),
        ("2026-11-27T23:59", "soon", "今天截止", "截止 11月27日（周五）24:00"),
        ("2026-11-28T00:00", "over", "已超期不足 1 个工作日", "应于 11月27日（周五）24:00 前"),
        ("2026-11-30T00:00", "over", "已超期 1 个工作日", "应于 11月27日（周五）24:00 前"),
        ("2026-12-02T12:00", "over", "已超期 3 个工作日", "应于 11月27日（周五）24:00 前"),
    ],
)
def test_words(now, state, words, detail):
    due = present(now)
    assert (due.state, due.words, due.detail) == (state, words, detail)


def test_closed_in_time_late_and_lifted():
    met = {"is_met": True}
    assert present("2026-12-09T09:00", closed_at=at("2026-11-27T23:59"), **met).words == "按期完成"
    late = present("2026-12-09T09:00", closed_at=at("2026-11-30T09:00"), **met)
    assert (late.state, late.words) == ("over", "超期 1 个工作日完成")
    lifted = present("2026-12-09T09:00", closed_at=at("2026-11-26T09:00"), is_met=False)
    assert (lifted.state, lifted.words) == ("none", "已不再需要")


def test_no_limit():
    assert present("2026-11-24T16:00", due_at=None).words == "无期限"
    assert present("2026-11-24T16:00", due_at=None, closed_at=SINCE, is_met=True).words == "已完成"


def test_pips_and_ruler_skip_days_off():
    due = present("2026-11-27T09:00", since_at=at("2026-11-26T09:00"), due_at=at("2026-12-02T00:00"))
    assert due.pips == ("gone", "gap", "left", "left")
    assert [(day.label, day.caption, day.state, day.is_last) for day in due.days] == [
        ("26", "起算", "start", False),
        ("27", "今天", "today", False),
        ("28", "", "off", False),
        ("29", "", "off", False),
        ("30", "周一", "left", False),
        ("1", "周二", "left", True),
    ]


def test_pips_agree_with_the_words():
    for day in range(24, 28):
        due = present(f"2026-11-{day}T12:00")
        left = due.pips.count("left")
        assert due.words in (f"剩 {left} 个工作日", "今天截止")


def test_long_limits_are_words_only_and_another_year_is_said():
    due = present("2026-11-24T16:00", due_at=at("2027-06-01T00:00"), is_provisional=True)
    assert (due.pips, due.days, due.provisional) == ((), (), True)
    assert due.detail == "截止 2027年5月31日（周一）24:00"
