"""The review of a recall plan, point by point (Art. 14): returned, or accepted."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.process.recall_case import transition
from portal.services.recall import answer_reviews as step
from portal.services.recall.annex_copies import document_title
from portal.services.recall.answer_reviews import Point
from portal.services.recall.overview import case_brief
from portal.web.acting import look
from portal.web.fields import DateField, LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

_POINTS = ("batches", "quantities", "content", "measures")
_ANSWERS = {"yes": "符合", "no": "不符合"}


class PlanReviewForm(PortalForm):
    """Each of the four points, with what is wrong."""

    batches = wtforms.RadioField("批次准确", choices=_ANSWERS, validate_choice=False)
    batches_words = LongTextField("问题", longest=1000)
    quantities = wtforms.RadioField("数量真实", choices=_ANSWERS, validate_choice=False)
    quantities_words = LongTextField("问题", longest=1000)
    content = wtforms.RadioField("内容完整", choices=_ANSWERS, validate_choice=False)
    content_words = LongTextField("问题", longest=1000)
    measures = wtforms.RadioField("措施可行", choices=_ANSWERS, validate_choice=False)
    measures_words = LongTextField("问题", longest=1000)
    reason = LongTextField("审查意见", description="退回时会告知生产者。")
    plan_on = DateField("重新报告的日期", description="退回时填写。")

    def points(self) -> dict[str, Point]:
        """What was found of each point."""
        met = {"yes": True, "no": False}
        return {name: Point(met.get(self[name].data or ""), self[f"{name}_words"].data or "") for name in _POINTS}


@blueprint.route("/<int:case_id>/accept-plan", methods=["GET", "POST"])
@requires("accept_plan")
def accept_plan(case_id: int) -> str | Response | tuple[str, int]:
    """审查召回计划."""
    return _review(case_id, "accept_plan")


@blueprint.route("/<int:case_id>/return-plan", methods=["GET", "POST"])
@requires("return_plan")
def return_plan(case_id: int) -> str | Response | tuple[str, int]:
    """退回召回计划."""
    return _review(case_id, "return_plan")


def _review(case_id: int, act: str) -> str | Response | tuple[str, int]:
    about = look(case_brief, case_id=case_id, act=act)
    form, status = PlanReviewForm(typed()), 200
    if request.method == "POST":
        given: dict[str, Any] = {"points": form.points, "reason": form.reason.data or ""}
        if act == "return_plan":
            given["plan_on"] = form.plan_on.data
        outcome = submit(form, getattr(step, act), case_id=case_id, **given)
        if outcome:
            flash("召回计划已退回。" if act == "return_plan" else "召回计划审查通过，请公示召回信息。", "success")
            return redirect(url_for("recall.view_case", case_id=case_id), 303)
        status = outcome.status
    found = look(step.documents_in_review, case_id=case_id)
    return render(
        "recall/plan_review.html", form=form, about=about, line=transition(act), points=_POINTS,
        documents=[(document_title(about.loaded.case, one), one) for one in found], is_return=act == "return_plan",
    ), status  # fmt: skip
