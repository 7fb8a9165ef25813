"""会诊表 as DOCX: the annex's table with its merged cells, filled in, with signer, date and digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.shared import Cm

from portal.documents import docx
from portal.documents.sheet_paper import (
    ANSWER,
    GAP,
    Line,
    PaperCell,
    PaperSection,
    SheetDocument,
    paper,
)

# One grid carries all rows of the annex: side label | title (two columns) | the rest, cut where the first two
# parts have their own columns. Widths in centimetres.
_GRID = (1.2, 1.6, 0.8, 3.6, 2.2, 3.0, 3.4)
_LABEL, _VALUE = (0, 2), (3, 6)
_EXPERT_COLUMNS = ((0, 0), (1, 2), (3, 3), (4, 5), (6, 6))
_TITLE, _WIDE, _WIDEST = (1, 2), (3, 6), (1, 6)
_ALL = (0, 6)
# The annex sets the two cells of these labels beside each other.
_PAIRED = "规格/型号"
# The annex begins the side label anew where its second page begins.
_LABEL_BEGINS_ANEW = "severity"
_SIZE = 10.5
_BLANK_DAY = f"{GAP}{GAP}年{GAP}月{GAP}日"


def sheet_docx(document: SheetDocument) -> bytes:
    """The sheet as a .docx file."""
    sections = {section.slug: section for section in paper(document)}
    head, signature = sections.pop("head"), sections.pop("signature")
    title = document.edition.sheet_title
    word = docx.new_document(title=title, subject=document.number, margins_cm=(2.2, 2.6, 2.0, 2.6))
    docx.add_paragraph(word, "附件", font=docx.HEADING_FONT, size_pt=16)
    docx.add_paragraph(word, title, font=docx.TITLE_FONT, size_pt=22, align=docx.CENTER, before_pt=6, after_pt=8)
    _write_head(word, head)
    table = word.add_table(rows=0, cols=len(_GRID))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, _GRID, strict=True):
        column.width = Cm(width)
    _write_parts(table, list(sections.values()))
    _write_signature(word, signature, document)
    return docx.to_bytes(word)


def _write_head(word: Any, head: PaperSection) -> None:
    institution, session_on = head.cells
    day = _plain(session_on) or _BLANK_DAY
    words = f"{institution.label}{_plain(institution)}{GAP * 2}{session_on.label}{day}"
    docx.add_paragraph(word, words, size_pt=12, after_pt=4)


def _plain(cell: PaperCell) -> str:
    return "".join(piece.text for line in cell.lines for piece in line)


def _write_parts(table: Any, sections: Sequence[PaperSection]) -> None:
    part, group = "", ""
    first_of_group: Any = None
    for section in sections:
        if section.part != part:
            part = section.part
            _write_cell(_span(_add_row(table), _ALL), [part], bold=True, align=docx.CENTER)
        if section.slug == "expert":
            _write_expert(table, section)
        elif not section.group:
            _write_filled(table, section)
        else:
            rows = _write_questions(table, section)
            if section.group != group or section.slug == _LABEL_BEGINS_ANEW:
                group, first_of_group = section.group, rows[0]
                _write_side_label(rows[0].cells[0], group)
            first_of_group.cells[0].merge(rows[-1].cells[0])


def _write_filled(table: Any, section: PaperSection) -> None:
    cells = iter(section.cells)
    for cell in cells:
        row = _add_row(table)
        if cell.label == _PAIRED:
            for one, label, value in ((cell, (0, 2), (3, 3)), (next(cells), (4, 4), (5, 6))):
                _write_cell(_span(row, label), [one.label], align=docx.CENTER)
                _write_lines(_span(row, value), one.lines)
        else:
            _write_cell(_span(row, _LABEL), [cell.label], align=docx.CENTER)
            _write_lines(_span(row, _VALUE), cell.lines)


def _write_expert(table: Any, section: PaperSection) -> None:
    labels, values = _add_row(table), _add_row(table)
    for cell, columns in zip(section.cells, _EXPERT_COLUMNS, strict=True):
        _write_cell(_span(labels, columns), [cell.label], align=docx.CENTER)
        _write_lines(_span(values, columns), cell.lines, align=docx.CENTER)


def _write_questions(table: Any, section: PaperSection) -> list[Any]:
    """Add a row for each cell of the section; the title's cell spans them. Return the rows."""
    rows = [_write_question(table, section, cell) for cell in section.cells]
    if section.title:
        title = _span(rows[0], _TITLE)
        if len(rows) > 1:
            title = title.merge(_span(rows[-1], _TITLE))
        _write_cell(title, [section.title], align=docx.CENTER)
    return rows


def _write_question(table: Any, section: PaperSection, cell: PaperCell) -> Any:
    row = _add_row(table)
    docx.keep_together(row)
    _write_lines(_span(row, _WIDE if section.title else _WIDEST), cell.lines)
    return row


def _write_side_label(cell: Any, words: str) -> None:
    docx.empty_cell(cell)
    for character in words:  # one below the other, as the annex has it; readable in every word processor
        docx.add_paragraph(cell, character, font=docx.TABLE_FONT, size_pt=_SIZE, bold=True, align=docx.CENTER)
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _write_signature(word: Any, signature: PaperSection, document: SheetDocument) -> None:
    signer, signed_on = signature.cells
    day = document.signed_on
    dated = f"{day.year}年{day.month}月{day.day}日" if day else _BLANK_DAY
    docx.add_paragraph(word, signer.label + document.signer, size_pt=12, align=docx.RIGHT, before_pt=14)
    docx.add_paragraph(word, signed_on.label + dated, size_pt=12, align=docx.RIGHT, before_pt=4)
    if document.digest:
        version = f"第 {document.round_number} 轮表决，第 {document.revision} 版"
        for line in (f"{document.number}　{version}　签名时间 {document.signed_at}", f"SHA-256 {document.digest}"):
            docx.add_paragraph(word, line, font=docx.TABLE_FONT, size_pt=8, before_pt=4)


def _add_row(table: Any) -> Any:
    row = table.add_row()
    for cell, width in zip(row.cells, _GRID, strict=True):
        cell.width = Cm(width)
    return row


def _span(row: Any, columns: tuple[int, int]) -> Any:
    first, last = columns
    cell = row.cells[first]
    return cell.merge(row.cells[last]) if last != first else cell


def _write_cell(cell: Any, lines: Sequence[str], *, bold: bool = False, align: Any = docx.LEFT) -> None:
    docx.empty_cell(cell)
    for line in lines:
        look = {"font": docx.TABLE_FONT, "size_pt": _SIZE, "bold": bold, "align": align}
        docx.add_paragraph(cell, line, **look, before_pt=2, after_pt=2)
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _write_lines(cell: Any, lines: Sequence[Line], *, align: Any = docx.LEFT) -> None:
    docx.empty_cell(cell)
    for line in lines:
        paragraph = docx.add_paragraph(cell, align=align, spacing=1.15, before_pt=1, after_pt=1)
        for piece in line:
            font = docx.TEXT_FONT if piece.kind == ANSWER else docx.TABLE_FONT
            docx.add_run(paragraph, str(piece), font=font, size_pt=_SIZE)
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
