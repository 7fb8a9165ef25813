"""Years of the working calendar: loading one, what that moves, and the year at a glance (spec: consultation 9)."""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.calendar import LoadedCalendarYear
from portal.models.consultation import Consultation
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor, Role, is_granted
from portal.rules.calendar_year import CalendarYear, CalendarYearError, parse_calendar_year
from portal.rules.dates import beijing_day, end_of_day
from portal.rules.recall.limits import Due
from portal.rules.working_days import WorkingCalendar
from portal.services.consultation.preliminary_analysis import settle_telling
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.case_obligations import refresh_case_due
from portal.services.kernel.deadline_words import COUNTED_IN_MONTHS, count_of_months
from portal.services.kernel.events import record
from portal.services.kernel.obligations import look_again, move, refresh_next_due
from portal.services.kernel.standing import Standing, keep

# The State Council publishes a year's arrangement in October or November before it.
WARN_FROM_MONTH = 11
_DECEMBER = 12
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LoadedYear:
    """What loading did: the year, and how many open deadlines it moved or made firm."""

    year: int
    notice: str
    recomputed: int


def load_year(db: Session, *, actor: Actor | None, toml_text: str, now: datetime) -> LoadedYear:
    """Load a year of the calendar and count every open deadline that reaches into it anew.

    `actor` None is the operator at the command line. Invalid at `content` for a text that cannot be used.
    A year loaded before is replaced; what it said stays in the audit trail.
    """
    if actor is not None and not is_granted("load_calendar", actor):
        raise NotAllowed("工作日历由系统管理员载入。")
    toml_text = toml_text.replace("\r\n", "\n").strip() + "\n"
    given = _parsed(toml_text)
    existing = db.get(LoadedCalendarYear, given.year)
    digest = hashlib.sha256(toml_text.encode()).hexdigest()
    _refuse_repetition(existing, toml_text, now)
    before = existing.content if existing else None
    row = existing or LoadedCalendarYear(year=given.year)
    row.notice, row.content = f"{given.notice}（{given.document_number}）", toml_text
    row.loaded_at, row.loaded_by_id = now, actor.person_id if actor else None
    db.add(row)
    db.flush()
    record(
        db, "calendar_year_loaded", now=now, actor=actor,
        year=given.year, notice=given.notice, document_number=given.document_number, sha256=digest,
        before=before, after=toml_text,
    )  # fmt: skip
    keep(db, "load_calendar_year", years_owed(db, now, now), now=now, met=True, only={"year": given.year})
    recomputed = _recompute(db, actor, given.year, now)
    look_again(db, now=now)  # A deadline that stays may still be reminded of on another day.
    return LoadedYear(given.year, given.notice, recomputed)


def _parsed(toml_text: str) -> CalendarYear:
    try:
        return parse_calendar_year(toml_text)
    except CalendarYearError as error:
        raise Invalid.field("content", str(error)) from error


def _refuse_repetition(existing: LoadedCalendarYear | None, toml_text: str, now: datetime) -> None:
    if existing is None:
        return
    if existing.content == toml_text:
        raise Refusal(f"{existing.year} 年的工作日历已经载入，内容相同，没有变化。")
    if existing.loaded_at >= now:
        raise Refusal(f"{existing.year} 年的工作日历在此之后已有更新的版本，没有替换。")


def _recompute(db: Session, actor: Actor | None, year: int, now: datetime) -> int:
    rows, known = deadlines_reaching(db, year), working_calendar(db)
    moved = [obligation for obligation in rows if _count_anew(db, actor, obligation, known, year, now)]
    for consultation_id in sorted({one.consultation_id for one in moved if one.consultation_id is not None}):
        consultation = db.get_one(Consultation, consultation_id)
        settle_telling(db, consultation, now=now)
        refresh_next_due(db, consultation)
    for case_id in sorted({one.recall_case_id for one in moved if one.recall_case_id is not None}):
        refresh_case_due(db, db.get_one(RecallCase, case_id))
    return len(moved)


def deadlines_reaching(db: Session, year: int) -> Sequence[Obligation]:
    """Open counted deadlines that are provisional, or end in the year or in December before it, or later."""
    reaches = end_of_day(date(year - 1, _DECEMBER, 1) - _ONE_DAY)
    return db.scalars(
        select(Obligation)
        .where(
            Obligation.closed_at.is_(None),
            or_(Obligation.working_days.is_not(None), Obligation.kind.in_(COUNTED_IN_MONTHS)),
            or_(Obligation.is_provisional, Obligation.due_at > reaches),
        )
        .order_by(Obligation.id)
    ).all()


def _count_anew(
    db: Session, actor: Actor | None, obligation: Obligation, known: WorkingCalendar, year: int, now: datetime
) -> bool:
    counted = counted_anew(db, obligation, known)
    if counted is None or (counted.due_at, counted.provisional) == (obligation.due_at, obligation.is_provisional):
        return False
    before = obligation.due_at
    move(obligation, due_at=counted.due_at, is_provisional=counted.provisional, now=now)
    record(
        db, "deadline_recomputed", now=now, actor=actor, consultation_id=obligation.consultation_id,
        recall_case_id=obligation.recall_case_id, obligation_id=obligation.id, kind=obligation.kind, year=year,
        provisional=counted.provisional,
        before=before.astimezone(UTC).isoformat() if before else None, after=counted.due_at.isoformat(),
    )  # fmt: skip
    return True


