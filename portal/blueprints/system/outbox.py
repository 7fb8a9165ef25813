"""Mail for the administrator: envelope and state of each message; the words in the demo only."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.services import outbox as service
from portal.web.acting import look, perform, settings
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("outbox", __name__, url_prefix="/system/outbox")

# State: words, and how components/tables.html marks it.
STATES = {
    "queued": ("待发送", "wait"),
    "sending": ("发送中", "wait"),
    "sent": ("已发送", "done"),
    "failed": ("发送失败", "over"),
    "uncertain": ("结果不明", "soon"),
    "withdrawn": ("不再发送", "wait"),
}


@blueprint.get("")
@requires("view_outbox")
def index() -> str:
    """All mail, newest first, narrowed by state."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    found = look(service.outbox_page, state=state, page=request.args.get("page", 1, type=int))

    def url(number: int) -> str:
        return url_for("outbox.index", page=number, state=state or None)

    return render(
        "outbox/index.html", found=found, state=state, states=STATES, url=url, is_demo=settings().is_demo,
        subject_of=service.subject_without_content,
    )  # fmt: skip


@blueprint.get("/<int:message_id>")
@requires("view_outbox")
def show(message_id: int) -> str:
    """One message."""
    message = look(service.find_message, message_id=message_id)
    return render(
        "outbox/message.html", message=message, states=STATES, is_demo=settings().is_demo,
        subject_of=service.subject_without_content,
    )  # fmt: skip


@blueprint.post("/<int:message_id>/resend")
@requires("view_outbox")
def resend(message_id: int) -> Response:
    """Queue a message again that failed or of which nobody knows."""
    perform(service.resend_message, message_id=message_id)
    flash("邮件已重新排队，几秒后发送。", "done")
    return redirect(url_for("outbox.show", message_id=message_id), 303)
