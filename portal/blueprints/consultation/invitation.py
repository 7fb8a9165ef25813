"""Step 2 for the expert: one page that says what is asked and by when, with declaration and answer."""

from __future__ import annotations

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.services.consultation import invitation as step
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.deadlines import present_due
from portal.web.fields import LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

_ACCEPTS, _DECLINES = "yes", "no"
_SAID = {
    "accepted": "已接受邀请。会诊材料发送给专家组时，您会收到邮件。",
    "declined": "已答复不接受邀请，谢谢您及时告知。",
    "recused": "已登记利益冲突，您在本次会诊中回避，谢谢您的声明。",
}


class InvitationForm(PortalForm):
    """The answer, the declaration, the undertaking."""

    # Nothing is chosen beforehand, and no choice at all is for the service to refuse.
    accepts = wtforms.SelectField(
        "是否接受邀请", choices={_ACCEPTS: "接受", _DECLINES: "不接受"}, validate_choice=False
    )
    reason = LongTextField("不接受的理由", longest=1000)
    declaration = wtforms.SelectField(
        "利益冲突声明",
        choices={step.NO_INTEREST: "没有利益冲突", step.INTEREST: "有利益冲突"},
        validate_choice=False,
    )
    declaration_text = LongTextField("利益冲突的情形", longest=1000)
    signs_undertaking = wtforms.BooleanField("我已阅读并签署本年度承诺书")

    def given(self) -> step.InvitationAnswer:
        """What was answered, as the service takes it."""
        return step.InvitationAnswer(
            accepts={_ACCEPTS: True, _DECLINES: False}.get(self.accepts.data or ""),
            reason=self.reason.data,
            declaration=self.declaration.data or "not_asked",
            declaration_text=self.declaration_text.data,
            signs_undertaking=self.signs_undertaking.data,
        )


@blueprint.get("/<int:consultation_id>/invitation")
@requires("view_invitation")
def view_invitation(consultation_id: int) -> str:
    """The invitation, to be answered; once accepted, what comes next."""
    return _page(consultation_id, InvitationForm())


@blueprint.route("/<int:consultation_id>/invitation/answer-invitation", methods=["GET", "POST"])
@requires("answer_invitation")
def answer_invitation(consultation_id: int) -> str | Response | tuple[str, int]:
    """The same page, and the answer."""
    form = InvitationForm(typed())
    if request.method == "GET":
        return _page(consultation_id, form, is_answering=True)
    done = submit(form, step.answer_invitation, consultation_id=consultation_id, answer=form.given)
    if not done:
        return _page(consultation_id, form, is_answering=True), done.status
    state = done.done.state
    flash(_SAID[state], "done")
    here = url_for("consultation.view_invitation", consultation_id=consultation_id)
    return redirect(here if state == "accepted" else "/", 303)


def _page(consultation_id: int, form: InvitationForm, *, is_answering: bool = False) -> str:
    page, due = look(step.view_invitation, consultation_id=consultation_id, is_answering=is_answering), None
    if page.due_at:
        calendar = working_calendar(reading())
        due = present_due(page.due_at, page.invited_at, now(), calendar, is_provisional=page.is_provisional)
    return render("consultation/invitation/answer.html", page=page, form=form, due=due, consultation_id=consultation_id)
