"""Pieces that all DOCX documents share: fonts that official papers name, paragraphs, cells, bytes."""

from __future__ import annotations

import re
import zipfile
from copy import deepcopy
from datetime import date, datetime, time
from functools import cache
from io import BytesIO
from math import floor
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.oxml import serialize_part_xml
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from portal.documents.gb9704 import RED

# The typefaces that official papers are set in. They are named, not embedded: the reader's machine has them, or
# takes the first of the others that it has.
TITLE_FONT = "方正小标宋简体"
TEXT_FONT = "仿宋_GB2312"
TABLE_FONT = "宋体"
HEADING_FONT = "黑体"
SECOND_FONT = "楷体_GB2312"
LATIN_FONT = "Times New Roman"
_INSTEAD = {
    TITLE_FONT: ("FZXiaoBiaoSong-B05S", "方正小标宋_GBK", "华文中宋", "STZhongsong", "宋体", "Noto Serif CJK SC"),
    TEXT_FONT: ("仿宋", "FangSong", "华文仿宋", "STFangsong", "Noto Serif CJK SC"),
    TABLE_FONT: ("SimSun", "华文宋体", "STSong", "Noto Serif CJK SC"),
    HEADING_FONT: ("SimHei", "华文黑体", "STHeiti", "Noto Sans CJK SC"),
    SECOND_FONT: ("楷体", "KaiTi", "华文楷体", "STKaiti", "Noto Serif CJK SC"),
    LATIN_FONT: ("Liberation Serif",),
}
_ROMAN, _SWISS, _CHINESE_CHARSET = "roman", "swiss", "86"
_EARLIEST = datetime(1980, 1, 1)  # noqa: DTZ001  a ZIP archive knows no time zone, and no earlier day

_NO_DOCUMENT: Any = None  # what a run or paragraph belongs to that is made to be copied

# What XML 1.0 cannot hold; a keyboard makes none of it, a copied text may.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

LEFT, CENTER, RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
JUSTIFIED = WD_ALIGN_PARAGRAPH.JUSTIFY
_EIGHTHS_OF_A_POINT_A_MM = 72 / 25.4 * 8  # how WordprocessingML says the width of a border
_MARK_PT = 26
_TWENTIETHS = 20  # of a point: the unit of a grid's lines and of the space between characters


def new_document(
    *,
    title: str,
    subject: str,
    margins_cm: tuple[float, float, float, float],
    made_on: date | None = None,
    code: str = "",
) -> Any:
    """An empty A4 document; margins are top, right, bottom, left. `made_on` is the day that the file carries.

    `code` stands in the properties, so that a changed file can still say which document it was.
    """
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.right_margin, page.bottom_margin, page.left_margin = (Cm(side) for side in margins_cm)
    document.core_properties.title = title
    document.core_properties.subject = subject
    document.core_properties.author = ""
    document.core_properties.keywords = code
    document.core_properties.language = "zh-CN"
    made_at = datetime.combine(made_on, time()) if made_on else _EARLIEST
    document.core_properties.created = document.core_properties.modified = made_at
    set_font(document.styles["Normal"], TEXT_FONT, 12)
    for language in document.styles.element.find(qn("w:docDefaults")).iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    _name_fonts(document)
    return document


def _name_fonts(document: Any) -> None:
    """Say in the font table which other names may stand in for a typeface (ECMA-376, 17.8.3.1 altName)."""
    table = OxmlElement("w:fonts")
    for name, others in _INSTEAD.items():
        font = _child(table, "w:font", name=name)
        _child(font, "w:altName", val=",".join(others))
        if name != LATIN_FONT:
            _child(font, "w:charset", val=_CHINESE_CHARSET)
        _child(font, "w:family", val=_SWISS if name == HEADING_FONT else _ROMAN)
    for part in document.part.package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            part._blob = serialize_part_xml(table)
            return
    raise LookupError("the document has no font table")


def _child(parent: Any, tag: str, **attributes: str) -> Any:
    child = OxmlElement(tag)
    for name, value in attributes.items():
        child.set(qn(f"w:{name}"), value)
    parent.append(child)
    return child


def add_page_numbers(
    document: Any, *, words: tuple[str, str, str], size_pt: float = 9, counts_pages: bool = True
) -> None:
    """Put the number of the page, and that of the last one, into the middle of the footer, between words."""
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = CENTER
    for text, field in zip(words, ("PAGE", "NUMPAGES" if counts_pages else "", ""), strict=True):
        add_run(paragraph, text, font=TABLE_FONT, size_pt=size_pt)
        if field:
            add_field(paragraph, field, font=TABLE_FONT, size_pt=size_pt)


def mark_every_page(document: Any, words: str) -> None:
    """Say above the text of every page, large and red, what this is not yet; nothing for empty words."""
    if not words:
        return
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.alignment = CENTER
        run = add_run(paragraph, words, font=HEADING_FONT, size_pt=_MARK_PT, bold=True)
        run.font.color.rgb = RGBColor.from_string(RED)


