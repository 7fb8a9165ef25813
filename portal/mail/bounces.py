"""Reading delivery status notifications (RFC 3464): which mail came back, from whom, and why.

Standard library only: its parser knows `message/delivery-status`. What is no such report is not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any, cast

from portal.mail.message import MESSAGE_ID, clean_header

LONGEST_REASON = 300
_IDS = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True)
class Bounce:
    """One recipient who could not be reached. `message_id` is that of our mail, "" where the report hides it."""

    message_id: str
    recipient: str
    reason: str


def bounces_in(content: bytes) -> list[Bounce]:
    """The failures that a mail reports; empty for any other mail, and for one that says that delivery is delayed."""
    # Headers are read one by one below: a report with one that is broken is still a report.
    report = message_from_bytes(content, policy=default.clone(raise_on_defect=False))
    status = next((part for part in report.walk() if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return []
    blocks = status.get_payload()
    if not isinstance(blocks, list):
        return []
    message_id = _original_id(report)
    return [
        Bounce(message_id, _address(block), _reason(block))
        for block in blocks
        if isinstance(block, Message) and _field(block, "Action").lower() == "failed"
    ]


def _original_id(report: EmailMessage) -> str:
    """The Message-ID of the mail that came back: from its returned headers, else from what the report answers to."""
    for part in report.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            payload = cast(bytes, part.get_payload(decode=True) or b"")
            found = _field(message_from_string(payload.decode("utf-8", "replace")), "Message-ID")
        elif kind == "message/rfc822":
            inside: Any = part.get_payload()
            found = _field(inside[0], "Message-ID") if isinstance(inside, list) and inside else ""
        else:
            continue
        if MESSAGE_ID.fullmatch(found):
            return found
    answered = _IDS.findall(f"{_field(report, 'In-Reply-To')} {_field(report, 'References')}")
    return next((one for one in answered if MESSAGE_ID.fullmatch(one)), "")


def _address(block: Message) -> str:
    """The recipient as we wrote it, where the report says that, else as the last server knew it."""
    said = _field(block, "Original-Recipient") or _field(block, "Final-Recipient")
    return said.partition(";")[2].strip().strip("<>").lower()


def _reason(block: Message) -> str:
    said = _field(block, "Diagnostic-Code").partition(";")
    words = " ".join(part for part in (_field(block, "Status"), said[2] or said[0]) if part)
    return clean_header(words)[:LONGEST_REASON] or "对方邮件服务器未说明原因"


def _field(message: Message, name: str) -> str:
    try:
        value = message.get(name)
    except (ValueError, IndexError, KeyError, AttributeError):  # a header that Python's parser stumbles over
        return ""
    return " ".join(str(value).split()) if value is not None else ""
