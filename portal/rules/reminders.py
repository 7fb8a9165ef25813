"""When the portal reminds: policies as data, and the moments that a policy gives for one obligation.

Days are counted as deadlines are: the day that one counts from is not one of them. All moments are aware instants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile

from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import WorkingCalendar

_ONE_DAY = timedelta(days=1)


class When(StrEnum):
    """On which side of what a step stands, in the order of time."""

    BEFORE = "before"
    DUE = "due"
    AFTER = "after"
    AGAIN = "again"  # every so many working days after the last of those
    OPENED = "opened"
    SINCE = "since"
    REPEAT = "repeat"  # every so many working days after the last `since`


class Unit(StrEnum):
    """What a step counts."""

    DAYS = "working_days"
    HOURS = "working_hours"


class To(StrEnum):
    """Who is told, nearest to the obligation first."""

    OWNER = "owner"
    LIAISONS = "liaisons"
    APPLICANT = "applicant"
    LEAD = "lead"
    HEAD = "head"


class Tone(StrEnum):
    """How it is said."""

    BEFORE = "before"
    DUE = "due"
    OVERDUE = "overdue"
    ESCALATED = "escalated"  # to others than who owes it, once it is late
    WAITING = "waiting"


DATED = (When.BEFORE, When.DUE, When.AFTER, When.AGAIN)
"""Steps of what has a deadline; the others are of what has none."""
COUNTED = (When.BEFORE, When.AFTER, When.AGAIN, When.SINCE, When.REPEAT)
ENDLESS = (When.AGAIN, When.REPEAT)
_TONES = {When.BEFORE: Tone.BEFORE, When.DUE: Tone.DUE, When.AFTER: Tone.OVERDUE, When.AGAIN: Tone.OVERDUE}
_KEYS = {When.DUE: "on_due", When.OPENED: "opened"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a policy. `at` is Beijing time, None where hours are counted or nothing is."""

    when: When
    to: tuple[To, ...]
    count: int = 0
    unit: Unit = Unit.DAYS
    at: time | None = None
    urgent: bool = False

    @property
    def key(self) -> str:
        """before_2d, before_4h, on_due, after_1d, again_5d …: unique within a policy."""
        return _KEYS.get(self.when) or f"{self.when}_{self.count}{'h' if self.unit is Unit.HOURS else 'd'}"

    def tone_for(self, *, is_owner: bool, due_at: datetime | None, now: datetime) -> Tone:
        """How it is said at `now` to who owes it, and to others.

        What a late worker tells of the day of a deadline, after it, is said as what it is by then.
        """
        tone = _TONES.get(self.when, Tone.WAITING)
        if tone in (Tone.BEFORE, Tone.DUE) and due_at is not None:
            if now >= due_at:
                tone = Tone.OVERDUE
            elif tone is Tone.DUE and beijing_day(now) != _last_day(due_at):
                tone = Tone.BEFORE
        return Tone.ESCALATED if tone is Tone.OVERDUE and not is_owner else tone


@dataclass(frozen=True)
class Policy:
    """The steps for one kind of obligation, in the order in which they are written."""

    steps: tuple[Step, ...]

    def of(self, *sides: When) -> tuple[Step, ...]:
        """The steps of some sides."""
        return tuple(step for step in self.steps if step.when in sides)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of a working day, Beijing time."""

    begin: time
    end: time


@dataclass(frozen=True, slots=True)
class Moment:
    """When a step comes. `key` is the step's, with the number of the turn where it comes again: again_5d.2."""

    at: datetime
    key: str
    step: Step


def ordered(policy: Policy) -> Policy:
    """The steps in the order of time, as far as it is the same for every obligation."""
    sides = list(When)

    def place(step: Step) -> tuple[int, int, int]:
        hours, count = step.unit is Unit.HOURS, step.count
        before = step.when is When.BEFORE
        return (sides.index(step.when), int(hours) if before else int(not hours), -count if before else count)

    return Policy(tuple(sorted(policy.steps, key=place)))


def moments(
    policy: Policy,
    *,
    since_at: datetime,
    due_at: datetime | None,
    calendar: WorkingCalendar,
    hours: WorkingHours,
    until: datetime,
) -> tuple[Moment, ...]:
    """All moments of an obligation up to and including `until`, in order, none before `since_at`.

    Each of `before` and `due` lies ahead of the deadline, each of `after` and `again` behind it. Without a deadline
    those of `since` and `repeat` are given instead; `opened` stands at the beginning of either.
    """
    return tuple(takewhile(lambda moment: moment.at <= until, _each(policy, since_at, due_at, calendar, hours)))


