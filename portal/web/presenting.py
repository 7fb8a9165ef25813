"""View objects of the consultation pages: tasks, steps, terms, days. Words only; no rule is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import WEEKDAYS, WorkingCalendar
from portal.services.consultation.overview import StepMark
from portal.services.dashboard import Meeting
from portal.services.duties import Duty
from portal.web.badges import Badge
from portal.web.deadlines import Due, present_due


@dataclass(frozen=True)
class Task:
    """A row of the work list."""

    due: Due
    what: str
    context: tuple[Any, ...]
    url: str
    label: str
    proof: str = ""


def task_of(
    duty: Duty,
    *,
    now: datetime,
    calendar: WorkingCalendar,
    url: Callable[[Duty], str],
    proof: Callable[[Duty], str],
    institution_id: int | None,
) -> Task:
    """A duty as a row of the work list; `url` and `proof` say where it is done and how its deadline is proved."""
    due = present_due(duty.due_at, duty.since_at, now, calendar, is_provisional=duty.is_provisional)
    is_own = duty.institution_id is not None and duty.institution_id == institution_id
    who = "" if is_own or (duty.institution_id is None and institution_id is None) else f"{duty.owner} "
    subject = duty.subject
    number = subject.number or "草稿" if subject.consultation_id is not None else ""
    return Task(
        due=due,
        what=f"{who}{duty.kind.label}",
        context=tuple(part for part in (number, subject.title, subject.detail) if part),
        url=url(duty),
        label=duty.button,
        proof=proof(duty),
    )


@dataclass(frozen=True)
class StepView:
    """One of the eight steps."""

    name: str
    state: str
    date: str


def step_views(steps: Iterable[StepMark]) -> list[StepView]:
    """The stepper of a consultation's page."""
    return [
        StepView(
            step.label,
            step.state,
            "进行中" if step.state == "now" else (short_day(step.entered_at) if step.entered_at else ""),
        )
        for step in steps
    ]


def short_day(at: datetime) -> str:
    """11月6日."""
    local = at.astimezone(BEIJING)
    return f"{local.month}月{local.day}日"


def moment(at: datetime, now: datetime) -> str:
    """今天 09:12, 11月24日 20:41, or with the year when it is another one."""
    local, today = at.astimezone(BEIJING), beijing_day(now)
    if local.date() == today:
        return f"今天 {local:%H:%M}"
    year = f"{local.year}年" if local.year != today.year else ""
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


@dataclass(frozen=True)
class DayCell:
    """A day of the fortnight."""

    label: str
    state: str
    deadlines: int
    sessions: int


def fortnight_of(
    today: date, calendar: WorkingCalendar, deadlines: Mapping[date, int], sessions: Mapping[date, int]
) -> list[list[DayCell]]:
    """This week and the next, Monday first."""
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=n) for n in range(14)]
    cells = []
    for index, day in enumerate(days):
        label = f"{day.month}/{day.day}" if day.day == 1 and index else str(day.day)
        if day == today:
            state = "today"
        elif not calendar.mark(day, strict=False).counted:
            state = "off"
        else:
            state = "gone" if day < today else ""
        cells.append(DayCell(label, state, deadlines.get(day, 0), sessions.get(day, 0)))
    return [cells[:7], cells[7:]]


def long_day(day: date) -> str:
    """2026年11月25日（周三）."""
    return f"{day.year}年{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


@dataclass(frozen=True)
class MeetingView:
    """A session ahead, beside the work list."""

    month: str
    day: str
    weekday: str
    title: str
    url: str
    lines: tuple[Any, ...]


def meeting_view(meeting: Meeting, lead: Badge, url: str) -> MeetingView:
    """A session ahead; an institution that has named nobody is told so."""
    local = meeting.starts_at.astimezone(BEIJING)
    lines: list[Any] = [f"{meeting.number}　{lead.name}主持"]
    if meeting.own_participants is not None:
        lines.append(
            f"本单位参会 {meeting.own_participants} 人" if meeting.own_participants else "本单位尚未指派参会人员"
        )
    return MeetingView(
        month=f"{local.month}月",
        day=str(local.day),
        weekday=f"周{WEEKDAYS[local.weekday()]}",
        title=f"{local:%H:%M}　{meeting.product_name} {meeting.model}".rstrip(),
        url=url,
        lines=tuple(lines),
    )


@dataclass(frozen=True)
class ActionView:
    """What a person can do now, or why not yet."""

    label: str
    url: str
    open: bool
    reason: str
    primary: bool
    method: str = "get"
