"""A real SMTP server on loopback that fails one dialogue in ten at a random step, and notes what it took."""

from __future__ import annotations

import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

STEPS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "in the text", "before the answer", "taken, no answer", "after it")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class FailingServer:
    """Takes mail; `taken` is its own log: (Message-ID, what the clock said), in order."""

    def __init__(self, share: float, chosen: random.Random, clock: Callable[[], Any]) -> None:
        self.share, self.clock = share, clock
        self.taken: list[tuple[str, Any]] = []
        self.dialogues = 0
        self.failures: Counter[str] = Counter()
        self._chosen = chosen
        self._lock = threading.Lock()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> FailingServer:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def fate(self) -> str:
        """The step at which the next dialogue fails; "" for none."""
        with self._lock:
            self.dialogues += 1
            failing = self._chosen.random() < self.share
            step = self._chosen.choice(STEPS) if failing else ""
            if step:
                self.failures[step] += 1
            return step

    def take(self, content: bytes) -> None:
        """Note a mail that the server is now answerable for."""
        found = _MESSAGE_ID.search(content)
        self.taken.append((found[1].decode() if found else "", self.clock()))


class _Controller(Controller):
    def __init__(self, owner: FailingServer, **options: Any) -> None:
        self._owner = owner
        super().__init__(_Handler(owner), **options)

    def factory(self) -> SMTP:
        return _Dialogue(self._owner, self.handler, **self.SMTP_kwargs)


class _Dialogue(SMTP):
    """One connection with its fate; half of the refusals before the text are answers, half are silence."""

    def __init__(self, owner: FailingServer, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.fate = ""
        self._owner = owner

    def connection_made(self, transport: Any) -> None:
        self.fate = self._owner.fate()
        super().connection_made(transport)
        if self.fate == "connect":
            transport.abort()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.fate == "in the text":
            await self.push("354 go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, owner: FailingServer) -> None:
        self._owner = owner

    def _at(self, server: Any, step: str) -> str | None:
        if server.fate != step:
            return None
        if self._owner.dialogues % 2:
            server.transport.abort()
        return "451 try again later"

    async def handle_EHLO(self, server: Any, session: Any, _envelope: Any, hostname: str, answers: list[str]) -> Any:  # noqa: N802
        session.host_name = hostname
        if server.fate == "EHLO":
            server.transport.abort()
        return answers

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self._at(server, "MAIL") or "250 OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self._at(server, "RCPT") or "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        refused = self._at(server, "DATA")
        if refused:
            return refused
        if server.fate == "before the answer":  # the text came, and nobody took it
            server.transport.abort()
            return "451 gone"
        self._owner.take(envelope.content)
        if server.fate == "taken, no answer":
            server.transport.abort()
        return "250 taken"

    async def handle_QUIT(self, server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        if server.fate == "after it":
            server.transport.abort()
        return "221 bye"
