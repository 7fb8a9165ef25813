"""校验: everybody may ask whose a document is and whether it is unchanged, by its code or with the file itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wtforms
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.public.views import blueprint
from portal.documents.verification_code import beginning_of
from portal.process.errors import Invalid, Refusal
from portal.services.consultation.archive_view import certificate_page
from portal.services.consultation.meeting_minutes_view import minutes_page
from portal.services.consultation.sheet_view import signed_sheet
from portal.services.verification import (
    CERTIFICATE,
    MINUTES,
    SHEET,
    FileCheck,
    Verified,
    has_asked_too_often,
    note_request,
    verify_code,
    verify_file,
)
from portal.web.acting import current_visitor, look, perform_signed_out
from portal.web.fields import TextField
from portal.web.forms import PortalForm, typed
from portal.web.guard import SIGNED_OUT_FORM_LIMIT, requires

Answer = str | Response | tuple[str, int]
ACCEPT = ".pdf,.docx,.json"


_PAGES: dict[str, tuple[Callable[..., Any], str]] = {
    MINUTES: (minutes_page, "consultation.view_minutes"),
    CERTIFICATE: (certificate_page, "consultation.view_certificate"),
}


class VerificationForm(PortalForm):
    """A code from paper, or the file."""

    code = TextField("校验码", longest=60, description="文件末尾印有的 16 位字母和数字，不分大小写")
    file = wtforms.FileField(
        "文件", description=f"PDF、DOCX 或 JSON，不超过 {SIGNED_OUT_FORM_LIMIT // 1024 // 1024} MB"
    )

    def given(self) -> bytes | str:
        """The file's bytes, or else the typed code. Invalid when there is neither, or no code at all."""
        chosen = request.files.get(self.file.name)
        if chosen is not None and chosen.filename:
            return chosen.stream.read()
        if not self.code.data:
            raise Invalid.field("code", "请输入校验码，或选择要校验的文件。")
        if not beginning_of(self.code.data):
            raise Invalid.field("code", "校验码应为 16 位字母和数字，例如 8F3K-2M9Q-7TXA-0B6C。请核对后再输入。")
        return str(self.code.data)


@blueprint.route("/verify", methods=["GET", "POST"])
@requires("view_public_page")
def verify() -> Answer:
    """Ask for a code or a file, and say what is known of the file."""
    form = VerificationForm(typed())
    if request.method == "GET":
        return _page(form)
    _count()
    if not form.validate():
        return _page(form), 422
    try:
        given = form.given()
    except Invalid as refusal:
        for problem in refusal.problems:
            form.add(problem)
        return _page(form), refusal.status
    if isinstance(given, str):
        return redirect(url_for("pages.verify_code_page", code=given), 303)
    check = look(verify_file, content=given)
    return _page(VerificationForm(), check=check, found=check.verified)


@blueprint.get("/verify/<code>")
@requires("view_public_page")
def verify_code_page(code: str) -> str:
    """What is known of a code; the QR code on paper leads here."""
    _count()
    return _page(VerificationForm(), asked=code[:60], found=look(verify_code, code=code))


def _page(
    form: VerificationForm, *, check: FileCheck | None = None, asked: str = "", found: Verified | None = None
) -> str:
    return render_template(
        "public/verify.html", form=form, check=check, asked=asked, found=found, accept=ACCEPT,
        document_url=_document_url(found) if found else "",
    )  # fmt: skip


def _count() -> None:
    """Count the question, or end it with 429; the reading comes first, so that a flood writes nothing."""
    address = request.remote_addr or ""
    if look(has_asked_too_often, address=address):
        abort(429)
    perform_signed_out(note_request, address=address)


def _document_url(found: Verified) -> str:
    """Where the visitor may read the document; "" for a stranger."""
    if current_visitor() is None:
        return ""
    try:
        if found.kind == SHEET:
            look(signed_sheet, consultation_id=found.consultation_id, sheet_id=found.subject_id)
            return url_for("consultation.view_sheet", consultation_id=found.consultation_id, sheet_id=found.subject_id)
        if found.kind not in _PAGES:
            return ""
        page, endpoint = _PAGES[found.kind]
        look(page, consultation_id=found.consultation_id)
        return url_for(endpoint, consultation_id=found.consultation_id)
    except Refusal:
        return ""
