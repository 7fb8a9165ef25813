"""A sheet as PDF and as DOCX against the libraries alone: the same cells with the same words, one below the other.

Each call says something else, since the typesetter remembers what it has set already.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from io import BytesIO
from itertools import count

import docx
import typst

from portal.documents.characters import FONTS
from portal.documents.foot import Foot
from portal.documents.sheet_docx import sheet_docx
from portal.documents.sheet_grid import sheet_grid
from portal.documents.sheet_paper import SheetDocument, head_words, paper, signature_words, text_of
from portal.documents.sheet_pdf import sheet_pdf
from portal.documents.typography import OPEN_FONTS
from portal.rules.editions import load_edition
from tests.rules.answers import complete_answers

CALLS = 30
_BARE = b"""#set text(font: ("Noto Serif SC", "DejaVu Sans Mono"), size: 10.5pt)
#table(columns: 1, ..json(bytes(sys.inputs.cells)).map(lines => for line in lines { par(line) }))
"""


def ratios() -> tuple[float, float]:
    """CPU time of the portal's PDF and DOCX, each divided by the bare library's; the least of many calls."""
    numbers = count()
    compiler = typst.Compiler(font_paths=[FONTS], ignore_system_fonts=True)

    def sheet() -> SheetDocument:
        product = f"电热毯{next(numbers)}"
        values: dict[str, str | list[str]] = {"product_name": product, "producer": f"{product}有限公司"}
        return SheetDocument(load_edition(), f"长三角会诊〔2026〕{next(numbers)}号", 1, 1, values, complete_answers())

    def bare_pdf() -> None:
        compiler.compile(_BARE, format="pdf", pdf_standards="a-2b", sys_inputs={"cells": json.dumps(_cells(sheet()))})

    def bare_docx() -> None:
        document = docx.Document()
        cells = _cells(sheet())
        table = document.add_table(rows=len(cells), cols=1)
        for place, lines in zip(table.columns[0].cells, cells, strict=True):
            for line in lines:
                place.add_paragraph(line)
        document.save(BytesIO())

    pdf = _least(lambda: sheet_pdf(sheet(), foot=Foot(), typography=OPEN_FONTS)) / _least(bare_pdf)
    return pdf, _least(lambda: sheet_docx(sheet(), foot=Foot())) / _least(bare_docx)


def _cells(document: SheetDocument) -> list[list[str]]:
    head, *sections, signature = paper(document)
    framed = [[text_of(line) for line in cell.lines] for cell in sheet_grid(sections)]
    return [head_words(head), *framed, signature_words(signature, document)]


def _least(call: Callable[[], object]) -> float:
    call()
    best = float("inf")
    for _ in range(CALLS):
        began = time.process_time()
        call()
        best = min(best, time.process_time() - began)
    return best
