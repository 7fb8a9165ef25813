"""Pages of the working calendar."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.calendar.forms import CalendarYearForm
from portal.services import calendar_years as service
from portal.web.acting import look
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("working_calendar", __name__, url_prefix="/calendar")


@blueprint.get("")
@requires("view_calendar")
def index() -> str:
    """The present year."""
    return render("calendar/year.html", found=look(service.view_year))


@blueprint.get("/<int:year>")
@requires("view_calendar")
def show(year: int) -> str:
    """Another year."""
    return render("calendar/year.html", found=look(service.view_year, year=year))


@blueprint.route("/load", methods=["GET", "POST"])
@requires("load_calendar")
def load_year() -> str | Response | tuple[str, int]:
    """Load a year by the State Council's notice."""
    form = CalendarYearForm(typed())
    status = 200
    if request.method == "POST":
        done = submit(form, service.load_year, toml_text=lambda: form.content.data)
        if done:
            loaded = done.done
            flash(f"已载入 {loaded.year} 年工作日历，重新计算期限 {loaded.recomputed} 项。", "done")
            return redirect(url_for("working_calendar.show", year=loaded.year), 303)
        status = done.status
    return render("calendar/load_year.html", form=form), status
