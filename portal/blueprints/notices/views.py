"""Pages about the mail that a person gets."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.notices.forms import PreferencesForm
from portal.mail.kinds import MANDATORY_BECAUSE
from portal.process.permissions import is_granted
from portal.services import bounces, calendar_feed, mail_preferences, own_messages
from portal.web.acting import current_actor, look, perform, settings
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import permission_for, requires
from portal.web.outbox_states import STATES

blueprint = Blueprint("notices", __name__)

GROUPS = {"sent": "已发送", "waiting": "待发送", "undelivered": "未送达", "page_only": "未发邮件"}
OWN_STATES = {**STATES, "muted": ("按您的选择不发邮件", "wait")}


@blueprint.route("/account/notices", methods=["GET", "POST"])
@requires("use_own_account")
def preferences() -> Response | str | tuple[str, int]:
    """我的通知."""
    form = PreferencesForm.of(current_actor(), look(mail_preferences.own_preferences), typed())
    if request.method == "GET":
        return _preferences_page(form)
    done = submit(form, mail_preferences.set_preferences, given=form.given)
    if not done:
        return _preferences_page(form), done.status
    flash("通知设置已保存。", "done")
    return redirect(url_for("notices.preferences"), 303)


@blueprint.post("/account/notices/calendar")
@requires("use_own_account")
def make_feed() -> Response:
    """A new calendar address, shown this once; the earlier one ends."""
    path = perform(calendar_feed.make_feed)
    form = PreferencesForm.of(current_actor(), look(mail_preferences.own_preferences), None)
    response = make_response(_preferences_page(form, feed_url=settings().base_url + path))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.post("/account/notices/calendar/revoke")
@requires("use_own_account")
def revoke_feed() -> Response:
    """End the calendar address."""
    perform(calendar_feed.revoke_feed)
    flash("日历订阅地址已作废。", "done")
    return redirect(url_for("notices.preferences"), 303)


@blueprint.get(calendar_feed.FEED_PATH)
@requires("read_calendar_feed")
def feed() -> Response:
    """The calendar, for a program that has the address; the token is a parameter, because paths are logged."""
    token = request.args.get("token", "")
    if not token:
        return redirect(url_for("account.log_in"), 303)
    found = look(calendar_feed.feed_of_token, token=token, base_url=settings().base_url)
    if found is None:
        abort(404)
    response = make_response(found.text)
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_etag(found.etag)
    return response.make_conditional(request)


@blueprint.get("/account/messages")
@requires("use_own_account")
def messages() -> str:
    """门户发给我的."""
    group = request.args.get("group", "")
    group = group if group in GROUPS else ""
    found = look(own_messages.own_messages, group=group, page=request.args.get("page", 1, type=int))

    def url(number: int) -> str:
        return url_for("notices.messages", page=number, group=group or None)

    return render("notices/messages.html", found=found, group=group, groups=GROUPS, states=OWN_STATES, url=url)


@blueprint.get("/account/messages/<int:own_message_id>")
@requires("use_own_account")
def message(own_message_id: int) -> str:
    """One message, as it was said."""
    found = look(own_messages.own_message, message_id=own_message_id, permission_for=permission_for)
    return render("notices/message.html", found=found, states=OWN_STATES)


@blueprint.get("/account/unreachable")
@requires("view_unreachable_addresses")
def unreachable() -> str:
    """Whose address sends mail back."""
    found = look(bounces.unreachable_addresses)
    return render("notices/unreachable.html", found=found, may_edit=is_granted("edit_accounts", current_actor()))


def _preferences_page(form: PreferencesForm, feed_url: str = "") -> str:
    return render(
        "notices/preferences.html", form=form, feed=look(calendar_feed.own_feed), feed_url=feed_url,
        mandatory=mail_preferences.mandatory_kinds(current_actor()), because=MANDATORY_BECAUSE,
    )  # fmt: skip
