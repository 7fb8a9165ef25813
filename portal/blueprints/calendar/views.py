"""Pages of the working calendar."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.calendar.forms import MOST_HOLIDAYS, CalendarYearForm, YearByHandForm
from portal.services import calendar_year_changes as changes
from portal.services import calendar_years as service
from portal.services.calendar_year_changes import YearPreview
from portal.web.acting import look
from portal.web.forms import PortalForm, Submission, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]

blueprint = Blueprint("working_calendar", __name__, url_prefix="/calendar")


@blueprint.get("")
@requires("view_calendar")
def index() -> str:
    """The present year."""
    return _year(None)


@blueprint.get("/<int:year>")
@requires("view_calendar")
def show(year: int) -> str:
    """Another year."""
    return _year(year)


def _year(year: int | None) -> str:
    found = look(service.view_year, year=year)
    history = look(changes.year_history, year=found.year)
    waiting = look(changes.provisional_deadlines)
    return render("calendar/year.html", found=found, history=history, waiting=waiting)


@blueprint.route("/load", methods=["GET", "POST"])
@requires("load_calendar")
def load_year() -> Answer:
    """Load a year by the State Council's notice: a file, or its text."""
    form, status, preview = CalendarYearForm(typed()), 200, None
    if request.method == "POST":
        done = _load_or_try(form, lambda: form.content.data)
        if isinstance(done, Response):
            return done
        status, preview = done.status, done.value
    return render("calendar/load_year.html", form=form, preview=preview), status


@blueprint.route("/by-hand", methods=["GET", "POST"])
@requires("load_calendar")
def load_year_by_hand() -> Answer:
    """Load a year typed by hand; rows are added and removed, and the year looked at, before it is saved."""
    form, status, preview = YearByHandForm(typed()), 200, None
    do = request.form.get("do", "") if request.method == "POST" else "show"
    if do == "show":
        form.show(*look(service.year_to_type, year=request.args.get("year", type=int)))
    elif do == "add":
        form.add_row()
    elif do.startswith("remove-"):
        form.remove_row(int(do[7:]) if do[7:].isdecimal() else -1)
    else:
        done = _load_or_try(form, form.toml)
        if isinstance(done, Response):
            return done
        status, preview = done.status, done.value
    return render("calendar/by_hand.html", form=form, preview=preview, most=MOST_HOLIDAYS), status


def _load_or_try(form: PortalForm, text: Callable[[], str]) -> Response | Submission[YearPreview]:
    """Load the year, or only say what that would do."""
    if request.form.get("do") == "preview":
        return submit(form, changes.preview_year, act=_only_look, toml_text=text)
    done = submit(form, service.load_year, toml_text=text)
    if not done:
        return Submission(status=done.status)
    flash(f"已载入 {done.done.year} 年工作日历，重新计算期限 {done.done.recomputed} 项。", "done")
    return redirect(url_for("working_calendar.show", year=done.done.year), 303)


def _only_look(query: Callable[..., YearPreview], **arguments: object) -> YearPreview:
    return look(query, **arguments)
