"""持续关注 in the browser: entries and the next review, ending, applying anew (Art. 8(7))."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.services.consultation import watch as step
from portal.services.consultation.overview import brief
from portal.web.acting import look
from portal.web.fields import DateField, LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


class WatchForm(PortalForm):
    """An entry of the watch."""

    text = LongTextField("本期跟踪情况")
    next_review_on = DateField("下次复核日期")


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
        given = {"text": form["text"].data or "", "next_review_on": form.next_review_on.data}
        outcome = submit(form, step.continue_watch, consultation_id=consultation_id, **given)
        if outcome:
            flash("跟踪情况已保存。", "success")
            return redirect(url_for("consultation.continue_watch", consultation_id=consultation_id), 303)
        status = outcome.status
    return render("consultation/watch/page.html", page=page, form=form, about=about), status


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
