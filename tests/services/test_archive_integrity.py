"""Every package read again: one bit is found and named, a thousand are read in one go, drills produce everything."""

from __future__ import annotations

import random
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveCheck, ArchivePackage, ArchiveRecord, CustodyDrill
from portal.models.consultation import Consultation, ProductInformation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.outbox import OutboxMessage
from portal.models.verification import OfficialFile
from portal.models.voting import VotingRound
from portal.process.errors import NotFound, Refusal
from portal.services.archiving import drill as drills
from portal.services.archiving import integrity
from portal.services.archiving.checks_view import checks_page
from portal.services.archiving.contents import contents_of
from portal.services.archiving.integrity import (
    all_packages,
    check_due,
    check_packages,
    kept_packages,
    packages_of,
    words,
)
from portal.services.archiving.packaging import fix_package, package_due, store_package
from portal.services.consultation.archive import dispose_archive, propose_disposal
from portal.services.consultation.archive_inventory import official_files_of
from portal.services.kernel.storage_removal import queue_removal, remove_queued
from portal.services.official_making import official_file
from portal.storage.local import Storage
from tests.conftest import memory_folder
from tests.factories.archive import MAKING, flip, package_rows, packaged, path_of, stored
from tests.factories.ending import EXPIRED, archived
from tests.factories.material import CONTENT
from tests.factories.meeting_minutes import AFTER
from tests.factories.world import build_world

A_DAY = timedelta(days=1)
MANY, FLIPPED = 1000, 100


@pytest.fixture
def storage() -> Iterator[Storage]:
    with tempfile.TemporaryDirectory(prefix="portal-", dir=memory_folder()) as folder:
        yield stored(Path(folder))


def every(database: Database) -> list[integrity.Kept]:
    with database.read() as db:
        return kept_packages(db, all_packages())


def place_of(path: Path, member: str) -> int:
    """Where the content of a member begins inside the ZIP."""
    with zipfile.ZipFile(path) as archive:
        (entry,) = [one for one in archive.infolist() if one.filename.endswith(member)]
        return entry.header_offset + 30 + len(entry.filename.encode()) + len(entry.extra)


def cloned(db: Session, source: Consultation, serial: int) -> Consultation:
    """One more consultation like another, without its texts."""
    made = Consultation(
        **{
            name: getattr(source, name)
            for name in (
                *("alliance_id", "edition", "stage", "year", "applicant_institution_id", "lead_institution_id"),
                *("created_by_id", "created_at", "saved_at", "submitted_at"),
            )
        },
        serial=serial,
    )
    made.product = ProductInformation(product_name=source.product.product_name)
    db.add(made)
    db.flush()
    return made


def test_a_hundred_flipped_bits_in_a_thousand_packages(sqlite_database: Database, storage: Storage) -> None:
    with sqlite_database.write() as db:
        source = archived(db, build_world(db))
        record = db.scalars(select(ArchiveRecord).where(ArchiveRecord.content == "minutes")).one()
        contents = contents_of(db, record.id)
        assert contents is not None
        bare = tuple(replace(item, subject=None) for item in contents.items)  # typesetting is another test's matter
        for serial in range(2, MANY + 2):
            consultation = cloned(db, source, serial)
            kept = ArchiveRecord(
                consultation_id=consultation.id, content="minutes", custodian_id=record.custodian_id,
                archived_on=record.archived_on, archived_at=record.archived_at, keep_until=record.keep_until,
                inventory=record.inventory,
            )  # fmt: skip
            db.add(kept)
            db.flush()
            own = replace(
                contents, record_id=kept.id, consultation_id=consultation.id, items=bare,
                folder=f"consultation-2026-{serial}-minutes-1",
            )  # fmt: skip
            fix_package(db, own, store_package(own, storage), AFTER)
    packages = package_rows(sqlite_database)
    assert len({package.sha256 for package in packages}) == MANY
    chance = random.Random(20260302)
    damaged = chance.sample(packages, FLIPPED)
    for package in damaged:
        flip(path_of(storage, package.sha256), chance.randrange(package.size), chance.randrange(8))
    results = check_packages(sqlite_database, storage, every(sqlite_database), AFTER)
    assert len(results) == MANY
    assert {one.kept.package_id for one in results if not one.is_sound} == {package.id for package in damaged}
    with sqlite_database.read() as db:
        found = db.scalars(select(ArchiveCheck.package_id).where(ArchiveCheck.is_sound.is_(False)))
        assert set(found) == {package.id for package in damaged}


