"""The goals and limits of design/performance.md, as the rows of the benchmark name them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A ratio (or a figure) that is aimed at, and one that must not be passed."""

    goal: float
    limit: float
    more_is_better: bool = False

    def verdict(self, value: float) -> str:
        """`goal`, `limit` or `over`."""
        if self.more_is_better:
            return "goal" if value >= self.goal else "limit" if value >= self.limit else "over"
        return "goal" if value <= self.goal else "limit" if value <= self.limit else "over"


LIST = Target(1.75, 2.5)
FAR_PAGE = Target(1.3, 2.0)
CONSULTATION_PAGE = Target(2.0, 3.0)
SHEET = Target(1.0, 1.5)
LIVE_RULES = Target(1.75, 2.5)
SAVING = Target(1.75, 2.5)
CLOSING = Target(3.0, 5.0)
GROWTH = Target(1.3, 2.0)
REMINDERS = Target(1.3, 2.0)
SESSION_PAGE = Target(2.0, 3.0)
SESSION_POLL = Target(0.5, 1.0)
CROWD_SECONDS = Target(0.5, 1.0)
CROWD_SHARE = Target(0.25, 0.5)
CROWD_RATE = Target(100, 50, more_is_better=True)
RECALL_PAGE = Target(1.0, 2.0)
RECALL_SAME = Target(1.5, 2.5)
RECALL_ANEW = Target(2.0, 3.0)
START = Target(2.5, 4.0)
MEMORY = Target(100, 150)
FRAGMENT = Target(3_000, 5_000)
PAPER = Target(1.75, 2.5)
LIST_RAW = Target(20_000, 30_000)
LIST_COMPRESSED = Target(5_000, 7_000)
FIRST_VISIT = Target(60_000, 100_000)
RECALLS_A_SECOND = Target(1_000, 500, more_is_better=True)
RULES_A_SECOND = Target(20_000, 5_000, more_is_better=True)
