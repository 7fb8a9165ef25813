"""The mailbox into which mail comes back: read by IMAP, with the standard library alone.

What was read is marked as seen; what was no report is flagged as well, so that a person finds it.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from portal.config import ImapMailbox

TIMEOUT_SECONDS = 20
AT_MOST = 50
"""Mails of one visit; the next one takes the rest."""
LARGEST_BYTES = 256 * 1024
"""What is read of one mail: a report and the headers of what came back stand well within it."""
_UID = re.compile(rb"\d+")
_BEYOND_ASCII = re.compile(r"[^\x20-\x7e]+")


class MailboxFailed(Exception):
    """The mailbox could not be opened or read; the next visit tries again."""


class Mailbox:
    """An open mailbox: `unseen` reads, `settle` marks."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def unseen(self) -> Iterator[tuple[str, bytes]]:
        """Number and content of what nobody has seen yet, the earliest first."""
        found = self._ask("SEARCH", "UNSEEN")
        numbers = _UID.findall(b" ".join(part for part in found if isinstance(part, bytes)))
        for number in numbers[:AT_MOST]:
            uid = number.decode("ascii")
            answer = self._ask("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST_BYTES}>)")
            content = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if content is not None:
                yield uid, content

    def settle(self, uid: str, *, is_understood: bool) -> None:
        """Mark a mail as seen, so that it is not read again."""
        self._ask("STORE", uid, "+FLAGS.SILENT", r"(\Seen)" if is_understood else r"(\Seen \Flagged)")

    def _ask(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
        state, answer = self._connection.uid(command, *arguments)
        if state != "OK":
            raise MailboxFailed(f"{command}: {answer!r}")
        return list(answer)


@contextmanager
def opened(where: ImapMailbox) -> Iterator[Mailbox]:
    """The mailbox, for the time of the block. Raises MailboxFailed for whatever goes wrong with it."""
    try:
        connection = _connect(where)
        try:
            connection.login(where.username, where.password)
            state, answer = connection.select(_quoted(where.folder))
            if state != "OK":
                raise MailboxFailed(f"{where.folder}: {answer!r}")
            yield Mailbox(connection)
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                connection.logout()
            with suppress(OSError):
                connection.shutdown()  # which a log-out that failed leaves out
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxFailed(str(error) or type(error).__name__) from error


def _connect(where: ImapMailbox) -> imaplib.IMAP4:
    if where.has_tls:
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(where.host, where.port, ssl_context=context, timeout=TIMEOUT_SECONDS)
    return imaplib.IMAP4(where.host, where.port, timeout=TIMEOUT_SECONDS)


def _quoted(folder: str) -> str:
    """A folder's name as the protocol wants it: in modified UTF-7 (RFC 3501, 5.1.3), quoted."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&-")
    return f'"{_BEYOND_ASCII.sub(lambda found: _in_utf7(found[0]), escaped)}"'


def _in_utf7(text: str) -> str:
    encoded = b64encode(text.encode("utf-16-be")).decode("ascii")
    return f"&{encoded.rstrip('=').replace('/', ',')}-"
