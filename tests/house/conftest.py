"""The application as these tests look at it: its routes and names, with a database that nobody opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    from portal.app import create_app
    from portal.config import Settings
    from portal.models.database import Database

    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path_factory.mktemp("instance"))})
    database = Database("sqlite://")
    database.dispose()
    return create_app(settings, database)
