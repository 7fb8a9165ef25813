"""Step 4 in the browser: fixing and moving the session, naming who takes part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from portal.blueprints.consultation import blueprint
from portal.process.consultation import transition
from portal.rules.time_poll import Slot
from portal.services.consultation import scheduling as step
from portal.services.consultation.overview import brief
from portal.services.consultation.session_invitation import MODES
from portal.services.consultation.time_poll_view import has_open_poll, proposed_slot
from portal.web.acting import look
from portal.web.fields import LARGEST_WHOLE_NUMBER, BeijingTimeField, LongTextField, TextField, WholeNumberField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

if TYPE_CHECKING:
    from portal.models.online_session import OnlineSession

Answer = str | Response | tuple[str, int]
USUAL_MINUTES = 120
MEETING_SERVICES = ("腾讯会议", "钉钉", "企业微信", "政务视频会议", "华为云会议", "飞书")
"""Offered while one types; any other service is as good, since its link is never fetched."""


class SessionForm(PortalForm):
    """When and how the session is held (Art. 5, 8(3))."""

    starts_at = BeijingTimeField("开始时间", [InputRequired("请填写开始时间。")], description="北京时间")
    minutes = WholeNumberField(
        "预计时长", [InputRequired("请填写预计时长。")], description="分钟", default=USUAL_MINUTES
    )
    mode = wtforms.SelectField("会诊方式", choices=MODES, default="online")
    place = TextField("地点", longest=200, description="现场或结合方式时填写")
    meeting_service = TextField("会议服务", longest=40)
    meeting_link = TextField("会议链接", longest=400, description="以 https:// 开头")
    meeting_code = TextField("会议号", longest=60)
    meeting_password = TextField("会议密码", longest=60)
    late_reason = LongTextField("超出期限的理由", longest=1000)

    def plan(self) -> step.SessionPlan:
        """What was typed, as the service takes it."""
        starts_at, minutes = self.starts_at.data, self.minutes.data
        if starts_at is None or minutes is None:
            raise LookupError("the form asks for both")
        texts = ("mode", "place", "meeting_service", "meeting_link", "meeting_code", "meeting_password", "late_reason")
        given: dict[str, Any] = {name: self[name].data or "" for name in texts}
        return step.SessionPlan(starts_at, starts_at + timedelta(minutes=minutes), **given)

    def validate_minutes(self, field: wtforms.Field) -> None:
        """A length that a meeting can have: at most a day."""
        if not 0 < field.data <= 24 * 60:
            raise wtforms.ValidationError("预计时长应为 1 至 1440 分钟。")


class ParticipantsForm(PortalForm):
    """One or two of the own staff, and their declaration (Art. 8(4))."""

    person_ids = wtforms.SelectMultipleField("参会人员", coerce=int)
    has_no_interest = wtforms.BooleanField("与该产品生产者无利害关系")


@blueprint.route("/<int:consultation_id>/online-session/fix-session", methods=["GET", "POST"])
@requires("fix_session")
def fix_session(consultation_id: int) -> Answer:
    """Fix the time."""
    return _plan(consultation_id, "fix_session", step.fix_session, None, "会诊时间已确定，日程已发给全体参加人员。")


@blueprint.route("/<int:consultation_id>/online-session/move-session", methods=["GET", "POST"])
@requires("move_session")
def move_session(consultation_id: int) -> Answer:
    """Change what was fixed."""
    look(brief, consultation_id=consultation_id, act="move_session")
    online = look(step.fixed_session, consultation_id=consultation_id)
    return _plan(consultation_id, "move_session", step.move_session, online, "会诊安排已调整，更新后的日程已发出。")


def _plan(
    consultation_id: int, act: str, service: Callable[..., OnlineSession], online: OnlineSession | None, said: str
) -> Answer:
    about = look(brief, consultation_id=consultation_id, act=act)
    slot = _slot(consultation_id) if online is None else None
    form, status = SessionForm(typed(), obj=online, data=_times_of(online or slot)), 200
    if request.method == "POST":
        done = submit(form, service, consultation_id=consultation_id, plan=form.plan)
        if done:
            flash(said, "done")
            return redirect(url_for("consultation.view_session", consultation_id=consultation_id), 303)
        status = done.status
    due = look(step.session_due, consultation_id=consultation_id)
    page = render(
        "consultation/online_session/plan.html", form=form, about=about, line=transition(act), due_at=due,
        online=online, slot=slot, services=MEETING_SERVICES,
        has_poll=online is None and look(has_open_poll, consultation_id=consultation_id),
    )  # fmt: skip
    return page, status


def _slot(consultation_id: int) -> Slot | None:
    """The slot of the time poll that the lead has chosen."""
    chosen = request.args.get("slot", type=int)
    if chosen is None or not 0 < chosen <= LARGEST_WHOLE_NUMBER:
        return None
    return look(proposed_slot, consultation_id=consultation_id, slot_id=chosen)


def _times_of(planned: OnlineSession | Slot | None) -> dict[str, Any]:
    if planned is None:
        return {}
    minutes = int((planned.ends_at - planned.starts_at) / timedelta(minutes=1))
    return {"starts_at": planned.starts_at, "minutes": minutes}


@blueprint.route("/<int:consultation_id>/online-session/name-participants", methods=["GET", "POST"])
@requires("name_participants")
def name_participants(consultation_id: int) -> Answer:
    """Name who takes part for one's institution."""
    page = look(step.naming_page, consultation_id=consultation_id)
    form, status = ParticipantsForm(typed(), data={"person_ids": list(page.named)}), 200
    form.person_ids.choices = dict(page.staff)
    if request.method == "POST":
        done = submit(
            form, step.name_participants, consultation_id=consultation_id,
            person_ids=form.person_ids.data or [], has_no_interest=form.has_no_interest.data,
        )  # fmt: skip
        if done:
            flash("参会人员已指派，会诊日程已发给他们。", "done")
            return redirect(url_for("consultation.view_session", consultation_id=consultation_id), 303)
        status = done.status
    line = transition("name_participants")
    return render("consultation/online_session/participants.html", form=form, page=page, line=line), status
