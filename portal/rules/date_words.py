"""How pages and mail say a day or an instant: in Beijing time, in Chinese."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import WEEKDAYS, DayMark, WorkingCalendar

LONGEST_LISTED = 10
"""Working days of which each is named; of more only the first and the last are."""


def beijing(at: datetime | None, *, year: bool | None = None, relative_to: date | None = None) -> str:
    """11月27日（周五）14:00; midnight is said as 24:00 of the day before; "" for None.

    The year stands in front when `year` says so, or when it is not that of `relative_to`.
    """
    if at is None:
        return ""
    local = at.astimezone(BEIJING)
    day, clock = local.date(), f"{local:%H:%M}"
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        day, clock = day - timedelta(days=1), "24:00"
    if year is None:
        year = relative_to is not None and relative_to.year != day.year
    return f"{f'{day.year}年' if year else ''}{month_day(day)}（周{WEEKDAYS[day.weekday()]}）{clock}"


def clock_time(at: datetime | None) -> str:
    """14:02; "" for None."""
    return "" if at is None else f"{at.astimezone(BEIJING):%H:%M}"


def time_span(starts_at: datetime, ends_at: datetime) -> str:
    """11月27日（周五）14:00 至 16:00; with both days where they differ."""
    is_one_day = beijing_day(starts_at) == beijing_day(ends_at)
    return f"{beijing(starts_at)} 至 {clock_time(ends_at) if is_one_day else beijing(ends_at)}"


def beijing_date(value: date | datetime | None) -> str:
    """2026年11月21日; an instant by its day in Beijing; "" for None."""
    if value is None:
        return ""
    day = beijing_day(value) if isinstance(value, datetime) else value
    return f"{day.year}年{day.month}月{day.day}日"


def month_day(value: date | datetime | None) -> str:
    """11月27日; "" for None."""
    if value is None:
        return ""
    day = beijing_day(value) if isinstance(value, datetime) else value
    return f"{day.month}月{day.day}日"


def day_of_week(day: date, note: str = "") -> str:
    """11月27日（周五）, or with a note 10月10日（周六，国庆节调休上班）."""
    return f"{month_day(day)}（周{WEEKDAYS[day.weekday()]}{f'，{note}' if note else ''}）"


def how_counted(calendar: WorkingCalendar, since_at: datetime, working_days: int) -> str:
    """How a deadline was worked out, in one sentence: which days count, which do not and why.

    11月24日（周二）起算，当日不计；11月25日（周三）第1个工作日，11月26日（周四）第2个工作日；末日24:00止。
    A day of a year without calendar says 暂定. `working_days` is at least 1; nothing is strict.
    """
    counted = calendar.deadline(since_at, working_days, strict=False)
    said: list[str] = []
    skipped: list[DayMark] = []
    place = 0
    for mark in counted.days:
        if not mark.counted:
            skipped.append(mark)
            continue
        said += _skipped_words(skipped, is_short=working_days > LONGEST_LISTED)
        skipped = []
        place += 1
        if working_days <= LONGEST_LISTED or place in (1, working_days):
            said.append(f"{day_of_week(mark.day, mark.reason.removeprefix('工作日').strip('（）'))}第{place}个工作日")
        elif said[-1] != "……":
            said.append("……")
    return f"{day_of_week(beijing_day(since_at))}起算，当日不计；{'，'.join(said)}；末日24:00止。"


def _skipped_words(marks: list[DayMark], *, is_short: bool) -> list[str]:
    """Days that do not count, neighbours of one reason together; `is_short`: without the ordinary weekends."""
    runs: list[list[DayMark]] = []
    for mark in marks:
        if runs and runs[-1][-1].reason == mark.reason:
            runs[-1].append(mark)
        else:
            runs.append([mark])
    return [_run_words(run) for run in runs if not (is_short and run[0].reason.startswith("周末"))]


def _run_words(run: list[DayMark]) -> str:
    first, last = run[0].day, run[-1].day
    days = month_day(first) if first == last else f"{month_day(first)}至{month_day(last)}"
    return f"{days}{run[0].reason}，不计"
