"""Official documents on their way to the browser: their look as this installation sets it, their Chinese file names."""

from __future__ import annotations

from io import BytesIO

from flask import send_file
from werkzeug.wrappers import Response

from portal.documents.typography import Typography
from portal.web.acting import settings

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ENDINGS = {PDF: "pdf", DOCX: "docx"}


def typography() -> Typography:
    """The look that the settings ask for."""
    return Typography(settings().fonts_folder, settings().has_red_heading)


def send_paper(content: bytes, kind: str, name: str) -> Response:
    """A document to download; `name` has no ending. Chinese names are said as RFC 6266 has it."""
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=f"{name}.{_ENDINGS[kind]}")
