"""How far a recall has come against its plan: completion by day, by period and channel, and whether it is slow.

完成率 is recalled ÷ affected (annexes 9 and 10, note). The plan is what the producer expects: in each summary by its
last day, and all of it by the day on which annex 8 plans to be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.rules.recall.annex_check import completion_rate


@dataclass(frozen=True, slots=True)
class Period:
    """What one summary reported: up to which day, how many came back in the period, through which channels.

    `channels` are quantities by sales channel, "" for what was not told apart. `expected_rate` is what was expected, in
    percent of the affected: in the period itself (annex 10: 本阶段预期完成率), or, with `is_whole`, since the beginning
    (annex 9); None where the summary does not say.
    """

    until: date
    quantity: int
    channels: Mapping[str, int]
    expected_rate: Decimal | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A completion rate, in percent, on a day."""

    on: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Effect:
    """How far a recall has come."""

    affected: int
    started_on: date
    planned_until: date | None
    periods: tuple[Period, ...]
    actual: tuple[Point, ...]
    planned: tuple[Point, ...]

    @property
    def recalled(self) -> int:
        """How many came back so far; more than affected where the summaries contradict the plan."""
        return sum(period.quantity for period in self.periods)

    @property
    def rate(self) -> Decimal:
        """The completion rate so far, in percent."""
        return self.actual[-1].rate

    @property
    def channels(self) -> dict[str, int]:
        """Quantities by channel over all periods, the largest first."""
        found: dict[str, int] = {}
        for period in self.periods:
            for name, quantity in period.channels.items():
                found[name] = found.get(name, 0) + quantity
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def expected_on(self, day: date) -> Decimal:
        """The rate that the plan has for a day, between two of its points on the line between them."""
        before = [point for point in self.planned if point.on <= day]
        after = [point for point in self.planned if point.on > day]
        if not before or not after:
            return (before or after)[-1 if before else 0].rate
        first, last = before[-1], after[0]
        share = Decimal((day - first.on).days) / (last.on - first.on).days
        return first.rate + (last.rate - first.rate) * share

    def shortfall_on(self, day: date) -> Decimal:
        """By how many points the recall lies behind its plan: on the last day reported, or on `day` if that is past.

        Nobody reports every day, so that the plan is asked for the day of the last report; nothing reported yet is
        measured by `day`. Not negative.
        """
        measured = self.actual[-1].on if self.periods else day
        return max(Decimal(0), self.expected_on(measured) - self.rate)


def effect_of(affected: int, started_on: date, planned_until: date | None, periods: Sequence[Period]) -> Effect:
    """Work the curves out. `affected` below one is a ValueError."""
    if affected < 1:
        raise ValueError("a recall affects at least one product")
    told = tuple(sorted(periods, key=lambda period: period.until))
    actual, total = [Point(started_on, Decimal(0))], 0
    for period in told:
        total += period.quantity
        actual.append(Point(max(period.until, started_on), completion_rate(min(total, affected), affected)))
    planned = [Point(started_on, Decimal(0))]
    for period in told:
        if period.expected_rate is not None and period.until > planned[-1].on:
            so_far = planned[-1].rate
            expected = period.expected_rate if period.is_whole else so_far + period.expected_rate
            planned.append(Point(period.until, min(max(expected, so_far), Decimal(100))))
    if planned_until is not None and planned_until > planned[-1].on:
        planned.append(Point(planned_until, max(Decimal(100), planned[-1].rate)))
    return Effect(affected, started_on, planned_until, told, tuple(actual), tuple(planned))
