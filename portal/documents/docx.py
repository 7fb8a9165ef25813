"""Pieces that all DOCX documents share: fonts that official papers name, paragraphs, cells, bytes."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell

# The typefaces that official papers are set in. They are named, not embedded: the reader's machine has them or
# falls back to its own Song and Fangsong.
TITLE_FONT = "方正小标宋简体"
TEXT_FONT = "仿宋_GB2312"
TABLE_FONT = "宋体"
HEADING_FONT = "黑体"
LATIN_FONT = "Times New Roman"

# What XML 1.0 cannot hold; a keyboard makes none of it, a copied text may.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

LEFT, CENTER, RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def new_document(*, title: str, subject: str, margins_cm: tuple[float, float, float, float]) -> Any:
    """An empty A4 document; margins are top, right, bottom, left."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.right_margin, page.bottom_margin, page.left_margin = (Cm(side) for side in margins_cm)
    document.core_properties.title = title
    document.core_properties.subject = subject
    document.core_properties.author = ""
    document.core_properties.language = "zh-CN"
    set_font(document.styles["Normal"], TEXT_FONT, 12)
    return document


def set_font(styled: Any, name: str, size_pt: float) -> None:
    """Give a style or a run its typeface: East Asian characters have an attribute of their own."""
    styled.font.name = LATIN_FONT
    styled.font.size = Pt(size_pt)
    properties = styled.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), name)


def add_run(paragraph: Any, text: str, *, font: str = TEXT_FONT, size_pt: float = 12, bold: bool = False) -> Any:
    """Add a stretch of text to a paragraph, without characters that no XML file can hold."""
    run = paragraph.add_run(_NOT_IN_XML.sub("", text))
    set_font(run, font, size_pt)
    run.bold = bold
    return run


def add_paragraph(
    holder: Any,
    text: str = "",
    *,
    font: str = TEXT_FONT,
    size_pt: float = 12,
    bold: bool = False,
    align: WD_ALIGN_PARAGRAPH = LEFT,
    spacing: float = 1.0,
    before_pt: float = 0,
    after_pt: float = 0,
    indent_characters: int = 0,
) -> Any:
    """Add a paragraph to a document or a cell; an indent is that of the first line, in characters."""
    paragraph = holder.add_paragraph()
    form = paragraph.paragraph_format
    form.alignment, form.line_spacing = align, spacing
    form.space_before, form.space_after = Pt(before_pt), Pt(after_pt)
    if indent_characters:
        form.first_line_indent = Pt(size_pt * indent_characters)
    if text:
        add_run(paragraph, text, font=font, size_pt=size_pt, bold=bold)
    return paragraph


def empty_cell(cell: _Cell) -> _Cell:
    """Take away the paragraph that a cell is born with, before others are added. A cell must not stay empty."""
    for paragraph in list(cell.paragraphs):
        paragraph._element.getparent().remove(paragraph._element)
    return cell


def keep_together(row: Any) -> None:
    """Do not let a row break across pages."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))


def to_bytes(document: Any) -> bytes:
    """The document as a .docx file."""
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()
