"""Pages of the rotation: the schedule for staff and administrator, its changes for the administrator."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.rotation.forms import ScheduleForm, SwapForm, TermForm
from portal.process.errors import NotFound
from portal.rules.editions import load_edition
from portal.services import rotation as service
from portal.services.calendar_years import missing_year_warning
from portal.web.acting import look, now, reading
from portal.web.badges import badge_of
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.terms import span_of, term_views

blueprint = Blueprint("rotation", __name__, url_prefix="/rotation")

Answer = str | Response | tuple[str, int]


@blueprint.get("")
@requires("view_rotation")
def index() -> str:
    """The schedule as a timeline and as a table."""
    found = look(service.view_rotation)
    terms = list(zip(found.terms, term_views(found.terms), strict=True))
    rule = load_edition().value("rotation_term_years")
    # The administrator lands here after log-in, so what else is missing is said here too.
    warning = missing_year_warning(reading(), now()) if found.may_edit else None
    return render(
        "rotation/index.html", found=found, terms=terms, badge_of=badge_of, rule=rule, calendar_warning=warning
    )


@blueprint.route("/schedule", methods=["GET", "POST"])
@requires("edit_rotation")
def generate_schedule() -> Answer:
    """Lay out terms from a day on."""
    found = look(service.view_rotation)
    form = ScheduleForm(typed(), start=found.next_start, years=len(found.members)).offer(found)
    status = 200
    if request.method == "POST":
        done = submit(
            form,
            service.generate_schedule,
            start=lambda: form.start.data,
            order=form.chosen_order,
            years=lambda: form.years.data,
        )
        if done:
            flash(f"已编排 {len(done.done)} 任轮值。", "done")
            return redirect(url_for("rotation.index"), 303)
        status = done.status
    return render("rotation/generate_schedule.html", form=form, found=found), status


@blueprint.route("/terms/<int:term_id>", methods=["GET", "POST"])
@requires("edit_rotation")
def change_term(term_id: int) -> Answer:
    """Give a coming term to another institution."""
    form = _term_form(term_id, is_sent=True)
    status = 200
    if request.method == "POST":
        done = submit(form, service.change_term, term_id=term_id, institution_id=lambda: form.institution_id.data)
        if done:
            flash(f"{span_of(done.done)}改由{done.done.institution.short_name}牵头。", "done")
            return redirect(url_for("rotation.index"), 303)
        status = done.status
    return _term_page(term_id, form, _swap_form(term_id, is_sent=False)), status


@blueprint.post("/terms/<int:term_id>/swap")
@requires("edit_rotation")
def swap_terms(term_id: int) -> Answer:
    """Let two coming terms change their institutions."""
    form = _swap_form(term_id, is_sent=True)
    done = submit(form, service.swap_terms, term_id=term_id, other_term_id=lambda: form.other_term_id.data)
    if done:
        flash("两任轮值已对调。", "done")
        return redirect(url_for("rotation.index"), 303)
    return _term_page(term_id, _term_form(term_id, is_sent=False), form), done.status


def _term_form(term_id: int, *, is_sent: bool) -> TermForm:
    found = look(service.view_rotation)
    form = TermForm(typed() if is_sent else None, institution_id=_line(found, term_id).institution.id)
    form.institution_id.choices = [(member.id, member.name) for member in found.members]
    return form


def _swap_form(term_id: int, *, is_sent: bool) -> SwapForm:
    found = look(service.view_rotation)
    form = SwapForm(typed() if is_sent else None)
    form.other_term_id.choices = [
        (line.term_id, f"{line.institution.short_name}　{span_of(line)}")
        for line in found.future
        if line.term_id != term_id
    ]
    return form


def _line(found: service.Rotation, term_id: int) -> service.TermLine:
    line = next((line for line in found.terms if line.term_id == term_id), None)
    if line is None:
        raise NotFound
    return line


def _term_page(term_id: int, form: TermForm, swap_form: SwapForm) -> str:
    line = _line(look(service.view_rotation), term_id)
    return render("rotation/term.html", line=line, span=span_of(line), form=form, swap_form=swap_form)
