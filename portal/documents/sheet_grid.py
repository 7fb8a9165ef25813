"""The annex's table: which cell of the sheet stands in which row and column, and how far it reaches.

DOCX and PDF are both set from this one grid, so that no cell is merged in one and not in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from portal.documents.sheet_paper import WORDS, Line, PaperCell, PaperSection, Piece

# One grid carries all rows of the annex: side label | title (two columns) | the rest, cut where the first two
# parts have their own columns. Widths in centimetres.
WIDTHS_CM = (1.2, 1.7, 1.2, 3.1, 2.2, 3.0, 3.4)
PART, SIDE, TITLE, LABEL, CENTERED, LINES = "part", "side", "title", "label", "centered", "lines"

_Columns = tuple[int, int]  # first, last
_LABEL: _Columns = (0, 2)
_VALUE: _Columns = (3, 6)
_PAIR: tuple[tuple[_Columns, _Columns], ...] = (((0, 2), (3, 3)), ((4, 4), (5, 6)))
_EXPERT: tuple[_Columns, ...] = ((0, 0), (1, 2), (3, 3), (4, 5), (6, 6))
_SIDE: _Columns = (0, 0)
_TITLE: _Columns = (1, 2)
_WIDE: _Columns = (3, 6)
_WIDEST: _Columns = (1, 6)
_ALL: _Columns = (0, 6)
# The annex sets the two cells of these labels beside each other.
_PAIRED = "规格/型号"
# The annex begins the side label anew where its second page begins.
_LABEL_BEGINS_ANEW = "severity"


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell with its place: first row and column from 0, and how many of each it covers."""

    row: int
    column: int
    columns: int
    role: str
    lines: tuple[Line, ...]
    rows: int = 1


def sheet_grid(sections: Iterable[PaperSection]) -> tuple[GridCell, ...]:
    """Place all sections between head and signature; cells in reading order."""
    builder = _Builder()
    for section in sections:
        builder.add(section)
    return tuple(builder.cells)


class _Builder:
    def __init__(self) -> None:
        self.cells: list[GridCell] = []
        self._row = 0
        self._part = self._group = ""
        self._side = 0  # where the current side label stands in `cells`

    def add(self, section: PaperSection) -> None:
        if section.part != self._part:
            self._part = section.part
            self._place(PART, _ALL, _words(section.part))
            self._row += 1
        if section.slug == "expert":
            self._add_expert(section.cells)
        elif section.group:
            self._add_questions(section)
        else:
            self._add_filled(iter(section.cells))

    def _place(self, role: str, columns: _Columns, lines: Sequence[Line], *, rows: int = 1) -> None:
        first, last = columns
        self.cells.append(GridCell(self._row, first, last - first + 1, role, tuple(lines), rows))

    def _add_filled(self, cells: Iterator[PaperCell]) -> None:
        for cell in cells:
            beside = _PAIR if cell.label == _PAIRED else ((_LABEL, _VALUE),)
            shown = [cell, next(cells)] if cell.label == _PAIRED else [cell]
            for one, (label, value) in zip(shown, beside, strict=True):
                self._place(LABEL, label, _words(one.label))
                self._place(LINES, value, one.lines)
            self._row += 1

    def _add_expert(self, cells: Sequence[PaperCell]) -> None:
        for cell, columns in zip(cells, _EXPERT, strict=True):
            self._place(LABEL, columns, _words(cell.label))
        self._row += 1
        for cell, columns in zip(cells, _EXPERT, strict=True):
            self._place(CENTERED, columns, cell.lines)
        self._row += 1

    def _add_questions(self, section: PaperSection) -> None:
        """A row for each cell of the section; its title spans them, the side label all sections of the group."""
        count = len(section.cells)
        if section.group != self._group or section.slug == _LABEL_BEGINS_ANEW:
            self._group, self._side = section.group, len(self.cells)
            self._place(SIDE, _SIDE, _words(section.group), rows=count)
        else:
            side = self.cells[self._side]
            self.cells[self._side] = replace(side, rows=side.rows + count)
        if section.title:
            self._place(TITLE, _TITLE, _words(section.title), rows=count)
        for cell in section.cells:
            self._place(LINES, _WIDE if section.title else _WIDEST, cell.lines)
            self._row += 1


def _words(text: str) -> tuple[Line, ...]:
    return ((Piece(WORDS, text),),)