@pytest.mark.parametrize("content", ["sheets", "minutes"])
def test_a_damaged_or_missing_official_file_is_named(database: Database, storage: Storage, content: str) -> None:
    packaged(database, storage)
    (package,) = package_rows(database, content)
    kind = {"sheets": "sheet", "minutes": "minutes"}[content]
    with database.read() as db:
        files = db.scalars(select(OfficialFile).where(OfficialFile.kind == kind).order_by(OfficialFile.id)).all()
        assert files
        record = db.get_one(ArchiveRecord, package.record_id)
        titles = [title for title, one in official_files_of(db, record) if one.id == files[0].id]
    flip(path_of(storage, files[0].sha256), 100)
    found = {one.kept.package_id: one for one in check_due(database, storage, AFTER)}
    assert [words(one) for one in found.pop(package.id).damage] == [f"{titles[0]}（PDF）：正式文件已损坏"]
    assert all(one.is_sound for one in found.values())
    path_of(storage, files[0].sha256).unlink()
    again = {one.kept.package_id: one for one in check_due(database, storage, AFTER + A_DAY)}
    assert [words(one) for one in again[package.id].damage] == [f"{titles[0]}（PDF）：正式文件缺失"]


def test_the_merged_sheets_are_checked_with_the_sheets(database: Database, storage: Storage) -> None:
    packaged(database, storage)
    with database.read() as db:
        round_id = db.scalars(select(VotingRound.id)).one()
    about = {"kind": "sheets", "subject_id": round_id, "file_format": "pdf", "now": AFTER}
    made = official_file(database, storage, MAKING, **about)  # type: ignore[arg-type]
    path_of(storage, made.sha256).unlink()
    found = {one.kept.content: [words(damage) for damage in one.damage] for one in check_due(database, storage, AFTER)}
    assert found == {"sheets": ["会诊表合并文件（PDF）：正式文件缺失"], "minutes": []}


def test_no_removal_takes_an_official_file_that_is_still_registered(database: Database, storage: Storage) -> None:
    world = packaged(database, storage)
    with database.write() as db:
        keys = set(db.scalars(select(OfficialFile.sha256)))
        queue_removal(db, keys, now=AFTER)
    assert remove_queued(database, storage, EXPIRED) == 0
    assert all(path_of(storage, key).exists() for key in keys)
    for institution in ("shanghai", "jiangsu"):
        with database.write() as db:
            first, second = world.liaisons[institution]
            propose_disposal(db, actor=first, consultation_id=1, reason="期满", now=EXPIRED)
            dispose_archive(db, actor=second, consultation_id=1, now=EXPIRED)
    remove_queued(database, storage, EXPIRED)
    assert not any(path_of(storage, key).exists() for key in keys)


