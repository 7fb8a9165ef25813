"""Nothing that is kept goes or changes early: not by page, command, job, ORM or plain SQL, on either database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import Table, delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.cli.main import main
from portal.config import Settings
from portal.jobs.schedule import SCHEDULE
from portal.models.archive import ArchiveCheck, ArchivePackage, ArchiveRecord, StorageRemoval
from portal.models.base import Base
from portal.models.database import Database
from portal.models.keeping import MESSAGE
from portal.models.material import Material
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet, VotingRound
from portal.services.archiving.integrity import check_due
from portal.services.consultation.archive import dispose_archive, propose_disposal
from portal.storage.local import Storage
from tests.factories.archive import package_rows, packaged, path_of, stored
from tests.factories.ending import EXPIRED
from tests.factories.meeting_minutes import AFTER, issued
from tests.factories.world import World, build_world
from tests.security.matrix import surfers
from tests.support.clock import Clock

KEPT = (
    *("archive_record", "archive_package", "archive_check", "consultation_sheet", "meeting_minutes", "material"),
    *("preliminary_analysis", "voting_round", "product_information", "preliminary_verification", "application_ground"),
    *("online_session", "speaking_turn"),
)
CHANGES = {
    "archive_record": [
        "keep_until = '2026-12-31'", "custodian_id = 3", "inventory = '[]'", "consultation_id = 2", "content = 'x'",
        "disposed_at = '2032-01-05 00:00:00', disposed_by_id = 2, disposal_proposed_by_id = 3",
        "disposed_at = '2026-03-02 00:00:00', disposed_by_id = 2, disposal_proposed_by_id = 3",
    ],
    "archive_package": ["sha256 = 'x'", "size = 1", "items_until = 0"],
    "archive_check": ["is_sound = (1 = 0)", "damage = '[]', checked_at = '2020-01-01 00:00:00'"],
    "consultation_sheet": ["digest = 'x'", "canonical = 'x'", "severity = 1", "state = 'void'", "answers = '{}'"],
    "meeting_minutes": ["conclusion = 'x'", "canonical = 'x'", "issued_on = '2020-01-01'"],
    "material": ["sha256 = 'x'", "title = 'x'", "filename = 'x'"],
    "preliminary_analysis": ["hazard = 'x'", "first_view = '{\"severity\": 4}'"],
    "voting_round": ["tally = '{}'", "panel_size = 3", "is_void = (1 = 1)", "close_reason = 'x'"],
    "product_information": ["product_name = 'x'"],
    "speaking_turn": ["notes = 'x'"],
    "online_session": ["discussion_summary = 'x'"],
}  # fmt: skip


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return stored(tmp_path / "instance" / "files")


def settings_of(tmp_path: Path) -> Settings:
    return Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})


def kept(database: Database) -> dict[str, Any]:
    """Every row of every table that keeps something, to be compared."""
    with database.read() as db:
        tables = {name: Base.metadata.tables[name] for name in KEPT}
        return {name: sorted(map(str, db.execute(select(table)).mappings())) for name, table in tables.items()}


def refused(database: Database, act: Callable[[Session], object]) -> None:
    def attempt() -> None:
        with database.write() as db:
            act(db)
            db.flush()

    with pytest.raises(DBAPIError, match=MESSAGE):
        attempt()


def test_early_removal_is_refused_five_times_of_five(database: Database, storage: Storage, tmp_path: Path) -> None:
    world = packaged(database, storage)
    check_due(database, storage, AFTER)
    before = kept(database)
    for way in (_by_page, _by_command, _by_job, _by_orm, _by_plain_sql):
        way(database, world, storage, tmp_path)
        assert kept(database) == before, way.__name__
        assert all(path_of(storage, package.sha256).exists() for package in package_rows(database))


def _by_page(database: Database, world: World, _storage: Storage, tmp_path: Path) -> None:
    app = create_app(settings_of(tmp_path), database, clock=Clock(AFTER))
    app.testing = True
    first, second = world.liaisons["shanghai"]
    browsers = surfers(app, database, [first, second], AFTER)
    page = "/consultations/1/archive"
    for actor in (first, second):
        for act in ("propose-disposal", "dispose-archive"):
            answer = browsers[actor.person_id].post(f"{page}/{act}", {"reason": "没有用了"})
            assert answer.status_code == 409
            assert "第九条" in answer.get_data(as_text=True)


def _by_command(_database: Database, _world: World, _storage: Storage, _tmp_path: Path) -> None:
    """There is no such command: nothing under `portal archive` or `portal vote` but reading and making."""
    named = {name: set(group.commands) for name, group in main.commands.items() if isinstance(group, click.Group)}
    assert named["archive"] == {"package", "verify", "drill"}
    assert named["vote"] == {"recount"}
    words = {word for commands in named.values() for name in commands for word in name.split("-")}
    assert not words & {"delete", "remove", "destroy", "dispose", "purge", "prune", "clean"}


def _by_job(database: Database, _world: World, _storage: Storage, tmp_path: Path) -> None:
    for job in SCHEDULE:
        if job.name not in ("deliver_outbox", "archive_checks"):
            job.act(database, settings_of(tmp_path), EXPIRED + timedelta(days=4000))
    # A removal that somebody slipped into the queue takes nothing that is still kept.
    keys = [package.sha256 for package in package_rows(database)]
    with database.write() as db:
        db.add_all(StorageRemoval(key=key, queued_at=AFTER) for key in keys)
    (job,) = [job for job in SCHEDULE if job.name == "storage_removals"]
    job.act(database, settings_of(tmp_path), EXPIRED + timedelta(days=4000))


def _by_orm(database: Database, _world: World, _storage: Storage, _tmp_path: Path) -> None:
    models = (
        *(ArchiveCheck, ArchivePackage, ArchiveRecord, ConsultationSheet, MeetingMinutes, Material),
        *(PreliminaryAnalysis, VotingRound),
    )
    for model in models:
        refused(database, lambda db, model=model: db.execute(delete(model)))
    # Rows to which others refer are kept by those references as well; these stand alone.
    for model in (ArchiveCheck, ConsultationSheet, PreliminaryAnalysis):
        refused(database, lambda db, model=model: db.delete(db.scalars(select(model).limit(1)).one()))
    for model, name, value in (
        (ArchiveRecord, "keep_until", AFTER.date() + timedelta(days=1)),
        (ArchivePackage, "sha256", "0" * 64),
        (ConsultationSheet, "canonical", "{}"),
        (MeetingMinutes, "conclusion", "另一结论"),
        (Material, "title", "另一报告"),
        (VotingRound, "tally", {}),
    ):
        refused(
            database,
            lambda db, model=model, name=name, value=value: setattr(
                db.scalars(select(model).limit(1)).one(), name, value
            ),
        )


def _by_plain_sql(database: Database, _world: World, _storage: Storage, _tmp_path: Path) -> None:
    for table in KEPT:
        refused(database, lambda db, table=table: db.execute(text(f"DELETE FROM {table}")))
        if database.engine.dialect.name == "postgresql":
            refused(database, lambda db, table=table: db.execute(text(f"TRUNCATE {table} CASCADE")))
    for table, changes in CHANGES.items():
        for change in changes:
            statement = f"UPDATE {table} SET {change}"
            refused(database, lambda db, statement=statement: db.execute(text(statement)))


@pytest.mark.parametrize("table", [name for name in KEPT if name != "archive_check"])
def test_no_row_is_replaced_by_another_of_the_same_key(sqlite_database: Database, storage: Storage, table: str) -> None:
    packaged(sqlite_database, storage)
    columns = ", ".join(column.name for column in _table(table).columns)
    replace = f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"
    refused(sqlite_database, lambda db: db.execute(text(replace)))


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def test_signed_and_issued_stand_before_they_are_archived(database: Database) -> None:
    with database.write() as db:
        issued(db, build_world(db))
    for table in ("consultation_sheet", "meeting_minutes", "material", "preliminary_analysis", "voting_round"):
        refused(database, lambda db, table=table: db.execute(text(f"DELETE FROM {table}")))
    for change in ("canonical = 'x'", "answers = '{}'", "signer_name = 'x'", "signed_at = NULL"):
        refused(database, lambda db, change=change: db.execute(text(f"UPDATE consultation_sheet SET {change}")))
    refused(database, lambda db: db.execute(text("UPDATE voting_round SET tally = '{}'")))
    with database.write() as db:  # a member who is recused late makes a vote void; what was signed stays
        db.execute(text("UPDATE consultation_sheet SET state = 'void', left_reason = 'x' WHERE id = 1"))


def test_a_record_may_only_grow_and_be_kept_longer(database: Database, storage: Storage) -> None:
    packaged(database, storage)
    with database.write() as db:
        record = db.scalars(select(ArchiveRecord).limit(1)).one()
        record.inventory = [*record.inventory, record.inventory[0]]
        record.keep_until += timedelta(days=1)
    refused(database, lambda db: _shorten(db))
    with database.write() as db:
        record = db.scalars(select(ArchiveRecord).limit(1)).one()
        record.keep_until += timedelta(days=1)


def _shorten(db: Session) -> None:
    record = db.scalars(select(ArchiveRecord).limit(1)).one()
    record.inventory = record.inventory[:-1]


def test_disposal_needs_two_people_and_the_word_of_the_first(database: Database, storage: Storage) -> None:
    world = packaged(database, storage)
    first, second = world.liaisons["shanghai"]
    with database.write() as db:
        propose_disposal(db, actor=first, consultation_id=1, reason="期满", now=EXPIRED)
    late = EXPIRED + timedelta(days=1)

    def disposed(by: int, at: Any = late, **more: Any) -> Callable[[Session], None]:
        def change(db: Session) -> None:
            record = db.scalars(select(ArchiveRecord).where(ArchiveRecord.content == "sheets")).one()
            record.disposed_at, record.disposed_by_id = at, by
            for name, value in more.items():
                setattr(record, name, value)

        return change

    refused(database, disposed(first.person_id))
    refused(database, disposed(second.person_id, at=EXPIRED - timedelta(seconds=1)))
    refused(database, disposed(second.person_id, disposal_proposed_by_id=None))
    refused(database, disposed(second.person_id, disposal_proposed_by_id=world.lead.person_id))
    with database.write() as db:
        dispose_archive(db, actor=second, consultation_id=1, now=late)
    assert kept(database)["consultation_sheet"] == []
    # The certificate stays for good.
    refused(database, lambda db: db.execute(text("DELETE FROM archive_record WHERE content = 'sheets'")))
    refused(database, lambda db: db.execute(text("UPDATE archive_record SET disposed_at = NULL")))
    refused(database, lambda db: db.execute(text("DELETE FROM archive_package")))


def test_files_are_removed_in_one_place_only() -> None:
    portal = Path(__file__).parents[2] / "portal"
    callers = {path.name for path in portal.rglob("*.py") if "storage.remove(" in path.read_text("utf-8")}
    assert callers == {"storage_removal.py"}
