"""One year of the State Council's calendar: public holidays and make-up working days, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

_YEAR_KEYS = ("year", "notice", "document_number", "holidays")
_HOLIDAY_KEYS = ("name", "first", "last", "make_up_working_days")
_SATURDAY = 5


class CalendarYearError(ValueError):
    """A calendar file that cannot be used; the message says in Chinese which entry and why."""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """A year with its notice (国务院办公厅通知); both mappings give the name of the holiday for each day."""

    year: int
    notice: str
    document_number: str
    holidays: Mapping[date, str]
    make_up_working_days: Mapping[date, str]

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is worked by this notice."""
        if day in self.holidays:
            return False
        return day in self.make_up_working_days or day.weekday() < _SATURDAY


def parse_calendar_year(toml_text: str) -> CalendarYear:
    """Read one year from TOML, in the form of the files in portal/rules/calendar.

    Days lie in the year itself, or in December before it, where a New Year's holiday may begin. Raises
    CalendarYearError for bad TOML, a missing or unknown key, a wrong type, a day outside the year, a day
    named twice, a make-up working day that is no weekend, and a year without holidays.
    """
    try:
        table = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise CalendarYearError(f"日历文件不是有效的 TOML：{error}") from None
    _check_keys(table, _YEAR_KEYS, "日历文件")
    year = table["year"]
    if type(year) is not int or not 2000 <= year <= 9998:
        raise CalendarYearError("year：应为四位年份")
    for key in ("notice", "document_number"):
        _check_text(table[key], key)
    if not isinstance(table["holidays"], list) or not table["holidays"]:
        raise CalendarYearError("holidays：应列出当年的节日")
    holidays: dict[date, str] = {}
    make_up: dict[date, str] = {}
    for number, entry in enumerate(table["holidays"], start=1):
        _read_holiday(entry, f"holidays 第{number}项", year, holidays, make_up)
    return CalendarYear(
        year, table["notice"], table["document_number"], MappingProxyType(holidays), MappingProxyType(make_up)
    )


@cache
def shipped_years() -> tuple[CalendarYear, ...]:
    """Return the years whose notices come with this release, oldest first."""
    folder = files(__package__).joinpath("calendar")
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]
    return tuple(sorted((parse_calendar_year(text) for text in texts), key=lambda entry: entry.year))


def _read_holiday(entry: object, where: str, year: int, holidays: dict[date, str], make_up: dict[date, str]) -> None:
    if not isinstance(entry, dict):
        raise CalendarYearError(f"{where}：应为一个节日的表")
    _check_keys(entry, _HOLIDAY_KEYS, where)
    name = _check_text(entry["name"], f"{where}.name")
    first = _check_day(entry["first"], f"{where}.first", year)
    last = _check_day(entry["last"], f"{where}.last", year)
    if last < first:
        raise CalendarYearError(f"{where}：last 早于 first")
    if not isinstance(entry["make_up_working_days"], list):
        raise CalendarYearError(f"{where}.make_up_working_days：应为日期数组")
    for offset in range((last - first).days + 1):
        _add(holidays, make_up, first + timedelta(days=offset), name, where)
    for value in entry["make_up_working_days"]:
        day = _check_day(value, f"{where}.make_up_working_days", year)
        if day.weekday() < _SATURDAY:
            raise CalendarYearError(f"{where}.make_up_working_days：{day} 不是周末，无须调休")
        _add(make_up, holidays, day, name, where)


def _add(days: dict[date, str], other: Mapping[date, str], day: date, name: str, where: str) -> None:
    if day in days or day in other:
        raise CalendarYearError(f"{where}：{day} 重复列出")
    days[day] = name


def _check_keys(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            raise CalendarYearError(f"{where}：未知的键 {key}")
    for key in keys:
        if key not in table:
            raise CalendarYearError(f"{where}：缺少键 {key}")


def _check_text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise CalendarYearError(f"{where}：应为文字")
    return value


def _check_day(value: object, where: str, year: int) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise CalendarYearError(f"{where}：应为日期，如 {year}-10-01")
    if value.year != year and (value.year, value.month) != (year - 1, 12):
        raise CalendarYearError(f"{where}：{value} 不在 {year} 年")
    return value
