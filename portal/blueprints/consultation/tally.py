"""After the count: the tally, another round, the conclusion."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.services.consultation import tally as service
from portal.services.consultation.tally_view import TallyPage, tally_page
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.badges import badge_of
from portal.web.deadlines import Due, present_due
from portal.web.fields import LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]


class ConclusionForm(PortalForm):
    """Why the material does not suffice, where there is no majority (Art. 8(7))."""

    reason = LongTextField("现有材料为何不足以判断", longest=2000)


@blueprint.get("/<int:consultation_id>/tally/<int:number>")
@requires("view_counts")
def view_tally(consultation_id: int, number: int) -> str:
    """A counted round: counts for every institution concerned, the sheets for applicant and lead."""
    return _render(look(tally_page, consultation_id=consultation_id, number=number))


@blueprint.get("/<int:consultation_id>/earlier-rounds/<int:number>")
@requires("view_earlier_rounds")
def view_earlier_round(consultation_id: int, number: int) -> str:
    """The same for the panel: a closed round is shown to its experts."""
    permission = "view_earlier_rounds"
    return _render(look(tally_page, consultation_id=consultation_id, number=number, permission=permission))


@blueprint.route("/<int:consultation_id>/tally/conclude-consultation", methods=["GET", "POST"])
@requires("conclude_consultation")
def conclude_consultation(consultation_id: int) -> Answer:
    """确定会诊结论: the majority's, or 持续关注 with the reason."""
    form, status = ConclusionForm(typed()), 200
    if request.method == "POST":
        reason = form.reason.data or ""
        outcome = submit(form, service.conclude_consultation, consultation_id=consultation_id, reason=reason)
        if outcome:
            flash("会诊结论已确定，请制作会议纪要。", "done")
            return redirect(url_for("consultation.view_consultation", consultation_id=consultation_id), 303)
        status = outcome.status
    page = look(tally_page, consultation_id=consultation_id, permission="conclude_consultation")
    return render("consultation/tally/conclude.html", form=form, page=page, due=_minutes_due(page)), status


add_act(
    "open_new_round",
    service.open_new_round,
    path="tally",
    done="已回到线上会诊。讨论后可以开始新一轮表决。",
    says=(
        "回到线上会诊，先由专家讨论分歧，再开始新一轮表决。",
        "新一轮须重新填写整张会诊表；本轮各份会诊表保留，并向专家组公开。",
        "会议纪要的期限在下一轮表决结束后重新计算。",
    ),
)


def _render(page: TallyPage) -> str:
    return render("consultation/tally/tally.html", page=page, badge_of=badge_of, due=_minutes_due(page))


def _minutes_due(page: TallyPage) -> Due | None:
    owed = page.minutes_due
    if owed is None:
        return None
    calendar = working_calendar(reading())
    return present_due(owed.due_at, owed.since_at, now(), calendar, is_provisional=owed.is_provisional)