def add_field(paragraph: Any, name: str, *, font: str, size_pt: float) -> None:
    """Add a field, such as PAGE, that the word processor works out."""
    run = add_run(paragraph, "", font=font, size_pt=size_pt)
    _child(run._r, "w:fldChar", fldCharType="begin")
    _child(run._r, "w:instrText").text = name
    _child(run._r, "w:fldChar", fldCharType="end")


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
    run._r.insert(0, deepcopy(_run_properties(font, size_pt, bold)))
    return run


@cache
def _run_properties(font: str, size_pt: float, bold: bool) -> Any:
    """Made once for each look and copied into its runs: a document has hundreds, of a handful of looks."""
    run = Run(OxmlElement("w:r"), _NO_DOCUMENT)
    set_font(run, font, size_pt)
    run.bold = bold
    return run._r.rPr


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
    properties = _paragraph_properties(align, spacing, before_pt, after_pt, size_pt * indent_characters)
    paragraph._p.insert(0, deepcopy(properties))
    if text:
        add_run(paragraph, text, font=font, size_pt=size_pt, bold=bold)
    return paragraph


@cache
def _paragraph_properties(
    align: WD_ALIGN_PARAGRAPH, spacing: float, before_pt: float, after_pt: float, indent_pt: float
) -> Any:
    paragraph = Paragraph(OxmlElement("w:p"), _NO_DOCUMENT)
    form = paragraph.paragraph_format
    form.alignment, form.line_spacing = align, spacing
    form.space_before, form.space_after = Pt(before_pt), Pt(after_pt)
    if indent_pt:
        form.first_line_indent = Pt(indent_pt)
    return paragraph._p.pPr


def set_grid(document: Any, *, line_pt: float, character_pt: float, size_pt: float) -> None:
    """Lay the page out in lines (ECMA-376, 17.6.5) and characters; `size_pt` is that of the normal style.

    Characters are set closer by the normal style, in whole twentieths of a point: justified lines then have exactly
    the pitch. A grid of characters narrower than they are is one thing to Word and another to LibreOffice, which
    gives each of them two places.
    """
    section = document.sections[0]._sectPr
    for grid in section.findall(qn("w:docGrid")):
        section.remove(grid)
    _child(section, "w:docGrid", type="lines", linePitch=str(round(line_pt * _TWENTIETHS)))
    closer = OxmlElement("w:spacing")
    closer.set(qn("w:val"), str(floor((character_pt - size_pt) * _TWENTIETHS)))
    properties = document.styles["Normal"].element.get_or_add_rPr()
    properties.insert_element_before(closer, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:lang")


def rule(paragraph: Any, *, above_mm: float = 0, below_mm: float = 0, color: str = "000000", space_pt: int = 4) -> None:
    """Draw lines above and below a paragraph, as wide as the type area."""
    borders = OxmlElement("w:pBdr")
    for side, width in (("top", above_mm), ("bottom", below_mm)):
        if width:
            eighths = str(round(width * _EIGHTHS_OF_A_POINT_A_MM))
            _child(borders, f"w:{side}", val="single", sz=eighths, space=str(space_pt), color=color)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:snapToGrid", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def rule_cells(row: Any, *, above_mm: float, below_mm: float) -> None:
    """Draw lines above and below all cells of a row."""
    for cell in row._tr.tc_lst:
        borders = _child(cell.get_or_add_tcPr(), "w:tcBorders")
        for side, width in (("top", above_mm), ("bottom", below_mm)):
            eighths = str(round(width * _EIGHTHS_OF_A_POINT_A_MM))
            _child(borders, f"w:{side}", val="single", sz=eighths, space="0", color="000000")


def stand_at_bottom(table: Any) -> None:
    """Take a table out of the text and let it end where the type area ends, without room beside its words."""
    properties = table._tbl.tblPr
    place = OxmlElement("w:tblpPr")
    for name, value in (
        ("leftFromText", "0"), ("rightFromText", "0"), ("vertAnchor", "margin"), ("horzAnchor", "margin"),
        ("tblpXSpec", "left"), ("tblpYSpec", "bottom"),
    ):  # fmt: skip
        place.set(qn(f"w:{name}"), value)
    properties.insert(1 if properties.find(qn("w:tblStyle")) is not None else 0, place)
    set_cell_margins(table, 0)


def set_cell_margins(table: Any, side_mm: float) -> None:
    """Leave so much room between the words of a table's cells and the lines at their sides."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        _child(margins, f"w:{side}", w=str(round(Mm(side_mm).pt * _TWENTIETHS)), type="dxa")
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    properties.append(margins) if look is None else look.addprevious(margins)


def empty_cell(cell: _Cell) -> _Cell:
    """Take away the paragraph that a cell is born with, before others are added. A cell must not stay empty."""
    for paragraph in list(cell.paragraphs):
        paragraph._element.getparent().remove(paragraph._element)
    return cell


def keep_together(row: Any) -> None:
    """Do not let a row break across pages."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))


def repeat_on_every_page(row: Any) -> None:
    """Let a row stand at the head of its table on every page."""
    _child(row._tr.get_or_add_trPr(), "w:tblHeader")


def to_bytes(document: Any) -> bytes:
    """The document as a .docx file."""
    saved, fixed = BytesIO(), BytesIO()
    document.save(saved)
    # The library stamps each member with the present time; the same document is to be the same bytes.
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, _EARLIEST.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, source.read(name))
    return fixed.getvalue()
