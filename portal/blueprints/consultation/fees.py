"""劳务费 in the browser: one page on which fees are recorded, approved by a second person, and paid."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.services.consultation import fees as step
from portal.services.consultation.overview import brief
from portal.web.acting import look
from portal.web.fields import TextField, WholeNumberField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]


class FeeForm(PortalForm):
    """A fee of one expert for one kind of work."""

    member_id = wtforms.SelectField("专家", coerce=lambda value: int(value) if value else None, default="")
    work = wtforms.SelectField("工作内容", choices=step.WORKS, default="preliminary_analysis")
    amount = TextField("金额（元）", longest=20, description="如 800 或 800.50")


class ApprovalForm(PortalForm):
    """The approval of one fee."""

    fee_id = WholeNumberField()


class PaymentForm(ApprovalForm):
    """The payment of one fee, with how it was paid."""

    note = TextField("支付凭证", longest=step.LONGEST_NOTE)


@blueprint.route("/<int:consultation_id>/fees", methods=["GET", "POST"])
@requires("record_fee")
def record_fee(consultation_id: int) -> Answer:
    """Record a fee."""
    look(brief, consultation_id=consultation_id, act="record_fee")
    page = look(step.view_fees, consultation_id=consultation_id)
    form = FeeForm(typed())
    form.member_id.choices = {"": "请选择", **{str(number): name for number, name, _works in page.members}}
    given = {"member_id": form.member_id.data, "work": form.work.data, "amount": form.amount.data or ""}
    return _answer(consultation_id, step.record_fee, form, form, given, "劳务费已登记，等待另一人审核。")


@blueprint.route("/<int:consultation_id>/fees/approve-fee", methods=["GET", "POST"])
@requires("approve_fee")
def approve_fee(consultation_id: int) -> Answer:
    """Approve a fee that somebody else recorded."""
    form = ApprovalForm(typed())
    given = {"fee_id": form.fee_id.data or 0}
    return _answer(consultation_id, step.approve_fee, form, None, given, "劳务费已审核。")


@blueprint.route("/<int:consultation_id>/fees/pay-fee", methods=["GET", "POST"])
@requires("pay_fee")
def pay_fee(consultation_id: int) -> Answer:
    """Record that an approved fee was paid."""
    form = PaymentForm(typed())
    given = {"fee_id": form.fee_id.data or 0, "note": form.note.data or ""}
    return _answer(consultation_id, step.pay_fee, form, None, given, "已登记支付。")


def _answer(
    consultation_id: int, service: Any, form: PortalForm, fee_form: FeeForm | None, given: dict[str, Any], done: str
) -> Answer:
    about, status = look(brief, consultation_id=consultation_id, act=service.__name__), 200
    if request.method == "POST":
        outcome = submit(form, service, consultation_id=consultation_id, **given)
        if outcome:
            flash(done, "success")
            return redirect(url_for("consultation.record_fee", consultation_id=consultation_id), 303)
        status = outcome.status
    page = look(step.view_fees, consultation_id=consultation_id)
    if fee_form is None:
        fee_form = FeeForm()
        fee_form.member_id.choices = {"": "请选择", **{str(number): name for number, name, _works in page.members}}
    return (
        render(
            "consultation/fees/page.html",
            page=page,
            form=fee_form,
            problems=form.problems,
            about=about,
            states=step.STATES,
            works=step.WORKS,
        ),
        status,
    )
