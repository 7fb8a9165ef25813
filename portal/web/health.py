"""For whoever watches the portal: is it alive, and can it serve."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import text

from portal.web.acting import reading
from portal.web.guard import requires

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@requires("view_public_page")
def alive() -> tuple[str, dict[str, str]]:
    """The process answers."""
    return "ok\n", {"Content-Type": "text/plain"}


@blueprint.get("/readyz")
@requires("view_public_page")
def ready() -> tuple[str, dict[str, str]]:
    """The process answers and its database does; 503 otherwise."""
    reading().execute(text("SELECT 1"))
    return "ready\n", {"Content-Type": "text/plain"}
