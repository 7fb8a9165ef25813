"""The page that a producer's link leads to, and what can be read there: the notice, what was handed in, its files."""

from __future__ import annotations

from flask import current_app, send_file
from werkzeug.wrappers import Response

from portal.blueprints.producer.access import file_url, given_token, link_to, page_for_holder
from portal.process.errors import NotFound
from portal.services.kernel.calendar import working_calendar
from portal.services.recall import producer_request as step
from portal.services.recall.case_documents import OBJECTION
from portal.services.recall.producer_request import OwedByProducer
from portal.web.acting import look, now, perform_signed_out, reading
from portal.web.annex_filling import shown_files
from portal.web.annex_form import AnnexForm
from portal.web.badges import badge_of
from portal.web.deadlines import Due, present_due
from portal.web.fragments import render
from portal.web.papers import PDF, send_official
from portal.web.stored_files import open_stored


@page_for_holder("")
def show_request() -> str:
    """What is asked, by whom, until when; what was handed in; what is next. Notes that the link was opened."""
    perform_signed_out(step.note_opening, token=given_token())
    found = look(step.producer_request, token=given_token())
    wanted = {one.act for one in found.owed}
    acts = [one for one in found.acts if f"producer.{one.act}" in current_app.view_functions]
    return render(
        "producer/request.html",
        found=found,
        case=found.case,
        authority=badge_of(found.case.authority),
        owed=[(one, _due(one)) for one in found.owed],
        acts=[
            (one, link_to(one.act)) for one in sorted(acts, key=lambda one: (bool(one.reason), one.act not in wanted))
        ],
        link_to=link_to,
    )


@page_for_holder("/documents/<int:document_id>")
def view_document(document_id: int) -> str:
    """The notice, or something that was handed in, to be read."""
    found = look(step.producer_document, token=given_token(), document_id=document_id)
    files = shown_files(found.files, file_url)
    form = AnnexForm.of_values(found.annex, found.values, files.pictures) if found.annex is not None else None
    return render(
        "producer/document.html", found=found, document=found.document, form=form, files=files, link_to=link_to
    )


@page_for_holder("/documents/<int:document_id>/pdf")
def download_document(document_id: int) -> Response:
    """The same as PDF/A. An objection has none: it is read on its page."""
    found = look(step.producer_document, token=given_token(), document_id=document_id)
    if found.document.annex == OBJECTION:
        raise NotFound
    return send_official(PDF, found.title, kind="annex", subject_id=found.document.id)


@page_for_holder("/files/<int:file_id>")
def download_file(file_id: int) -> Response:
    """A photograph or a proof of the producer's own."""
    found = look(step.producer_file, token=given_token(), file_id=file_id)
    file = open_stored(found.sha256, name=found.filename)
    return send_file(file, found.content_type, as_attachment=True, download_name=found.filename, conditional=False)


def _due(owed: OwedByProducer) -> Due:
    one = owed.obligation
    return present_due(one.due_at, one.since_at, now(), working_calendar(reading()), is_provisional=one.is_provisional)
