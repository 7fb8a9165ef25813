"""A paper that is a table, as PDF/A-2b; the table's head stands on every page."""

from __future__ import annotations

from datetime import datetime, time

from portal.documents.foot import Foot
from portal.documents.table_paper import TablePaper
from portal.documents.typesetting import typeset
from portal.documents.typography import Typography
from portal.rules.dates import BEIJING


def table_pdf(paper: TablePaper, *, foot: Foot, typography: Typography) -> bytes:
    """The paper as a PDF."""
    said = {
        "title": paper.title,
        "number": paper.number,
        "code": foot.code,
        "landscape": paper.is_landscape,
        "facts": paper.facts,
        "tables": [
            {
                "heading": table.heading,
                "facts": table.facts,
                "shares": [column.share for column in table.columns],
                "labels": table.labels,
                "rows": table.rows,
            }
            for table in paper.tables
        ],
        "notes": paper.notes,
        "closing": paper.closing,
        "foot": {"lines": foot.lines, "qr": foot.qr_svg()},
    }
    made_at = datetime.combine(paper.day, time(), tzinfo=BEIJING)
    return typeset("table.typ", said, made_at=made_at, typography=typography)
