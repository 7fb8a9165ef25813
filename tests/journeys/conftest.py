"""A portal on the loopback and people with browsers. Set PICTURES to a folder to get pictures on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.person import DESKTOP, PHONE, Person
from tests.web.conftest import app, settings, world

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser

    from portal.config import Settings
    from portal.mail.message import OutboxEnvelope
    from portal.models.database import Database
    from tests.factories.world import World
    from tests.support.clock import Clock

__all__ = ["app", "settings", "world"]

# An id that stands twice leads a label, a link or a swap to the wrong place.
TWICE = """for (const event of ["DOMContentLoaded", "htmx:afterSettle"])
    document.addEventListener(event, () => {
        const ids = Array.from(document.querySelectorAll("[id]"), one => one.id);
        const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
        if (twice.length) console.error("these ids stand twice: " + twice.join(", "));
    });"""
PATIENCE = 20_000  # milliseconds until something that should be there counts as missing


@pytest.fixture
def address(app: Flask, world: World) -> Iterator[str]:
    """Where the portal is, with the four institutions and their people in it."""
    from tests.support.chromium import serving

    with serving(app) as base:
        yield base


@pytest.fixture
def mailbox(settings: Settings, sqlite_database: Database, clock: Clock) -> Callable[[str], list[str]]:
    """Let the worker deliver what is due; then the letters that a user has got so far, the latest last."""
    from portal.services.outbox import deliver_due

    letters: dict[str, list[str]] = {}

    def keep(envelope: OutboxEnvelope, _settings: Settings) -> None:
        letters.setdefault(envelope.recipient.partition("@")[0], []).append(envelope.text)

    def open_mailbox(username: str) -> list[str]:
        while deliver_due(sqlite_database, settings, clock(), send=keep):
            pass
        return letters.get(username, [])

    return open_mailbox


@pytest.fixture
def pictures() -> Path | None:
    """The folder for pictures, or None."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return None
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def person(chromium: Browser, address: str, pictures: Path | None) -> Iterator[Callable[..., Person]]:
    """Call it with a user name for somebody who is logged in; whose console complained fails the test at its end."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    people: list[Person] = []
    with ExitStack() as stack:

        def come(username: str, *, phone: bool = False, with_keyboard: bool = False, **context: Any) -> Person:
            viewport = PHONE if phone else DESKTOP
            window = stack.enter_context(
                chromium.new_context(viewport=viewport, has_touch=phone, locale="zh-CN", **context)
            )
            window.set_default_timeout(PATIENCE)
            window.add_init_script(TWICE)
            someone = Person(username, window.new_page(), address, pictures)
            people.append(someone)
            someone.log_in_with_the_keyboard() if with_keyboard else someone.log_in()
            return someone

        yield come
    assert [trouble for someone in people for trouble in someone.troubles] == []
