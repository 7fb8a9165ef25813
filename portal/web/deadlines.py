"""A deadline as the pages draw it: words, pips and a ruler of days (design/visual.md, the signature element)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.rules.date_words import beijing
from portal.rules.dates import beijing_day
from portal.rules.working_days import WEEKDAYS, WorkingCalendar

SOON_WORKING_DAYS = 1
LONGEST_DRAWN = 12
"""Working days; a longer limit is said in words only."""


@dataclass(frozen=True)
class DayOnRuler:
    """One day of the ruler; state: start, gone, today, left or off."""

    label: str
    caption: str
    state: str
    is_last: bool


@dataclass(frozen=True)
class Due:
    """What components/deadline.html takes; state: ok, soon, over, done or none."""

    state: str
    words: str
    detail: str = ""
    icon: str = ""
    provisional: bool = False
    pips: tuple[str, ...] = ()
    days: tuple[DayOnRuler, ...] = ()


def present_due(
    due_at: datetime | None,
    since_at: datetime | None,
    now: datetime,
    calendar: WorkingCalendar,
    closed_at: datetime | None = None,
    is_met: bool | None = None,
    is_provisional: bool = False,
) -> Due:
    """The deadline `due_at` (counted from `since_at`) as it stands at `now`; closed_at and is_met end it.

    Lateness is counted in working days that have begun since the deadline.
    """
    if closed_at is not None and not is_met:
        return Due("none", "已不再需要", provisional=is_provisional)
    if due_at is None:
        return Due("done", "已完成") if closed_at else Due("none", "无期限")
    at = closed_at or now
    pips, days = _days(due_at, since_at, at, calendar, is_open=closed_at is None)
    detail = f"截止 {beijing(due_at, relative_to=beijing_day(now))}"
    if closed_at is not None:
        state, words = ("done", "按期完成") if closed_at < due_at else ("over", f"{_late(at, due_at, calendar)}完成")
        return Due(state, words, detail, "", is_provisional, pips, days)
    if now >= due_at:
        detail = f"应于 {beijing(due_at, relative_to=beijing_day(now))} 前"
        return Due("over", f"已{_late(at, due_at, calendar)}", detail, "", is_provisional, pips, days)
    left = calendar.working_days_left(now, due_at)
    words = "今天截止" if beijing_day(now) == _last_day(due_at) else f"剩 {left} 个工作日"
    state = "soon" if left <= SOON_WORKING_DAYS else "ok"
    return Due(state, words, detail, "", is_provisional, pips, days)


def _late(at: datetime, due_at: datetime, calendar: WorkingCalendar) -> str:
    late = calendar.working_days_late(at, due_at)
    return f"超期 {late} 个工作日" if late else "超期不足 1 个工作日"


def _last_day(due_at: datetime) -> date:
    """`due_at` is the first moment that is too late."""
    return beijing_day(due_at - timedelta(microseconds=1))


def _days(
    due_at: datetime, since_at: datetime | None, at: datetime, calendar: WorkingCalendar, *, is_open: bool
) -> tuple[tuple[str, ...], tuple[DayOnRuler, ...]]:
    """Pips and ruler; both empty where the limit is too long to be drawn, or nothing was counted."""
    if since_at is None or since_at >= due_at:
        return (), ()
    start, last, today = beijing_day(since_at), _last_day(due_at), beijing_day(at)
    if (last - start).days > 3 * LONGEST_DRAWN:
        return (), ()
    span = [start + timedelta(days=n) for n in range(1, (last - start).days + 1)]
    worked = {day: calendar.mark(day, strict=False).counted for day in span}
    if not 0 < sum(worked.values()) <= LONGEST_DRAWN:
        return (), ()
    pips: list[str] = []
    for day in span:
        mark = ("gone" if day <= today else "left") if worked[day] else "gap"
        if mark != "gap" or (pips and pips[-1] != "gap"):
            pips.append(mark)
    ruler = [DayOnRuler(str(start.day), "起算", "start", is_last=False)]
    for day in span:
        state = "off" if not worked[day] else "gone" if day < today or (not is_open and day == today) else "left"
        if is_open and day == today:
            state = "today"
        caption = "今天" if state == "today" else "" if state == "off" else f"周{WEEKDAYS[day.weekday()]}"
        ruler.append(DayOnRuler(str(day.day), caption, state, is_last=day == last))
    return tuple(pips), tuple(ruler)
