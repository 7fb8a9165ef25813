"""The working calendar of this installation: the years that come with the portal and those loaded later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.calendar import LoadedCalendarYear
from portal.rules.calendar_year import parse_calendar_year
from portal.rules.working_days import WorkingCalendar, shipped_calendar
from portal.services.kernel.remembering import remembered


def working_calendar(db: Session) -> WorkingCalendar:
    """The calendar in force; parsed once per set of loaded years."""
    key = remembered(db, "loaded_calendar_years", lambda: _loaded_years(db))
    if key not in _parsed:
        _parsed.clear()
        _parsed[key] = _parse(db)
    return _parsed[key]


def _loaded_years(db: Session) -> tuple[tuple[int, datetime], ...]:
    return tuple((row.year, row.loaded_at) for row in db.execute(_LOADED))


_LOADED = select(LoadedCalendarYear.year, LoadedCalendarYear.loaded_at).order_by(LoadedCalendarYear.year)
_parsed: dict[tuple[tuple[int, datetime], ...], WorkingCalendar] = {}


def _parse(db: Session) -> WorkingCalendar:
    loaded = [parse_calendar_year(row.content) for row in db.scalars(select(LoadedCalendarYear))]
    return WorkingCalendar([*shipped_calendar().years.values(), *loaded])
