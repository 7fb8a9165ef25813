"""How a producer's page is reached: by the token of a link, a parameter that no path and no log holds.

The address holds the token: nothing is asked for with it as a referrer, not even our own style sheets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.process.errors import Refusal
from portal.services.recall.producer_answers import Source
from portal.services.recall.producer_request import is_held, producer_request
from portal.web.acting import look
from portal.web.guard import SIGNED_OUT_FORM_LIMIT, requires

if TYPE_CHECKING:
    from portal.models.case_document import CaseFile

blueprint = Blueprint("producer", __name__, url_prefix="/producer")
View = Callable[..., "Response | str | tuple[str, int]"]


def given_token() -> str:
    """The token of this request; always in the address, so that it is known before anything else is read."""
    return request.args.get("token", "")


def holder(signed_by: str = "") -> Source:
    """The holder of the link as the services take it."""
    return Source(token=given_token(), signed_by=signed_by, address=request.remote_addr or "")


def holder_limit() -> int:
    """Bytes that may come with a form: files from the holder of a link, and from anybody else the text of a form."""
    if look(is_held, token=given_token()):
        return int(current_app.config["MAX_CONTENT_LENGTH"])
    return SIGNED_OUT_FORM_LIMIT


def page_for_holder(rule: str, *, methods: tuple[str, ...] = ("GET",), endpoint: str | None = None) -> Any:
    """Add a view for the holder of a link in force. All others get a page that says what to do.

    What the view refuses stands on a page with the way back. Without a token there is nothing to be opened.
    """

    def add(view: View) -> View:
        @wraps(view)
        def held(**arguments: Any) -> Response:
            token = given_token()
            if not token:
                return redirect("/", 303) if request.method == "GET" else abort(400)
            try:
                look(producer_request, token=token)
            except Refusal as refused:
                return _discreet(render_template("producer/over.html", message=refused.message), refused.status)
            try:
                answer = view(**arguments)
            except Refusal as refused:
                closed = render_template("producer/closed.html", message=refused.message, home=link_to("show_request"))
                return _discreet(closed, refused.status)
            return _discreet(*(answer if isinstance(answer, tuple) else (answer, None)))

        guarded = requires("answer_producer_link", signed_out_limit=holder_limit)(held)
        blueprint.add_url_rule(rule, endpoint or view.__name__, guarded, methods=list(methods))
        return view

    return add


def link_to(endpoint: str, **arguments: Any) -> str:
    """The address of another page of the same link."""
    return url_for(f"producer.{endpoint}", token=given_token(), **arguments)


def file_url(file: CaseFile) -> str:
    """Where a file of the holder is downloaded."""
    return link_to("download_file", file_id=file.id)


def _discreet(answer: Any, status: int | None = None) -> Response:
    response = make_response(answer) if status is None else make_response(answer, status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
