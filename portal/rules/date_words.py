"""How pages and mail say a day or an instant: in Beijing time, in Chinese."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import WEEKDAYS


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
