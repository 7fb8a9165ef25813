"""An annex of the recall workflow as DOCX: notices as official letters, the producer's papers as forms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.shared import Mm, Pt

from portal.documents import docx, gb9704
from portal.documents.annex_grid import CELL_MARGIN_MM, WIDTH_MM, AnnexCell, AnnexGrid
from portal.documents.annex_paper import (
    FLUSH,
    HEADING,
    LABEL,
    NOTE,
    TEXT,
    TITLE,
    AnnexCopy,
    Pictures,
    Words,
    annex_blocks,
    ending_words,
)  # fmt: skip
from portal.documents.annex_picture import Picture, printed_size_mm
from portal.documents.sheet_docx import write_grid, write_line
from portal.documents.sheet_grid import LINES
from portal.documents.sheet_paper import ANSWER

SIZES_PT = {True: (gb9704.TEXT_PT, gb9704.TABLE_PT), False: (gb9704.TABLE_PT, 10.5)}
"""Of text and of tables, for letters and for forms."""
MARGINS_MM = {
    True: (gb9704.TOP_MM, gb9704.RIGHT_MM, gb9704.BOTTOM_MM, gb9704.LEFT_MM),
    False: (25, gb9704.RIGHT_MM, 24, gb9704.LEFT_MM),
}
"""Top, right, bottom, left, of letters and of forms: forms have no heading that asks for room."""
CAPTION_PT = 9
LINE_PT = {True: 27.2, False: 20}
"""From line to line of the text, of letters and of forms."""
_FONTS = {HEADING: docx.HEADING_FONT, LABEL: docx.TABLE_FONT, NOTE: docx.TABLE_FONT}
_CLOSING_INDENT = 2  # characters between the closing and the margin


def annex_docx(copy: AnnexCopy) -> bytes:
    """The annex as a .docx file."""
    title = copy.annex.title
    top, right, bottom, left = (side / 10 for side in MARGINS_MM[copy.is_large])
    word = docx.new_document(
        title=title, subject=copy.number, margins_cm=(top, right, bottom, left), made_on=copy.dated_on
    )
    docx.mark_every_page(word, copy.mark)
    docx.add_page_numbers(word, words=("— ", " —", ""), size_pt=gb9704.SMALL_PT, counts_pages=False)
    docx.add_paragraph(word, title, font=docx.TITLE_FONT, size_pt=gb9704.TITLE_PT, align=docx.CENTER, after_pt=10)
    text_pt, table_pt = SIZES_PT[copy.is_large]
    write = partial(_write_words, word, size_pt=text_pt, line_pt=LINE_PT[copy.is_large])
    if copy.printed_number:
        docx.add_paragraph(word, copy.printed_number, size_pt=text_pt, align=docx.CENTER, after_pt=text_pt)
    if copy.addressee:
        write(FLUSH, text=copy.addressee)
    blocks = tuple(annex_blocks(copy))
    ending = ending_words(blocks) if copy.closing else 0
    for place, block in enumerate(blocks):
        if isinstance(block, Words):
            paragraph = write(block.role, line=block.line)
            paragraph.paragraph_format.keep_with_next |= place >= len(blocks) - ending
        elif isinstance(block, Pictures):
            _add_pictures(word, block.pictures, WIDTH_MM)
        else:
            _write_table(word, block, table_pt)
    for place, words in enumerate(copy.closing):
        closing = docx.add_paragraph(word, words, size_pt=text_pt, align=docx.RIGHT, before_pt=6 if place else 24)
        closing.paragraph_format.right_indent = Pt(_CLOSING_INDENT * text_pt)
        closing.paragraph_format.keep_with_next = place < len(copy.closing) - 1
    return docx.to_bytes(word)


def _write_words(
    word: Any, role: str, *, size_pt: float, line_pt: float, text: str = "", line: Sequence[Any] = ()
) -> Any:
    is_heading = role in (HEADING, LABEL)
    paragraph = docx.add_paragraph(
        word, text, size_pt=size_pt, align=docx.CENTER if role == TITLE else docx.JUSTIFIED,
        indent_characters=2 if role == TEXT else 0, before_pt=size_pt / 2 if is_heading or role == TITLE else 0,
        after_pt={NOTE: 2, TITLE: size_pt, HEADING: 4}.get(role, 0 if size_pt == gb9704.TEXT_PT else 3),
    )  # fmt: skip
    paragraph.paragraph_format.line_spacing = Pt(CAPTION_PT * 1.6 if role == NOTE else line_pt)
    paragraph.paragraph_format.keep_with_next = is_heading or role == TITLE
    for piece in line:
        font = docx.TEXT_FONT if piece.kind == ANSWER else _FONTS.get(role, docx.TEXT_FONT)
        size = CAPTION_PT + 1 if role == NOTE else size_pt
        docx.add_run(paragraph, str(piece), font=font, size_pt=size, bold=role in (LABEL, TITLE))
    return paragraph


def _write_table(word: Any, grid: AnnexGrid, size_pt: float) -> None:
    """The table, and a little room below it: tables that touch are one."""
    long_rows = {cell.row + row for cell in grid.cells if cell.is_long for row in range(cell.rows) if cell.rows == 1}
    table = write_grid(
        word, grid.cells, [width / 10 for width in grid.widths_mm], write_cell=partial(_write_cell, size_pt, grid),
        heading_rows=grid.heading_rows, long_rows=long_rows,
    )  # fmt: skip
    docx.set_cell_margins(table, CELL_MARGIN_MM)
    docx.add_paragraph(word, size_pt=6).paragraph_format.line_spacing = Pt(6)


def _write_cell(size_pt: float, grid: AnnexGrid, place: Any, cell: AnnexCell) -> None:
    docx.empty_cell(place)
    for line in cell.lines:
        align = docx.LEFT if cell.role == LINES else docx.CENTER
        write_line(place, line, size_pt=size_pt, align=align, bold=cell.row < grid.heading_rows)
    width = sum(grid.widths_mm[cell.column : cell.column + cell.columns])
    _add_pictures(place, cell.pictures, width - 4 * CELL_MARGIN_MM)
    place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _add_pictures(holder: Any, pictures: Sequence[Picture], within_mm: float) -> None:
    for picture in pictures:
        width, height = printed_size_mm(picture, within_mm)
        paragraph = docx.add_paragraph(holder, align=docx.CENTER, before_pt=4, after_pt=4)
        run = paragraph.add_run()
        run.add_picture(BytesIO(picture.content), width=Mm(width), height=Mm(height))
        if picture.caption:  # two lines of one paragraph: no page ends between them
            run.add_break()
            docx.add_run(paragraph, picture.caption, font=docx.TABLE_FONT, size_pt=CAPTION_PT)
