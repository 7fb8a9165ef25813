"""The tables of the annexes: which cell stands in which row and column, how wide, and what is written into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

from portal.documents.annex_picture import Picture, readable_pictures, unreadable_words
from portal.documents.gb9704 import TYPE_AREA_MM
from portal.documents.sheet_grid import CENTERED, LABEL, LINES, GridCell
from portal.documents.sheet_paper import ANSWER, TICKED, UNTICKED, WORDS, Line, Piece
from portal.rules.recall.annex_check import Values
from portal.rules.recall.annex_words import BLANK_DAY, BLANK_DAYS, GAP, value_words
from portal.rules.recall.annexes import Layout
from portal.rules.sheet_description import Field, Option, Section

WIDTH_MM = TYPE_AREA_MM[0]
_SIDE_MM = 14
# Where the cells of a row begin, by how many questions it asks; three in a row make their whole table finer.
_BROAD = {1: (0, 40), 2: (0, 40, 80, 116)}
_FINE = {1: (0, 24), 2: (0, 24, 106, 126), 3: (0, 24, 55, 75, 106, 126)}
_CHARACTER_MM = 3.75
CELL_MARGIN_MM = 1.1
_LONGEST_UNBROKEN = 8  # lines; a cell of more is cut between lines where a page ends
_BLANK_LINES = 2
_BLANK_ROWS = 4
_SHARES = {"number": 1.15, "money": 1.15}
_SHARE, _FIRST_SHARE = 2.6, 2.8
_SIGNED_WIDTH = 16  # characters between the begin of a signature and its day
_IN_YUAN = "单位：元"


@dataclass(frozen=True, slots=True)
class AnnexCell(GridCell):
    """A cell that may show photographs below its lines."""

    pictures: tuple[Picture, ...] = ()
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class AnnexGrid:
    """A table: widths of its columns in millimetres, its cells, how many rows head it on every page."""

    widths_mm: tuple[float, ...]
    cells: tuple[AnnexCell, ...]
    heading_rows: int = 0


@dataclass
class _Place:
    """A cell while its table is still being made, by where it begins and ends in millimetres."""

    row: int
    begin: float
    end: float
    role: str
    lines: Sequence[Line]
    pictures: tuple[Picture, ...] = ()
    rows: int = 1


@dataclass
class AnnexTable:
    """A table in the making: sections are added one below the other, and `grid` gives what came of it."""

    values: Values
    pictures: Mapping[str, tuple[Picture, ...]]
    _places: list[_Place] = field(default_factory=list)
    _row: int = 0

    @property
    def has_rows(self) -> bool:
        """Whether anything was added."""
        return bool(self._places)

    def add(self, section: Section, layout: Layout) -> None:
        """Add the rows of a section, as its layout says."""
        if layout.kind == "lines":
            self._add_lines(section)
            return
        begins = self._row
        left = _SIDE_MM if layout.kind == "side" else 0
        if layout.head:
            self._places.append(_Place(self._row, left, WIDTH_MM, CENTERED, [_plain(layout.head)]))
            self._row += 1
        self._add_rows(section, layout, layout.rows, left)
        if left:
            beside = [_plain(words) for words in (layout.beside or section.title).split("\n")]
            self._places.append(_Place(begins, 0, left, LABEL, beside, rows=self._row - begins))
        self._add_rows(section, layout, layout.below, 0)

    def _add_lines(self, section: Section) -> None:
        """One row: the section's title, and all its answers one below the other."""
        asked = (one for one in section.fields if not one.asked_by)
        lines = [line for one in asked for line in field_lines(section, one, self.values)]
        self._add_row([(section.title, lines, ())], _BROAD[1], 0)

    def _add_rows(self, section: Section, layout: Layout, rows: Iterable[tuple[str, ...]], left: float) -> None:
        cuts = _FINE if any(len(row) > 2 for row in layout.rows) else _BROAD
        fields = {one.name: one for one in section.fields}
        for row in rows:
            cells = [self._answer(section, layout, fields[name]) for name in row]
            self._add_row(cells, cuts[len(row)], left)

    def _add_row(
        self, cells: Sequence[tuple[str, Sequence[Line], tuple[Picture, ...]]], cuts: tuple[float, ...], left: float
    ) -> None:
        edges = [left, *cuts[1:], WIDTH_MM]
        for place, (label, lines, pictures) in enumerate(cells):
            begin, middle, end = edges[2 * place : 2 * place + 3]
            self._places.append(_Place(self._row, begin, middle, LABEL, _balanced(label, middle - begin)))
            self._places.append(_Place(self._row, middle, end, LINES, lines, pictures))
        self._row += 1

    def _answer(self, section: Section, layout: Layout, one: Field) -> tuple[str, Sequence[Line], tuple[Picture, ...]]:
        """Label, lines and photographs of a question, with those of the fields that stand in its cell."""
        lines = list(field_lines(section, one, self.values, in_brackets=layout.in_brackets))
        pictures: tuple[Picture, ...] = ()
        for other in _sharing(section, one):
            if other.type == "photographs":
                given = self.pictures.get(other.name, ())
                pictures += readable_pictures(given)
                lines += [_plain(words) for words in unreadable_words(given)]
            else:  # the day beside a signature
                day = value_words(other, self.values.get(other.name)) or BLANK_DAY
                first = lines[0] if lines else ()
                room = max(_SIGNED_WIDTH - sum(len(piece.text) for piece in first), 1)
                lines[:1] = [(*first, Piece(WORDS, "　" * room), Piece(ANSWER, day))]
        if not lines:
            lines = [_blank(one)] * (_BLANK_LINES if one.type == "long_text" else 1)
        elif one.unit and not one.options and _IN_YUAN not in section.title:
            lines[-1] = (*lines[-1], Piece(WORDS, one.unit))
        label = one.brief if one.type == "yes_no" else one.label
        return label.rstrip("："), lines, pictures

    def grid(self) -> AnnexGrid:
        """The table of all that was added."""
        return _grid(self._places)


