"""答复时间征询 straight from the mail: a link of one purpose, good until the time is fixed.

The token is a parameter and not part of the path, because paths are written to the logs.
"""

from __future__ import annotations

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.public.views import blueprint
from portal.services.consultation import time_poll as step
from portal.web.acting import look, now, perform_signed_out, write
from portal.web.forms import submit
from portal.web.guard import requires
from portal.web.time_marks import time_marks_form


@blueprint.route("/poll", methods=["GET", "POST"])
@requires("answer_by_mailed_link")
def answer_poll() -> Response:
    """Mark each slot without logging in. Looking at the page uses nothing up; the marks are taken by a POST alone."""
    is_get = request.method == "GET"
    token = (request.args if is_get else request.form).get("token", "")
    if not token:
        return redirect(url_for("account.log_in"), 303) if is_get else abort(400)
    page = look(step.poll_of_token, token=token)
    if page is None:
        if not is_get:
            write(step.refuse_mailed_link, address=request.remote_addr or "", now=now())
        return _dead_link()
    form, status = time_marks_form(page), 200
    if not is_get:
        address = request.remote_addr or ""
        done = submit(
            form, step.answer_by_mailed_link, act=perform_signed_out, token=token, marks=form.given, address=address
        )
        if done:
            return _answered(token) if done.value else _dead_link()
        status = done.status
    return _page("public/time_poll.html", status, form=form, page=page, token=token)


def _answered(token: str) -> Response:
    flash("已保存。会诊时间确定前，可以用同一链接修改。", "done")
    return redirect(url_for("pages.answer_poll", token=token), 303)


def _dead_link() -> Response:
    """Unknown, revoked, or of a poll that is over: nobody is told which."""
    return _page("public/time_poll_over.html", 404)


def _page(template: str, status: int, **context: object) -> Response:
    response = make_response(render_template(template, **context), status)
    # The address holds the token: not even our own style sheets are asked for with it.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