def test_what_is_damaged_is_named_told_once_and_shown(database: Database, storage: Storage) -> None:
    world = packaged(database, storage)
    sheets, minutes = package_rows(database)
    assert all(one.is_sound for one in check_due(database, storage, AFTER))
    assert check_due(database, storage, AFTER) == []  # once a day is enough
    path = path_of(storage, sheets.sha256)
    flip(path, place_of(path, "data/application/application.json") + 3)
    found = {one.kept.package_id: one for one in check_due(database, storage, AFTER + A_DAY)}
    assert found[minutes.id].is_sound
    said = [words(damage) for damage in found[sheets.id].damage]
    assert said[0] == "归档包文件的 SHA-256 与编成时不符"
    assert [line.partition("：")[0] for line in said[1:]] == ["data/application/application.json", "bag-info.txt"]
    check_due(database, storage, AFTER + 2 * A_DAY)
    with database.read() as db:
        mails = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "archive_damaged")).all()
        liaisons = {actor.person_id for actor in world.liaisons["shanghai"]}
        assert {mail.person_id for mail in mails} == liaisons
        assert len(mails) == len(liaisons)  # the same damage is told once
        assert "data/application/application.json" in mails[0].text
        assert db.scalar(select(func.count()).where(Event.name == "archive_damage_found")) == 1
        own = checks_page(db, actor=world.applicant, now=AFTER)
        assert (own.counts, [line.state for line in own.lines]) == (
            {"damaged": 1, "unchecked": 0, "sound": 0},
            ["damaged"],
        )
        assert [line.state for line in checks_page(db, actor=world.auditor, now=AFTER).lines] == ["damaged", "sound"]
        counts = checks_page(db, actor=world.administrator, now=AFTER)
        assert (counts.counts["damaged"], counts.lines, counts.sees_lines) == (1, (), False)
        with pytest.raises(NotFound):
            checks_page(db, actor=world.experts["shanghai"][0], now=AFTER)


def test_missing_originals_and_packages_and_foreign_ones_are_found(sqlite_database: Database, storage: Storage) -> None:
    packaged(sqlite_database, storage)
    sheets, minutes = package_rows(sqlite_database)
    key = every(sqlite_database)[0].material[0][1]
    flip(path_of(storage, key), len(CONTENT) - 1)
    path_of(storage, minutes.sha256).unlink()
    damage = {one.kept.package_id: one.damage for one in check_due(sqlite_database, storage, AFTER)}
    assert [one.problem for one in damage[sheets.id]] == ["原件已损坏"]
    assert [one.problem for one in damage[minutes.id]] == ["归档包文件缺失"]
    path_of(storage, key).unlink()
    kept = every(sqlite_database)[0]
    assert [one.problem for one in integrity.damage_of(storage, kept)] == ["原件缺失"]
    unwitnessed = replace(kept, material=(), is_witnessed=False)
    assert [one.problem for one in integrity.damage_of(storage, unwitnessed)] == ["审计记录中没有这个归档包的校验值"]
    path_of(storage, sheets.sha256).chmod(0o600)
    path_of(storage, sheets.sha256).write_bytes(b"no package at all")
    assert len(list(integrity.damage_of(storage, replace(kept, material=())))) == 2


def test_a_file_more_or_less_in_a_package_is_found(sqlite_database: Database, storage: Storage, tmp_path: Path) -> None:
    packaged(sqlite_database, storage)
    source = path_of(storage, package_rows(sqlite_database, "minutes")[0].sha256)

    def problems(leave_out: str = "", add: str = "", twice: bool = False) -> list[str]:
        target = tmp_path / f"{leave_out}-{add}-{twice}".replace("/", "_")
        with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as changed:
            top = given.namelist()[0].partition("/")[0]
            for name in given.namelist():
                if not (leave_out and name.endswith(leave_out)):
                    changed.writestr(name, given.read(name))
            if add:
                changed.writestr(f"{top}/{add}", b"x")
        with integrity.opened_bag(target) as bag:
            return [words(damage) for damage in integrity.check_bag(bag)]

    assert problems() == []
    assert "data/tallies/round-1.json：文件缺失" in problems(leave_out="tallies/round-1.json")
    assert "data/more.txt：清单中没有这个文件" in problems(add="data/more.txt")
    assert "more.txt：清单中没有这个文件" in problems(add="more.txt")
    assert any("manifest-sha512.txt" in line for line in problems(leave_out="/manifest-sha512.txt"))
    assert any("bagit.txt" in line for line in problems(leave_out="bagit.txt"))


