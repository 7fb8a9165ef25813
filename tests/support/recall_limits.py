"""When the limits of a recall case end, said anew in few words: what the walks are measured against."""

from __future__ import annotations

import calendar
import tomllib
from datetime import date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
_EDITION = tomllib.loads(
    (resources.files("portal.rules.recall") / "editions/jiangsu-2025/edition.toml").read_text(encoding="utf-8")
)
_YEARS = [
    tomllib.loads(file.read_text(encoding="utf-8"))
    for file in (resources.files("portal.rules") / "calendar").iterdir()
    if file.name.endswith(".toml")
]
_OFF = {
    holiday["first"] + timedelta(days=n)
    for year in _YEARS
    for holiday in year["holidays"]
    for n in range((holiday["last"] - holiday["first"]).days + 1)
}
_MADE_UP = {day for year in _YEARS for holiday in year["holidays"] for day in holiday.get("make_up_working_days", ())}
LAW = {"issue_investigation_notice": 3, "raise_objection": 10, "hand_in_noticed_plan": 10, "hand_in_summary": 15}
"""The working days that the Workflow itself names (Art. 11, 16, annex 4)."""
PERIOD = 3  # months, Art. 16


def is_worked(day: date) -> bool:
    """Whether a day counts; of years without a calendar Monday to Friday do."""
    return day in _MADE_UP or (day.weekday() < 5 and day not in _OFF)


def after_working_days(start: date, number: int) -> date:
    """The last day of a limit that begins on the day after `start`."""
    day = start
    while number:
        day += timedelta(days=1)
        number -= is_worked(day)
    return day


def after_months(start: date, number: int) -> date:
    """The last day of a limit of months: the same day, or the month's last, or the next that is worked."""
    years, month = divmod(start.month - 1 + number, 12)
    year = start.year + years
    day = date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
    while not is_worked(day):
        day += timedelta(days=1)
    return day


def end_of(day: date) -> datetime:
    """24:00 of a day in Beijing."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(days=1)


def working_days_of(kind: str, limit: str) -> int:
    """How many working days a kind of obligation has: by the Workflow's words, else by the edition's `limit`."""
    return LAW.get(kind) or int(_EDITION["values"][limit]["value"])
