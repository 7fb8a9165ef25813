"""One mail as it leaves: an envelope of plain values, and the MIME message made from it."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
LONGEST_ADDRESS = 254


class InvalidAddress(ValueError):
    """Something that cannot be a recipient; `address` is what was given."""

    def __init__(self, address: str) -> None:
        super().__init__(f"邮箱地址无效：{clean_header(address)}")
        self.address = address


@dataclass(frozen=True, slots=True)
class Invitation:
    """An iCalendar text and its METHOD (REQUEST, CANCEL, …), which go along inline."""

    ics: str
    method: str


@dataclass(frozen=True, slots=True)
class OutboxEnvelope:
    """One mail to one person. `message_id` (<local@domain>) stays the same at every try."""

    message_id: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    queued_at: datetime
    html: str | None = None
    invitation: Invitation | None = None


def clean_header(text: str) -> str:
    """A text as one line that a header can hold: no CR, LF or other controls, and no encoded words.

    Python before 3.13 decodes `=?UTF-8?Q?…=0A…?=` inside a header value and writes the line break out,
    which lets whoever chose the text add headers. Broken apart, the word is only text.
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    while "=?" in printable:
        printable = printable.replace("=?", "= ?")
    return " ".join(printable.split())


def is_address(text: str) -> bool:
    """Whether mail can be sent there: one address, in ASCII, without a name or a comment."""
    return len(text) <= LONGEST_ADDRESS and bool(ADDRESS.fullmatch(text)) and ".." not in text


def build_message(envelope: OutboxEnvelope, *, sender: str, sender_name: str) -> EmailMessage:
    """The MIME message: text, the same as HTML where there is one, and the invitation inline.

    The same envelope makes the same headers at every try. Raises InvalidAddress, and ValueError for a
    message id that is none.
    """
    if not is_address(envelope.recipient):
        raise InvalidAddress(envelope.recipient)
    if not MESSAGE_ID.fullmatch(envelope.message_id):
        raise ValueError(f"no message id: {envelope.message_id!r}")
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = envelope.message_id
    message["Date"] = envelope.queued_at
    message["From"] = Address(clean_header(sender_name), addr_spec=sender)
    message["To"] = Address(clean_header(envelope.recipient_name), addr_spec=envelope.recipient)
    message["Subject"] = clean_header(envelope.subject)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(envelope.text)
    if envelope.html is not None:
        message.add_alternative(envelope.html, subtype="html")
    if envelope.invitation is not None:
        message.add_alternative(
            envelope.invitation.ics,
            subtype="calendar",
            params={"method": clean_header(envelope.invitation.method)},
        )
    return message
