"""Step 1 in the browser: writing, submitting, accepting, returning, withdrawing an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.blueprints.consultation.application_form import ApplicationForm, saved_values
from portal.process.consultation import Stage
from portal.services.consultation import application as step
from portal.services.consultation.similar import similar_consultations
from portal.web.acting import look, now
from portal.web.formats import clock_time
from portal.web.forms import Submission, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import requires

if TYPE_CHECKING:
    from portal.models.consultation import Consultation

_DONE = "会诊申请已提交，牵头单位的联络员已收到邮件。"


@blueprint.route("/new", methods=["GET", "POST"])
@requires("create_application")
def create_application() -> str | Response | tuple[str, int]:
    """A new application: saved as a draft, or saved and submitted at once."""
    form = ApplicationForm(typed())
    if request.method == "GET":
        return _page(form, None)
    saved = submit(form, step.create_application, given=form.given)
    if not saved:
        return _page(form, None), saved.status
    return _after_saving(form, saved.done)


@blueprint.route("/<int:consultation_id>/application", methods=["GET", "POST"])
@requires("edit_application")
def edit_application(consultation_id: int) -> str | Response | tuple[str, int]:
    """A draft or a returned application: corrected, saved, submitted."""
    consultation = look(step.find_application, consultation_id=consultation_id)
    form = ApplicationForm(typed(), data=saved_values(consultation))
    if request.method == "GET":
        return _page(form, consultation)
    saved = submit(
        form, step.save_application, consultation_id=consultation_id, given=form.given, version=form.version.data or 0
    )
    if is_htmx():
        return _saved_fragment(saved)
    return _after_saving(form, saved.done) if saved else (_page(form, consultation), saved.status)


def _after_saving(form: ApplicationForm, consultation: Consultation) -> str | Response | tuple[str, int]:
    if "submit" not in request.form:
        flash("草稿已保存。", "success")
        return redirect(url_for("consultation.edit_application", consultation_id=consultation.id), 303)
    act = step.submit_application if consultation.stage == Stage.DRAFT else step.resubmit_application
    sent = submit(form, act, consultation_id=consultation.id)
    if not sent:
        form.version.raw_data, form.version.data = None, consultation.version
        return _page(form, consultation), sent.status
    flash(_DONE, "success")
    return redirect(url_for("consultation.view_consultation", consultation_id=consultation.id), 303)


def _page(form: ApplicationForm, consultation: Consultation | None) -> str:
    similar = look(similar_consultations, name=form.product_name.data or "", producer=form.producer.data or "")
    returned = look(step.reason_of_return, consultation_id=consultation.id) if consultation else ""
    return render(
        "consultation/application/form.html",
        form=form,
        consultation=consultation,
        similar=similar,
        reason_of_return=returned,
    )


def _saved_fragment(saved: Submission[Consultation]) -> Response:
    version = saved.done.version if saved else None
    response = make_response(render("consultation/application/saved.html", version=version), saved.status)
    response.headers["X-Saved-At"] = clock_time(now())
    return response


@blueprint.get("/similar")
@requires("create_application")
def similar() -> str:
    """Earlier consultations of the same producer or a near product, while one types."""
    found = look(
        similar_consultations, name=request.args.get("product_name", ""), producer=request.args.get("producer", "")
    )
    return render("consultation/application/similar.html", similar=found)


add_act("submit_application", step.submit_application, path="application", done=_DONE,
        says=("申请提交给本年度轮值牵头单位，并取得编号。", "提交后不能修改；牵头单位退回后可以补正。"))  # fmt: skip
add_act("resubmit_application", step.resubmit_application, path="application", done="申请已再次提交。",
        says=("补正后的申请再次提交给原牵头单位，编号不变。",))  # fmt: skip
add_act("discard_application", step.discard_application, path="application", done="草稿已作废。", lands_on_list=True,
        says=("这份草稿作废，不再显示在列表中。",))  # fmt: skip
add_act("accept_application", step.accept_application, path="application",
        done="申请已受理，各召回技术机构可以开始选取专家。",
        says=("受理后，四个召回技术机构各自从专家库选取专家。", "申请单位不能再修改申请。"))  # fmt: skip
add_act("return_application", step.return_application, path="application", done="申请已退回。", reason="退回理由",
        says=("申请退回申请单位补正，理由会显示给申请单位。",))  # fmt: skip
add_act("withdraw_application", step.withdraw_application, path="application", done="申请已撤回。", reason="撤回理由",
        says=("会诊到此结束，已形成的材料由申请单位归档保存。", "撤回后不能恢复；需要时重新提出申请。"))  # fmt: skip
