"""Pages of the expert register: the list, one expert, adding and changing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.experts.forms import ExpertForm, NewExpertForm, values_of
from portal.blueprints.fees.forms import DetailsForm
from portal.rules.expertise import expertise_fields
from portal.services import experts as service
from portal.services import payment_details as details
from portal.services.consultation.panel_view import STATE_LABELS
from portal.web.acting import look, perform, settings
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("experts", __name__, url_prefix="/experts")

STATES = (
    ("", "全部状态"),
    ("free", "空闲"),
    ("busy", "在办会诊"),
    ("away", "暂不参加"),
    ("pending", "待开通账号"),
)


@blueprint.get("")
@requires("view_expert_register")
def index() -> str:
    """The own register, with its filters in the address."""
    chosen = {name: request.args.get(name, "") for name in ("search", "field", "state")}
    found = look(service.register, page=request.args.get("page", 1, type=int), **chosen)

    def url(number: int) -> str:
        kept: dict[str, Any] = {name: value for name, value in chosen.items() if value}
        return url_for("experts.index", page=number, **kept)

    fields = (("", "全部领域"), *((key, one.label) for key, one in expertise_fields().items()))
    return render("experts/index.html", found=found, chosen=chosen, states=STATES, fields=fields, url=url)


@blueprint.get("/<int:expert_id>")
@requires("view_expert_register")
def show(expert_id: int) -> str:
    """One expert, with load, answers and every panel."""
    page = look(service.expert_page, expert_id=expert_id)
    return render("experts/show.html", page=page, state_labels=STATE_LABELS)


@blueprint.route("/new", methods=["GET", "POST"])
@requires("edit_expert_register")
def new() -> str | Response | tuple[str, int]:
    """Put somebody on the register."""
    form, status = NewExpertForm(typed()), 200
    if request.method == "POST":
        done = submit(form, service.add_expert, given=form.given)
        if done:
            return _back(done.done.id, "已入库，账号待安全管理员开通。" if done.done.person.is_pending else "已入库。")
        status = done.status
    return render("experts/edit.html", form=form, expert=None), status


@blueprint.route("/<int:expert_id>/edit", methods=["GET", "POST"])
@requires("edit_expert_register")
def edit(expert_id: int) -> str | Response | tuple[str, int]:
    """Change what the register says."""
    page = look(service.expert_page, expert_id=expert_id)
    form, status = ExpertForm(typed(), data=values_of(page.entry)), 200
    if request.method == "POST":
        done = submit(form, service.edit_expert, expert_id=expert_id, given=form.given)
        if done:
            return _back(expert_id, "已保存。")
        status = done.status
    return render("experts/edit.html", form=form, expert=page.expert), status


@blueprint.post("/<int:expert_id>/withdraw")
@requires("edit_expert_register")
def withdraw(expert_id: int) -> Response:
    """Take back an entry whose account is not opened yet."""
    name = perform(service.withdraw_expert, expert_id=expert_id)
    flash(f"已撤回{name}。", "done")
    return redirect(url_for("experts.index"), 303)


@blueprint.route("/<int:expert_id>/payment-details", methods=["GET", "POST"])
@requires("edit_expert_register")
def payment_details(expert_id: int) -> str | Response | tuple[str, int]:
    """Where an expert of the own register is paid, entered by the institution for the expert."""
    keys = settings().field_keys
    page = look(details.details_of_register, expert_id=expert_id, keys=keys)
    form, status = DetailsForm(typed()), 200
    if request.method == "POST":
        done = submit(form, details.save_details_of_register, expert_id=expert_id, given=form.given, keys=keys)
        if done:
            flash(done.done, "done" if done.done == details.SAVED else "soon")
            return redirect(url_for("experts.show", expert_id=expert_id), 303)
        status = done.status
    back = url_for("experts.show", expert_id=expert_id)
    crumbs = [("专家库", url_for("experts.index")), (page.name, back), ("收款信息", "")]
    return render("fees/details.html", form=form, page=page, crumbs=crumbs, back=back), status


def _back(expert_id: int, said: str) -> Response:
    flash(said, "done")
    return redirect(url_for("experts.show", expert_id=expert_id), 303)
