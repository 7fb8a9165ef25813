"""Mail for the administrator: envelope and state of each message; the words in the demo only."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.mail.kinds import title_of
from portal.services import outbox as service
from portal.services.bounces import CAN_BOUNCE, record_bounce
from portal.services.job_status import worker_warning
from portal.web.acting import look, perform, settings
from portal.web.fields import TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.outbox_states import STATES

blueprint = Blueprint("outbox", __name__, url_prefix="/system/outbox")


class BounceForm(PortalForm):
    """Why a mail came back."""

    reason = TextField("退信原因", longest=200, description="照抄退信中的说明，例如“550 用户不存在”。")


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
        subject_of=service.subject_without_content, worker_warning=look(worker_warning),
    )  # fmt: skip


@blueprint.get("/<int:message_id>")
@requires("view_outbox")
def show(message_id: int) -> str:
    """One message."""
    return _page(message_id, BounceForm())


@blueprint.post("/<int:message_id>/bounce")
@requires("view_outbox")
def bounce(message_id: int) -> Response | tuple[str, int]:
    """Record that a message came back."""
    form = BounceForm(typed())
    done = submit(form, record_bounce, message_id=message_id, reason=lambda: form.reason.data)
    if not done:
        return _page(message_id, form), done.status
    flash("已登记退信，收件人单位的联络员和安全管理员会看到这个邮箱失效。", "done")
    return redirect(url_for("outbox.show", message_id=message_id), 303)


@blueprint.post("/<int:message_id>/delivered")
@requires("view_outbox")
def delivered(message_id: int) -> Response:
    """Record that a message of which nobody knew has left."""
    perform(service.record_delivered, message_id=message_id)
    flash("已登记为已发送。", "done")
    return redirect(url_for("outbox.show", message_id=message_id), 303)


@blueprint.post("/<int:message_id>/resend")
@requires("view_outbox")
def resend(message_id: int) -> Response:
    """Queue a message again that failed or of which nobody knows."""
    perform(service.resend_message, message_id=message_id)
    flash("邮件已重新排队，几秒后发送。", "done")
    return redirect(url_for("outbox.show", message_id=message_id), 303)


def _page(message_id: int, form: BounceForm) -> str:
    message = look(service.find_message, message_id=message_id)
    return render(
        "outbox/message.html", message=message, states=STATES, is_demo=settings().is_demo, form=form,
        subject_of=service.subject_without_content, title=title_of(message.kind),
        may_resend=message.state in service.UNDELIVERED, may_bounce=message.state in CAN_BOUNCE,
    )  # fmt: skip
