"""Working days: how a deadline is counted, and how much of it is left.

Decided: the day of the act does not count; the last moment is 24:00 Beijing time of the last working day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from portal.rules.calendar_year import CalendarYear, shipped_years
from portal.rules.dates import beijing_day, end_of_day

WEEKDAYS = "一二三四五六日"

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


class CalendarYearMissing(LookupError):
    """The State Council's notice for `year` is not loaded, so its days cannot be counted."""

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年的工作日历尚未载入，无法计算期限")
        self.year = year


@dataclass(frozen=True, slots=True)
class DayMark:
    """One day of a count: whether it was counted and why (Chinese)."""

    day: date
    counted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A counted deadline.

    `due_at` (aware, UTC) is 24:00 Beijing time of `last_day`. `provisional` (暂定) tells that a day was
    guessed because its year is not loaded. `notices` are the document numbers of the calendar years that
    were used.
    """

    last_day: date
    due_at: datetime
    days: tuple[DayMark, ...]
    provisional: bool
    notices: tuple[str, ...]


class WorkingCalendar:
    """The days of all loaded years. Where two years name the same day, the later notice holds."""

    def __init__(self, years: Iterable[CalendarYear]) -> None:
        ordered = sorted(years, key=lambda entry: entry.year)
        self.years = {entry.year: entry for entry in ordered}
        self._marks: dict[date, tuple[bool, str]] = {}
        for entry in ordered:
            self._marks |= {day: (False, f"{name}放假") for day, name in entry.holidays.items()}
            self._marks |= {day: (True, f"{name}调休上班") for day, name in entry.make_up_working_days.items()}

    def covers(self, year: int) -> bool:
        """Tell whether the notice of that year is loaded."""
        return year in self.years

    def mark(self, day: date, *, strict: bool = True) -> DayMark:
        """Tell whether a day is worked and why.

        A day of a year that is not loaded raises CalendarYearMissing; with `strict=False` it is guessed,
        Monday to Friday, and its reason says 暂定.
        """
        if not self.covers(day.year):
            if strict:
                raise CalendarYearMissing(day.year)
            guess = "工作日" if day.weekday() < _SATURDAY else "周末"
            return DayMark(day, day.weekday() < _SATURDAY, f"{guess}（暂定，{day.year} 年日历未载入）")
        if day in self._marks:
            return DayMark(day, *self._marks[day])
        if day.weekday() < _SATURDAY:
            return DayMark(day, True, "工作日")
        return DayMark(day, False, "周末")

    def deadline(self, start: datetime, working_days: int, *, strict: bool = True) -> Deadline:
        """Count `working_days` (at least 1) from the aware instant `start`, whose own day does not count.

        Raises ValueError for a naive start or fewer than one day, and CalendarYearMissing as `mark` does.
        """
        if working_days < 1:
            raise ValueError("a deadline has at least one working day")
        day = beijing_day(start)
        marks: list[DayMark] = []
        left = working_days
        while left:
            if day.year == date.max.year and day == date.max:
                raise CalendarYearMissing(date.max.year + 1)
            day += _ONE_DAY
            marks.append(self.mark(day, strict=strict))
            left -= marks[-1].counted
        used = sorted({mark.day.year for mark in marks})
        return Deadline(
            last_day=day,
            due_at=end_of_day(day),
            days=tuple(marks),
            provisional=any(not self.covers(year) for year in used),
            notices=tuple(self.years[year].document_number for year in used if self.covers(year)),
        )

    def working_days_left(self, now: datetime, due_at: datetime) -> int:
        """Return how many working days remain after today's; 0 on the last day and after it. Never strict."""
        return self._count(beijing_day(now), _last_day(due_at))

    def working_days_late(self, now: datetime, due_at: datetime) -> int:
        """Return how many working days have begun since the deadline passed; 0 until then. Never strict."""
        return self._count(_last_day(due_at), beijing_day(now))

    def _count(self, after: date, until: date) -> int:
        days = (until - after).days
        return sum(self.mark(after + timedelta(days=n), strict=False).counted for n in range(1, days + 1))


@cache
def shipped_calendar() -> WorkingCalendar:
    """Return the calendar of the years that come with this release."""
    return WorkingCalendar(shipped_years())


def _last_day(due_at: datetime) -> date:
    """`due_at` is the first moment that is too late, so the last day is the one just before it."""
    return beijing_day(due_at - timedelta(microseconds=1))
