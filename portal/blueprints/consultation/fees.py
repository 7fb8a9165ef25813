"""劳务费 in the browser: proposed or recorded, approved by a second person, paid, with payees and payment sheet."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import wtforms
from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.documents.spreadsheet import XLSX
from portal.rules.fees import WORKS
from portal.services import payment_sheets
from portal.services.consultation import fees as step
from portal.services.consultation import fees_view
from portal.services.consultation.overview import brief
from portal.web.acting import current_actor, look, perform, settings
from portal.web.fields import DateField, TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]


class EntryForm(PortalForm):
    """A fee of one expert for one kind of work."""

    member_id = wtforms.SelectField("专家", coerce=lambda value: int(value) if value else None, default="")
    work = wtforms.SelectField("工作内容", choices=WORKS, default="preliminary_analysis")
    amount = TextField("税前金额（元）", longest=20, description="如 800 或 800.50；填 0 取消已登记的一项")
    reason = TextField("理由", longest=step.LONGEST_REASON, description="与标准不同或取消时填写")


class ApprovalForm(PortalForm):
    """The approval of chosen fees."""

    fee_ids = wtforms.SelectMultipleField("劳务费", coerce=int, id="fees-due")


class PaymentForm(PortalForm):
    """The payment of chosen fees: when and by which voucher."""

    fee_ids = wtforms.SelectMultipleField("劳务费", coerce=int, id="fees-approved")
    paid_on = DateField("支付日期")
    voucher = TextField("支付凭证", longest=step.LONGEST_VOUCHER, description="凭证号或转账流水")


class SendBackForm(PortalForm):
    """Why chosen fees go back."""

    fee_ids = wtforms.SelectMultipleField("退回的劳务费", coerce=int)
    reason = TextField("退回的理由", longest=step.LONGEST_REASON)


@dataclass
class FeeForms:
    """The three forms of the page; the one that was sent holds what was typed."""

    entry: EntryForm
    approval: ApprovalForm
    payment: PaymentForm


@blueprint.route("/<int:consultation_id>/fees", methods=["GET", "POST"])
@requires("record_fee")
def record_fee(consultation_id: int) -> Answer:
    """Record or change an item."""
    forms = _forms(consultation_id, "record_fee", EntryForm)
    form = forms.entry
    given = {name: form[name].data or "" for name in ("work", "amount", "reason")}
    given["member_id"] = form.member_id.data
    return _answer(consultation_id, step.record_fee, forms, form, given, "劳务费已登记，等待另一人审核。")


@blueprint.route("/<int:consultation_id>/fees/propose-fees", methods=["GET", "POST"])
@requires("propose_fees")
def propose_fees(consultation_id: int) -> Answer:
    """Record whatever is due at the rates."""
    forms = _forms(consultation_id, "propose_fees", None)
    return _answer(consultation_id, step.propose_fees, forms, PortalForm(typed()), {}, "已按标准登记，等待另一人审核。")


@blueprint.route("/<int:consultation_id>/fees/approve-fee", methods=["GET", "POST"])
@requires("approve_fee")
def approve_fee(consultation_id: int) -> Answer:
    """Approve fees that somebody else recorded."""
    forms = _forms(consultation_id, "approve_fee", ApprovalForm)
    form = forms.approval
    return _answer(
        consultation_id, step.approve_fee, forms, form, {"fee_ids": form.fee_ids.data or []}, "劳务费已审核。"
    )


@blueprint.route("/<int:consultation_id>/fees/pay-fee", methods=["GET", "POST"])
@requires("pay_fee")
def pay_fee(consultation_id: int) -> Answer:
    """Record that approved fees were paid."""
    forms = _forms(consultation_id, "pay_fee", PaymentForm)
    form = forms.payment
    given = {"fee_ids": form.fee_ids.data or [], "paid_on": form.paid_on.data, "voucher": form.voucher.data or ""}
    return _answer(consultation_id, step.pay_fee, forms, form, given, "已登记支付。")


@blueprint.route("/<int:consultation_id>/fees/send-back-fee", methods=["GET", "POST"])
@requires("send_back_fee")
def send_back_fee(consultation_id: int) -> Answer:
    """Send approved fees back to be corrected."""
    about, status = look(brief, consultation_id=consultation_id, act="send_back_fee"), 200
    page = look(fees_view.view_fees, consultation_id=consultation_id)
    form = SendBackForm(typed())
    form.fee_ids.choices = _choices(page, "approved")
    if request.method == "POST":
        given = {"fee_ids": form.fee_ids.data or [], "reason": form.reason.data or ""}
        outcome = submit(form, step.send_back_fee, consultation_id=consultation_id, **given)
        if outcome:
            return _back(consultation_id, "劳务费已退回，可以更正后重新审核。")
        status = outcome.status
    return render("consultation/fees/send_back.html", form=form, about=about, page=page), status


@blueprint.post("/<int:consultation_id>/fees/payees")
@requires("pay_fee")
def read_payees(consultation_id: int) -> str:
    """Where to pay: read in full, hence a POST that is recorded."""
    keys = settings().field_keys
    payees = perform(fees_view.read_payees, consultation_id=consultation_id, keys=keys)
    return render(
        "consultation/fees/payees.html",
        payees=payees,
        about=look(brief, consultation_id=consultation_id, act="pay_fee"),
    )


@blueprint.post("/<int:consultation_id>/fees/payment-sheet")
@requires("pay_fee")
def make_payment_sheet(consultation_id: int) -> Response:
    """The payment sheet as XLSX: it holds personal data, hence a POST that is recorded."""
    keys = settings().field_keys
    made = perform(payment_sheets.make_payment_sheet, consultation_id=consultation_id, keys=keys)
    return send_file(BytesIO(made.content), XLSX, as_attachment=True, download_name=made.file_name)


def _forms(consultation_id: int, act: str, sent: type[PortalForm] | None) -> FeeForms:
    """The forms of the page with their choices; all boxes are ticked until somebody unticks one."""
    look(brief, consultation_id=consultation_id, act=act)
    page = look(fees_view.view_fees, consultation_id=consultation_id)

    def made(kind: Any, **shown: Any) -> Any:
        return kind(typed() if kind is sent else None, data=shown)

    due, approved = _choices(page, "due"), _choices(page, "approved")
    forms = FeeForms(
        made(EntryForm),
        made(ApprovalForm, fee_ids=list(map(int, due))),
        made(PaymentForm, fee_ids=list(map(int, approved))),
    )
    forms.entry.member_id.choices = {"": "请选择", **{str(number): name for number, name, _works in page.members}}
    forms.approval.fee_ids.choices, forms.payment.fee_ids.choices = due, approved
    return forms


def _choices(page: fees_view.FeePage, state: str) -> dict[str, str]:
    return {str(line.fee.id): line.fee.member.name for line in page.lines[state]}


def _answer(
    consultation_id: int, service: Any, forms: FeeForms, form: PortalForm, given: dict[str, Any], done: str
) -> Answer:
    status = 200
    if request.method == "POST":
        outcome = submit(form, service, consultation_id=consultation_id, **given)
        if outcome:
            missing = getattr(outcome.value, "without_rate", ())
            if missing:
                flash(f"没有标准、未登记的：{'、'.join(missing)}。请先确定劳务费标准，或逐项登记。", "soon")
            return _back(consultation_id, done)
        status = outcome.status
    page = render(
        "consultation/fees/page.html",
        page=look(fees_view.view_fees, consultation_id=consultation_id),
        forms=forms,
        problems=form.problems,
        about=look(brief, consultation_id=consultation_id, act=service.__name__),
        works=WORKS,
        own_id=current_actor().person_id,
    )
    return page, status


def _back(consultation_id: int, said: str) -> Response:
    flash(said, "done")
    return redirect(url_for("consultation.record_fee", consultation_id=consultation_id), 303)
