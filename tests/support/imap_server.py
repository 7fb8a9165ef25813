"""A small IMAP server on loopback for one mailbox: what the portal asks of one, and no more.

It speaks the real protocol over a real socket, so that the standard library's client is tested with it.
"""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """Mails by UID, their flags, and a step (LOGIN, SELECT, SEARCH, FETCH, STORE) at which the server hangs up."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    password: str = "secret"
    hangs_up_at: str = ""
    refuses: str = ""
    selected: str = ""  # the folder, as the client wrote it


class _Dialogue(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer commands until the client logs out or the server is told to hang up."""
        self._say("* OK ready")
        for line in self.rfile:
            tag, _, rest = line.decode().strip().partition(" ")
            command = rest.split()[1 if rest.upper().startswith("UID") else 0].upper()
            box: Mailbox = self.server.mailbox  # type: ignore[attr-defined]
            if command == box.hangs_up_at:
                return
            if command == box.refuses:
                self._say(f"{tag} NO not now")
                continue
            answered = self._answer(command, rest, box)
            self._say(f"{tag} {answered}")
            if command == "LOGOUT":
                return

    def _answer(self, command: str, rest: str, box: Mailbox) -> str:
        if command == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1")
        elif command == "LOGIN" and not rest.endswith(f'"{box.password}"'):
            return "NO [AUTHENTICATIONFAILED] wrong"
        elif command == "SELECT":
            box.selected = rest.partition(" ")[2]
            self._say(f"* {len(box.mails)} EXISTS")
        elif command == "SEARCH":
            unseen = [str(uid) for uid in box.mails if r"\Seen" not in box.flags.get(uid, "")]
            self._say("* SEARCH " + " ".join(unseen))
        elif command == "FETCH":
            uid = int(rest.split()[2])
            limit = int(re.findall(r"<0\.(\d+)>", rest)[0])
            content = box.mails[uid][:limit]
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(content)}}}\r\n".encode() + content + b")\r\n")
        elif command == "STORE":
            box.flags[int(rest.split()[2])] = rest[rest.index("(") :]
        elif command == "LOGOUT":
            self._say("* BYE")
        return "OK done"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def serving_mailbox(mailbox: Mailbox) -> Iterator[int]:
    """Serve on a free port; gives the port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dialogue) as server:
        server.daemon_threads = True
        server.mailbox = mailbox  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