@dataclass(frozen=True)
class GrowingTable:
    """The table of a field whose rows grow; some blank rows where it has none."""

    field: Field
    rows: object

    def grid(self) -> AnnexGrid:
        """Its heading and its rows."""
        rows = self.rows if isinstance(self.rows, Sequence) and not isinstance(self.rows, str) else ()
        columns = self.field.columns
        shares = [_SHARES.get(column.type, _SHARE if place else _FIRST_SHARE) for place, column in enumerate(columns)]
        edges = [round(WIDTH_MM * sum(shares[:place]) / sum(shares), 1) for place in range(len(columns) + 1)]
        places = []
        for number, row in enumerate([None, *(rows or [{}] * _BLANK_ROWS)]):
            for column, (begin, end) in zip(columns, pairwise(edges), strict=True):
                words = column.label if row is None else value_words(column, row.get(column.name)) or "　"
                kind = WORDS if row is None else ANSWER
                role = LABEL if row is None else CENTERED
                places.append(_Place(number, begin, end, role, [(Piece(kind, words),)]))
        return _grid(places, heading_rows=1)


def field_lines(section: Section, one: Field, values: Values, *, in_brackets: bool = False) -> tuple[Line, ...]:
    """What is answered to a question: all its boxes, or the lines of a text; nothing for a text that is blank."""
    value = values.get(one.name)
    if one.type == "yes_no":
        return _broken(_yes_no(section, one, values))
    if one.type == "ticks":
        return tuple(_ticks(section, one, values, in_brackets))
    if one.options:
        return (_boxes(one, value),)
    words = value_words(one, value)
    return tuple((Piece(ANSWER, line),) for line in words.split("\n")) if words else ()


def _yes_no(section: Section, one: Field, values: Values) -> Line:
    """☑ 是／☐ 否 before the statement, and behind it what a yes asks for; a question of its own is asked before."""
    pieces = list(_boxes(one, values.get(one.name), between="／"))
    if one.label != one.brief or any(other.inline for other in _asked(section, one)):
        pieces.append(Piece(WORDS, f"　{one.label}"))
        for other in _asked(section, one):
            pieces += _given(other, values, one.label, in_brackets=False)
    return tuple(pieces)


def _boxes(one: Field, value: object, *, between: str = "　　") -> Line:
    pieces: list[Piece] = []
    for option in one.options:
        pieces += [_box(option, is_ticked=option.value == value), Piece(WORDS, between)]
    return tuple(pieces[:-1])


