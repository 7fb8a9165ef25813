"""负责人 of the own institution: naming, replacing and ending, beside the liaisons."""

from __future__ import annotations

from flask import flash, redirect, request, url_for

from portal.blueprints.rotation.forms import AppointForm, EndForm
from portal.blueprints.rotation.views import Answer, blueprint
from portal.rules.dates import beijing_day
from portal.services import heads as service
from portal.web.acting import look, now
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.route("/head", methods=["GET", "POST"])
@requires("name_head")
def name_head() -> Answer:
    """Name the head of the own institution, or another one."""
    form, status = _form(is_sent=True), 200
    if request.method == "POST":
        done = submit(form, service.name_head, person_id=lambda: form.person_id.data, from_on=lambda: form.from_on.data)
        if done:
            flash(f"{done.done.person.name}自 {done.done.from_on} 起为本单位负责人。", "done")
            return redirect(url_for("rotation.liaisons"), 303)
        status = done.status
    return _page(form, EndForm()), status


@blueprint.post("/head/end")
@requires("name_head")
def end_head() -> Answer:
    """Let the institution have no head."""
    form = EndForm(typed())
    done = submit(form, service.end_head, until_on=lambda: form.until_on.data)
    if done:
        flash("负责人任期的结束日期已登记。", "done")
        return redirect(url_for("rotation.liaisons"), 303)
    return _page(_form(is_sent=False), form), done.status


def _form(*, is_sent: bool) -> AppointForm:
    form = AppointForm(typed() if is_sent else None, from_on=beijing_day(now()))
    return form.offer(look(service.head_page).candidates)


def _page(form: AppointForm, end_form: EndForm) -> str:
    return render("rotation/head.html", page=look(service.head_page), form=form, end_form=end_form)
