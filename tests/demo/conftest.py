"""The demo story, told once: on a Tuesday some days after the lead has changed, near the end of a year."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from portal.config import Settings
from portal.demo.story import tell
from portal.models.database import Database
from portal.rules.dates import BEIJING
from portal.storage.local import Storage
from tests.conftest import opened

TUESDAY = datetime(2026, 12, 1, 10, 0, tzinfo=BEIJING)


@dataclass(frozen=True)
class Told:
    """A database with the story in it, its instance folder, and when it was told."""

    database: Database
    instance: Path
    now: datetime


@pytest.fixture(scope="session")
def told(migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story on SQLite. Tests only read it."""
    instance = tmp_path_factory.mktemp("demo")
    shutil.copyfile(migrated_sqlite_file, instance / "portal.sqlite3")
    with opened(f"sqlite:///{instance / 'portal.sqlite3'}") as database:
        keys = Settings.from_environment({"PORTAL_INSTANCE": str(instance)}).field_keys
        tell(database, Storage(instance / "files"), keys=keys, now=TUESDAY)
        yield Told(database, instance, TUESDAY)
