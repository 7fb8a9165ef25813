"""Pages about fees beyond one consultation, for the institution that pays and for the expert who is paid."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.fees.forms import DetailsForm, RatesForm, SelectionForm, TrialForm, kept_choices
from portal.documents.spreadsheet import XLSX
from portal.rules.fees import REFERENCE, TITLE_CLASS_LABELS, WORKS
from portal.services import fee_rates, fee_totals, payment_details, payment_sheets
from portal.web.acting import look, settings
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("fees", __name__, url_prefix="/fees")

Answer = str | Response | tuple[str, int]
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


@blueprint.get("")
@requires("view_fee_totals")
def index() -> str:
    """What waits for payment, and a year's totals."""
    return _index(None)


@blueprint.post("/payment-sheet")
@requires("make_payment_sheet")
def make_payment_sheet() -> Response | tuple[str, int]:
    """The payment sheet of chosen fees as XLSX: it holds personal data, hence a POST that is recorded."""
    form = SelectionForm(typed())
    form.fee_ids.choices = kept_choices(look(fee_totals.overview).to_pay)
    made = submit(
        form,
        payment_sheets.make_payment_sheet_of_selection,
        fee_ids=lambda: form.fee_ids.data or [],
        keys=settings().field_keys,
    )
    if not made:
        return _index(form), made.status
    return send_file(BytesIO(made.done.content), XLSX, as_attachment=True, download_name=made.done.file_name)


@blueprint.get("/totals.xlsx")
@requires("view_fee_totals")
def totals_sheet() -> Response:
    """A year's totals as XLSX."""
    year = _year() or look(fee_totals.overview).year
    content = look(fee_totals.totals_sheet, year=year)
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{year}年专家劳务费汇总表.xlsx")


@blueprint.route("/rates", methods=["GET", "POST"])
@requires("edit_fee_rates")
def rates() -> Answer:
    """The institution's rates: those in force, their history, and new ones."""
    form, status = RatesForm(typed()), 200
    if request.method == "POST":
        done = submit(form, fee_rates.set_rates, amounts=form.amounts, valid_from=form.valid_from.data)
        if done:
            flash(f"已保存 {done.done} 项标准。", "done")
            return redirect(url_for("fees.rates"), 303)
        status = done.status
    page = look(fee_rates.rates_page)
    return (
        render(
            "fees/rates.html",
            form=form,
            page=page,
            works=WORKS,
            title_classes=TITLE_CLASS_LABELS,
            field_of=fee_rates.field_of,
            reference=REFERENCE,
        ),
        status,
    )


@blueprint.get("/trial")
@requires("view_fee_totals")
def trial() -> Answer:
    """What is withheld of an amount, and what amount leaves a wanted one."""
    form, status, result = TrialForm(request.args if request.args else None), 200, None
    if request.args:
        done = submit(form, fee_totals.try_amount, act=_asked, amount=form.amount.data, basis=form.basis.data)
        status, result = done.status, done.value
    return render("fees/trial.html", form=form, result=result), status


@blueprint.get("/own")
@requires("view_own_fees")
def own() -> str:
    """An expert's own fees."""
    details = look(payment_details.own_details, keys=settings().field_keys)
    return render("fees/own.html", page=look(fee_totals.own_fees), details=details)


@blueprint.route("/own/payment-details", methods=["GET", "POST"])
@requires("edit_own_payment_details")
def own_details() -> Answer:
    """Where an expert is paid, entered by the expert."""
    form, status, keys = DetailsForm(typed()), 200, settings().field_keys
    if request.method == "POST":
        done = submit(form, payment_details.save_own_details, given=form.given, keys=keys)
        if done:
            flash(done.done, "done" if done.done == payment_details.SAVED else "soon")
            return redirect(url_for("fees.own_details"), 303)
        status = done.status
    page = look(payment_details.own_details, keys=keys)
    crumbs = [("我的劳务费", url_for("fees.own")), ("收款信息", "")]
    return render("fees/details.html", form=form, page=page, crumbs=crumbs, back=url_for("fees.own")), status


def _index(form: SelectionForm | None) -> str:
    month = request.args.get("month", "")
    page = look(fee_totals.overview, year=_year(), month=month if _MONTH.fullmatch(month) else "")
    if form is None:
        form = SelectionForm(data={"fee_ids": [row.line.fee.id for row in page.to_pay]})
        form.fee_ids.choices = kept_choices(page.to_pay)

    def url(**changed: object) -> str:
        kept: dict[str, Any] = {"year": page.year, "month": page.month or None, **changed}
        return url_for("fees.index", **kept)

    return render("fees/index.html", page=page, form=form, url=url)


def _year() -> int | None:
    return request.args.get("year", type=lambda text: int(text) if re.fullmatch(r"20\d\d", text, re.ASCII) else None)


def _asked(service: object, **arguments: object) -> object:
    return look(service, **arguments)  # type: ignore[arg-type]
