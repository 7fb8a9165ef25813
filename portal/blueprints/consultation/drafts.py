"""Drafts on paper: the own sheet that is not signed yet, minutes that are not issued; marked on every page.

They are made anew each time, kept nowhere and registered nowhere: no code leads to them.
"""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.documents.minutes_pdf import minutes_pdf
from portal.documents.sheet_pdf import sheet_pdf
from portal.services.consultation.meeting_minutes_view import draft_document
from portal.services.consultation.sheet_view import draft_sheet
from portal.web.acting import look
from portal.web.guard import requires
from portal.web.papers import DOCX, PDF, send_paper, typography


@blueprint.get("/<int:consultation_id>/sheet/draft.pdf")
@requires("sign_sheet")
def download_draft_sheet_pdf(consultation_id: int) -> Response:
    """The own sheet as it was saved last, as PDF."""
    return _send_sheet(consultation_id, PDF)


@blueprint.get("/<int:consultation_id>/sheet/draft.docx")
@requires("sign_sheet")
def download_draft_sheet(consultation_id: int) -> Response:
    """The own sheet as it was saved last, as DOCX."""
    return _send_sheet(consultation_id, DOCX)


@blueprint.get("/<int:consultation_id>/meeting-minutes/draft.pdf")
@requires("edit_minutes")
def download_draft_minutes_pdf(consultation_id: int) -> Response:
    """The draft of the minutes as it was saved last, as PDF."""
    number, document = look(draft_document, consultation_id=consultation_id)
    content = minutes_pdf(document, foot=document.foot(), typography=typography())
    return send_paper(content, PDF, f"会议纪要草稿{number}")


@blueprint.get("/<int:consultation_id>/meeting-minutes/draft.docx")
@requires("edit_minutes")
def download_draft_minutes(consultation_id: int) -> Response:
    """The draft of the minutes as it was saved last, as DOCX."""
    # The library behind it is large, and few processes ever make a document.
    from portal.documents.minutes_docx import minutes_docx

    number, document = look(draft_document, consultation_id=consultation_id)
    content = minutes_docx(document, foot=document.foot(), has_red_heading=typography().has_red_heading)
    return send_paper(content, DOCX, f"会议纪要草稿{number}")


def _send_sheet(consultation_id: int, media_type: str) -> Response:
    """The draft, or where it is signed by now, the way to the signed sheet."""
    draft = look(draft_sheet, consultation_id=consultation_id)
    if draft.document is None:
        address = url_for("consultation.view_sheet", consultation_id=consultation_id, sheet_id=draft.sheet_id)
        return redirect(address, 303)
    if media_type == PDF:
        content = sheet_pdf(draft.document, foot=draft.document.foot(), typography=typography())
    else:
        from portal.documents.sheet_docx import sheet_docx

        content = sheet_docx(draft.document, foot=draft.document.foot())
    return send_paper(content, media_type, draft.file_name)
