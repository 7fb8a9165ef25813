"""A year of the calendar as the TOML text that portal.rules.calendar_year reads, and how two versions of it differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.rules.calendar_year import CalendarYear

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday of the State Council's notice: its first and last day, and the weekends worked for it."""

    name: str
    first: date
    last: date
    make_up: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class YearChange:
    """The days that two versions of a year tell differently, as spans of first and last day."""

    became_off: tuple[tuple[date, date], ...]
    became_working: tuple[tuple[date, date], ...]


def write_calendar_year(year: int, notice: str, document_number: str, holidays: Iterable[Holiday]) -> str:
    """The TOML text of a year. What it says is checked where it is read."""
    head = (f"year = {year}", f"notice = {_quoted(notice)}", f"document_number = {_quoted(document_number)}")
    parts = ["\n".join(head)]
    for one in holidays:
        make_up = ", ".join(day.isoformat() for day in one.make_up)
        lines = ("[[holidays]]", f"name = {_quoted(one.name)}", f"first = {one.first}", f"last = {one.last}")
        parts.append("\n".join((*lines, f"make_up_working_days = [{make_up}]")))
    return "\n\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    # The escapes of a JSON string are those of a TOML string; only DEL is written plainly by JSON.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def change_between(before: CalendarYear | None, after: CalendarYear) -> YearChange:
    """What `after` says otherwise than `before`; where that is None, than weeks of Monday to Friday."""
    days = [date(after.year - 1, 12, 1) + _ONE_DAY * offset for offset in range(31)]
    days += [date(after.year, 1, 1) + _ONE_DAY * offset for offset in range(366)]
    days = [day for day in days if day.year <= after.year]
    off, working = [], []
    for day in days:
        was = before.is_working_day(day) if before is not None else day.weekday() < _SATURDAY
        is_worked = after.is_working_day(day)
        if was and not is_worked:
            off.append(day)
        elif is_worked and not was:
            working.append(day)
    return YearChange(spans_of(off), spans_of(working))


def spans_of(days: Sequence[date]) -> tuple[tuple[date, date], ...]:
    """Days in order, those that follow one another as one span."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and spans[-1][1] + _ONE_DAY == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return tuple(spans)
