"""归档: what one's own institution keeps (Art. 9)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from portal.services.consultation.archive_view import PAGE_SIZE, STATES, archive_list
from portal.web.acting import look
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("archive", __name__, url_prefix="/archive")
_UNBOUNDED = 10_000


@blueprint.get("")
@requires("list_archive")
def index() -> str:
    """The list, the soonest to expire first."""
    state, search = request.args.get("state", ""), request.args.get("q", "").strip()
    page = request.args.get("page", 1, type=int)
    found = look(archive_list, state=state, search=search, page=min(max(page, 1), _UNBOUNDED))
    tabs = [_tab("", "全部", sum(found.counts.values()), state, search)]
    tabs += [_tab(name, label, found.counts[name], state, search) for name, label in STATES.items()]
    return render(
        "archive/list.html",
        found=found,
        tabs=tabs,
        state=state if state in STATES else "",
        search=search,
        first=(found.page - 1) * PAGE_SIZE + 1,
        last=(found.page - 1) * PAGE_SIZE + len(found.rows),
        page_url=lambda number: _address(state, search, number),
    )


def _tab(name: str, label: str, count: int, state: str, search: str) -> dict[str, Any]:
    is_current = state == name or (name == "" and state not in STATES)
    return {"label": label, "url": _address(name, search), "count": count, "current": is_current}


def _address(state: str, search: str, page: int = 1) -> str:
    return url_for("archive.index", state=state or None, q=search or None, page=page if page > 1 else None)


from portal.blueprints.archive import checks  # noqa: E402, F401  (its views join the blueprint)
