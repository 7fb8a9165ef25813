"""Which reminders were due, worked out by a plain loop over what the ledger looked like, and by nothing of the portal.

The policy file is read as bare TOML, days are counted on a list, hours by the minute.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from portal.process.obligations import OBLIGATIONS
from portal.rules.dates import BEIJING
from portal.rules.working_days import shipped_calendar

RULES = Path(__file__).parents[1] / "portal" / "rules" / "reminders.toml"
_DATED, _WAITING = ("before", "due", "after", "again"), ("since", "repeat")
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
Item = tuple[int, str, int, datetime]
"""Obligation, key of the step, person, what it is about: the deadline or the beginning."""


@dataclass
class Stretch:
    """A time in which an obligation was open and had one deadline: from `begin` until `end` (None: still)."""

    obligation_id: int
    kind: str
    institution_id: int | None
    person_id: int | None
    applicant_id: int
    since_at: datetime
    due_at: datetime | None
    begin: datetime
    end: datetime | None = None


@dataclass
class Oracle:
    """People by institution, the instants at which somebody looked, and the stretches of all obligations."""

    liaisons: Mapping[int, list[int]]
    heads: Mapping[int, int]
    registers: Mapping[int, int]
    lead_id: int
    looks: list[datetime] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._told = tomllib.loads(RULES.read_text("utf-8"))
        calendar = shipped_calendar()
        days = [date(2025, 1, 1) + _DAY * number for number in range(730)]
        self._worked = [day for day in days if calendar.mark(day).counted]
        self._is_worked = set(self._worked)
        self._cached: dict[tuple[str, datetime, datetime | None], list[tuple[datetime, str, list[str]]]] = {}

    def due(self) -> tuple[set[Item], int]:
        """Every reminder that was due, and how many moments gave way to a newer one while nobody looked."""
        found: set[Item] = set()
        superseded = 0
        for one in self.stretches:
            moments = self._moments(one.kind, one.since_at, one.due_at)
            after = one.begin
            for look in self.looks[bisect_right(self.looks, one.begin) :]:
                if one.end is not None and look >= one.end:
                    break
                come = [moment for moment in moments if after <= moment[0] <= look]
                after = look + timedelta(microseconds=1)
                if come:
                    superseded += len(come) - 1
                    found |= set(self._items(one, come[-1]))
        return found, superseded

    def _items(self, one: Stretch, moment: tuple[datetime, str, list[str]]) -> Iterator[Item]:
        _, key, to = moment
        home = one.institution_id or self.registers[one.person_id or 0]
        persons: set[int] = set()
        for name in to:
            if name == "owner" and one.person_id is not None:
                persons.add(one.person_id)
            elif name == "head" and home in self.heads:
                persons.add(self.heads[home])
            else:
                persons |= set(self.liaisons[{"applicant": one.applicant_id, "lead": self.lead_id}.get(name, home)])
        for person in persons:
            yield one.obligation_id, key, person, one.due_at or one.since_at

    def _moments(self, kind: str, since: datetime, due: datetime | None) -> list[tuple[datetime, str, list[str]]]:
        if (kind, since, due) not in self._cached:
            self._cached[(kind, since, due)] = self._worked_out(kind, since, due)
        return self._cached[(kind, since, due)]

    def _worked_out(self, kind: str, since: datetime, due: datetime | None) -> list[tuple[datetime, str, list[str]]]:
        sides = _WAITING if due is None else _DATED
        own = self._told.get(kind)
        if own is None and (due is None) == OBLIGATIONS[kind].has_deadline:
            return []  # a dated kind whose date has come and gone is not reminded of
        steps = [step for step in (own or self._told["default"])["steps"] if step["when"] in sides]
        origin = (since if due is None else due - timedelta(microseconds=1)).astimezone(BEIJING)
        place = bisect_right(self._worked, origin.date())  # working days up to and including that day
        found: list[tuple[datetime, str, list[str]]] = []
        last = place
        for step in steps:
            count = step.get("working_days", 0)
            if "working_hours" in step:
                key = f"{step['when']}_{step['working_hours']}h"
                found.append((self._hours_before(due or since, step["working_hours"]), key, step["to"]))
            elif step["when"] in ("before", "due"):
                at = self._on(place - 1 - count, step["at"])
                if step["when"] == "due" and due is not None and at >= due:
                    at = self._on(place - 2, step["at"])
                found.append((at, f"before_{count}d" if count else "on_due", step["to"]))
            elif step["when"] in ("after", "since"):
                found.append((self._on(place - 1 + count, step["at"]), f"{step['when']}_{count}d", step["to"]))
                last = max(last, place + count)
            else:
                turns = range(1, (len(self._worked) - last) // count)
                key = f"{step['when']}_{count}d"
                found += [
                    (self._on(last - 1 + turn * count, step["at"]), f"{key}.{turn}", step["to"]) for turn in turns
                ]
        return sorted((one for one in found if one[0] >= since), key=lambda one: one[0])

    def _on(self, number: int, clock: str) -> datetime:
        at = time.fromisoformat(clock)
        return datetime.combine(self._worked[number], at, tzinfo=BEIJING).astimezone(UTC)

    def _hours_before(self, due: datetime, hours: int) -> datetime:
        begin, end = (time.fromisoformat(self._told["hours"][name]) for name in ("from", "until"))
        at, left = due.astimezone(BEIJING), hours * 60
        while left:
            at -= _MINUTE
            if at.date() in self._is_worked and begin <= at.time() < end:
                left -= 1
        return at.astimezone(UTC)


def stretch_of(row: Any, applicant_id: int, begin: datetime) -> Stretch:
    """A stretch that begins now."""
    return Stretch(row.id, row.kind, row.institution_id, row.person_id, applicant_id, row.since_at, row.due_at, begin)
