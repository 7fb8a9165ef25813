"""完整性检查 and 保管演练: whether everything that must be kept is there, unchanged (Art. 9)."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.archive import blueprint
from portal.process.errors import Refusal
from portal.process.permissions import is_granted
from portal.services.archiving import drill as service
from portal.services.archiving.checks_view import STATES, checks_page
from portal.web.acting import current_actor, look, perform
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.get("/checks")
@requires("view_archive_checks")
def checks() -> str:
    """The latest check of each package, what is damaged first."""
    found = look(checks_page, page=request.args.get("page", 1, type=int))
    return render(
        "archive/checks.html",
        found=found,
        states=STATES,
        sees_drills=is_granted("view_custody_drills", current_actor()),
        page_url=lambda number: url_for("archive.checks", page=number),
    )


@blueprint.get("/drills")
@requires("view_custody_drills")
def drills() -> str:
    """The drills, and the button that begins one."""
    return render("archive/drills.html", found=look(service.drills_page), problem="")


@blueprint.post("/drills/begin")
@requires("drill_custody")
def begin_drill() -> Response | tuple[str, int]:
    """Ask for a drill; the worker does it."""
    try:
        drill = perform(service.ask_custody_drill)
    except Refusal as refusal:
        page = render("archive/drills.html", found=look(service.drills_page), problem=refusal.message)
        return page, refusal.status
    flash("保管演练已开始，完成后结果显示在这里。", "done")
    return redirect(url_for("archive.drill", drill_id=drill.id), 303)


@blueprint.get("/drills/<int:drill_id>")
@requires("view_custody_drills")
def drill(drill_id: int) -> str:
    """The result of one drill, to be printed."""
    found, institution = look(service.drill_page, drill_id=drill_id)
    return render("archive/drill.html", drill=found, institution=institution)