def counted_anew(db: Session, obligation: Obligation, known: WorkingCalendar) -> Due | None:
    """The deadline of an obligation by a calendar; None where a person set its date."""
    if obligation.working_days is not None:
        counted = known.deadline(obligation.since_at, obligation.working_days, strict=False)
        return Due(counted.last_day, counted.due_at, counted.provisional)
    return count_of_months(obligation, known, db.get_one(RecallCase, obligation.recall_case_id))


def years_owed(db: Session, now: datetime, until: datetime) -> list[Standing]:
    """The years whose calendar the administrators owe: this one, and from November on the next, until it begins."""
    last, known = beijing_day(until), working_calendar(db)
    years = [last.year, last.year + 1] if last.month >= WARN_FROM_MONTH else [last.year]
    return [
        Standing(
            end_of_day(date(year - 1, WARN_FROM_MONTH, 1) - _ONE_DAY),
            end_of_day(date(year - 1, _DECEMBER, 31)),
            role=Role.ADMINISTRATOR.value,
            year=year,
        )
        for year in years
        if not known.covers(year)
    ]


def missing_year_warning(db: Session, now: datetime) -> str | None:
    """What to say from November on while next year's notice is not loaded, or at any time while this year's is not."""
    today, known = beijing_day(now), working_calendar(db)
    if not known.covers(today.year):
        return f"{today.year} 年的工作日历尚未载入，期限只能暂定。请系统管理员载入国务院办公厅的节假日安排通知。"
    if today.month >= WARN_FROM_MONTH and not known.covers(today.year + 1):
        return f"{today.year + 1} 年的工作日历尚未载入，跨入该年的期限为暂定，载入后自动重新计算。"
    return None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a month; `state` is work, off, make_up, or '' outside the month."""

    number: int
    state: str
    reason: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """Weeks of seven days, Monday first."""

    number: int
    weeks: tuple[tuple[Day, ...], ...]
    working_days: int


@dataclass(frozen=True, slots=True)
class YearPage:
    """A year at a glance, with the notice it rests on; `months` is empty while the year is not loaded."""

    year: int
    years: tuple[int, ...]
    notice: str
    document_number: str
    loaded_by: str  # '' for a year that comes with the portal, and for the command line
    loaded_at: datetime | None
    months: tuple[Month, ...]
    holidays: tuple[tuple[str, date, date], ...]  # name, first day, last day
    make_up_days: tuple[tuple[date, str], ...]
    warning: str | None
    may_load: bool

    @property
    def working_days(self) -> int:
        """Working days of the whole year."""
        return sum(month.working_days for month in self.months)


def view_year(db: Session, *, actor: Actor, year: int | None = None, now: datetime) -> YearPage:
    """The page of one year, the present one by default. NotFound for a year neither loaded nor next to a loaded one."""
    if not is_granted("view_calendar", actor):
        raise NotFound
    known, today = working_calendar(db), beijing_day(now)
    chosen = year or today.year
    years = sorted({*known.years, today.year, today.year + 1})
    if chosen not in years:
        raise NotFound
    entry = known.years.get(chosen)
    row = db.get(LoadedCalendarYear, chosen)
    person = db.get(Person, row.loaded_by_id) if row and row.loaded_by_id else None
    return YearPage(
        year=chosen,
        years=tuple(years),
        notice=entry.notice if entry else "",
        document_number=entry.document_number if entry else "",
        loaded_by=person.name if person else "",
        loaded_at=row.loaded_at if row else None,
        months=tuple(_month(known, chosen, number, today) for number in range(1, 13)) if entry else (),
        holidays=tuple(spans_by_name(entry)) if entry else (),
        make_up_days=tuple(sorted(entry.make_up_working_days.items())) if entry else (),
        warning=missing_year_warning(db, now),
        may_load=is_granted("load_calendar", actor),
    )


def year_to_type(db: Session, *, actor: Actor, year: int | None, now: datetime) -> tuple[int, CalendarYear | None]:
    """The year to begin a form with, by default the first that is missing; and what is loaded for it, if anything."""
    if not is_granted("load_calendar", actor):
        raise NotFound
    known = working_calendar(db)
    if year is None:
        year = beijing_day(now).year
        while known.covers(year):
            year += 1
    return year, known.years.get(year)


def _month(known: WorkingCalendar, year: int, number: int, today: date) -> Month:
    weeks = tuple(
        tuple(_day(known, year, number, day, today) for day in week)
        for week in calendar.Calendar(firstweekday=0).monthdayscalendar(year, number)
    )
    return Month(number, weeks, sum(day.state in ("work", "make_up") for week in weeks for day in week))


def _day(known: WorkingCalendar, year: int, month: int, number: int, today: date) -> Day:
    if number == 0:
        return Day(0, "", "", is_today=False)
    day = date(year, month, number)
    mark = known.mark(day)
    is_make_up = mark.counted and day.weekday() >= calendar.SATURDAY
    state = "make_up" if is_make_up else "work" if mark.counted else "off"
    return Day(number, state, mark.reason, day == today)


def spans_by_name(entry: CalendarYear) -> Sequence[tuple[str, date, date]]:
    """Holidays as first and last day; two of one name that do not touch stay two."""
    spans: list[tuple[str, date, date]] = []
    for day, name in sorted(entry.holidays.items()):
        if spans and spans[-1][0] == name and spans[-1][2] + _ONE_DAY == day:
            spans[-1] = (name, spans[-1][1], day)
        else:
            spans.append((name, day, day))
    return spans
