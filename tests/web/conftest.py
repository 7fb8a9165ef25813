"""A real application on a real database, with people in it and browsers that log in."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from portal.services.account_passwords import hash_password
from portal.services.account_recovery import settle_recovery_requests
from portal.services.outbox import deliver_due
from tests.factories.world import World, build_world
from tests.support.clock import Clock
from tests.support.compiled_templates import share_compiled_templates
from tests.support.surfer import PASSWORD, Surfer


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    share_compiled_templates(made.instance)
    return made


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """The four institutions with their people, who all have the same password."""
    with sqlite_database.write() as db:
        return build_world(db, password_hash=password_hash())


@pytest.fixture
def app(settings: Settings, sqlite_database: Database, clock: Clock) -> Flask:
    made = create_app(settings, sqlite_database, clock=clock)
    made.testing = True
    return made


@pytest.fixture
def read_mail(settings: Settings, sqlite_database: Database, clock: Clock) -> Callable[[], list[str]]:
    """Let the worker do what is due; the paths that the links of one purpose in the new mail lead to."""

    def read() -> list[str]:
        sent: list[str] = []
        settle_recovery_requests(sqlite_database, settings, clock())
        deliver_due(sqlite_database, settings, clock(), send=lambda envelope, _settings: sent.append(envelope.text))
        return [found[0] for text in sent if (found := re.search(r"/password/new\?token=[\w-]+", text))]

    return read


@pytest.fixture
def surf(app: Flask) -> Callable[..., Surfer]:
    """A browser of its own; with a user name, logged in."""

    def open_browser(username: str | None = None) -> Surfer:
        surfer = Surfer(app)
        if username is not None:
            assert surfer.log_in(username).status_code == 303
        return surfer

    return open_browser
