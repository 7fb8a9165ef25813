"""The one door: every view names its permission, and nothing is reached without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal.process.errors import NotFound
from portal.process.permissions import PERMISSIONS, Permission, is_granted
from portal.process.recall_permissions import RECALL_PERMISSIONS
from portal.process.recall_permissions import Permission as RecallPermission
from portal.web.acting import current_visitor
from portal.web.csrf import given_token, is_made_with, is_valid_token
from portal.web.fragments import is_htmx
from portal.web.log_in import log_in_again
from portal.web.sessions import secret_of_cookie

View = TypeVar("View", bound=Callable[..., Any])
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SIGNED_OUT_FORM_LIMIT = 2 * 1024 * 1024
"""Bytes that somebody who is not signed in may send: the text of a long form, but no files."""
OPEN_WITH_OLD_PASSWORD = ("account.password", "account.log_out")


def requires(permission: str, *, signed_out_limit: Callable[[], int] | None = None) -> Callable[[View], View]:
    """Name the permission of a view. KeyError, at import, for one that is not in the table.

    `signed_out_limit` says how many bytes may come with a form of a public view, where it is not
    SIGNED_OUT_FORM_LIMIT; it is asked before any of them is read. Without an object (`roles`, `everyone`, `public`)
    the guard decides; with one, the service does, through process.permissions, and the guard only asks for somebody
    signed in.
    """
    found = PERMISSIONS[permission] if permission in PERMISSIONS else RECALL_PERMISSIONS[permission]

    def mark(view: View) -> View:
        view.permission = found  # type: ignore[attr-defined]
        view.signed_out_limit = signed_out_limit  # type: ignore[attr-defined]
        return view

    return mark


def permission_of(app: Flask, endpoint: str) -> Permission | RecallPermission | None:
    """The permission that an endpoint names; None for one that forgot."""
    return getattr(app.view_functions[endpoint], "permission", None)


def permission_for(path: str) -> str | None:
    """The name of the permission that the page of a path asks for; None where there is no such page."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path.partition("?")[0])
    except HTTPException:
        return None
    found = permission_of(current_app, endpoint)
    return found.name if found is not None else None


def install_guard(app: Flask) -> None:
    """Check every request before its view; call `refuse_unguarded` when all routes are known."""
    app.before_request(_guard)


def refuse_unguarded(app: Flask) -> None:
    """Raise when any endpoint names no permission: such a portal must not start."""
    forgotten = sorted(endpoint for endpoint in app.view_functions if permission_of(app, endpoint) is None)
    if forgotten:
        raise LookupError(f"these endpoints name no permission: {', '.join(forgotten)}")


def _guard() -> Response | str | tuple[str, int] | None:
    if request.endpoint is None:
        return None  # No such page: routing answers.
    _refuse_nul()
    permission = permission_of(current_app, request.endpoint)
    if permission is None:
        raise LookupError(f"{request.endpoint} names no permission")
    is_change = request.method not in SAFE_METHODS
    if permission.public:
        if is_change:
            limit = getattr(current_app.view_functions[request.endpoint], "signed_out_limit", None)
            request.max_content_length = limit() if limit is not None else SIGNED_OUT_FORM_LIMIT
            _require_token(before_log_in=True)
        return None
    visitor = current_visitor()
    if visitor is None:
        return _ask_for_log_in(is_change)
    if is_change:
        _require_token()
    if visitor.must_change_password and request.endpoint not in OPEN_WITH_OLD_PASSWORD:
        return _leave_to(url_for("account.password"))
    # A permission with relations is about an object, which the service loads and judges.
    if not permission.relations and not is_granted(permission.name, visitor.actor):
        raise NotFound
    return None


def _require_token(*, before_log_in: bool = False) -> None:
    if not is_valid_token(given_token(), before_log_in=before_log_in):
        abort(400, "csrf")


def _ask_for_log_in(is_change: bool) -> Response | tuple[str, int]:
    """To the log-in page and back. Somebody who was sending a form keeps what was typed."""
    if not is_change:
        here = request.full_path.rstrip("?")
        return _leave_to(url_for("account.log_in", next=here if here != "/" else None))
    request.max_content_length = SIGNED_OUT_FORM_LIMIT
    # Only what comes from a page of ours is kept: the token still fits the session that has run out.
    secret = secret_of_cookie()
    if secret is None or not is_made_with(secret, given_token()):
        abort(400, "csrf")
    return log_in_again(), 401


def _leave_to(url: str) -> Response:
    if is_htmx():
        # htmx would put the target's page into the fragment's place; the header moves the whole browser.
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def _refuse_nul() -> None:
    """No text in the database can hold a NUL; nobody types one."""
    values = [request.path, *(text for pair in request.args.items(multi=True) for text in pair)]
    if any("\x00" in value for value in values):
        abort(400)
