"""A paper that is a table: its head, its rows, its notes. Page, DOCX and PDF are made of this one description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.documents.foot import Foot


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and how wide it is beside the others."""

    label: str
    share: float


@dataclass(frozen=True, slots=True)
class PaperTable:
    """One table; `heading` stands above it, "" where there is one table alone. Rows are as long as `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    heading: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The headings of the columns; they are repeated on every page."""
        return tuple(column.label for column in self.columns)


@dataclass(frozen=True)
class TablePaper:
    """All that the paper says. `day` is the day as of which it says so; `issuer` signs it where it has one."""

    title: str
    number: str
    facts: tuple[tuple[str, str], ...]  # label, words; none empty
    tables: tuple[PaperTable, ...]
    day: date
    notes: tuple[str, ...] = ()
    issuer: str = ""
    digest: str = ""
    is_landscape: bool = False

    @property
    def chinese_day(self) -> str:
        """The day as official papers write it."""
        return f"{self.day.year}年{self.day.month}月{self.day.day}日"

    @property
    def closing(self) -> tuple[str, ...]:
        """Who issued the paper and when, below everything else; empty where nobody did."""
        return (self.issuer, self.chinese_day) if self.issuer else ()

    def foot(self) -> Foot:
        """What is printed at the foot: nothing without a digest."""
        return Foot(number=self.number, digest=self.digest)
