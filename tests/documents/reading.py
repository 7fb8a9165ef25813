"""Official documents read back: the words of page, DOCX and PDF in the order in which they are read."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import docx
import pypdfium2
import pypdfium2.raw as pdfium


def squeeze(text: str) -> str:
    """Without white space and the lines' ends, which differ from one layout to the next."""
    return re.sub(r"\s", "", text)


def docx_words(content: bytes) -> str:
    """All text of the body in order; a merged cell once."""
    found = []
    for block in docx.Document(BytesIO(content)).iter_inner_content():
        if hasattr(block, "rows"):
            seen: set[Any] = set()
            for row in block.rows:
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.add(cell._tc)
                        found.append("".join(paragraph.text for paragraph in cell.paragraphs))
        else:
            found.append(block.text)
    return squeeze("".join(found))


def pdf_words(content: bytes) -> str:
    """All text in the logical order of the tags, as a screen reader says it; page numbers and such are not tagged."""
    document = pypdfium2.PdfDocument(content)
    try:
        return squeeze("".join("".join(_tagged(page.raw)) for page in document))
    finally:
        document.close()


def _tagged(page: Any) -> Iterator[str]:
    texts: dict[int, list[str]] = {}
    text_page = pdfium.FPDFText_LoadPage(page)
    for item in _objects(page):
        mark = pdfium.FPDFPageObj_GetMarkedContentID(item)
        if mark >= 0 and pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_TEXT:
            texts.setdefault(mark, []).append(_text(item, text_page))
    pdfium.FPDFText_ClosePage(text_page)
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    try:
        for place in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            yield from _element(pdfium.FPDF_StructTree_GetChildAtIndex(tree, place), texts)
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def _objects(page: Any) -> Iterator[Any]:
    for place in range(pdfium.FPDFPage_CountObjects(page)):
        yield from _inside(pdfium.FPDFPage_GetObject(page, place))


def _inside(item: Any) -> Iterator[Any]:
    yield item
    if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_FORM:
        for place in range(pdfium.FPDFFormObj_CountObjects(item)):
            yield from _inside(pdfium.FPDFFormObj_GetObject(item, place))


def _element(element: Any, texts: dict[int, list[str]]) -> Iterator[str]:
    for place in range(pdfium.FPDF_StructElement_CountChildren(element)):
        mark = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, place)
        if mark >= 0:
            yield from texts.pop(mark, [])
        else:
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, place)
            if child:
                yield from _element(child, texts)


def _text(item: Any, text_page: Any) -> str:
    size = pdfium.FPDFTextObj_GetText(item, text_page, None, 0)
    buffer = ctypes.create_string_buffer(size * 2)
    pdfium.FPDFTextObj_GetText(item, text_page, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw.decode("utf-16-le").rstrip("\0")


@dataclass(frozen=True)
class Glyph:
    """A character on a page: its page from 1, left edge and baseline in points from the upper left corner, size."""

    page: int
    character: str
    x: float
    y: float
    size: float


def pdf_glyphs(content: bytes) -> list[Glyph]:
    """Every character of the document with its place."""
    found = []
    document = pypdfium2.PdfDocument(content)
    for number, page in enumerate(document, 1):
        height, text = page.get_height(), page.get_textpage()
        for place in range(text.count_chars()):
            x, y = ctypes.c_double(), ctypes.c_double()
            pdfium.FPDFText_GetCharOrigin(text.raw, place, ctypes.byref(x), ctypes.byref(y))
            character = chr(pdfium.FPDFText_GetUnicode(text.raw, place))
            size = pdfium.FPDFText_GetFontSize(text.raw, place)
            found.append(Glyph(number, character, x.value, height - y.value, size))
        text.close()
        page.close()
    document.close()
    return found


class _Words(HTMLParser):
    """Text of a page without what is only for screen readers (class vh) or drawn (svg)."""

    _VOID = frozenset({"br", "hr", "img", "input", "use", "path", "meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._VOID:
            classes = (dict(attrs).get("class") or "").split()
            self._hidden.append("vh" in classes or tag == "svg")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._VOID and self._hidden:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._hidden):
            self.found.append(data)


def html_words(markup: str) -> str:
    """All text of a piece of a page that can be seen."""
    parser = _Words()
    parser.feed(markup)
    return squeeze("".join(parser.found))
