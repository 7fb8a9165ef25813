"""会诊表 as PDF/A-2b: the annex's table with its merged cells, filled in; one sheet, or a whole panel's in one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from portal.documents.foot import Foot
from portal.documents.sheet_grid import WIDTHS_CM, GridCell, sheet_grid
from portal.documents.sheet_paper import ANNEX, BOXES, WORDS, Line, SheetDocument, head_words, paper, signature_words
from portal.documents.typesetting import typeset
from portal.documents.typography import Typography
from portal.rules.dates import BEIJING

# A cell with so many characters may not fit on one page, and is cut between lines rather than lost.
_LONGEST_UNBROKEN = 500


def sheet_pdf(document: SheetDocument, *, foot: Foot, typography: Typography) -> bytes:
    """One sheet as a PDF."""
    return sheets_pdf([(document, foot)], typography=typography)


def sheets_pdf(sheets: Sequence[tuple[SheetDocument, Foot]], *, typography: Typography) -> bytes:
    """Several sheets in one PDF, in the order given; each begins on a page of its own. At least one."""
    first = sheets[0][0]
    said = {
        "title": f"{first.edition.sheet_title} {first.number}".strip(),
        # A single sheet names its code in the file's properties as well; of several, none is the file's own.
        "code": sheets[0][1].code if len(sheets) == 1 else "",
        "widths": WIDTHS_CM,
        "sheets": [_said(document, foot, place) for place, (document, foot) in enumerate(sheets)],
    }
    days = [document.signed_on or document.edition.issued_on for document, _foot in sheets]
    made_at = datetime.combine(max(days), time(), tzinfo=BEIJING)
    return typeset("sheet.typ", said, made_at=made_at, typography=typography)


def _said(document: SheetDocument, foot: Foot, place: int) -> dict[str, Any]:
    head, *sections, signature = paper(document)
    return {
        "annex": ANNEX,
        "title": document.edition.sheet_title,
        "number": document.number,
        "mark": document.mark,
        "across": document.mark_across,
        "end": f"end-{place}",
        "head": head_words(head),
        "cells": [_cell(cell) for cell in sheet_grid(sections)],
        "signature": signature_words(signature, document),
        "foot": {"lines": foot.lines, "qr": foot.qr_svg()},
    }


def _cell(cell: GridCell) -> dict[str, Any]:
    length = sum(len(piece.text) for line in cell.lines for piece in line)
    return {
        "row": cell.row,
        "column": cell.column,
        "rows": cell.rows,
        "columns": cell.columns,
        "role": cell.role,
        "breakable": cell.rows > 1 or length > _LONGEST_UNBROKEN,
        "lines": [said_line(line) for line in cell.lines],
    }


def said_line(line: Line) -> list[tuple[str, str]]:
    """A line as the templates read it: what each piece is, and its words."""
    said = []
    for piece in line:
        if piece.kind in BOXES:
            said += [("box", BOXES[piece.kind]), (WORDS, f" {piece.text}")]
        else:
            said.append((piece.kind, piece.text))
    return said
