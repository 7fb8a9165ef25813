"""会议纪要 as DOCX, laid out as GB/T 9704-2012 has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.shared import Length, Mm, Pt, RGBColor

from portal.documents import docx, gb9704
from portal.documents.foot import Foot
from portal.documents.minutes_paper import COUNTS, HEADING, SECOND, Counts, MinutesDocument
from portal.documents.sheet_docx import add_foot

_LINE, _CHARACTER = Pt(gb9704.LINE_PITCH_PT), Pt(gb9704.CHARACTER_PITCH_PT)
_TITLE, _TEXT, _SMALL, _TABLE = gb9704.TITLE_PT, gb9704.TEXT_PT, gb9704.SMALL_PT, gb9704.TABLE_PT
_SIZES = {64: 6.5, 19: 7.0}  # by length: a digest, a code; each stays on one line
_WIDE_MM = 42.0
# A hair less than half of the type area: what is as wide as the text, LibreOffice leaves in the text.
_HALF = Mm(gb9704.TYPE_AREA_MM[0] / 2 - 0.2)
_FONTS = {HEADING: docx.HEADING_FONT, SECOND: docx.SECOND_FONT}


def minutes_docx(document: MinutesDocument, *, foot: Foot, has_red_heading: bool = True) -> bytes:
    """The minutes, or a correction of them, as a .docx file."""
    word = _new(document, foot.code)
    red = gb9704.RED if has_red_heading else "000000"
    _write_heading(word, document, red)
    for block in document.blocks:
        if block.kind == COUNTS and block.counts is not None:
            _write_counts(word, block.counts)
        else:
            _write(word, block.text, font=_FONTS.get(block.kind, docx.TEXT_FONT), indent=2)
    if document.annex_note:
        _write(word, document.annex_note, indent=2, before=_LINE)
    for place, (label, names) in enumerate(document.attendance):
        paragraph = _write(word, label, font=docx.HEADING_FONT, before=None if place else _LINE)
        docx.add_run(paragraph, names, size_pt=_TEXT)
        paragraph.paragraph_format.left_indent = Length(5 * _CHARACTER)
        paragraph.paragraph_format.first_line_indent = Length(-3 * _CHARACTER)
        # Issuer and day never stand on a page alone (7.3.5.4).
        paragraph.paragraph_format.keep_with_next = paragraph.paragraph_format.keep_together = True
    _write_issuer(word, document)
    if document.annex:
        _write_annex(word, document)
    add_foot(word, foot)
    _write_closing(word, document)
    return docx.to_bytes(word)


def _new(document: MinutesDocument, code: str) -> Any:
    """An empty paper with the grid of 22 lines and 28 characters, and page numbers at the outside."""
    margins = (gb9704.TOP_MM / 10, gb9704.RIGHT_MM / 10, gb9704.BOTTOM_MM / 10, gb9704.LEFT_MM / 10)
    word = docx.new_document(
        title=document.heading,
        subject=document.number,
        margins_cm=margins,
        made_on=document.issued_on or document.saved_on,
        code=code,
    )
    docx.set_font(word.styles["Normal"], docx.TEXT_FONT, _TEXT)
    docx.set_grid(word, line_pt=gb9704.LINE_PITCH_PT, character_pt=gb9704.CHARACTER_PITCH_PT, size_pt=_TEXT)
    page = word.sections[0]
    # The dashes stand in the middle of a line of the number's size, so far below the type area.
    page.footer_distance = Mm(gb9704.BOTTOM_MM - gb9704.PAGE_NUMBER_BELOW_MM) - Pt(_SMALL / 2)
    word.settings.odd_and_even_pages_header_footer = True
    docx.mark_every_page(word, document.mark)
    for footer, align in ((page.footer, docx.RIGHT), (page.even_page_footer, docx.LEFT)):
        paragraph = footer.paragraphs[0]
        form = paragraph.paragraph_format
        form.alignment, form.line_spacing = align, Pt(_SMALL)
        form.left_indent = form.right_indent = Pt(_SMALL)
        docx.add_run(paragraph, "— ", font=docx.TABLE_FONT, size_pt=_SMALL)
        docx.add_field(paragraph, "PAGE", font=docx.TABLE_FONT, size_pt=_SMALL)
        docx.add_run(paragraph, " —", font=docx.TABLE_FONT, size_pt=_SMALL)
    return word


def _write_heading(word: Any, document: MinutesDocument, red: str) -> None:
    heading = docx.add_paragraph(word, align=docx.CENTER)
    heading.paragraph_format.line_spacing = Pt(_TITLE)
    heading.paragraph_format.space_before = Mm(gb9704.HEADING_BELOW_MM)
    run = docx.add_run(heading, document.heading, font=docx.TITLE_FONT, size_pt=_TITLE)
    run.font.color.rgb = RGBColor.from_string(red)
    number = _write(word, document.number, align=docx.CENTER, before=Pt(12))
    number.paragraph_format.space_after = _LINE
    docx.rule(number, below_mm=gb9704.THICK_MM, color=red, space_pt=6)


def _write(
    word: Any, text: str, *, font: str = docx.TEXT_FONT, indent: int = 0, before: Length | None = None,
    align: Any = docx.JUSTIFIED,
) -> Any:  # fmt: skip
    """Add a paragraph of the text's size on the grid."""
    paragraph = docx.add_paragraph(word, text, font=font, size_pt=_TEXT, align=align)
    form = paragraph.paragraph_format
    form.line_spacing, form.space_before = _LINE, before
    form.first_line_indent = Length(indent * _CHARACTER)
    form.widow_control = False
    return paragraph


