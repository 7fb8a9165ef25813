"""会议纪要 as PDF/A-2b, laid out as GB/T 9704-2012 has it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from portal.documents.foot import Foot
from portal.documents.gb9704 import FIGURES
from portal.documents.minutes_paper import Block, MinutesDocument
from portal.documents.typesetting import EARLIEST, typeset
from portal.documents.typography import Typography
from portal.rules.dates import BEIJING


def minutes_pdf(document: MinutesDocument, *, foot: Foot, typography: Typography) -> bytes:
    """Minutes, or a correction of them, as a PDF; a draft says on every page that it is one."""
    annex = document.annex_table if document.annex else ()
    said = {
        "figures": FIGURES,
        "heading": document.heading,
        "mark": document.mark,
        "code": foot.code,
        "number": document.number,
        "blocks": [_block(block) for block in document.blocks],
        "attendance": document.attendance,
        "annex_note": document.annex_note,
        "annex": {"label": document.annex_label, "title": document.annex_title, "table": annex},
        "issuer": document.issuer,
        "day": document.issued_day,
        "issued": document.issued_words,
        "copied": document.copied,
        "foot": {"lines": foot.lines, "qr": foot.qr_svg()},
    }
    made_at = datetime.combine(document.issued_on or document.saved_on or EARLIEST, time(), tzinfo=BEIJING)
    return typeset("minutes.typ", said, made_at=made_at, typography=typography)


def _block(block: Block) -> dict[str, Any]:
    return {"kind": block.kind, "text": block.text, "table": block.counts.table if block.counts else ()}
