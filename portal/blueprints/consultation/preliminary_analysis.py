"""Step 3 for the expert and the staff: the analysis with the material beside it, and all of them together."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.rules.editions import Edition, load_edition
from portal.services.consultation import preliminary_analysis as step
from portal.services.consultation import preliminary_analysis_view as view
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.deadlines import present_due
from portal.web.fields import LongTextField, WholeNumberField
from portal.web.formats import clock_time
from portal.web.forms import PortalForm, Submission, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import requires


class AnalysisForm(PortalForm):
    """The analysis, and a first view on four questions of the sheet, in its words."""

    version = WholeNumberField(default=0)
    hazard = LongTextField("危害分析", description="存在哪些危及人身、财产安全的危险，可能造成什么伤害")
    cause = LongTextField("原因分析", description="设计、制造或警示方面的原因")
    prevalence_text = LongTextField("普遍性分析", description="是否存在于同一批次、型号或类别")
    # What the sheet does not have is for the service to refuse.
    severity = wtforms.SelectField(validate_choice=False)
    likelihood = wtforms.SelectField(validate_choice=False)
    prevalence = wtforms.SelectField(validate_choice=False)
    defect_finding = wtforms.SelectField(validate_choice=False)

    def offer(self, edition: Edition) -> AnalysisForm:
        """Give the four questions the sheet's labels and answers."""
        for name in step.FIRST_VIEW:
            question = edition.field(name)
            answers = {str(value): view.answer_words(name, value, edition) for value in question.values}
            self[name].choices = {"": "暂不判断", **answers}
            self[name].label.text = question.brief
        return self

    def given(self) -> step.AnalysisInput:
        """What was typed, as the service takes it."""
        chosen = {name: self[name].data for name in step.FIRST_VIEW if self[name].data}
        return step.AnalysisInput(
            hazard=self.hazard.data,
            cause=self.cause.data,
            prevalence=self.prevalence_text.data,
            first_view={name: int(value) if value.isdecimal() else value for name, value in chosen.items()},
        )


def _saved_values(page: view.OwnAnalysis) -> dict[str, object]:
    analysis = page.analysis
    if analysis is None:
        return {}
    return {
        "version": analysis.version,
        "hazard": analysis.hazard,
        "cause": analysis.cause,
        "prevalence_text": analysis.prevalence,
        **{name: str(value) for name, value in analysis.first_view.items()},
    }


@blueprint.route("/<int:consultation_id>/preliminary-analysis/hand-in-analysis", methods=["GET", "POST"])
@requires("hand_in_analysis")
def hand_in_analysis(consultation_id: int) -> str | Response | tuple[str, int]:
    """The expert's second screen: written, saved as one types, handed in."""
    page = look(view.own_analysis, consultation_id=consultation_id)
    edition = load_edition(page.consultation.edition)
    form, status = AnalysisForm(typed(), data=_saved_values(page)).offer(edition), 200
    if request.method == "POST":
        hands_in = "hand_in" in request.form and not is_htmx()
        service = step.hand_in_analysis if hands_in else step.save_analysis
        done = submit(form, service, consultation_id=consultation_id, given=form.given, version=form.version.data or 0)
        if is_htmx():
            return _saved_fragment(done)
        if done:
            flash("初步分析已提交。" if hands_in else f"草稿已保存 {clock_time(now())}。", "done")
            here = url_for("consultation.hand_in_analysis", consultation_id=consultation_id)
            return redirect(here, 303)
        status = done.status
    return _page(page, form, edition), status


def _saved_fragment(done: Submission[Any]) -> Response:
    """For the script: the version that the next saving begins from, and when this one was."""
    version = done.done.version if done else None
    response = make_response(render("consultation/application/saved.html", version=version), done.status)
    response.headers["X-Saved-At"] = clock_time(now())
    return response


def _page(page: view.OwnAnalysis, form: AnalysisForm, edition: Edition) -> str:
    due = None
    if page.due_at:
        calendar = working_calendar(reading())
        due = present_due(page.due_at, page.since_at, now(), calendar, is_provisional=page.is_provisional)
    chosen = request.args.get("material", type=int)
    shown = next((item for item in page.items if item.material_id == chosen), next(iter(page.items), None))
    words = view.first_view_words(page.analysis, edition) if page.analysis else ()
    return render(
        "consultation/preliminary_analysis/write.html", page=page, form=form, due=due, shown=shown, first_view=words
    )


@blueprint.get("/<int:consultation_id>/preliminary-analysis")
@requires("view_analyses")
def view_analyses(consultation_id: int) -> str:
    """All analyses that were handed in, side by side."""
    page = look(view.analyses, consultation_id=consultation_id)
    return render("consultation/preliminary_analysis/all.html", page=page, consultation=page.loaded.consultation)


add_act("tell_lead", step.tell_lead, path="preliminary_analysis",
        done="已告知牵头单位，其联络员已收到邮件。",
        says=("告知牵头单位专家已提交初步分析；逾期未提交的专家会逐一列名。", "牵头单位组织线上会诊的期限自告知起算。",
              "尚未提交的专家在线上会诊前仍可提交。"))  # fmt: skip
