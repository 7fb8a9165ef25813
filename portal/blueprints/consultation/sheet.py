"""The expert's sheet: filled in, checked, saved, signed; a signed sheet read and downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.blueprints.consultation.sheet_form import read_sheet
from portal.process.errors import Invalid, Stale
from portal.rules.editions import Edition
from portal.rules.problem import Problem
from portal.rules.sheet import SheetAnswers
from portal.services.consultation import sheet as service
from portal.services.consultation.sheet_rules_view import live_rules, matrix
from portal.services.consultation.sheet_view import (
    SheetPage,
    asked_sections,
    counted_sheets,
    differences,
    own_signed_sheet,
    reference,
    sheet_edition,
    sheet_page,
    sign_page,
    signed_sheet,
)
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, perform, present_visitor, reading
from portal.web.deadlines import present_due
from portal.web.fields import PasswordField, WholeNumberField
from portal.web.formats import clock_time
from portal.web.forms import PortalForm, article_beside, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import requires
from portal.web.papers import DOCX, PDF, send_official, verifiable

Answer = str | Response | tuple[str, int]


class SignatureForm(PortalForm):
    """The password that signs, and the version of the text that was shown."""

    password = PasswordField("登录密码")
    version = WholeNumberField()


@blueprint.get("/<int:consultation_id>/sheet")
@requires("sign_sheet")
def edit_sheet(consultation_id: int) -> str | Response:
    """The sheet to fill in; `?check=1` says at its head what is still missing. Once signed, it is only read."""
    page = look(sheet_page, consultation_id=consultation_id)
    if page.own.sheet.state == "signed":
        address = url_for("consultation.view_sheet", consultation_id=consultation_id, sheet_id=page.own.sheet.id)
        return redirect(address, 303)
    problems = page.rules.problems if "check" in request.args else ()
    return _page(page, problems, wants_check="check" in request.args)


@blueprint.get("/<int:consultation_id>/sheet/reference")
@requires("sign_sheet")
def view_reference(consultation_id: int) -> str:
    """Material and own preliminary analysis: fetched into the sheet when it is unfolded, else a page of its own."""
    found = look(reference, consultation_id=consultation_id)
    return render("consultation/sheet/reference.html", fragment="reference", found=found)


@blueprint.post("/<int:consultation_id>/sheet/check-sheet")
@requires("sign_sheet")
def check_sheet(consultation_id: int) -> str:
    """What the rules say about what is typed, saved or not. Nothing is changed."""
    edition = look(sheet_edition, consultation_id=consultation_id)
    answers, _problems = read_sheet(request.form, edition)
    if is_htmx():
        return render(
            "consultation/sheet/checked.html",
            rules=live_rules(answers, edition),
            matrix=matrix(edition.name),
            sections=asked_sections(edition),
        )
    page = look(sheet_page, consultation_id=consultation_id, answers=answers)
    return _page(page, page.rules.problems, wants_check=True, is_unsaved=True)


@blueprint.post("/<int:consultation_id>/sheet/save-sheet")
@requires("sign_sheet")
def save_sheet(consultation_id: int) -> Answer:
    """Save the draft, gaps included; `then=sign` goes on to the signature."""
    version, refusal = _save_typed(consultation_id)
    if refusal is not None:
        return refusal
    if is_htmx():
        response = make_response(render("consultation/sheet/saved.html", version=version))
        response.headers["X-Saved-At"] = clock_time(now())
        return response
    if request.form.get("then") == "sign":
        return redirect(url_for("consultation.sign_sheet", consultation_id=consultation_id, check=1), 303)
    flash(f"已保存 {clock_time(now())}", "done")
    return redirect(url_for("consultation.edit_sheet", consultation_id=consultation_id), 303)


@blueprint.post("/<int:consultation_id>/sheet/take-first-view")
@requires("sign_sheet")
def take_first_view(consultation_id: int) -> Answer:
    """从初步分析带入: save what is typed, then fill what is still open with the first view."""
    version, refusal = _save_typed(consultation_id)
    if refusal is not None:
        return refusal
    taken = perform(service.take_first_view, consultation_id=consultation_id, version=version)
    edition = look(sheet_edition, consultation_id=consultation_id)
    names = "、".join(edition.field(name).brief for name in taken)
    flash(f"已从初步分析带入：{names}。请逐项核对。" if taken else "初步分析中的各项都已填写。", "done")
    return redirect(url_for("consultation.edit_sheet", consultation_id=consultation_id), 303)


@blueprint.route("/<int:consultation_id>/sheet/sign-sheet", methods=["GET", "POST"])
@requires("sign_sheet")
def sign_sheet(consultation_id: int) -> Answer:
    """The final text and the signature. Whoever has something missing is led to the sheet first."""
    form, status = SignatureForm(typed()), 200
    if request.method == "POST":
        outcome = submit(
            form, service.sign_sheet, confirmed_by=form.password, consultation_id=consultation_id,
            version=form.version.data or 0, reauthenticated_at=lambda: present_visitor().reauthenticated_at,
        )  # fmt: skip
        if outcome:
            flash("已签名，回执已发到您的邮箱。表决结束前可以撤回重签。", "done")
            signed = outcome.done.id
            return redirect(url_for("consultation.view_receipt", consultation_id=consultation_id, sheet_id=signed), 303)
        status = outcome.status
    try:
        page = look(sign_page, consultation_id=consultation_id)
    except Invalid:
        check = "1" if "check" in request.args or request.method == "POST" else None
        return redirect(url_for("consultation.edit_sheet", consultation_id=consultation_id, check=check), 303)
    return render("consultation/sheet/sign.html", form=form, page=page, due=_due(page.own)), status


@blueprint.get("/<int:consultation_id>/sheets/<int:sheet_id>")
@requires("view_signed_sheet")
def view_sheet(consultation_id: int, sheet_id: int) -> str:
    """A signed sheet."""
    sheet = look(signed_sheet, consultation_id=consultation_id, sheet_id=sheet_id)
    return render("consultation/sheet/signed.html", sheet=sheet, sheet_id=sheet_id)


@blueprint.get("/<int:consultation_id>/sheets/<int:sheet_id>/receipt")
@requires("view_own_sheet")
def view_receipt(consultation_id: int, sheet_id: int) -> str:
    """What the signature fixed, for the signer to keep; nothing of what the sheet says."""
    sheet = look(own_signed_sheet, consultation_id=consultation_id, sheet_id=sheet_id)
    return render("consultation/sheet/receipt.html", sheet=sheet, sheet_id=sheet_id, foot=verifiable(sheet.foot))


@blueprint.get("/<int:consultation_id>/sheets/<int:sheet_id>.pdf")
@requires("view_signed_sheet")
def download_sheet_pdf(consultation_id: int, sheet_id: int) -> Response:
    """A signed sheet as PDF."""
    return _send(consultation_id, sheet_id, PDF)


@blueprint.get("/<int:consultation_id>/tally/<int:number>/sheets.pdf")
@requires("view_sheets")
def download_sheets_pdf(consultation_id: int, number: int) -> Response:
    """All sheets of a counted round in one PDF."""
    round_id, name = look(counted_sheets, consultation_id=consultation_id, number=number)
    return send_official(PDF, name, kind="sheets", subject_id=round_id, consultation_id=consultation_id)


@blueprint.get("/<int:consultation_id>/sheets/<int:sheet_id>.docx")
@requires("view_signed_sheet")
def download_sheet(consultation_id: int, sheet_id: int) -> Response:
    """A signed sheet as DOCX."""
    return _send(consultation_id, sheet_id, DOCX)


add_act(
    "withdraw_signature",
    service.withdraw_signature,
    path="sheet",
    done="签名已撤回。请修改后重新签名。",
    says=("您在本轮的签名撤回，原来的版本保留。", "会诊表恢复为草稿，修改后须在时限前重新签名，否则不计票。"),
)


def _send(consultation_id: int, sheet_id: int, media_type: str) -> Response:
    sheet = look(signed_sheet, consultation_id=consultation_id, sheet_id=sheet_id)
    return send_official(
        media_type, sheet.file_name, kind="sheet", subject_id=sheet_id, consultation_id=consultation_id
    )


def _page(
    page: SheetPage,
    problems: Any = (),
    *,
    wants_check: bool = False,
    is_unsaved: bool = False,
    stale: Any = None,
) -> str:
    return render(
        "consultation/sheet/sheet.html",
        page=page,
        rules=page.rules,
        matrix=matrix(page.edition.name),
        problems=[(problem.field, problem.message, article_beside(problem)) for problem in problems],
        wants_check=wants_check,
        is_unsaved=is_unsaved,
        stale=stale,
        due=_due(page.own),
    )


def _save_typed(consultation_id: int) -> tuple[int, tuple[str, int] | None]:
    """Save what was typed; the new version, or the answer that says why not."""
    version = request.form.get("overwrite", type=int) or request.form.get("version", 0, type=int)
    try:
        saved = perform(service.save_sheet, consultation_id=consultation_id, answers=_typed_answers, version=version)
    except Invalid as refusal:
        return 0, _not_saved(consultation_id, refusal.problems, refusal.status)
    except Stale as refusal:
        return 0, _not_saved(consultation_id, [Problem("", refusal.message, "")], refusal.status, is_stale=True)
    return saved.version, None


def _typed_answers(edition: Edition) -> SheetAnswers:
    answers, problems = read_sheet(request.form, edition)
    if problems:
        raise Invalid(problems)
    return answers


def _not_saved(
    consultation_id: int, problems: Sequence[Problem], status: int, *, is_stale: bool = False
) -> tuple[str, int]:
    """The page with everything typed, and why it was not saved; to htmx the message alone."""
    answers, _problems = read_sheet(request.form, look(sheet_edition, consultation_id=consultation_id))
    stale = look(differences, consultation_id=consultation_id, typed=answers) if is_stale else None
    if is_htmx():
        shown = [(problem.field, problem.message, article_beside(problem)) for problem in problems]
        return render("consultation/sheet/not_saved.html", problems=shown, stale=stale), status
    page = look(sheet_page, consultation_id=consultation_id, answers=answers)
    return _page(page, problems, is_unsaved=True, stale=stale), status


def _due(own: service.OwnSheet) -> Any:
    voting_round = own.voting_round
    return present_due(voting_round.sign_by, voting_round.opened_at, now(), working_calendar(reading()))
