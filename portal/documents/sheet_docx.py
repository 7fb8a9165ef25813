"""会诊表 as DOCX: the annex's table with its merged cells, filled in, with signer, date, digest and QR code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from io import BytesIO
from typing import Any

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Cm, Length, Mm, Pt
from docx.table import _Cell, _Row

from portal.documents import docx
from portal.documents.foot import Foot
from portal.documents.sheet_grid import LINES, PART, SIDE, WIDTHS_CM, GridCell, sheet_grid
from portal.documents.sheet_paper import (
    ANNEX,
    ANSWER,
    Line,
    SheetDocument,
    head_words,
    paper,
    signature_words,
    text_of,
)

_SIZE = 10.5
_FOOT_SIZE = 8
_QR_SIZE = Mm(20)
_QR_ROOM = Mm(26)


def sheet_docx(document: SheetDocument, *, foot: Foot) -> bytes:
    """The sheet as a .docx file."""
    head, *sections, signature = paper(document)
    title = document.edition.sheet_title
    word = docx.new_document(
        title=title,
        subject=document.number,
        margins_cm=(2.2, 2.6, 2.0, 2.6),
        made_on=document.signed_on,
        code=foot.code,
    )
    docx.mark_every_page(word, document.mark)
    docx.add_page_numbers(word, words=(f"{document.number}　第", "页　共", "页"))
    docx.add_paragraph(word, ANNEX, font=docx.HEADING_FONT, size_pt=16)
    docx.add_paragraph(word, title, font=docx.TITLE_FONT, size_pt=20, align=docx.CENTER, before_pt=6, after_pt=8)
    above = docx.add_paragraph(word, "\t".join(head_words(head)), size_pt=12, after_pt=4)
    above.paragraph_format.tab_stops.add_tab_stop(Cm(sum(WIDTHS_CM)), WD_TAB_ALIGNMENT.RIGHT)
    write_grid(word, sheet_grid(sections), WIDTHS_CM, write_cell=_write_cell)
    for place, words in enumerate(signature_words(signature, document)):
        docx.add_paragraph(word, words, size_pt=12, align=docx.RIGHT, before_pt=4 if place else 14)
    add_foot(word, foot)
    return docx.to_bytes(word)


def add_foot(word: Any, foot: Foot) -> None:
    """Print the foot, the QR code beside its lines. Nothing on a document that nobody signed."""
    if not foot.lines:
        return
    table = word.add_table(rows=1, cols=2)
    table.autofit = False
    words, code = table.rows[0].cells
    docx.keep_together(table.rows[0])
    page = word.sections[0]
    area = page.page_width - page.left_margin - page.right_margin
    for column, cell, width in zip(table.columns, (words, code), (area - _QR_ROOM, _QR_ROOM), strict=True):
        column.width = cell.width = Length(width)
        docx.empty_cell(cell)
    for line in foot.lines:
        paragraph = docx.add_paragraph(words, line, font=docx.TABLE_FONT, size_pt=_FOOT_SIZE, before_pt=3)
        paragraph.paragraph_format.line_spacing = Pt(_FOOT_SIZE + 3)
    paragraph = docx.add_paragraph(code, align=docx.RIGHT)
    if foot.url:
        paragraph.add_run().add_picture(BytesIO(foot.qr_png()), width=_QR_SIZE)


def write_grid(
    word: Any, cells: Sequence[GridCell], widths_cm: Sequence[float], *, write_cell: Callable[[Any, Any], None],
    heading_rows: int = 0, long_rows: Collection[int] = (),
) -> Any:  # fmt: skip
    """Return a new table, each cell written where it stands: merging a finished grid takes many times as long.

    `heading_rows` rows are repeated on every page, `long_rows` may be cut where a page ends.
    """
    table = word.add_table(rows=0, cols=len(widths_cm))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths_cm, strict=True):
        column.width = Cm(width)
    covering = {(row, cell.column): cell for cell in cells for row in range(cell.row, cell.row + cell.rows)}
    for number in range(max(row for row, _column in covering) + 1):
        row = table._tbl.add_tr()
        if number not in long_rows:
            docx.keep_together(_Row(row, table))
        if number < heading_rows:
            docx.repeat_on_every_page(_Row(row, table))
        for column in range(len(widths_cm)):
            cell = covering.get((number, column))
            if cell is None:
                continue
            place = _Cell(row.add_tc(), table)
            place.width = Cm(sum(widths_cm[cell.column : cell.column + cell.columns]))
            place._tc.grid_span = cell.columns
            if cell.rows > 1:
                place._tc.vMerge = "restart" if number == cell.row else "continue"
            if number == cell.row:
                write_cell(place, cell)
            else:
                docx.add_paragraph(docx.empty_cell(place))
    return table


def _write_cell(place: Any, cell: GridCell) -> None:
    docx.empty_cell(place)
    align = docx.LEFT if cell.role == LINES else docx.CENTER
    if cell.role == SIDE:  # one below the other, as the annex has it; readable in every word processor
        for character in text_of(cell.lines[0]):
            docx.add_paragraph(place, character, font=docx.TABLE_FONT, size_pt=_SIZE, bold=True, align=docx.CENTER)
    else:
        for line in cell.lines:
            write_line(place, line, size_pt=_SIZE, align=align, bold=cell.role == PART)
    place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def write_line(place: Any, line: Line, *, size_pt: float, align: Any, bold: bool) -> None:
    """Add a line to a cell: the annex's words and what was filled in each in their typeface."""
    paragraph = docx.add_paragraph(place, align=align, spacing=1.15, before_pt=1, after_pt=1)
    for piece in line:
        font = docx.TEXT_FONT if piece.kind == ANSWER else docx.TABLE_FONT
        docx.add_run(paragraph, str(piece), font=font, size_pt=size_pt, bold=bold)
