"""The background jobs for the administrator: what ran, what failed, and which workers live."""

from __future__ import annotations

from flask import Blueprint

from portal.services.job_status import view_jobs
from portal.web.acting import look
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("jobs", __name__, url_prefix="/system/jobs")

# State of a job, and of a run: words, and how components/tables.html marks it.
STATES = {
    "ok": ("正常", "done"),
    "running": ("运行中", "wait"),
    "late": ("未按时运行", "soon"),
    "failed": ("失败", "over"),
    "never": ("尚未运行", "wait"),
}
OUTCOMES = {
    "running": ("运行中", "wait"),
    "done": ("完成", "done"),
    "failed": ("失败", "over"),
    "interrupted": ("中断", "soon"),
}


@blueprint.get("")
@requires("view_jobs")
def index() -> str:
    """All jobs; the page asks for itself again every few seconds."""
    return render("jobs/index.html", found=look(view_jobs), states=STATES, outcomes=OUTCOMES)
