"""Packages: BagIt by an independent tool, data by its schema, texts as signed, the same bytes at every try."""

import json
import re
import stat
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bagit
import jsonschema
import pytest
from sqlalchemy import select

from portal.models.archive import ArchivePackage, ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.online_session import OnlineSession
from portal.models.outbox import OutboxMessage
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet
from portal.process.errors import NotFound
from portal.services.archiving import packaging
from portal.services.archiving.checks_view import checks_page
from portal.services.archiving.contents import CannotPackage, contents_of, schema_text
from portal.services.archiving.downloads import find_package, take_package
from portal.services.archiving.failures import FAILED
from portal.services.archiving.packaging import build_package, package_due, unpackaged
from portal.services.consultation.archive import archive_consultation
from portal.services.consultation.archive_inventory import lead_items
from portal.services.consultation.meeting_minutes import correct_minutes
from portal.services.kernel.canonical import digest_of_text
from portal.services.kernel.events import digest_of_said
from portal.services.official_making import official_file
from portal.services.verification import verify_file
from portal.storage.bag import safe_name
from portal.storage.bag_reading import check_bag, opened_bag
from portal.storage.local import FileMissing, Storage
from tests.factories.archive import MAKING, package_rows, packaged, path_of, stored
from tests.factories.ending import archived, withdrawn
from tests.factories.material import CONTENT
from tests.factories.meeting_minutes import AFTER
from tests.factories.world import build_world

LATER = AFTER + timedelta(days=1)


def unpacked(storage: Storage, package: ArchivePackage, folder: Path) -> Path:
    with zipfile.ZipFile(path_of(storage, package.sha256)) as archive:
        archive.extractall(folder)
    (top,) = folder.iterdir()
    return top


def read(top: Path, path: str) -> Any:
    return json.loads((top / "data" / path).read_text("utf-8"))


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return stored(tmp_path / "files")


def test_both_packages_are_bags_with_everything_in_them(database: Database, storage: Storage, tmp_path: Path) -> None:
    packaged(database, storage)
    for package in package_rows(database):
        top = unpacked(storage, package, tmp_path / str(package.id))
        bag = bagit.Bag(str(top))
        assert bag.validate()  # another's reading of RFC 8493
        assert set(bag.algorithms) == {"sha512", "sha256"}
        with opened_bag(path_of(storage, package.sha256)) as own:
            assert check_bag(own) == []
        said = read(top, "package.json")
        assert bag.info["External-Identifier"] == said["consultation"] == "长三角会诊〔2026〕1号"
        assert bag.info["Source-Organization"] == said["custodian"]
        assert bag.info["Bagging-Date"] == "2026-03-02"
        assert bag.info["Retention-Until"] == "2031-12-31"
        with database.read() as db:
            inventory = db.get_one(ArchiveRecord, package.record_id).inventory
        assert [item["sha256"] for item in said["items"]] == [item["sha256"] for item in inventory]
        for item in said["items"]:
            content = (top / "data" / item["path"]).read_bytes()
            assert (len(content), bag.entries[f"data/{item['path']}"]["sha256"]) == (item["size"], item["sha256"])
        pdfs = [item["readable"] for item in said["items"] if item["kind"] in ("consultation_sheet", "meeting_minutes")]
        assert pdfs
        for pdf in pdfs:
            content = (top / "data" / pdf["path"]).read_bytes()
            assert bag.entries[f"data/{pdf['path']}"]["sha256"] == pdf["sha256"]
            with database.read() as db:  # it is the file that a download gives as well
                assert verify_file(db, content=content).result == "unchanged"
        assert (storage.root / package.sha256[:2] / package.sha256).stat().st_mode & 0o777 == 0o444