def _write_issuer(word: Any, document: MinutesDocument) -> None:
    """The issuer ends two characters before the margin; the date begins two characters after it (7.3.5.2)."""
    before = gb9704.CHARACTERS - 2 - max(len(document.issuer), 2 + len(document.issued_day))
    for place, text in enumerate((document.issuer, document.issued_day)):
        paragraph = _write(word, text, align=docx.LEFT, before=None if place else _LINE)
        paragraph.paragraph_format.left_indent = Length(max(before + 2 * place, 0) * _CHARACTER)
        paragraph.paragraph_format.keep_with_next = not place


def _write_annex(word: Any, document: MinutesDocument) -> None:
    label = _write(word, document.annex_label, font=docx.HEADING_FONT)
    label.paragraph_format.page_break_before = True
    title = docx.add_paragraph(word, align=docx.CENTER, before_pt=gb9704.LINE_PITCH_PT, after_pt=6)
    docx.add_run(title, document.annex_title, font=docx.TITLE_FONT, size_pt=_TITLE)
    header, *rows = document.annex_table
    widths = [15.0, 11.0, 18.0, 80.0, 32.0] if len(header) > 4 else [15.0, 11.0, 18.0, 112.0]
    _write_table(word, (header, *rows), size_pt=9, widths_mm=widths)


def _write_counts(word: Any, counts: Counts) -> None:
    """The table of a round, as wide as the type area, and a little room below it: tables that touch are one."""
    others = len(counts.table[0]) - 2
    between = (gb9704.TYPE_AREA_MM[0] - 2 * _WIDE_MM) / max(others, 1)
    _write_table(word, counts.table, widths_mm=[_WIDE_MM, *[between] * others, _WIDE_MM])
    room = docx.add_paragraph(word)
    room.paragraph_format.line_spacing = Pt(6)


def _write_table(
    word: Any, rows: Sequence[Sequence[str]], *, size_pt: float = _TABLE, widths_mm: Sequence[float] = ()
) -> None:
    table = word.add_table(rows=len(rows), cols=len(rows[0]))
    table.style = "Table Grid"
    table.autofit = not widths_mm
    for column, width in zip(table.columns, widths_mm, strict=False):
        column.width = Mm(width)
    for place, (row, words) in enumerate(zip(table.rows, rows, strict=True)):
        docx.keep_together(row)
        for column, (cell, text) in enumerate(zip(row.cells, words, strict=True)):
            if widths_mm:
                cell.width = Mm(widths_mm[column])
            size = _SIZES.get(len(text), size_pt)
            paragraph = docx.add_paragraph(
                docx.empty_cell(cell), text, font=docx.TABLE_FONT, size_pt=size, bold=not place, align=docx.CENTER
            )
            paragraph.paragraph_format.line_spacing = _LINE if size_pt == _TABLE else Pt(2 * size_pt)


def _write_closing(word: Any, document: MinutesDocument) -> None:
    """The closing block: its last rule lies on the type area's bottom line, whatever stands above (7.4)."""
    table = word.add_table(rows=0, cols=2)
    docx.stand_at_bottom(table)
    for column in table.columns:
        column.width = _HALF
    if document.copied:
        row = table.add_row()
        copied = _closing_cell(row.cells[0].merge(row.cells[1]), document.copied, docx.LEFT)
        copied.paragraph_format.left_indent = Pt(4 * _SMALL)
        copied.paragraph_format.first_line_indent = Pt(-3 * _SMALL)
        docx.rule_cells(row, above_mm=gb9704.THICK_MM, below_mm=gb9704.THIN_MM)
    row = table.add_row()
    _closing_cell(row.cells[0], document.issuer, docx.LEFT)
    _closing_cell(row.cells[1], document.issued_words, docx.RIGHT)
    above = gb9704.THIN_MM if document.copied else gb9704.THICK_MM
    docx.rule_cells(row, above_mm=above, below_mm=gb9704.THICK_MM)
    end = docx.add_paragraph(word)  # a table that stands apart is held by the paragraph behind it
    end.paragraph_format.line_spacing = Pt(1)


def _closing_cell(cell: Any, text: str, align: Any) -> Any:
    cell.width = cell.width or _HALF
    paragraph = docx.add_paragraph(docx.empty_cell(cell), text, size_pt=_SMALL, align=align)
    form = paragraph.paragraph_format
    form.line_spacing = Pt(_SMALL + 8)
    form.left_indent = form.right_indent = Pt(_SMALL)
    return paragraph
