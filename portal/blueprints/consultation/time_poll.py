"""时间征询 in the browser: proposing slots, marking them, and what the lead makes of it."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.acts import add_act
from portal.process.consultation import transition
from portal.process.errors import Invalid
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.time_poll import SLOTS_LEAST, SLOTS_MOST
from portal.services.consultation import time_poll as step
from portal.services.consultation.overview import brief
from portal.services.consultation.time_poll_view import time_poll_page
from portal.web.acting import look
from portal.web.badges import badge_of
from portal.web.fields import BeijingTimeField, WholeNumberField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.time_marks import slot_words, time_marks_form

Answer = str | Response | tuple[str, int]
USUAL_MINUTES = 120
OTHER_SLOTS = 3


class SlotsForm(PortalForm):
    """Half-days to tick, and other beginnings to type; one length for all."""

    slots = wtforms.SelectMultipleField("备选时段", validate_choice=False)
    others = wtforms.FieldList(BeijingTimeField("其他时段"), min_entries=OTHER_SLOTS, max_entries=OTHER_SLOTS)
    minutes = WholeNumberField(
        "预计时长", [InputRequired("请填写预计时长。")], description="分钟", default=USUAL_MINUTES
    )

    def given(self) -> list[step.SlotInput]:
        """The slots as the service takes them."""
        try:
            ticked = [datetime.fromisoformat(text).replace(tzinfo=BEIJING) for text in self.slots.data or ()]
        except (ValueError, OverflowError):
            raise Invalid.field("slots", "请从页面列出的时段中选择。", "8(3)") from None
        starts = [*ticked, *(one for one in self.others.data if one is not None)]
        return [step.SlotInput(starts_at, self.minutes.data or 0) for starts_at in starts]


@blueprint.route("/<int:consultation_id>/time-poll/open-time-poll", methods=["GET", "POST"])
@requires("open_time_poll")
def open_time_poll(consultation_id: int) -> Answer:
    """Propose slots."""
    offer = look(step.offer, consultation_id=consultation_id)
    form, status = SlotsForm(typed()), 200
    if request.method == "POST":
        done = submit(form, step.open_time_poll, consultation_id=consultation_id, slots=form.given)
        if done:
            flash("备选时段已发给全体专家和各召回技术机构的联络员。", "done")
            return redirect(url_for("consultation.view_time_poll", consultation_id=consultation_id), 303)
        status = done.status
    about = look(brief, consultation_id=consultation_id, act="open_time_poll")
    page = render(
        "consultation/time_poll/open.html", form=form, about=about, line=transition("open_time_poll"), offer=offer,
        days=_days(offer), least=SLOTS_LEAST, most=SLOTS_MOST, ticked=form.slots.data or (),
    )  # fmt: skip
    return page, status


def _days(offer: step.Offer) -> list[tuple[datetime, list[tuple[str, datetime, bool]]]]:
    """The half-days by day: (value, beginning, whether it is late)."""
    late_from = offer.due_at
    lines = [
        (f"{starts_at.astimezone(BEIJING):%Y-%m-%dT%H:%M}", starts_at, late_from is not None and starts_at >= late_from)
        for starts_at in offer.starts
    ]
    return [
        (many[0][1], many) for many in (list(group) for _, group in groupby(lines, lambda one: beijing_day(one[1])))
    ]


@blueprint.route("/<int:consultation_id>/time-poll/answer-time-poll", methods=["GET", "POST"])
@requires("answer_time_poll")
def answer_time_poll(consultation_id: int) -> Answer:
    """Mark each slot."""
    page = look(step.answer_page, consultation_id=consultation_id)
    form, status = time_marks_form(page), 200
    if request.method == "POST":
        done = submit(form, step.answer_time_poll, consultation_id=consultation_id, marks=form.given)
        if done:
            flash("已保存。会诊时间确定前可以修改。", "done")
            return redirect(url_for("consultation.answer_time_poll", consultation_id=consultation_id), 303)
        status = done.status
    line = transition("answer_time_poll")
    return render("consultation/time_poll/answer.html", form=form, page=page, line=line), status


@blueprint.get("/<int:consultation_id>/time-poll")
@requires("view_time_poll")
def view_time_poll(consultation_id: int) -> str:
    """The slots in order, and who marked what."""
    page = look(time_poll_page, consultation_id=consultation_id)
    people = [(one, badge_of(one.institution)) for one in page.respondents]
    return render("consultation/time_poll/page.html", page=page, people=people, slot_words=slot_words)


add_act(
    "remind_time_poll",
    step.remind_time_poll,
    path="time_poll",
    done="已提醒尚未答复的专家和召回技术机构。",
    says=("提醒邮件只发给尚未答复的专家，以及尚无人答复的召回技术机构的联络员。", "先前邮件里的链接仍然有效。"),
    lands_on="consultation.view_time_poll",
)
