"""Official documents on their way to the browser: their look as this installation sets it, their Chinese file names."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from flask import send_file, url_for
from werkzeug.wrappers import Response

from portal.documents.foot import Foot
from portal.documents.typography import Typography
from portal.services.official_files import find_official_file, keep_official_file
from portal.web.acting import look, perform, settings
from portal.web.stored_files import open_stored, storage

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ENDINGS = {PDF: "pdf", DOCX: "docx"}
_LARGEST_BYTES = 50 * 1024 * 1024


def typography() -> Typography:
    """The look that the settings ask for."""
    return Typography(settings().fonts_folder, settings().has_red_heading)


def verifiable(foot: Foot) -> Foot:
    """The foot with its code, and the address under which everybody can check it."""
    return foot.leading_to(f"{settings().base_url}{url_for('pages.verify')}")


def send_official(
    content: Callable[[], bytes], media_type: str, name: str, *, kind: str, subject_id: int, consultation_id: int
) -> Response:
    """An official file to download: made and registered when it is asked for first, the same bytes ever after.

    Making it takes no transaction. Who may have it was decided by the query that found the subject.
    """
    ending = _ENDINGS[media_type]
    kept = look(find_official_file, kind=kind, subject_id=subject_id, file_format=ending)
    if kept is None:
        stored = storage().put(BytesIO(content()), limit_bytes=_LARGEST_BYTES)
        kept = perform(keep_official_file, kind=kind, subject_id=subject_id, file_format=ending, stored=stored)
    with open_stored(kept.sha256, name=f"{name}.{ending}", consultation_id=consultation_id) as file:
        return send_paper(file.read(), media_type, name)


def send_paper(content: bytes, kind: str, name: str) -> Response:
    """A document to download; `name` has no ending. Chinese names are said as RFC 6266 has it."""
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=f"{name}.{_ENDINGS[kind]}")
