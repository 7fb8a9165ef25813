"""持续关注 in the browser: entries and the next review, ending, applying anew (Art. 8(7))."""

from __future__ import annotations

import wtforms
from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.services.consultation import watch as step
from portal.services.consultation.material import KIND_LABELS
from portal.services.consultation.overview import brief
from portal.storage.kinds import ACCEPT
from portal.web.acting import look
from portal.web.fields import DateField, LongTextField, TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.stored_files import open_stored
from portal.web.uploads import UploadForm


class WatchForm(UploadForm):
    """An entry of the watch, with a file where there is new material."""

    text = LongTextField("本期跟踪情况")
    findings = wtforms.SelectMultipleField("本期出现的情形", choices=step.FINDINGS)
    next_review_on = DateField("下次复核日期")
    file = wtforms.FileField("新的材料", description="PDF、Word、Excel、PowerPoint（不含宏）、图片、视频")
    file_kind = wtforms.SelectField("材料种类", choices=KIND_LABELS, default="test_report")
    file_title = TextField("材料名称", longest=120, description="不填则用文件名")
    article = "8(7)"


class SetWatchForm(PortalForm):
    """Who looks after the watch, and what would be a reason to apply anew."""

    owner_id = wtforms.SelectField("负责人", coerce=int)
    reopen_on = wtforms.SelectMultipleField("出现下列情形时考虑重新提出申请", choices=step.FINDINGS)
    reopen_note = LongTextField("具体说明", longest=500)


class EmptyForm(PortalForm):
    """A decision without words."""


@blueprint.route("/<int:consultation_id>/watch", methods=["GET", "POST"])
@requires("continue_watch")
def continue_watch(consultation_id: int) -> str | Response | tuple[str, int]:
    """What was learned, and when to look again."""
    about = look(brief, consultation_id=consultation_id, act="continue_watch")
    page = look(step.view_watch, consultation_id=consultation_id)
    form, status = WatchForm(typed(), data={"next_review_on": page.suggested_review_on if page else None}), 200
    if request.method == "POST":
        form.take_file()
        outcome = submit(
            form, step.continue_watch, consultation_id=consultation_id, text=form["text"].data or "",
            next_review_on=form.next_review_on.data, findings=form.findings.data or [], file=form.uploaded_if_any,
            file_kind=form.file_kind.data, file_title=form.file_title.data or "",
        )  # fmt: skip
        if outcome:
            flash("跟踪情况已保存。", "success")
            return redirect(url_for("consultation.continue_watch", consultation_id=consultation_id), 303)
        status = outcome.status
        form.keep_for_next_try()
    return render(
        "consultation/watch/page.html", page=page, form=form, about=about, findings=step.FINDINGS, accept=ACCEPT
    ), status


@blueprint.route("/<int:consultation_id>/watch/set-watch", methods=["GET", "POST"])
@requires("set_watch")
def set_watch(consultation_id: int) -> str | Response | tuple[str, int]:
    """Who looks after it, and what would be a reason to apply anew."""
    about = look(brief, consultation_id=consultation_id, act="set_watch")
    page = look(step.view_watch, consultation_id=consultation_id)
    shown = {"owner_id": page.owner_id, "reopen_on": page.reopen_on, "reopen_note": page.reopen_note} if page else {}
    form, status = SetWatchForm(typed(), data=shown), 200
    form.owner_id.choices = list(page.staff) if page else []
    if request.method == "POST":
        outcome = submit(
            form, step.set_watch, consultation_id=consultation_id, owner_id=form.owner_id.data,
            reopen_on=form.reopen_on.data or [], reopen_note=form.reopen_note.data or "",
        )  # fmt: skip
        if outcome:
            flash("已保存。", "done")
            return redirect(url_for("consultation.continue_watch", consultation_id=consultation_id), 303)
        status = outcome.status
    return render("consultation/watch/set.html", form=form, about=about), status


@blueprint.get("/<int:consultation_id>/watch/files/<int:file_id>/download")
@requires("view_watch")
def download_watch_file(consultation_id: int, file_id: int) -> Response:
    """New material that came while watching."""
    found = look(step.watch_file, consultation_id=consultation_id, file_id=file_id)
    file = open_stored(found.sha256, name=found.filename, consultation_id=consultation_id)
    return send_file(file, found.content_type, as_attachment=True, download_name=found.filename, conditional=False)


@blueprint.route("/<int:consultation_id>/watch/apply-anew", methods=["GET", "POST"])
@requires("apply_anew")
def apply_anew(consultation_id: int) -> str | Response | tuple[str, int]:
    """A new application with everything carried over; it opens as a draft."""
    about = look(brief, consultation_id=consultation_id, act="apply_anew")
    form, status = EmptyForm(typed()), 200
    if request.method == "POST":
        outcome = submit(form, step.apply_anew, consultation_id=consultation_id)
        if outcome:
            flash("已生成新的申请草稿，原申请的内容已带入。", "success")
            return redirect(url_for("consultation.edit_application", consultation_id=outcome.done.id), 303)
        status = outcome.status
    return render("consultation/watch/apply_anew.html", form=form, about=about), status


add_act("end_watch", step.end_watch, path="watch", done="持续关注已结束。", reason="结束理由",
        says=("这项持续关注结束，不再提醒复核。", "已填写的跟踪情况随会诊一并保存。"))  # fmt: skip