def test_the_data_is_as_its_schema_says_and_as_it_was_signed(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    packaged(database, storage)
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    rounds = []
    for package in package_rows(database):
        top = unpacked(storage, package, tmp_path / str(package.id))
        assert (top / "data/package.schema.json").read_text("utf-8") == schema_text()
        said = read(top, "package.json")
        jsonschema.validate(said, schema)
        events = read(top, "audit/events.json")
        jsonschema.validate(events, {**schema, "$ref": "#/$defs/events", **_NOTHING_OF_ITS_OWN})
        assert all(digest_of_said(event["said"]) == event["digest"] for event in events)
        assert events[-1]["digest"] == said["audit"]["head"]
        for item in said["items"]:
            if item["kind"] != "material":
                kind = {**schema, "$ref": f"#/$defs/{item['kind']}", **_NOTHING_OF_ITS_OWN}
                jsonschema.validate(read(top, item["path"]), kind)
        rounds.append(said["rounds"])
    assert rounds[0] == rounds[1]  # the list of digests is in both packages
    with database.read() as db:
        signed = {sheet.digest: sheet.canonical for sheet in db.scalars(select(ConsultationSheet))}
    assert {one["sha256"] for one in rounds[0][0]["sheets"]} == set(signed)
    (top,) = (tmp_path / str(package_rows(database, "sheets")[0].id)).iterdir()
    texts = {path.read_text("utf-8") for path in (top / "data/sheets").glob("*.json")}
    assert texts == set(signed.values())
    assert {digest_of_text(text) for text in texts} == set(signed)
    assert len(list((top / "data/sheets").glob("*.pdf"))) == 5
    assert (top / "data/material/01-v1-检测报告.pdf").read_bytes() == CONTENT


_NOTHING_OF_ITS_OWN = {"type": ["object", "array"], "required": [], "properties": {}, "additionalProperties": True}


def test_the_index_links_every_file_and_needs_nothing_else(
    sqlite_database: Database, storage: Storage, tmp_path: Path
) -> None:
    packaged(sqlite_database, storage)
    for package in package_rows(sqlite_database):
        top = unpacked(storage, package, tmp_path / str(package.id))
        page = (top / "data/index.html").read_text("utf-8")
        assert "<script" not in page
        assert "//" not in re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL)
        linked = {unquote(found) for found in re.findall(r'href="([^"]+)"', page)}
        files = {path.relative_to(top / "data").as_posix() for path in (top / "data").rglob("*") if path.is_file()}
        assert linked == files - {"index.html"}


def test_a_package_is_made_once_and_its_checksum_stands_in_the_chain(database: Database, storage: Storage) -> None:
    packaged(database, storage)
    assert package_due(database, storage, MAKING, LATER) == 0
    with database.read() as db:
        told = [event.facts["sha256"] for event in db.scalars(select(Event).where(Event.name == "archive_packaged"))]
        assert unpackaged(db) == []
    assert told == [package.sha256 for package in package_rows(database)]


