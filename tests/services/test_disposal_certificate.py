"""销毁证书: what it lists, that it stays for good, and that anybody who holds it can verify it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.models.archive import ArchiveRecord, DisposalCertificate
from portal.models.database import Database
from portal.models.event import Event
from portal.models.keeping import MESSAGE
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet
from portal.process.consultation import Stage
from portal.process.errors import NotFound
from portal.services.consultation.archive import dispose_archive, propose_disposal
from portal.services.consultation.archive_view import certificate_page
from portal.services.consultation.disposal_certificate import certificate_paper
from portal.services.kernel.canonical import digest_of_text
from portal.services.kernel.storage_removal import remove_queued
from portal.services.official_making import Making, official_file
from portal.services.verification import verify_code, verify_file
from portal.storage.local import FileMissing, Storage
from tests.documents.reading import pdf_glyphs, pdf_words, squeeze
from tests.factories.archive import packaged, stored
from tests.factories.ending import EXPIRED
from tests.factories.meeting_minutes import AFTER
from tests.factories.world import World


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return stored(tmp_path / "files")


@pytest.fixture
def making(tmp_path: Path) -> Making:
    return Making.by(Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "own")}))


def destroy(database: Database, world: World, institution: str) -> None:
    first, second = world.liaisons[institution]
    with database.write() as db:
        propose_disposal(db, actor=first, consultation_id=1, reason="期满，无继续保存价值", now=EXPIRED)
        dispose_archive(db, actor=second, consultation_id=1, now=EXPIRED)


def test_it_lists_everything_that_was_destroyed_and_by_whom(
    database: Database, storage: Storage, making: Making
) -> None:
    world = packaged(database, storage)
    with database.read() as db:
        sheet_id = db.scalars(select(ConsultationSheet.id).where(ConsultationSheet.state == "signed")).first() or 0
    made = official_file(
        database, storage, making, kind="sheet", subject_id=sheet_id, file_format="docx", now=AFTER, actor=None
    )
    with database.read() as db:
        record = db.scalars(select(ArchiveRecord).where(ArchiveRecord.content == "sheets")).one()
        listed = [item["sha256"] for item in record.inventory] + [package.sha256 for package in record.packages]
        official = {(one.sha256, one.size) for one in db.scalars(select(OfficialFile)) if one.kind != "minutes"}
    assert (made.sha256, made.size) in official
    destroy(database, world, "shanghai")
    with database.read() as db:
        certificate = db.scalars(select(DisposalCertificate)).one()
        assert digest_of_text(certificate.canonical) == certificate.digest
        said = json.loads(certificate.canonical)
        items = said["records"][0]["items"]
        assert [item["sha256"] for item in items[: len(listed)]] == listed
        assert {(item["sha256"], item["size"]) for item in items[len(listed) :]} == official
        assert (said["proposed_by"], said["approved_by"]) == tuple(one.name for one in world.liaisons["shanghai"])
        assert said["reason"] == "期满，无继续保存价值"
        event = db.scalars(select(Event).where(Event.name == "archive_disposed")).one()
        assert event.facts["digest"] == certificate.digest
        paper = certificate_paper(certificate)
        assert paper.tables[0].heading == f"会诊表、会诊材料与初步分析（{len(items)}件）"
        assert db.scalar(select(OfficialFile.id).where(OfficialFile.kind != "minutes")) is None
        own = certificate_page(db, actor=world.applicant, consultation_id=1, now=EXPIRED)
        assert own.paper == paper
        with pytest.raises(NotFound):
            certificate_page(db, actor=world.lead, consultation_id=1, now=EXPIRED)  # nothing of theirs is destroyed
    remove_queued(database, storage, EXPIRED)
    with pytest.raises(FileMissing):
        storage.open(made.sha256)


def test_its_pdf_says_all_of_it_and_anybody_can_verify_it(database: Database, storage: Storage, making: Making) -> None:
    world = packaged(database, storage)
    for institution in ("shanghai", "jiangsu"):
        destroy(database, world, institution)
    with database.read() as db:
        certificates = db.scalars(select(DisposalCertificate).order_by(DisposalCertificate.id)).all()
        assert db.scalar(select(MeetingMinutes.id)) is None
    for certificate in certificates:
        about = {"kind": "certificate", "subject_id": certificate.id, "file_format": "pdf", "now": EXPIRED}
        made = official_file(database, storage, making, **about)  # type: ignore[arg-type]
        with storage.open(made.sha256) as file:
            content = file.read()
        words, paper = pdf_words(content), certificate_paper(certificate)
        for table in paper.tables:
            for row in table.rows:
                assert squeeze("".join(row)) in words
        assert squeeze("".join(paper.closing)) in words
        assert certificate.digest in words
        digits = [one for one in pdf_glyphs(content) if 6 < one.size < 7]
        table = max(sum(len(row[2]) for row in table.rows) for table in paper.tables)
        assert len(digits) >= table  # each on one line, inside the frame: 26 mm from the paper's right edge
        assert max(one.x + 0.61 * one.size for one in digits) < (210 - 26) * 72 / 25.4
        with database.read() as db:
            check = verify_file(db, content=content)
            assert (check.result, check.verified and check.verified.kind) == ("unchanged", "certificate")
            found = verify_code(db, code=check.verified.code if check.verified else "")
            assert found == check.verified
            assert found is not None
            assert (found.title, found.is_intact, found.digest) == ("销毁证书", True, certificate.digest)
            assert verify_file(db, content=content + b"\n").result == "different"
            assert verify_file(db, content=certificate.canonical.encode()).result == "text"
    # It outlives what it is about.
    remove_queued(database, storage, EXPIRED)
    with storage.open(made.sha256) as file:
        assert file.read() == content


@pytest.mark.parametrize(
    "act",
    [
        lambda db: db.execute(delete(DisposalCertificate)),
        lambda db: db.execute(update(DisposalCertificate).values(canonical="{}")),
        lambda db: db.execute(text("UPDATE disposal_certificate SET digest = 'x'")),
        lambda db: db.execute(text("DELETE FROM disposal_certificate")),
    ],
)
def test_it_can_neither_be_changed_nor_removed(
    database: Database, storage: Storage, act: Callable[[Session], object]
) -> None:
    world = packaged(database, storage)
    destroy(database, world, "shanghai")

    def attempt() -> None:
        with database.write() as db:
            act(db)

    with pytest.raises(DBAPIError, match=MESSAGE):
        attempt()


def test_each_custodian_has_its_own(database: Database, storage: Storage) -> None:
    world = packaged(database, storage)
    with database.read() as db:
        records = db.scalars(select(ArchiveRecord).order_by(ArchiveRecord.id)).all()
        assert len({record.custodian_id for record in records}) == 2
    for institution in ("shanghai", "jiangsu"):
        destroy(database, world, institution)
    with database.read() as db:
        assert [len(json.loads(one.canonical)["records"]) for one in db.scalars(select(DisposalCertificate))] == [1, 1]
        assert certificate_page(db, actor=world.lead, consultation_id=1, now=EXPIRED).loaded.stage is Stage.DISPOSED
