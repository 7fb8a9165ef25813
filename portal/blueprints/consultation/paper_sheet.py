"""Sheets that are signed on paper: printed, recorded with their scan, the scan opened."""

from __future__ import annotations

import wtforms
from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.sheet_form import read_sheet
from portal.documents.sheet_pdf import sheets_pdf
from portal.process.errors import Invalid
from portal.rules.editions import Edition
from portal.rules.sheet import SheetAnswers
from portal.services.consultation import paper_sheet as service
from portal.services.consultation import paper_sheet_view as view
from portal.services.consultation.voting import ARTICLE
from portal.web.acting import look, perform
from portal.web.fields import DateField, WholeNumberField
from portal.web.forms import article_beside, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.papers import PDF, send_paper, typography
from portal.web.stored_files import open_stored
from portal.web.uploads import UploadForm

Answer = str | Response | tuple[str, int]
ACCEPT = ".pdf,.jpg,.jpeg,.png"


class PaperSheetForm(UploadForm):
    """What stands on the paper beside the sheet itself: whose it is, its day, and the scan of it."""

    member = WholeNumberField()
    signed_on = DateField("纸质会诊表上的签名日期")
    file = wtforms.FileField("已签名会诊表的扫描件", description="PDF、JPG 或 PNG，全部页放在一个文件中")

    article = ARTICLE
    only = service.SCAN_KINDS


@blueprint.route("/<int:consultation_id>/sheets/record-paper-sheet", methods=["GET", "POST"])
@requires("record_paper_sheet")
def record_paper_sheet(consultation_id: int) -> Answer:
    """Whose sheet, then the sheet as it stands on the paper, with its scan."""
    form, answers, status = PaperSheetForm(typed()), None, 200
    chosen = request.args.get("member", type=int) if request.method == "GET" else form.member.data
    if not chosen:
        return _choose(consultation_id), 422 if request.method == "POST" else 200
    page = look(view.paper_sheet_page, consultation_id=consultation_id, member_id=chosen)
    if request.method == "POST":
        answers, _problems = read_sheet(request.form, page.edition)
        form.take_file()
        done = submit(
            form, service.record_paper_sheet, consultation_id=consultation_id, member_id=chosen,
            answers=lambda: _typed_answers(page.edition), signed_on=form.signed_on.data, file=form.uploaded,
        )  # fmt: skip
        if done:
            flash(f"已登记{page.member.name}的线下签名，回执已发给本人。表决结束前不再显示内容。", "done")
            return redirect(url_for("consultation.view_consultation", consultation_id=consultation_id), 303)
        page = look(view.paper_sheet_page, consultation_id=consultation_id, member_id=chosen, answers=answers)
        status = done.status
        form.keep_for_next_try()
    return render("consultation/paper_sheet/enter.html", page=page, form=form, problems=_problems_of(form),
                  accept=ACCEPT), status  # fmt: skip


@blueprint.get("/<int:consultation_id>/sheets/blank.pdf")
@requires("record_paper_sheet")
def download_blank_sheets(consultation_id: int) -> Response:
    """The sheets of all who have not signed, to be printed and signed by hand."""
    documents = look(view.blank_sheets, consultation_id=consultation_id)
    if not documents:
        return redirect(url_for("consultation.record_paper_sheet", consultation_id=consultation_id), 303)
    pdf = sheets_pdf([(document, document.foot()) for document in documents], typography=typography())
    return send_paper(pdf, PDF, f"空白会诊表（供线下签名）{documents[0].number}")


@blueprint.get("/<int:consultation_id>/sheet/blank.pdf")
@requires("sign_sheet")
def download_blank_sheet(consultation_id: int) -> Response:
    """One's own sheet, to be printed and signed by hand."""
    document = look(view.own_blank_sheet, consultation_id=consultation_id)
    pdf = sheets_pdf([(document, document.foot())], typography=typography())
    return send_paper(pdf, PDF, f"空白会诊表（供线下签名）{document.number}")


@blueprint.get("/<int:consultation_id>/sheets/<int:sheet_id>/scan")
@requires("view_signed_sheet")
def download_scan(consultation_id: int, sheet_id: int) -> Response:
    """The scan of a sheet that was signed on paper, for whoever may read the sheet; of others leads to the sheet."""
    scan = look(view.find_scan, consultation_id=consultation_id, sheet_id=sheet_id)
    if scan is None:
        return redirect(url_for("consultation.view_sheet", consultation_id=consultation_id, sheet_id=sheet_id), 303)
    # What cannot be read was not opened: the file comes first, then the record of the opening.
    file = open_stored(scan.sha256, name=scan.filename, consultation_id=consultation_id)
    perform(view.open_scan, consultation_id=consultation_id, sheet_id=sheet_id)
    return send_file(file, scan.content_type, as_attachment=True, download_name=scan.filename, conditional=False)


def _choose(consultation_id: int) -> str:
    page = look(view.paper_sheets_page, consultation_id=consultation_id)
    return render("consultation/paper_sheet/choose.html", page=page, consultation=page.loaded.consultation)


def _typed_answers(edition: Edition) -> SheetAnswers:
    """What was typed, complete."""
    answers, problems = read_sheet(request.form, edition)
    if problems:
        raise Invalid(problems)
    return service.complete_answers(answers, edition)


def _problems_of(form: PaperSheetForm) -> list[tuple[str, str, str]]:
    """Each with the field of the sheet that it stands beside."""
    sheet = [(problem.field, problem.message, article_beside(problem)) for problem in form.general]
    return [*sheet, *((field, message, article) for field, message, article in form.problems if field)]
