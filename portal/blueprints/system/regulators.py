"""Market regulators for the administrator: entered for the whole region, counties added, numbers and telephones set."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField

from portal.services import regulators as service
from portal.web.acting import look, perform
from portal.web.fields import TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

NOBODY = 0

blueprint = Blueprint("regulators", __name__, url_prefix="/system/regulators")


class CountyForm(PortalForm):
    """A county regulator."""

    division = TextField("行政区划代码", longest=6, description="六位，如南京市江宁区 320115。前四位是它所在的市。")
    area_name = TextField("县（市、区）名称", longest=20, description="如 江宁区；单位名称由所在市和它组成。")


class ContactForm(PortalForm):
    """How its numbers begin, its telephone, and its head."""

    abbreviation = TextField("机关代字", longest=20, description="文号以它开头，如 宁市监。")
    phone = TextField("联系电话", longest=40, description="印在通知书和召回公示上，发给生产者。")
    head_id = SelectField("负责人", coerce=int, description="超期逐级提醒时通知的人；没有确定的，通知全体监管人员。")

    def offer(self, candidates: Iterable[tuple[int, str]]) -> ContactForm:
        """Give the select the officers."""
        self.head_id.choices = [(NOBODY, "没有确定"), *candidates]
        return self


@blueprint.get("")
@requires("edit_institutions")
def index() -> str:
    """All regulators, by province."""
    return render("regulators/index.html", found=look(service.view_regulators))


@blueprint.post("")
@requires("edit_institutions")
def establish_regulators() -> Response:
    """Enter the regulators that are missing."""
    count = perform(service.establish_regulators)
    flash(f"已建立 {count} 个市场监管部门。请填写联系电话，再开通监管人员的账号。", "done")
    return redirect(url_for("regulators.index"), 303)


@blueprint.route("/new", methods=["GET", "POST"])
@requires("edit_institutions")
def add_county_regulator() -> str | Response | tuple[str, int]:
    """Add the regulator of a county."""
    form, status = CountyForm(typed()), 200
    if request.method == "POST":
        done = submit(
            form, service.add_county_regulator, division=lambda: form.division.data,
            area_name=lambda: form.area_name.data,
        )  # fmt: skip
        if done:
            flash(f"已登记{done.done.name}。", "done")
            return redirect(url_for("regulators.index"), 303)
        status = done.status
    return render("regulators/new.html", form=form), status


@blueprint.route("/<int:regulator_id>", methods=["GET", "POST"])
@requires("edit_institutions")
def set_regulator_contact(regulator_id: int) -> str | Response | tuple[str, int]:
    """Set how its numbers begin, its telephone, and its head."""
    found = look(service.regulator_to_set, institution_id=regulator_id)
    regulator = found.regulator
    form = ContactForm(typed(), obj=regulator, head_id=found.head_id or NOBODY).offer(found.candidates)
    status = 200
    if request.method == "POST":
        done = submit(
            form, service.set_regulator_contact, institution_id=regulator_id,
            abbreviation=lambda: form.abbreviation.data, phone=lambda: form.phone.data,
            head_id=lambda: form.head_id.data or None,
        )  # fmt: skip
        if done:
            flash(f"{regulator.name}的信息已保存。", "done")
            return redirect(url_for("regulators.index"), 303)
        status = done.status
    return render("regulators/contact.html", regulator=regulator, form=form), status
