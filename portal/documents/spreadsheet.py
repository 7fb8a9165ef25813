"""Tables as XLSX: A4 landscape, numbers as numbers, and no text that a spreadsheet would take for a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]+")
_FORMULA = tuple("=+-@＝＋－＠")  # full-width signs count as well where the language is Chinese or Japanese


@dataclass(frozen=True)
class Column:
    """A column: its heading, its width in characters of half width, and whether it holds sums of money in yuan."""

    label: str
    width: int
    is_money: bool = False


@dataclass(frozen=True)
class Spreadsheet:
    """One table on one sheet. `rows` and `totals` have a value for each column; `notes` stand below the table."""

    title: str
    subtitle: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    totals: Sequence[object] = ()
    notes: Sequence[str] = ()
    subtitle_lines: int = 1


def yuan_of(fen: int) -> Decimal:
    """An amount in fen as exact yuan, for a column of money."""
    return Decimal(fen) / 100


def harmless(text: str) -> str:
    """Text that no spreadsheet runs: without control characters, an apostrophe before what begins like a formula."""
    text = _CONTROL.sub(" ", text).strip()
    return f"'{text}" if text.startswith(_FORMULA) else text


def xlsx(table: Spreadsheet, *, made_at: datetime) -> bytes:
    """The table as a file."""
    from portal.documents.spreadsheet_writing import write  # its library is large, and few processes ever need it

    return write(table, made_at=made_at)
