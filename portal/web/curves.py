"""A curve as an SVG has it: points in a drawing of fixed size, ticks with their words. No style; that is CSS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 32
_MOST_TICKS = 6


class RateOnDay(Protocol):
    """A rate in percent on a day."""

    @property
    def on(self) -> date: ...

    @property
    def rate(self) -> Decimal: ...


@dataclass(frozen=True)
class Tick:
    """A tick of an axis: where it stands, and what it says."""

    at: float
    words: str


@dataclass(frozen=True)
class Curves:
    """Two curves over the same days: `actual` and `planned` are the points of an SVG polyline."""

    actual: str
    planned: str
    dots: tuple[tuple[float, float, str], ...]
    days: tuple[Tick, ...]
    rates: tuple[Tick, ...]
    today: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def curves(actual: Sequence[RateOnDay], planned: Sequence[RateOnDay], today: date) -> Curves:
    """Lay two curves out from the first day of either to the last, today included."""
    first = min(point.on for point in (*actual, *planned))
    last = max([*(point.on for point in (*actual, *planned)), today, first + timedelta(days=1)])
    length = (last - first).days

    def x(day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (day - first).days / length, 1)

    def y(rate: Decimal) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - float(rate) / 100), 1)

    def line(points: Sequence[RateOnDay]) -> str:
        return " ".join(f"{x(point.on)},{y(point.rate)}" for point in points)

    step = max(1, -(-length // _MOST_TICKS))
    days = [first + timedelta(days=number) for number in range(0, length + 1, step)]
    return Curves(
        actual=line(actual),
        planned=line(planned),
        dots=tuple((x(p.on), y(p.rate), f"{p.on.month}月{p.on.day}日 {p.rate}%") for p in actual),
        days=tuple(Tick(x(day), f"{day.month}/{day.day}") for day in days),
        rates=tuple(Tick(y(Decimal(rate)), f"{rate}%") for rate in (0, 25, 50, 75, 100)),
        today=x(today) if first <= today <= last else None,
    )
