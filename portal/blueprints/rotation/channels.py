"""The group robot of the own institution."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.rotation.views import Answer, blueprint
from portal.services import channels as service
from portal.web.acting import look, perform, settings
from portal.web.fields import TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.outbox_states import STATES


class ChannelForm(PortalForm):
    """Where the robot is reached; never filled in again."""

    address = TextField("机器人的 Webhook 地址", longest=300, description="在群设置中添加机器人后得到，原样粘贴。")
    signing = TextField("加签密钥", longest=100, description="仅钉钉机器人选用“加签”时填写。")


@blueprint.route("/channel", methods=["GET", "POST"])
@requires("set_channel")
def channel() -> Answer:
    """Show, set and replace the robot."""
    form, status, allowed = ChannelForm(typed()), 200, settings().channels
    if request.method == "POST":
        done = submit(
            form, service.set_channel, allowed=allowed, keys=settings().field_keys,
            address=lambda: form.address.data, signing=lambda: form.signing.data,
        )  # fmt: skip
        if done:
            flash("群机器人已保存。请发送一条测试消息，确认群里能够收到。", "done")
            return redirect(url_for("rotation.channel"), 303)
        status = done.status
    page = look(service.view_channel, allowed=allowed)
    return render("rotation/channel.html", page=page, form=form, states=STATES), status


@blueprint.post("/channel/test")
@requires("set_channel")
def test_channel() -> Response:
    """Queue a test message."""
    perform(service.test_channel)
    flash("测试消息已排队，几秒后发送，结果见下方。", "done")
    return redirect(url_for("rotation.channel"), 303)


@blueprint.post("/channel/remove")
@requires("set_channel")
def remove_channel() -> Response:
    """Forget the robot."""
    perform(service.remove_channel)
    flash("群机器人已移除，此后只发邮件。", "done")
    return redirect(url_for("rotation.channel"), 303)
