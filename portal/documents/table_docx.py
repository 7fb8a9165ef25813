"""A paper that is a table, as DOCX; the table's head stands on every page."""

from __future__ import annotations

from typing import Any

from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.shared import Mm

from portal.documents import docx
from portal.documents.foot import Foot
from portal.documents.gb9704 import SMALL_PT, TITLE_PT
from portal.documents.sheet_docx import add_foot
from portal.documents.table_paper import PaperTable, TablePaper

_SIZE, _TABLE_SIZE, _DIGEST_SIZE, _DIGEST_LENGTH = 12, 10, 6.5, 64
# Top, right, bottom, left in centimetres; the type area's width is what the sides leave.
_UPRIGHT, _LYING = (3.2, 2.6, 3.0, 2.8), (2.6, 2.2, 2.4, 2.2)


def table_docx(paper: TablePaper, *, foot: Foot) -> bytes:
    """The paper as a .docx file."""
    margins = _LYING if paper.is_landscape else _UPRIGHT
    word = docx.new_document(
        title=paper.title, subject=paper.number, margins_cm=margins, made_on=paper.day, code=foot.code
    )
    page = word.sections[0]
    if paper.is_landscape:
        page.orientation = WD_ORIENT.LANDSCAPE
        page.page_width, page.page_height = page.page_height, page.page_width
    docx.add_page_numbers(word, words=("— ", " —", ""), size_pt=SMALL_PT, counts_pages=False)
    docx.add_paragraph(word, paper.title, font=docx.TITLE_FONT, size_pt=TITLE_PT, align=docx.CENTER, after_pt=6)
    docx.add_paragraph(word, paper.number, size_pt=_SIZE, align=docx.CENTER, after_pt=8)
    _write_facts(word, paper.facts)
    width_mm = (page.page_width - page.left_margin - page.right_margin) / Mm(1)
    for table in paper.tables:
        if table.heading:
            heading = docx.add_paragraph(word, table.heading, font=docx.HEADING_FONT, size_pt=_SIZE, before_pt=10)
            heading.paragraph_format.keep_with_next = True
        _write_facts(word, table.facts)
        _write_table(word, table, width_mm)
    for place, words in enumerate(paper.notes):
        docx.add_paragraph(word, words, size_pt=_SIZE, before_pt=0 if place else 6)
    for place, words in enumerate(paper.closing):
        docx.add_paragraph(word, words, size_pt=_SIZE, align=docx.RIGHT, before_pt=4 if place else 14)
    add_foot(word, foot)
    return docx.to_bytes(word)


def _write_facts(word: Any, facts: tuple[tuple[str, str], ...]) -> None:
    for label, words in facts:
        paragraph = docx.add_paragraph(word, label, font=docx.HEADING_FONT, size_pt=_SIZE, after_pt=3)
        docx.add_run(paragraph, f"　{words}", size_pt=_SIZE)


def _write_table(word: Any, described: PaperTable, width_mm: float) -> None:
    table = word.add_table(rows=len(described.rows) + 1, cols=len(described.columns))
    table.style, table.autofit = "Table Grid", False
    whole = sum(column.share for column in described.columns)
    widths = [Mm(width_mm * column.share / whole) for column in described.columns]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    docx.repeat_on_every_page(table.rows[0])
    for place, (row, texts) in enumerate(zip(table.rows, (described.labels, *described.rows), strict=True)):
        docx.keep_together(row)
        for cell, text, width in zip(row.cells, texts, widths, strict=True):
            cell.width, cell.vertical_alignment = width, WD_CELL_VERTICAL_ALIGNMENT.CENTER
            docx.add_paragraph(
                docx.empty_cell(cell), text, font=docx.TABLE_FONT, bold=not place, align=docx.CENTER, before_pt=2,
                after_pt=2, size_pt=_DIGEST_SIZE if len(text) == _DIGEST_LENGTH else _TABLE_SIZE,
            )  # fmt: skip
