"""Dates as mail says them: 11月27日（周五）14:00, Beijing time."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.rules.dates import BEIJING
from portal.rules.working_days import WEEKDAYS


def beijing_time(at: datetime) -> str:
    """An instant as Chinese date, weekday and time in Beijing; midnight is said as 24:00 of the day before."""
    local = at.astimezone(BEIJING)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        day = local - timedelta(days=1)
        return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）24:00"
    return f"{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）{local:%H:%M}"
