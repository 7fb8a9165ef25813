"""Documents and files of a case: reading them, and downloading them as PDF and DOCX."""

from __future__ import annotations

from flask import send_file
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.services.recall.annex_copies import view_case_document, view_case_file
from portal.services.recall.overview import consultation_minutes
from portal.web.acting import look
from portal.web.annex_form import AnnexForm
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.papers import DOCX, PDF, send_official
from portal.web.stored_files import open_stored


@blueprint.get("/<int:case_id>/documents/<int:document_id>")
@requires("view_case_documents")
def view_document(case_id: int, document_id: int) -> str:
    """A document that stands."""
    page = look(view_case_document, case_id=case_id, document_id=document_id)
    form = AnnexForm.of_values(page.annex, page.values) if page.annex is not None else None
    return render("recall/document.html", page=page, case=page.loaded.case, document=page.document, form=form)


@blueprint.get("/<int:case_id>/documents/<int:document_id>/pdf")
@requires("view_case_documents")
def document_pdf(case_id: int, document_id: int) -> Response:
    """The document as PDF/A."""
    return _download(case_id, document_id, PDF)


@blueprint.get("/<int:case_id>/documents/<int:document_id>/docx")
@requires("view_case_documents")
def document_docx(case_id: int, document_id: int) -> Response:
    """The document as DOCX."""
    return _download(case_id, document_id, DOCX)


@blueprint.get("/<int:case_id>/files/<int:file_id>")
@requires("view_case_documents")
def download_file(case_id: int, file_id: int) -> Response:
    """A file of the case."""
    found = look(view_case_file, case_id=case_id, file_id=file_id)
    file = open_stored(found.sha256, name=found.filename)
    return send_file(file, found.content_type, as_attachment=True, download_name=found.filename, conditional=False)


@blueprint.get("/<int:case_id>/consultation/minutes")
@requires("view_case_consultation")
def download_minutes(case_id: int) -> Response:
    """The issued minutes of the consultation that the case asked for, or that advised it."""
    found = look(consultation_minutes, case_id=case_id)
    return send_official(PDF, f"会议纪要{found.number}", kind="minutes", subject_id=found.minutes_id)


def _download(case_id: int, document_id: int, media_type: str) -> Response:
    page = look(view_case_document, case_id=case_id, document_id=document_id)
    product = page.loaded.case.product.product_name
    return send_official(media_type, f"{page.title}（{product}）", kind="annex", subject_id=page.document.id)
