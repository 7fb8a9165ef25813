"""时间征询: which slots are offered, by when to answer, and which slot is best (Art. 8(3); decided)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from portal.rules.dates import BEIJING, beijing_day, end_of_day
from portal.rules.editions import Edition
from portal.rules.majority import quorum_of
from portal.rules.problem import Problem
from portal.rules.working_days import WorkingCalendar

ARTICLE = "8(3)"
YES, IF_NEED_BE, NO = "yes", "if_need_be", "no"
MARKS = {YES: "可以", IF_NEED_BE: "勉强可以", NO: "不可以"}
SLOTS_LEAST, SLOTS_MOST = 2, 12
"""A poll of one slot asks nothing, and a page of more is not read on a phone."""
HALF_DAYS = (time(9, 30), time(14, 0))
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A proposed time, from `starts_at` to `ends_at`; `key` names it."""

    key: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Voice:
    """Who counts once: an expert, or an institution. `marks` by the slot's key; a slot not marked is missing."""

    name: str
    is_expert: bool
    marks: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class RankedSlot:
    """A slot and what speaks for it. `yes`, `if_need_be` and `no` count voices; `experts` are those who can come.

    `missing` names the institutions of which nobody has said that he or she can come.
    """

    slot: Slot
    yes: int
    if_need_be: int
    no: int
    silent: int
    experts: int
    panel: int
    quorum: int
    missing: tuple[str, ...]

    @property
    def has_quorum(self) -> bool:
        """Whether enough of the panel can come for a vote to count afterwards."""
        return self.experts >= self.quorum


def best_mark(marks: Sequence[str]) -> str:
    """Return what an institution says by its people: one who can come is enough. ValueError without a mark."""
    if not marks:
        raise ValueError("nobody has marked the slot")
    return min(marks, key=list(MARKS).index)


def rank_slots(slots: Sequence[Slot], voices: Sequence[Voice], edition: Edition) -> tuple[RankedSlot, ...]:
    """Return the slots, the best first (decided; the Standard says only that the lead organises the session).

    In this order: a quorum of the panel can come (more than half, and at least three; Art. 8(6)); the fewest
    institutions without anybody (Art. 8(4)); the most 可以; the fewest 勉强可以; the earliest.
    Who has not answered counts as not coming, for nobody can be reckoned with unasked.
    """
    ranked = [_weigh(slot, voices, edition) for slot in slots]
    return tuple(
        sorted(
            ranked,
            key=lambda one: (
                not one.has_quorum, len(one.missing), -one.yes, one.if_need_be, one.slot.starts_at, one.slot.key,
            ),
        )
    )  # fmt: skip


def _weigh(slot: Slot, voices: Sequence[Voice], edition: Edition) -> RankedSlot:
    said = [(voice, voice.marks.get(slot.key)) for voice in voices]
    marks = [mark for _, mark in said]
    panel = sum(voice.is_expert for voice in voices)
    return RankedSlot(
        slot,
        yes=marks.count(YES),
        if_need_be=marks.count(IF_NEED_BE),
        no=marks.count(NO),
        silent=marks.count(None),
        experts=sum(voice.is_expert and mark in (YES, IF_NEED_BE) for voice, mark in said),
        panel=panel,
        quorum=quorum_of(panel, edition),
        missing=tuple(voice.name for voice, mark in said if not voice.is_expert and mark not in (YES, IF_NEED_BE)),
    )


def offered_starts(
    now: datetime, due_at: datetime | None, calendar: WorkingCalendar, edition: Edition
) -> list[datetime]:
    """Return the half-days of the working days from today until `due_at`, the end of the fifth working day.

    Where none is left, or nothing is due, those of the next five working days.
    """
    starts = [] if due_at is None else _half_days(now, due_at, calendar)
    if not starts:
        later = calendar.deadline(now, edition.value("session_days").value, strict=False)
        starts = _half_days(now, later.due_at, calendar)
    return starts


def _half_days(now: datetime, until: datetime, calendar: WorkingCalendar) -> list[datetime]:
    day, found = beijing_day(now), []
    while end_of_day(day) <= until:
        if calendar.mark(day, strict=False).counted:
            found += [datetime.combine(day, hour, tzinfo=BEIJING) for hour in HALF_DAYS]
        day += _ONE_DAY
    return [starts_at for starts_at in found if starts_at > now]


def answer_by(now: datetime, first_starts_at: datetime, calendar: WorkingCalendar, edition: Edition) -> datetime:
    """Return by when to answer: the end of the working day before the first slot, two working days at most.

    Where that is over already, the first slot's own beginning.
    """
    day = beijing_day(first_starts_at) - _ONE_DAY
    while not calendar.mark(day, strict=False).counted:
        day -= _ONE_DAY
    at_most = calendar.deadline(now, edition.value("time_poll_answer_days").value, strict=False).due_at
    due = min(at_most, end_of_day(day))
    return due if due > now else first_starts_at


def check_slots(slots: Sequence[tuple[datetime, datetime]], *, now: datetime) -> tuple[Problem, ...]:
    """Return why these slots, (start, end) each, cannot be proposed. Aware instants."""
    if not SLOTS_LEAST <= len(slots) <= SLOTS_MOST:
        message = f"请提出 {SLOTS_LEAST} 至 {SLOTS_MOST} 个备选时段，现有 {len(slots)} 个。"
        return (Problem("slots", message, ARTICLE),)
    if len({starts_at for starts_at, _ in slots}) < len(slots):
        return (Problem("slots", "有两个备选时段的开始时间相同，请删去一个。", ARTICLE),)
    if any(starts_at <= now for starts_at, _ in slots):
        return (Problem("slots", "备选时段应晚于当前时间。", ARTICLE),)
    if any(ends_at <= starts_at for starts_at, ends_at in slots):
        return (Problem("slots", "备选时段的结束时间应晚于开始时间。", ARTICLE),)
    return ()
