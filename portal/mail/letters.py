"""A finished mail as text and as HTML: both from the one text that the outbox keeps.

The text is paragraphs with empty lines between. Two forms of line are more than words: `label：　value` (with a
full-width blank) is a fact, and a paragraph of facts alone becomes a table; `→ /path` leads to a page of the portal.
Whatever a person typed can at most become one of these two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from portal.mail.kinds import MAIL_KINDS, Urgency, ask_of

SENDER = "长三角缺陷消费品专家会诊平台"
PREFERENCES_PATH = "/account/notices"
_FACT = re.compile(r"([^：\n]{1,14})：　(.+)")
_LINK = re.compile(r"→ (/[!-~]*)")


@dataclass(frozen=True)
class Part:
    """A paragraph (`lines`), or a table of facts (`facts`: label, value)."""

    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Frame:
    """What stands around the words: the kind, the one link, and the configured address of the portal."""

    kind: str
    link_label: str
    link_url: str
    base_url: str

    @property
    def why(self) -> str:
        """Why somebody gets this mail, and whether that can be changed."""
        kind = MAIL_KINDS.get(self.kind)
        if kind is None:
            return ""
        if not kind.has_account:
            return kind.why
        freedom = {
            Urgency.MANDATORY: "这类邮件必须送达，不能关闭。",
            Urgency.ORDINARY: "可以设置免打扰时段。",
            Urgency.DIGESTIBLE: "可以设置免打扰时段、改为汇总接收，或者不再接收。",
        }
        return f"{kind.why}{freedom[kind.urgency]}"

    @property
    def preferences_url(self) -> str:
        """Where the recipient says what mail comes, and when; "" for who has no account."""
        kind = MAIL_KINDS.get(self.kind)
        return self.base_url + PREFERENCES_PATH if kind is None or kind.has_account else ""


def parts_of(text: str) -> list[Part]:
    """The paragraphs and tables of a text."""
    return [_part(paragraph.split("\n")) for paragraph in text.strip().split("\n\n")]


def _part(lines: list[str]) -> Part:
    found = [_FACT.fullmatch(line) for line in lines]
    if all(found):
        return Part(facts=tuple((one[1], one[2]) for one in found if one))
    return Part(lines=tuple(lines))


def link_of(line: str) -> str:
    """The path to which a line of the text leads; "" for words."""
    found = _LINK.fullmatch(line)
    return found[1] if found else ""


def text_of(text: str, frame: Frame) -> str:
    """The text part: the words, the one link, and why it came."""
    lines = [frame.base_url + link_of(line) if link_of(line) else line for line in text.strip().split("\n")]
    why = f"为什么收到这封邮件：{frame.why}"
    if frame.preferences_url:
        why += f"\n我的通知：{frame.preferences_url}"
    end = f"—— {SENDER}（请勿回复此邮件）"
    words = "\n".join(lines).replace("：　", "：")
    return f"{words}\n\n{frame.link_label}：{frame.link_url}\n\n{why}\n\n{end}\n"


def html_of(subject: str, text: str, frame: Frame) -> str:
    """The HTML part: the subject as heading, paragraphs and facts, the one link as button and as an address."""
    ask = ask_of(subject)
    return (
        _environment()
        .get_template("layout.html")
        .render(
            subject=subject,
            ask=ask.strip("【】"),
            heading=subject.removeprefix(ask),
            parts=parts_of(text),
            frame=frame,
            link_of=link_of,
            sender=SENDER,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("portal", "templates/mail"), undefined=StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
