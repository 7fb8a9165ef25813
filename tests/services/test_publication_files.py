"""Photographs of publications that are lost or damaged are found, told once, and no longer told once mended."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.models.case_document import CaseFile
from portal.models.database import Database
from portal.models.event import Event
from portal.models.recall_publication import RecallPublication
from portal.process.permissions import Actor, Role
from portal.services.archiving.checks_view import checks_page
from portal.services.archiving.publication_files import (
    DAMAGED,
    MENDED,
    check_all_publications,
    check_publications_due,
    damaged_publications,
)
from portal.storage.local import Storage
from tests.factories.material import drawn
from tests.factories.recall_story import Story, build_recall_world
from tests.factories.world import NOON

CONTENT = drawn()
AUDITOR = Actor(9, "审计员", None, frozenset({Role.AUDITOR}))


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


def count(database: Database, name: str) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).where(Event.name == name)) or 0


def test_a_lost_photograph_is_found_told_once_and_forgotten_once_mended(
    sqlite_database: Database, storage: Storage
) -> None:
    key = storage.put(io.BytesIO(CONTENT), limit_bytes=len(CONTENT)).key
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db))
        story.to_plan_review().accept()
        (plan,) = story.documents("recall_plan")
        file = CaseFile(
            case_id=story.case_id, document_id=plan.id, field="photographs", title="座椅正面", filename="正面.png",
            content_type="image/png", size=len(CONTENT), sha256=key, uploaded_at=story.now,
        )  # fmt: skip
        db.add(file)
        story.publish()
        number = db.scalars(select(RecallPublication.id)).one()
    (sound,) = check_all_publications(sqlite_database, storage, NOON)
    assert (sound.publication_id, sound.damage) == (number, ())
    storage.remove(key)
    for _ in range(2):
        (lost,) = check_all_publications(sqlite_database, storage, NOON)
        assert lost.damage == ("照片“座椅正面”缺失",)
    assert count(sqlite_database, DAMAGED) == 1
    with sqlite_database.read() as db:
        assert damaged_publications(db) == (lost,)
        assert checks_page(db, actor=AUDITOR, now=NOON).publications == (lost,)
    storage.put(io.BytesIO(CONTENT), limit_bytes=len(CONTENT))
    check_all_publications(sqlite_database, storage, NOON)
    assert count(sqlite_database, MENDED) == 1
    with sqlite_database.read() as db:
        assert damaged_publications(db) == ()


def test_within_a_day_each_publication_is_read_once(sqlite_database: Database, storage: Storage) -> None:
    with sqlite_database.write() as db:
        Story(db, build_recall_world(db)).to_implementing()
    hours = [check_publications_due(sqlite_database, storage, NOON + timedelta(hours=hour)) for hour in range(24)]
    assert sum(map(len, hours)) == 1
