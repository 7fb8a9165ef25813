"""A year of the calendar before it is loaded, who changed what, and which deadlines wait for a year."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.event import Event
from portal.models.obligation import Obligation
from portal.process.errors import Invalid, NotAllowed, NotFound
from portal.process.ledger import KINDS
from portal.process.permissions import Actor, is_granted
from portal.rules.calendar_year import CalendarYear, CalendarYearError, parse_calendar_year, shipped_years
from portal.rules.calendar_year_writing import YearChange, change_between
from portal.rules.working_days import WorkingCalendar
from portal.services.calendar_years import counted_anew, deadlines_reaching
from portal.services.duties import Duty, duties_of_others, own_duties
from portal.services.kernel.calendar import working_calendar

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Move:
    """What would become of the open deadlines of one kind."""

    label: str
    earlier: int = 0
    later: int = 0
    firm: int = 0  # on the same day, and no longer provisional


@dataclass(frozen=True, slots=True)
class YearPreview:
    """What loading a year would do. `months` are the working days of each month: before (None: not loaded), after."""

    year: int
    notice: str
    document_number: str
    months: tuple[tuple[int | None, int], ...]
    change: YearChange
    moves: tuple[Move, ...]

    @property
    def working_days(self) -> int:
        """Working days of the whole year."""
        return sum(after for _, after in self.months)


def preview_year(db: Session, *, actor: Actor, toml_text: str, now: datetime) -> YearPreview:
    """What a text would do if it were loaded; nothing is changed. Invalid at `content` for one that cannot be used."""
    if not is_granted("load_calendar", actor):
        raise NotAllowed("工作日历由系统管理员载入。")
    try:
        given = parse_calendar_year(toml_text)
    except CalendarYearError as error:
        raise Invalid.field("content", str(error)) from error
    known = working_calendar(db)
    existing = known.years.get(given.year)
    proposed = WorkingCalendar([*(entry for year, entry in known.years.items() if year != given.year), given])
    before = _working_days(known, given.year) if existing is not None else (None,) * 12
    return YearPreview(
        given.year,
        given.notice,
        given.document_number,
        months=tuple(zip(before, _working_days(proposed, given.year), strict=True)),
        change=change_between(existing, given),
        moves=_moves(db, proposed, given.year),
    )


def _working_days(known: WorkingCalendar, year: int) -> tuple[int, ...]:
    counts: Counter[int] = Counter()
    day = date(year, 1, 1)
    while day.year == year:
        counts[day.month] += known.mark(day).counted
        day += _ONE_DAY
    return tuple(counts[month] for month in range(1, 13))


def _moves(db: Session, proposed: WorkingCalendar, year: int) -> tuple[Move, ...]:
    counts: dict[str, Counter[str]] = {}
    for obligation in deadlines_reaching(db, year):
        counted = counted_anew(db, obligation, proposed)
        if counted is None or (counted.due_at, counted.provisional) == (obligation.due_at, obligation.is_provisional):
            continue
        if obligation.due_at is None or counted.due_at == obligation.due_at:
            word = "firm"
        else:
            word = "earlier" if counted.due_at < obligation.due_at else "later"
        counts.setdefault(KINDS[obligation.kind].label, Counter())[word] += 1
    return tuple(Move(label, **found) for label, found in sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class YearEntry:
    """One loading of a year: when, by whom ("" at the command line), by which notice, and what became different."""

    at: datetime
    person: str
    notice: str
    document_number: str
    is_first: bool
    change: YearChange


def year_history(db: Session, *, actor: Actor, year: int) -> tuple[YearEntry, ...]:
    """Who loaded a year when, and which days that changed; newest first."""
    if not is_granted("view_calendar", actor):
        raise NotFound
    found = db.scalars(select(Event).where(Event.name == "calendar_year_loaded").order_by(Event.id.desc()))
    return tuple(_entry(event) for event in found if event.facts.get("year") == year)


def _entry(event: Event) -> YearEntry:
    after = parse_calendar_year(event.facts["after"])
    text = event.facts["before"]
    before = parse_calendar_year(text) if text else _shipped(after.year)
    return YearEntry(
        event.at, event.person_name, after.notice, after.document_number, before is None, change_between(before, after)
    )


def _shipped(year: int) -> CalendarYear | None:
    return next((entry for entry in shipped_years() if entry.year == year), None)


@dataclass(frozen=True, slots=True)
class Provisional:
    """Open deadlines that are provisional: how many there are, and those that the actor may see."""

    total: int
    seen: tuple[Duty, ...]


def provisional_deadlines(db: Session, *, actor: Actor, now: datetime) -> Provisional:
    """The deadlines that wait for a year to be loaded."""
    if not is_granted("view_calendar", actor):
        raise NotFound
    open_ones = select(func.count()).where(Obligation.closed_at.is_(None), Obligation.is_provisional)
    total = db.scalar(open_ones) or 0
    if not total:
        return Provisional(0, ())
    duties = [*own_duties(db, actor=actor, now=now), *duties_of_others(db, actor=actor, now=now)]
    seen = {duty.obligation_id: duty for duty in duties if duty.is_provisional}
    return Provisional(total, tuple(seen.values()))
