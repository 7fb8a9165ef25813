"""Group robots beside mail: which there are, how their addresses look, and how a message reaches one.

Apprise knows their interfaces. It is loaded with the first message, because hardly an installation uses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from portal.mail.errors import DeliveryFailed


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of robot. `scheme` is Apprise's word for it; `pattern` finds the secret part of the address given out."""

    scheme: str
    title: str
    pattern: re.Pattern[str]


def _channel(scheme: str, title: str, pattern: str) -> Channel:
    return Channel(scheme, title, re.compile(pattern))


_ALL = (
    _channel(
        "wecombot", "企业微信群机器人", r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([\w-]{16,80})"
    ),
    _channel("dingtalk", "钉钉群机器人", r"https://oapi\.dingtalk\.com/robot/send\?access_token=([0-9A-Za-z]{32,80})"),
    _channel("feishu", "飞书群机器人", r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]{16,80})/?"),
)
CHANNELS = {one.scheme: one for one in _ALL}
SIGNING = re.compile(r"[0-9A-Za-z]{8,100}")
"""The key with which a robot of DingTalk wants its messages signed."""


def read_address(text: str) -> tuple[str, str] | None:
    """The scheme and the secret part of an address as the service gives it out; None for any other."""
    for channel in _ALL:
        found = channel.pattern.fullmatch(text)
        if found:
            return channel.scheme, found[1]
    return None


def post(scheme: str, token: str, signing: str, text: str) -> None:
    """Hand a message to a robot; returning means that its service took it. Raises DeliveryFailed.

    The services are at fixed addresses in Apprise; nothing that was typed chooses a host.
    """
    from apprise.logger import LogCapture

    robot = _robot(scheme, token, signing)
    # Warnings say what the service answered; only below them would the address be named.
    with LogCapture(level=30, fmt="%(message)s") as said:
        was_taken = robot.notify(body=text)
        answer = said.getvalue().strip() if said is not None else ""
    if not was_taken:
        raise DeliveryFailed(answer.splitlines()[-1] if answer else "机器人没有接收", is_permanent=False)


def _robot(scheme: str, token: str, signing: str) -> Any:
    # Each by its own module: asked by address, Apprise loads its more than a hundred services first.
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.wecombot import NotifyWeComBot

    try:
        match scheme:
            case "wecombot":
                return NotifyWeComBot(key=token)
            case "dingtalk":
                return NotifyDingTalk(token=token, secret=signing or None)
            case _:
                return NotifyFeishu(token=token)
    except TypeError as error:
        raise DeliveryFailed("机器人地址无效", is_permanent=True) from error