def _ticks(section: Section, one: Field, values: Values, in_brackets: bool) -> list[Line]:
    """All boxes; a line each where several of them ask for words, one after the other where they do not."""
    ticked = values.get(one.name)
    given = ticked if isinstance(ticked, list | tuple | set | frozenset) else ()
    lines: list[Line] = []
    for option in one.options:
        pieces = [_box(option, is_ticked=option.value in given)]
        for other in _asked(section, one):
            if other.asked_when == option.value:
                pieces += _given(other, values, option.label, in_brackets=in_brackets)
        lines += _broken(tuple(pieces))
    if len(_asked(section, one)) > 1:
        return lines
    return [tuple(piece for line in lines for piece in (*line, Piece(WORDS, "　")))[:-1]]


def _given(asked: Field, values: Values, before: str, *, in_brackets: bool) -> list[Piece]:
    """What a box asks for, behind the words `before`, which may have asked for it already."""
    blank = GAP if in_brackets or asked.unit else ""  # room is left where something stands behind it
    answer = Piece(ANSWER, value_words(asked, values.get(asked.name)) or blank)
    if in_brackets:
        return [Piece(WORDS, f"（{'' if asked.label == before else asked.label}"), answer, Piece(WORDS, "）")]
    asking = [] if before.endswith(asked.label) else [Piece(WORDS, f"　{asked.label}")]
    return [*asking, answer, *([Piece(WORDS, f"{asked.unit}。")] if asked.unit else [])]


def _asked(section: Section, one: Field) -> list[Field]:
    return [other for other in section.fields if other.asked_by == one.name]


def _sharing(section: Section, one: Field) -> list[Field]:
    """The fields that stand in the cell of `one`: inline ones that follow it and that no box asks for."""
    place = section.fields.index(one)
    found: list[Field] = []
    for other in section.fields[place + 1 :]:
        if not other.inline or other.asked_by:
            break
        found.append(other)
    return found


def _broken(line: Line) -> tuple[Line, ...]:
    """A line with a longer answer, cut where the answer is."""
    lines: list[list[Piece]] = [[]]
    for piece in line:
        first, *further = piece.text.split("\n")
        lines[-1].append(Piece(piece.kind, first))
        lines += [[Piece(piece.kind, words)] for words in further]
    return tuple(map(tuple, lines))


def _blank(one: Field) -> Line:
    return (Piece(ANSWER, {"date": BLANK_DAY, "date_range": BLANK_DAYS}.get(one.type, "　")),)


def _box(option: Option, *, is_ticked: bool) -> Piece:
    return Piece(TICKED if is_ticked else UNTICKED, option.label)


def _plain(text: str) -> Line:
    return (Piece(WORDS, text),)


def _balanced(label: str, width_mm: float) -> list[Line]:
    """A label in lines of about one length, where it takes several: none ends in a single character."""
    lines = ceil(len(label) * _CHARACTER_MM / (width_mm - 2 * CELL_MARGIN_MM))
    a_line = ceil(len(label) / lines)
    return [_plain(label[begin : begin + a_line]) for begin in range(0, len(label), a_line)]


def _grid(places: Sequence[_Place], *, heading_rows: int = 0) -> AnnexGrid:
    edges = sorted({edge for place in places for edge in (place.begin, place.end)})
    column = {edge: number for number, edge in enumerate(edges)}
    # A row is cut as a whole or not at all, the cell with its label as well.
    long_rows = {place.row for place in places if _is_long(place)}
    cells = [
        AnnexCell(
            place.row, column[place.begin], column[place.end] - column[place.begin], place.role, tuple(place.lines),
            place.rows, place.pictures, is_long=place.rows > 1 or place.row in long_rows,
        )
        for place in sorted(places, key=lambda place: (place.row, place.begin))
    ]  # fmt: skip
    return AnnexGrid(tuple(end - begin for begin, end in pairwise(edges)), tuple(cells), heading_rows)


def _is_long(place: _Place) -> bool:
    a_line = (place.end - place.begin - 2 * CELL_MARGIN_MM) / _CHARACTER_MM
    lines = sum(ceil(sum(len(piece.text) for piece in line) / a_line) for line in place.lines)
    return bool(place.pictures) or lines > _LONGEST_UNBROKEN
