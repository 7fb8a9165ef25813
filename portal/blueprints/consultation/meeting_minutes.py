"""Step 7 in the browser: the draft, issuing, the paper, receipts, corrections, the DOCX."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.process.consultation import transition
from portal.services.consultation import meeting_minutes as step
from portal.services.consultation import meeting_minutes_view as view
from portal.services.consultation.meeting_minutes_draft import PART_LABELS, PARTS
from portal.services.consultation.overview import brief
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.badges import badge_of
from portal.web.deadlines import Due, present_due
from portal.web.fields import LongTextField, TextField, WholeNumberField
from portal.web.formats import beijing_minute, clock_time
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import requires
from portal.web.papers import DOCX, PDF, send_official

Answer = str | Response | tuple[str, int]
LONGEST_PART = 20_000


class MinutesForm(PortalForm):
    """The parts of the minutes."""

    version = WholeNumberField()
    opening = LongTextField(PART_LABELS["opening"], longest=LONGEST_PART)
    product = LongTextField(PART_LABELS["product"], longest=LONGEST_PART)
    discussion = LongTextField(PART_LABELS["discussion"], longest=LONGEST_PART)
    expert_opinions = LongTextField(PART_LABELS["expert_opinions"], longest=LONGEST_PART)
    conclusion = LongTextField(PART_LABELS["conclusion"], longest=LONGEST_PART)
    follow_up = LongTextField(PART_LABELS["follow_up"], longest=LONGEST_PART)

    def parts(self) -> dict[str, str]:
        """What was typed, by part."""
        return {name: self[name].data or "" for name in PARTS}


class CorrectionForm(PortalForm):
    """What is put right, and how it reads."""

    corrects = TextField("所更正的内容", longest=300, description="例如：二、专家意见，第1轮表决日期")
    text = LongTextField("更正后的内容")


@blueprint.get("/<int:consultation_id>/meeting-minutes")
@requires("view_minutes")
def view_minutes(consultation_id: int) -> str:
    """The minutes on paper, with copies, receipts and corrections."""
    page = look(view.minutes_page, consultation_id=consultation_id)
    consultation = page.loaded.consultation
    return render(
        "consultation/meeting_minutes/page.html",
        page=page,
        loaded=page.loaded,
        consultation=consultation,
        due=_due(page.owed),
        copies=[_copy(copy, consultation.applicant_institution_id) for copy in page.minutes[-1].copies],
        received=sum(copy.received_at is not None for copy in page.minutes[-1].copies),
    )


@blueprint.get("/<int:consultation_id>/meeting-minutes/<int:correction>.pdf")
@requires("view_minutes")
def download_minutes_pdf(consultation_id: int, correction: int) -> Response:
    """The minutes (0) or a correction of them as PDF."""
    return _send(consultation_id, correction, PDF)


@blueprint.get("/<int:consultation_id>/meeting-minutes/<int:correction>.docx")
@requires("view_minutes")
def download_minutes(consultation_id: int, correction: int) -> Response:
    """The minutes (0) or a correction of them as DOCX."""
    return _send(consultation_id, correction, DOCX)


@blueprint.route("/<int:consultation_id>/meeting-minutes/edit", methods=["GET", "POST"])
@requires("edit_minutes")
def edit_minutes(consultation_id: int) -> Answer:
    """Write on the draft; it saves itself."""
    page = look(view.draft_page, consultation_id=consultation_id)
    form = MinutesForm(typed(), obj=page.draft)
    if request.method == "GET":
        return _draft(page, form)
    saved = submit(form, step.save_minutes, consultation_id=consultation_id, **_given(form))
    if is_htmx():
        version = saved.done.version if saved else None
        response = make_response(render("consultation/application/saved.html", version=version), saved.status)
        response.headers["X-Saved-At"] = clock_time(now())
        return response
    if not saved:
        return _draft(page, form), saved.status
    flash("草稿已保存。", "done")
    return redirect(url_for("consultation.edit_minutes", consultation_id=consultation_id), 303)


@blueprint.route("/<int:consultation_id>/meeting-minutes/issue-minutes", methods=["GET", "POST"])
@requires("issue_minutes")
def issue_minutes(consultation_id: int) -> Answer:
    """Write, check, issue: the draft's page, whose main button issues."""
    look(brief, consultation_id=consultation_id, act="issue_minutes")
    page = look(view.draft_page, consultation_id=consultation_id)
    form = MinutesForm(typed(), obj=page.draft)
    if request.method == "GET":
        return _draft(page, form)
    done = submit(form, step.issue_minutes, consultation_id=consultation_id, **_given(form))
    if not done:
        return _draft(page, form), done.status
    flash(f"会议纪要已印发，编号 {step.number_of(done.done)}，并已抄送。", "done")
    return redirect(url_for("consultation.view_minutes", consultation_id=consultation_id), 303)


@blueprint.route("/<int:consultation_id>/meeting-minutes/correct-minutes", methods=["GET", "POST"])
@requires("correct_minutes")
def correct_minutes(consultation_id: int) -> Answer:
    """Issue a correction."""
    about = look(brief, consultation_id=consultation_id, act="correct_minutes")
    form, status = CorrectionForm(typed()), 200
    if request.method == "POST":
        given = {"corrects": form.corrects.data or "", "text": form.text.data or ""}
        done = submit(form, step.correct_minutes, consultation_id=consultation_id, **given)
        if done:
            flash(f"更正已印发，编号 {step.number_of(done.done)}，并已抄送。", "done")
            return redirect(url_for("consultation.view_minutes", consultation_id=consultation_id), 303)
        status = done.status
    line = transition("correct_minutes")
    return render("consultation/meeting_minutes/correct.html", form=form, about=about, line=line), status


add_act("confirm_receipt", step.confirm_receipt, path="meeting_minutes", done="已确认收到会议纪要。",
        says=("确认本单位已收到会议纪要及其更正；确认人和时间会显示在纪要页面。",),
        lands_on="consultation.view_minutes")  # fmt: skip


def _send(consultation_id: int, correction: int, media_type: str) -> Response:
    minutes_id, document = look(view.issued_document, consultation_id=consultation_id, correction=correction)
    return send_official(
        media_type, document.number, kind="minutes", subject_id=minutes_id, consultation_id=consultation_id
    )


def _given(form: MinutesForm) -> dict[str, Any]:
    return {"parts": form.parts, "version": form.version.data or 0}


def _draft(page: view.DraftPage, form: MinutesForm) -> str:
    return render(
        "consultation/meeting_minutes/draft.html",
        page=page,
        form=form,
        consultation=page.loaded.consultation,
        due=_due(page.owed),
        parts=PARTS,
        copies=[badge_of(one) for one in page.copies],
    )


def _due(owed: Any) -> Due | None:
    if owed is None:
        return None
    calendar = working_calendar(reading())
    return present_due(
        owed.due_at, owed.since_at, now(), calendar, owed.closed_at, owed.is_met, is_provisional=owed.is_provisional
    )


def _copy(copy: Any, applicant_id: int) -> dict[str, Any]:
    words = f"已确认收到　{beijing_minute(copy.received_at)}" if copy.received_at else "尚未确认"
    return {
        "institution": badge_of(copy.institution),
        "role": "申请单位" if copy.institution_id == applicant_id else "",
        "lines": [f"{beijing_minute(copy.sent_at)} 送达", *([copy.received_by_name] if copy.received_at else [])],
        "receipt": {"words": words, "is_in": copy.received_at is not None},
    }
