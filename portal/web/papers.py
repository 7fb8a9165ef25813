"""Official documents on their way to the browser: their look as this installation sets it, their Chinese file names."""

from __future__ import annotations

from io import BytesIO

from flask import send_file
from werkzeug.wrappers import Response

from portal.documents.foot import Foot
from portal.documents.typography import Typography
from portal.services.official_making import Making, official_file
from portal.web.acting import current_visitor, now, settings, wiring
from portal.web.stored_files import open_stored, storage

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ENDINGS = {PDF: "pdf", DOCX: "docx"}


def typography() -> Typography:
    """The look that the settings ask for."""
    return Making.by(settings()).typography


def verifiable(foot: Foot) -> Foot:
    """The foot with its code, and the address under which everybody can check it."""
    return foot.leading_to(Making.by(settings()).verification_url)


def send_official(
    media_type: str, name: str, *, kind: str, subject_id: int, consultation_id: int | None = None
) -> Response:
    """The official file of a subject to download; who may have it was decided by the query that found the subject."""
    ending, visitor = _ENDINGS[media_type], current_visitor()
    kept = official_file(
        wiring().database, storage(), Making.by(settings()), kind=kind, subject_id=subject_id, file_format=ending,
        now=now(), actor=visitor.actor if visitor is not None else None,
    )  # fmt: skip
    with open_stored(kept.sha256, name=f"{name}.{ending}", consultation_id=consultation_id) as file:
        return send_paper(file.read(), media_type, name)


def send_paper(content: bytes, kind: str, name: str) -> Response:
    """A document to download; `name` has no ending. Chinese names are said as RFC 6266 has it."""
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=f"{name}.{_ENDINGS[kind]}")
