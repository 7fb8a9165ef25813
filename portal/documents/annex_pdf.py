"""An annex of the recall workflow as PDF/A-2b: notices as official letters, the producer's papers as forms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from portal.documents.annex_docx import CAPTION_PT, LINE_PT, MARGINS_MM, SIZES_PT
from portal.documents.annex_grid import CELL_MARGIN_MM, WIDTH_MM, AnnexCell, AnnexGrid
from portal.documents.annex_paper import AnnexCopy, Block, Pictures, Words, annex_blocks, ending_words
from portal.documents.annex_picture import Picture, picture_svg, printed_size_mm
from portal.documents.gb9704 import FIGURES
from portal.documents.sheet_pdf import said_line
from portal.documents.typesetting import EARLIEST, typeset
from portal.documents.typography import Typography
from portal.rules.dates import BEIJING


def annex_pdf(copy: AnnexCopy, *, typography: Typography) -> bytes:
    """The annex as a PDF; a draft says on every page that it is one."""
    text_pt, table_pt = SIZES_PT[copy.is_large]
    blocks = tuple(annex_blocks(copy))
    said = {
        "figures": FIGURES,
        "margins": MARGINS_MM[copy.is_large],
        "sizes": {"text": text_pt, "line": LINE_PT[copy.is_large], "table": table_pt, "caption": CAPTION_PT},
        "cell_margin": CELL_MARGIN_MM,
        "title": copy.annex.title,
        "number": copy.printed_number,
        "addressee": copy.addressee,
        "mark": copy.mark,
        "blocks": [_block(block) for block in blocks],
        "ending": ending_words(blocks) if copy.closing else 0,
        "closing": copy.closing,
    }
    made_at = datetime.combine(copy.dated_on or EARLIEST, time(), tzinfo=BEIJING)
    return typeset("annex.typ", said, made_at=made_at, typography=typography)


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Words):
        return {"kind": "words", "role": block.role, "line": said_line(block.line)}
    if isinstance(block, Pictures):
        return {"kind": "pictures", "pictures": _pictures(block.pictures, WIDTH_MM)}
    return {
        "kind": "grid",
        "widths": block.widths_mm,
        "heading_rows": block.heading_rows,
        "cells": [_cell(cell, block) for cell in block.cells],
    }


def _cell(cell: AnnexCell, grid: AnnexGrid) -> dict[str, Any]:
    width = sum(grid.widths_mm[cell.column : cell.column + cell.columns])
    return {
        "row": cell.row,
        "column": cell.column,
        "rows": cell.rows,
        "columns": cell.columns,
        "role": cell.role,
        "breakable": cell.is_long,
        "lines": [said_line(line) for line in cell.lines],
        "pictures": _pictures(cell.pictures, width - 4 * CELL_MARGIN_MM),
    }


def _pictures(pictures: Sequence[Picture], within_mm: float) -> list[dict[str, Any]]:
    said = []
    for picture in pictures:
        width, height = printed_size_mm(picture, within_mm)
        said.append({"svg": picture_svg(picture), "width": width, "height": height, "caption": picture.caption})
    return said
