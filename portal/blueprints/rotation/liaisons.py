"""Pages of the liaisons: all institutions' for staff and administrator, the own list for those who keep it."""

from __future__ import annotations

from flask import flash, redirect, request, url_for

from portal.blueprints.rotation.forms import AppointForm, EndForm
from portal.blueprints.rotation.views import Answer, blueprint
from portal.rules.dates import beijing_day
from portal.rules.editions import load_edition
from portal.services import liaisons as service
from portal.web.acting import look, now, settings
from portal.web.badges import badge_of
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.get("/liaisons")
@requires("view_liaisons")
def liaisons() -> str:
    """Who coordinates for each institution, and how to reach them."""
    rule = load_edition().value("liaisons_maximum")
    return render(
        "rotation/liaisons.html", found=look(service.view_liaisons), badge_of=badge_of, rule=rule,
        has_channels=bool(settings().channels),
    )  # fmt: skip


@blueprint.route("/liaisons/new", methods=["GET", "POST"])
@requires("edit_liaisons")
def appoint_liaison() -> Answer:
    """Name one more liaison of the own institution."""
    form = _appoint_form(is_sent=True)
    status = 200
    if request.method == "POST":
        done = submit(
            form, service.appoint_liaison, person_id=lambda: form.person_id.data, from_on=lambda: form.from_on.data
        )
        if done:
            flash(f"{done.done.person.name}自 {done.done.from_on} 起担任联络员。", "done")
            return redirect(url_for("rotation.liaisons"), 303)
        status = done.status
    return render("rotation/appoint_liaison.html", form=form), status


@blueprint.route("/liaisons/<int:liaison_id>", methods=["GET", "POST"])
@requires("edit_liaisons")
def replace_liaison(liaison_id: int) -> Answer:
    """Let somebody else take a liaison's place from a day on."""
    form = _appoint_form(is_sent=True)
    status = 200
    if request.method == "POST":
        done = submit(
            form,
            service.replace_liaison,
            liaison_id=liaison_id,
            person_id=lambda: form.person_id.data,
            from_on=lambda: form.from_on.data,
        )
        if done:
            flash(f"{done.done.person.name}自 {done.done.from_on} 起接任联络员。", "done")
            return redirect(url_for("rotation.liaisons"), 303)
        status = done.status
    return _liaison_page(liaison_id, form, EndForm()), status


@blueprint.post("/liaisons/<int:liaison_id>/end")
@requires("edit_liaisons")
def end_liaison(liaison_id: int) -> Answer:
    """End a liaison's task without a successor."""
    form = EndForm(typed())
    done = submit(form, service.end_liaison, liaison_id=liaison_id, until_on=lambda: form.until_on.data)
    if done:
        flash("联络员任务的结束日期已登记。", "done")
        return redirect(url_for("rotation.liaisons"), 303)
    return _liaison_page(liaison_id, _appoint_form(is_sent=False), form), done.status


def _appoint_form(*, is_sent: bool) -> AppointForm:
    form = AppointForm(typed() if is_sent else None, from_on=beijing_day(now()))
    return form.offer(look(service.liaison_candidates))


def _liaison_page(liaison_id: int, form: AppointForm, end_form: EndForm) -> str:
    line = look(service.find_own_liaison, liaison_id=liaison_id)
    return render("rotation/liaison.html", line=line, form=form, end_form=end_form)