def test_what_is_archived_has_one_text_in_whatever_order_the_rows_come(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        consultation = archived(db, build_world(db))
    with sqlite_database.read() as db:
        online = db.scalars(select(OnlineSession)).one()
        assert sum(one.has_attended for one in online.participants) > 1
        as_stored = [item.sha256 for item in lead_items(db, consultation)]
        online.participants.reverse()
        assert [item.sha256 for item in lead_items(db, consultation)] == as_stored


def test_killed_on_the_way_it_is_made_again_byte_by_byte(
    sqlite_database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database.write() as db:
        archived(db, build_world(db))
        numbers = unpackaged(db)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(packaging, "fix_package", killed)
        with pytest.raises(KeyboardInterrupt):
            build_package(sqlite_database, storage, MAKING, numbers[0], AFTER)
    left = {path.name for path in storage.root.rglob("*") if path.is_file()}
    assert package_rows(sqlite_database) == []
    again = build_package(sqlite_database, storage, MAKING, numbers[0], LATER)
    assert again is not None
    assert again.sha256 in left
    assert {path.name for path in storage.root.rglob("*") if path.is_file()} == left


def test_it_takes_in_the_official_pdf_that_was_made_before(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    with database.write() as db:
        archived(db, build_world(db))
        sheet = db.scalars(select(ConsultationSheet).where(ConsultationSheet.state == "signed")).first()
        assert sheet is not None
    about = {"kind": "sheet", "subject_id": sheet.id, "file_format": "pdf", "now": AFTER}
    other = replace(MAKING, verification_url="https://former.example.cn/verify")
    before = official_file(database, storage, other, **about)  # type: ignore[arg-type]
    assert package_due(database, storage, MAKING, AFTER) == 2
    (package,) = package_rows(database, "sheets")
    said = read(unpacked(storage, package, tmp_path / "sheets"), "package.json")
    (item,) = [one for one in said["items"] if one["sha256"] == sheet.digest]
    assert item["readable"]["sha256"] == before.sha256
    with database.read() as db:
        kinds = sorted((one.kind, one.format) for one in db.scalars(select(OfficialFile)))
    assert kinds == [("minutes", "pdf"), *[("sheet", "pdf")] * 5]


def test_a_correction_after_archiving_makes_a_supplement(database: Database, storage: Storage, tmp_path: Path) -> None:
    world = packaged(database, storage)
    with database.write() as db:
        number = db.scalars(select(Consultation.id)).one()
        correction = correct_minutes(
            db, actor=world.lead, consultation_id=number, corrects="一、日期", text="应为3月4日", now=LATER
        )
        digest = correction.digest
    assert package_due(database, storage, MAKING, LATER) == 1
    first, second = package_rows(database, "minutes")
    assert (first.number, second.number) == (1, 2)
    said = read(unpacked(storage, second, tmp_path / "supplement"), "package.json")
    assert [item["sha256"] for item in said["items"]] == [digest]
    assert package_due(database, storage, MAKING, LATER) == 0


def test_what_ended_early_has_one_package_with_the_applicant(sqlite_database: Database, storage: Storage) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = withdrawn(db, world)
        archive_consultation(db, actor=world.applicant, consultation_id=consultation.id, now=AFTER)
    assert package_due(sqlite_database, storage, MAKING, AFTER) == 1


def test_no_package_without_the_originals_or_of_another_text(
    sqlite_database: Database, storage: Storage, tmp_path: Path
) -> None:
    with sqlite_database.write() as db:
        archived(db, build_world(db))
        sheets, _minutes = unpackaged(db)
    empty = Storage(tmp_path / "empty")
    with pytest.raises(FileMissing):
        build_package(sqlite_database, empty, MAKING, sheets, AFTER)
    assert package_due(sqlite_database, empty, MAKING, AFTER) == 1  # the minutes have no files; the sheets wait
    assert [path for path in empty.root.rglob("*") if path.is_file() and path.name.startswith(".new-")] == []
    with sqlite_database.write() as db:
        inventory = db.get_one(ArchiveRecord, sheets).inventory
        db.get_one(ArchiveRecord, sheets).inventory = [*inventory, {**inventory[0], "sha256": "0" * 64}]
        db.flush()
        with pytest.raises(CannotPackage):
            contents_of(db, sheets)
        db.rollback()


def test_what_cannot_be_packaged_is_told_once_and_shown_until_it_is(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    with database.write() as db:
        world = build_world(db)
        archived(db, world)
    empty = Storage(tmp_path / "empty")
    for day in range(3):
        package_due(database, empty, MAKING, AFTER + timedelta(days=day))
    with database.read() as db:
        mails = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "archive_unpackaged")).all()
        own = {actor.person_id for actor in world.liaisons["shanghai"]}
        assert world.administrator is not None
        told = [mail.person_id for mail in mails]
        assert sorted(told) == sorted({*own, world.administrator.person_id})  # each once, not once a run
        for mail in mails:
            assert ("文件不存在" in mail.text) is (mail.person_id in own)
        assert [event.facts["content"] for event in db.scalars(select(Event).where(Event.name == FAILED))] == ["sheets"]
        for actor, is_shown in ((world.applicant, True), (world.administrator, True), (world.lead, False)):
            shown = checks_page(db, actor=actor, now=LATER).failures
            assert [failure.content for failure in shown] == ["会诊表、会诊材料与初步分析"] * is_shown
    sound = stored(empty.root)  # the report is there again
    assert package_due(database, sound, MAKING, LATER) == 1
    with database.read() as db:
        assert checks_page(db, actor=world.applicant, now=LATER).failures == ()


def test_only_the_custodian_takes_it_and_that_is_recorded(sqlite_database: Database, storage: Storage) -> None:
    world = packaged(sqlite_database, storage)
    sheets, minutes = package_rows(sqlite_database)
    with sqlite_database.write() as db:
        about = {"consultation_id": 1, "now": AFTER}
        taken = take_package(db, actor=world.applicant, package_id=sheets.id, **about)
        assert taken.filename == "consultation-2026-1-sheets-1.zip"
        event = db.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
        assert (event.name, event.facts["sha256"]) == ("archive_package_downloaded", sheets.sha256)
        for actor, package in ((world.applicant, minutes), (world.lead, sheets), (world.staff["anhui"], sheets)):
            with pytest.raises(NotFound):
                find_package(db, actor=actor, package_id=package.id, **about)


def test_names_that_every_system_unpacks() -> None:
    assert safe_name("检测报告.pdf") == "检测报告.pdf"
    assert safe_name('../a\\b:c*?"<>|%\n.pdf') == "_a_b_c_.pdf"
    assert safe_name(" . ") == "_"
    assert len(safe_name("长" * 300 + ".pdf")) == 120
    assert safe_name("长" * 300 + ".pdf").endswith(".pdf")


def test_archived_originals_are_read_only_and_stay_so(sqlite_database: Database, storage: Storage) -> None:
    packaged(sqlite_database, storage)
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in storage.root.rglob("*") if path.is_file()}
    assert set(before.values()) == {0o444}
    stored(storage.root)  # the same report again, for another consultation
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in before} == before
