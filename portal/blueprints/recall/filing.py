"""The file of a case: its checklist, what the other systems still miss, packages, and closing it (Art. 18)."""

from __future__ import annotations

from tempfile import TemporaryFile

from flask import flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.process.recall_case import transition
from portal.services.official_making import Making
from portal.services.recall import filing as step
from portal.services.recall.case_package import case_package, record_package, write_case_package
from portal.services.recall.overview import case_brief
from portal.web.acting import current_actor, look, now, perform, settings, wiring
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.stored_files import storage


class FileForm(PortalForm):
    """The explanations have names of their own, which depend on the case."""


@blueprint.get("/<int:case_id>/file")
@requires("view_case_file")
def view_file(case_id: int) -> str:
    """案卷清单."""
    return render("recall/file.html", page=look(step.view_case_file, case_id=case_id))


@blueprint.route("/<int:case_id>/complete-file", methods=["GET", "POST"])
@requires("complete_file")
def complete_file(case_id: int) -> str | Response | tuple[str, int]:
    """案卷归档."""
    about = look(case_brief, case_id=case_id, act="complete_file")
    page = look(step.view_case_file, case_id=case_id)
    form, status = FileForm(typed()), 200
    explained = {name: request.form.get(f"why-{name}", "")[:1000] for name in page.gaps}
    if request.method == "POST":
        outcome = submit(form, step.complete_file, case_id=case_id, explained=explained)
        if outcome:
            flash("案卷已归档，案件办结。", "success")
            return redirect(url_for("recall.view_case", case_id=case_id), 303)
        status = outcome.status
    return render(
        "recall/complete_file.html", form=form, about=about, page=page, explained=explained,
        line=transition("complete_file"),
    ), status  # fmt: skip


@blueprint.get("/<int:case_id>/file/<system>.zip")
@requires("view_case_file")
def download_package(case_id: int, system: str) -> Response:
    """What goes to one of the two other systems, as one package."""
    package = look(case_package, case_id=case_id, system=system)
    target = TemporaryFile(dir=str(settings().instance))  # noqa: SIM115  closed with the answer
    write_case_package(
        package, target, database=wiring().database, storage=storage(), making=Making.by(settings()),
        actor=current_actor(), now=now(),
    )  # fmt: skip
    perform(record_package, case_id=case_id, system=system)
    target.seek(0)
    return send_file(target, "application/zip", as_attachment=True, download_name=f"{package.folder}.zip")
