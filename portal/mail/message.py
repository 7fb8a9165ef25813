"""One mail as it leaves: an envelope of plain values, and what may stand in it."""

import re
from dataclasses import dataclass
from datetime import datetime

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
    """An iCalendar text and its METHOD (REQUEST, CANCEL, …), which go along inline and as a file."""

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
