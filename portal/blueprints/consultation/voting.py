"""The vote, for the lead: opening it, reminding, closing it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.services.consultation import voting as service
from portal.services.consultation.overview import brief
from portal.services.consultation.voting_view import closing_page, opening_page
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.badges import badge_of
from portal.web.deadlines import present_due
from portal.web.fields import BeijingTimeField, LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]


class OpeningForm(PortalForm):
    """The time by which to sign; empty for the usual working days."""

    sign_by = BeijingTimeField("签名时限", description="不填则按规范，为表决开始后的工作日末日 24:00。")


class ClosingForm(PortalForm):
    """Why the vote is closed though some have not signed."""

    reason = LongTextField("结束表决的理由", longest=2000)


@blueprint.route("/<int:consultation_id>/voting/open-vote", methods=["GET", "POST"])
@requires("open_vote")
def open_vote(consultation_id: int) -> Answer:
    """开始表决."""
    form, status = OpeningForm(typed()), 200
    if request.method == "POST":
        outcome = submit(form, service.open_vote, consultation_id=consultation_id, sign_by=lambda: form.sign_by.data)
        if outcome:
            flash(f"第 {outcome.done.number} 轮表决已开始，已通知各位专家。", "done")
            return _back(consultation_id)
        status = outcome.status
    about = look(brief, consultation_id=consultation_id, act="open_vote")
    page = look(opening_page, consultation_id=consultation_id)
    return render("consultation/voting/open.html", form=form, about=about, page=page), status


@blueprint.route("/<int:consultation_id>/voting/close-vote", methods=["GET", "POST"])
@requires("close_vote")
def close_vote(consultation_id: int) -> Answer:
    """结束表决: who has signed and who has not, never what."""
    form, status = ClosingForm(typed()), 200
    if request.method == "POST":
        outcome = submit(form, service.close_vote, consultation_id=consultation_id, reason=form.reason.data or "")
        if outcome:
            flash("表决已结束并计票。", "done")
            return redirect(
                url_for("consultation.view_tally", consultation_id=consultation_id, number=outcome.done.number), 303
            )
        status = outcome.status
    about = look(brief, consultation_id=consultation_id, act="close_vote")
    page = look(closing_page, consultation_id=consultation_id)
    people = [(signer, badge_of(institution)) for signer, institution in page.signers]
    template = "consultation/voting/close.html"
    return render(template, form=form, about=about, page=page, people=people, due=_due(page.voting_round)), status


add_act(
    "remind_signers",
    service.remind_signers,
    path="voting",
    done="已向尚未签名的专家发出提醒。",
    says=("提醒邮件只发给尚未签名的专家。", "已签名的专家不会收到。"),
)


def _back(consultation_id: int) -> Response:
    return redirect(url_for("consultation.view_consultation", consultation_id=consultation_id), 303)


def _due(voting_round: Any) -> Any:
    return present_due(voting_round.sign_by, voting_round.opened_at, now(), working_calendar(reading()))
