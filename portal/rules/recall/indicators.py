"""The six points of Art. 21 as shares, worked out from what happened in the cases of one area and period.

What each measures is decided and stands in the edition (indicators.toml); a share without a denominator is unknown.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType

POINTS = ("clue_channels", "clue_review", "investigation", "quantities", "implementation", "reporting")
_CONFIRMED = frozenset({"defect_admitted", "recall_notice_issued"})
_REFUTED = frozenset({"producer_report_accepted", "investigation_concluded", "objection_upheld"})
_OVERTURNED = frozenset({"objection_upheld", "investigation_resumed"})
_COUNTED_POINTS = ("batches", "quantities")


@dataclass(frozen=True, slots=True)
class Indicator:
    """What a point measures: the words of its parts, and its definition."""

    numerator: str
    denominator: str
    definition: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is counted of one case. `events` are the names of what happened, in order.

    `is_possibly_defective`: the review found so. `is_corrected`: its batches or quantities were not right at once.
    `affected` and `recalled` are products; None where no recall was published.
    """

    area: str
    channel: str
    product_class: str
    begun_on: date
    events: tuple[str, ...] = ()
    is_possibly_defective: bool = False
    is_corrected: bool = False
    affected: int | None = None
    recalled: int = 0
    in_time: int = 0  # duties of regulators that ended in time
    owed: int = 0  # of those that ended or whose limit is over
    step_days: Mapping[str, int] = field(default_factory=dict)  # days spent in each step, by its slug


@dataclass(frozen=True, slots=True)
class Share:
    """One indicator's value. `rate` is in percent to one place, None where nothing was there to be measured."""

    numerator: int
    denominator: int

    @property
    def rate(self) -> Decimal | None:
        """The share in percent."""
        if self.denominator == 0:
            return None
        return (Decimal(100) * self.numerator / self.denominator).quantize(Decimal("0.1"), ROUND_HALF_UP)


def shares(cases: Collection[CaseFacts], named_channels: Collection[str]) -> dict[str, Share]:
    """The six indicators of these cases; `named_channels` are those that Art. 8 lists."""
    used = {case.channel for case in cases} & set(named_channels)
    reviewed = [case for case in cases if case.is_possibly_defective and _is_settled(case)]
    noticed = [case for case in cases if "recall_notice_issued" in case.events]
    published = [case for case in cases if case.affected is not None]
    return {
        "clue_channels": Share(len(used), len(set(named_channels)) if cases else 0),
        "clue_review": Share(_count(reviewed, _is_confirmed), len(reviewed)),
        "investigation": Share(_count(noticed, lambda case: not _OVERTURNED & set(case.events)), len(noticed)),
        "quantities": Share(_count(published, lambda case: not case.is_corrected), len(published)),
        "implementation": Share(
            sum(min(case.recalled, case.affected or 0) for case in published),
            sum(case.affected or 0 for case in published),
        ),
        "reporting": Share(sum(case.in_time for case in cases), sum(case.owed for case in cases)),
    }


def is_about_quantity(points: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether the review of a plan found batches or quantities wrong."""
    return any(not points.get(name, {}).get("is_met", True) for name in _COUNTED_POINTS)


@cache
def load_indicators(edition: str) -> Mapping[str, Indicator]:
    """The definitions of an edition by point, in the order of Art. 21."""
    text = files(__package__).joinpath("editions", edition, "indicators.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return MappingProxyType({name: Indicator(**table[name]) for name in POINTS})


def _is_settled(case: CaseFacts) -> bool:
    return bool((_CONFIRMED | _REFUTED) & set(case.events))


def _is_confirmed(case: CaseFacts) -> bool:
    """The last of what settled it counts: an upheld objection takes a finding back."""
    settling = [name for name in case.events if name in _CONFIRMED | _REFUTED]
    return settling[-1] in _CONFIRMED


def _count(cases: Iterable[CaseFacts], holds: Callable[[CaseFacts], bool]) -> int:
    return sum(1 for case in cases if holds(case))
