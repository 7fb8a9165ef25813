"""When the limits of a recall case end: working days as in the consultation, months by the Civil Code.

Decided: the day of the act does not count, and a month's limit whose last day is not worked ends on the next
working day (Civil Code Art. 202, 203).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.rules.date_words import beijing_date, day_of_week
from portal.rules.dates import add_months, beijing_day, end_of_day
from portal.rules.editions import RuleValue
from portal.rules.recall.editions import RecallEdition
from portal.rules.working_days import WorkingCalendar

INTERIM_SUMMARY = "interim_summary_months"


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a limit: `due_at` (aware, UTC) is 24:00 Beijing time of `last_day`.

    `provisional` (暂定) tells that a day was guessed because the calendar of its year is not loaded.
    """

    last_day: date
    due_at: datetime
    provisional: bool


def is_in_months(value: RuleValue) -> bool:
    """Whether a limit is one of calendar months rather than of working days."""
    return value.name.endswith("_months")


def due_after(value: RuleValue, start: datetime, calendar: WorkingCalendar) -> Due:
    """Return when a limit ends that runs from the aware instant `start`. Never strict about missing years."""
    if is_in_months(value):
        return _end_of_months(beijing_day(start), value.value, calendar)
    counted = calendar.deadline(start, value.value, strict=False)
    return Due(counted.last_day, counted.due_at, counted.provisional)


def interim_due(edition: RecallEdition, started_on: date, number: int, calendar: WorkingCalendar) -> Due:
    """Return when the interim summary `number` (from 1) of a recall that began on `started_on` is due (Art. 16).

    Each is counted from the beginning, so that a month's end or a holiday does not move those after it.
    """
    if number < 1:
        raise ValueError("interim summaries are counted from 1")
    return _end_of_months(started_on, number * edition.value(INTERIM_SUMMARY).value, calendar)


def interim_number(edition: RecallEdition, started_on: date, due_at: datetime) -> int:
    """Return of which number (from 1) the interim summary is that is due at `due_at`, by whatever calendar."""
    last_day, number = beijing_day(due_at - timedelta(microseconds=1)), 1
    while add_months(started_on, (number + 1) * edition.value(INTERIM_SUMMARY).value) <= last_day:
        number += 1
    return number


def how_interim_counted(edition: RecallEdition, started_on: date, number: int, calendar: WorkingCalendar) -> str:
    """How that was worked out, in one sentence: 自召回实施之日2026年3月2日起满3个月为6月2日（周二），末日24:00止。"""
    months = number * edition.value(INTERIM_SUMMARY).value
    full_on, due = add_months(started_on, months), interim_due(edition, started_on, number, calendar)
    said = f"自召回实施之日{beijing_date(started_on)}起满{months}个月为{day_of_week(full_on)}"
    if due.last_day != full_on:
        reason = calendar.mark(full_on, strict=False).reason
        said += f"，{reason}，顺延至{day_of_week(due.last_day)}"
    return f"{said}，末日24:00止。"


def is_late(at: datetime, due: Due) -> bool:
    """Whether what arrived at the aware instant `at` came after the limit."""
    return at >= due.due_at


def _end_of_months(start: date, months: int, calendar: WorkingCalendar) -> Due:
    day = add_months(start, months)
    provisional = not calendar.covers(day.year)
    while not calendar.mark(day, strict=False).counted:
        day += timedelta(days=1)
        provisional |= not calendar.covers(day.year)
    return Due(day, end_of_day(day), provisional)