def test_a_run_reads_so_much_and_the_next_goes_on(
    sqlite_database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged(sqlite_database, storage)
    sheets, minutes = package_rows(sqlite_database)
    monkeypatch.setattr(integrity, "PACKAGES_A_RUN", 1)
    runs = [[one.kept.package_id for one in check_due(sqlite_database, storage, AFTER)] for _ in range(3)]
    assert runs == [[sheets.id], [minutes.id], []]
    monkeypatch.setattr(integrity, "PACKAGES_A_RUN", 10)
    monkeypatch.setattr(integrity, "BYTES_A_RUN", 1)
    assert len(check_due(sqlite_database, storage, AFTER + A_DAY)) == 1
    with sqlite_database.read() as db:
        assert len(kept_packages(db, packages_of(year=2026, serial=1))) == 2
        assert kept_packages(db, packages_of(year=2025, serial=1)) == []


def test_a_drill_produces_everything_and_says_what_it_could_not(database: Database, storage: Storage) -> None:
    world = packaged(database, storage)
    with database.write() as db:
        asked = drills.ask_custody_drill(db, actor=world.applicant, now=AFTER)
        with pytest.raises(Refusal, match="正在进行"):
            drills.ask_custody_drill(db, actor=world.applicant, now=AFTER)
        with pytest.raises(Refusal, match="没有归档材料"):
            drills.ask_custody_drill(db, actor=world.staff["anhui"], now=AFTER)
        with pytest.raises(NotFound):
            drills.ask_custody_drill(db, actor=world.auditor, now=AFTER)
    assert drills.drill_asked(database, storage, AFTER) == 1
    assert drills.drill_asked(database, storage, AFTER) == 0
    with database.read() as db:
        done, name = drills.drill_page(db, actor=world.applicant, drill_id=asked.id, now=AFTER)
        assert (done.records, done.packages, done.missing, done.damaged) == (1, 1, [], [])
        assert done.asked_by_name == world.applicant.name
        event = db.scalars(select(Event).where(Event.name == "custody_drilled")).one()
        assert (event.person_id, event.facts["records"]) == (world.applicant.person_id, 1)
        assert drills.drill_page(db, actor=world.auditor, drill_id=asked.id, now=AFTER)[1] == name
        with pytest.raises(NotFound):
            drills.drill_page(db, actor=world.lead, drill_id=asked.id, now=AFTER)
    flip(path_of(storage, package_rows(database, "sheets")[0].sha256), 2000)
    path_of(storage, package_rows(database, "minutes")[0].sha256).unlink()
    again = drills.drill_institutions(database, storage, AFTER + A_DAY)
    assert [(bool(drill.missing), bool(drill.damaged)) for drill in again] == [(False, True), (True, False)]
    assert again[1].missing[0]["problem"] == "归档包文件缺失"
    (one,) = drills.drill_institutions(database, storage, AFTER + A_DAY, name="江苏")
    assert one.institution_id == world.institutions["jiangsu"]


def test_a_record_without_package_is_missing_in_a_drill(sqlite_database: Database, storage: Storage) -> None:
    with sqlite_database.write() as db:
        archived(db, build_world(db))
    for drill in drills.drill_institutions(sqlite_database, storage, AFTER):
        assert [line["problem"] for line in drill.missing] == ["尚未编成归档包"]


def test_what_was_disposed_of_is_neither_checked_nor_drilled(sqlite_database: Database, storage: Storage) -> None:
    world = packaged(sqlite_database, storage)
    with sqlite_database.write() as db:
        first, second = world.liaisons["shanghai"]
        propose_disposal(db, actor=first, consultation_id=1, reason="期满", now=EXPIRED)
        dispose_archive(db, actor=second, consultation_id=1, now=EXPIRED)
    assert [one.kept.content for one in check_due(sqlite_database, storage, EXPIRED)] == ["minutes"]
    assert package_due(sqlite_database, storage, MAKING, EXPIRED) == 0
    with sqlite_database.read() as db:
        assert db.scalar(select(func.count(ArchivePackage.id))) == 2  # the rows belong to the certificate
        assert db.scalar(select(func.count(CustodyDrill.id))) == 0
