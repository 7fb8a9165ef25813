"""One recall case, on SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.models.database import Database
from tests.factories.recall_story import Story, build_recall_world


@pytest.fixture
def story(sqlite_database: Database) -> Iterator[Story]:
    """A clue in Nanjing."""
    with sqlite_database.write() as db:
        yield Story(db, build_recall_world(db))