def next_moment(
    policy: Policy,
    *,
    since_at: datetime,
    due_at: datetime | None,
    calendar: WorkingCalendar,
    hours: WorkingHours,
    after: datetime,
) -> Moment | None:
    """The first moment after an instant; None where none follows."""
    each = _each(policy, since_at, due_at, calendar, hours)
    return next((moment for moment in each if moment.at > after), None)


def _each(
    policy: Policy, since_at: datetime, due_at: datetime | None, calendar: WorkingCalendar, hours: WorkingHours
) -> Iterator[Moment]:
    fixed, last_day, again = _fixed(policy, since_at, due_at, calendar, hours)
    yield from fixed
    if again is None or again.at is None:
        return
    turn, day = 0, last_day
    while True:
        turn, day = turn + 1, _working_day_after(day, again.count, calendar)
        at = _on(day, again.at)
        if at >= since_at:
            yield Moment(at, f"{again.key}.{turn}", again)


# Many obligations begin and end at the same instants, and a run asks of each for what is due and for what is next.
@lru_cache(maxsize=4096)
def _fixed(
    policy: Policy, since_at: datetime, due_at: datetime | None, calendar: WorkingCalendar, hours: WorkingHours
) -> tuple[tuple[Moment, ...], date, Step | None]:
    """The moments that come once; the day from which the endless step counts; that step."""
    origin = since_at if due_at is None else due_at
    sides = (When.SINCE,) if due_at is None else (When.BEFORE, When.DUE, When.AFTER)
    opened = [Moment(_opened(step, since_at), step.key, step) for step in policy.of(When.OPENED)]
    counted_from = beijing_day(since_at) if due_at is None else _last_day(due_at)
    found = [Moment(_at(step, origin, counted_from, calendar, hours), step.key, step) for step in policy.of(*sides)]
    order = {step: number for number, step in enumerate(policy.steps)}
    fixed = sorted((one for one in (*opened, *found) if one.at >= since_at), key=lambda one: (one.at, order[one.step]))
    days = [beijing_day(one.at) for one in found if one.step.when in (When.AFTER, When.SINCE)]
    again = next(iter(policy.of(When.REPEAT if due_at is None else When.AGAIN)), None)
    return tuple(fixed), max([counted_from, *days]), again


def _opened(step: Step, since_at: datetime) -> datetime:
    """The beginning itself, or the step's time of that day where it begins before."""
    return since_at if step.at is None else max(since_at, _on(beijing_day(since_at), step.at))


def _at(step: Step, origin: datetime, day: date, calendar: WorkingCalendar, hours: WorkingHours) -> datetime:
    """When a step comes: `origin` is the deadline or the beginning, `day` the day of it that does not count."""
    if step.unit is Unit.HOURS:
        back = step.when is When.BEFORE
        return (_hours_before if back else _hours_after)(origin, timedelta(hours=step.count), calendar, hours)
    at = step.at or hours.begin
    if step.when in (When.AFTER, When.SINCE):
        return _on(_working_day_after(day, step.count, calendar), at)
    last = _working_day_before(day + _ONE_DAY, 1, calendar)
    if step.count:
        last = _working_day_before(last, step.count, calendar)
    elif _on(last, at) >= origin:
        last = _working_day_before(last, 1, calendar)  # A deadline early in the day: the last reminder precedes it.
    return _on(last, at)


def _last_day(due_at: datetime) -> date:
    # A deadline is the first moment that is too late: its day is the one of the moment before.
    return beijing_day(due_at - timedelta(microseconds=1))


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=BEIJING).astimezone(UTC)


def _is_worked(day: date, calendar: WorkingCalendar) -> bool:
    return calendar.mark(day, strict=False).counted


def _working_day_after(day: date, count: int, calendar: WorkingCalendar) -> date:
    while count:
        day += _ONE_DAY
        count -= _is_worked(day, calendar)
    return day


def _working_day_before(day: date, count: int, calendar: WorkingCalendar) -> date:
    while count:
        day -= _ONE_DAY
        count -= _is_worked(day, calendar)
    return day


def _hours_before(origin: datetime, left: timedelta, calendar: WorkingCalendar, hours: WorkingHours) -> datetime:
    day = beijing_day(origin)
    while True:
        begin, end = _on(day, hours.begin), min(_on(day, hours.end), origin)
        if _is_worked(day, calendar) and end > begin:
            if left <= end - begin:
                return end - left
            left -= end - begin
        day -= _ONE_DAY


def _hours_after(origin: datetime, left: timedelta, calendar: WorkingCalendar, hours: WorkingHours) -> datetime:
    day = beijing_day(origin)
    while True:
        begin, end = max(_on(day, hours.begin), origin), _on(day, hours.end)
        if _is_worked(day, calendar) and end > begin:
            if left <= end - begin:
                return begin + left
            left -= end - begin
        day += _ONE_DAY
