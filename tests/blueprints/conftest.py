"""Pages are tested with the same people as portal.web's own tests, on one application for all."""

import pytest
from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from portal.web.acting import Wiring
from tests.support.clock import Clock
from tests.support.compiled_templates import share_compiled_templates
from tests.web.conftest import read_mail, settings, surf, world

__all__ = ["app", "bare_app", "read_mail", "settings", "surf", "world"]


@pytest.fixture(scope="session")
def bare_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, made once: making it takes longer than most tests of a page. `app` gives it what it works on."""
    made = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path_factory.mktemp("instance"))})
    share_compiled_templates(made.instance)
    app = create_app(made, Database("sqlite://"))
    app.testing = True
    return app


@pytest.fixture
def app(bare_app: Flask, settings: Settings, sqlite_database: Database, clock: Clock) -> Flask:
    bare_app.extensions["portal"] = Wiring(settings, sqlite_database, clock)
    return bare_app
