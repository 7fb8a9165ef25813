"""Compiled templates are kept for the next process, and a disk that takes nothing fails no page."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from portal.web.compiled_templates import FOLDER
from tests.factories.world import World
from tests.support.surfer import Surfer


def own_settings(folder: Path) -> Settings:
    return Settings.from_environment({"PORTAL_INSTANCE": str(folder / "own")})


def test_the_next_process_finds_them(tmp_path: Path, world: World, sqlite_database: Database) -> None:
    settings = own_settings(tmp_path)
    first = Surfer(create_app(settings, sqlite_database)).get("/login").get_data(as_text=True)
    kept = {path: path.stat().st_mtime_ns for path in (settings.instance / FOLDER).iterdir()}
    assert kept
    assert (settings.instance / FOLDER).stat().st_mode & 0o077 == 0
    again = Surfer(create_app(settings, sqlite_database)).get("/login").get_data(as_text=True)
    assert "登录" in first
    assert again.count("<") == first.count("<")
    assert {path: path.stat().st_mtime_ns for path in (settings.instance / FOLDER).iterdir()} == kept


def test_a_disk_that_takes_nothing_fails_no_page(
    tmp_path: Path, world: World, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jinja2.bccache.tempfile.NamedTemporaryFile", full)
    settings = own_settings(tmp_path)
    assert Surfer(create_app(settings, sqlite_database)).get("/login").status_code == 200
    assert not list((settings.instance / FOLDER).iterdir())


def test_a_folder_that_cannot_be_made_fails_no_start(tmp_path: Path, world: World, sqlite_database: Database) -> None:
    settings = own_settings(tmp_path)
    (settings.instance / FOLDER).write_text("in the way")
    assert Surfer(create_app(settings, sqlite_database)).get("/login").status_code == 200
