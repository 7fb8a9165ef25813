"""What stands on the 会议纪要: the one description that page and DOCX are made from (Art. 8(7))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class CountRow:
    """One question of one round: votes by answer."""

    label: str
    counts: tuple[tuple[str, int], ...]
    answer: str


@dataclass(frozen=True)
class Counts:
    """The counts of one round."""

    number: int
    rows: tuple[CountRow, ...]


@dataclass(frozen=True)
class MinutesDocument:
    """Minutes or a correction as they are printed. Number and date are empty while they are a draft."""

    title: str
    number: str
    issuer: str
    issued_on: date | None
    correction: int
    corrects: str
    opening: str
    parts: tuple[tuple[str, str], ...]  # heading, text; without the opening, in order, none empty
    rounds: tuple[Counts, ...]
    copies: tuple[str, ...]
    digest: str

    @property
    def headed_parts(self) -> tuple[tuple[str, str], ...]:
        """The parts with their numbered headings: 一、产品及申请情况."""
        return tuple((f"{NUMERALS[place]}、{heading}", text) for place, (heading, text) in enumerate(self.parts))
