"""Official files made without a page: as the worker does, with the seal of the institution that issued."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import func, select

from portal.config import Settings
from portal.models.database import Database
from portal.models.event import Event
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet
from portal.services.official_making import Making, official_file
from portal.services.verification import verify_file
from portal.storage.local import Storage
from tests.factories.meeting_minutes import concluded, issued, minutes_of
from tests.factories.seals import write_seal
from tests.factories.voting import LATER
from tests.factories.world import build_world


@pytest.fixture
def making(tmp_path: Path) -> Making:
    write_seal(tmp_path / "seals", "jiangsu")
    return Making.by(
        Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "own"), "PORTAL_SEALS": str(tmp_path / "seals")})
    )


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


def read(storage: Storage, made: OfficialFile) -> bytes:
    with storage.open(made.sha256) as file:
        return file.read()


def test_the_worker_makes_the_file_that_a_page_would_serve(
    database: Database, storage: Storage, making: Making
) -> None:
    with database.write() as db:
        minutes = minutes_of(db, issued(db, build_world(db)))
        sheet_id = db.scalars(select(ConsultationSheet.id).where(ConsultationSheet.state == "signed")).first() or 0
    for kind, subject_id, file_format, seals in (
        ("minutes", minutes.id, "pdf", 1), ("minutes", minutes.id, "docx", None), ("sheet", sheet_id, "pdf", 0),
        ("sheet", sheet_id, "docx", None),
    ):  # fmt: skip
        about = {"kind": kind, "subject_id": subject_id, "file_format": file_format, "now": LATER}
        made = official_file(database, storage, making, **about)  # type: ignore[arg-type]
        content = read(storage, made)
        if seals is not None:
            assert len(PdfFileReader(BytesIO(content)).embedded_signatures) == seals
        again = official_file(database, storage, making, **about)  # type: ignore[arg-type]
        assert (again.id, again.sha256) == (made.id, made.sha256)
        with database.read() as db:
            found = verify_file(db, content=content)
            assert found.result == "unchanged"
            assert found.verified is not None
            assert (found.verified.kind, found.verified.subject_id) == (kind, subject_id)
            assert bool(found.verified.seal) is (kind == "minutes")
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(OfficialFile)) == 4
        events = list(db.scalars(select(Event).where(Event.name == "official_file_made")))
        assert [event.person_id for event in events] == [None] * 4
        assert events[0].facts["seal"]["subject"] == "CN=江苏省消费品召回技术中心,C=CN"


def test_what_is_not_signed_or_issued_is_never_made(database: Database, storage: Storage, making: Making) -> None:
    with database.write() as db:
        draft = minutes_of(db, concluded(db, build_world(db)))
    with pytest.raises(ValueError, match="not issued"):
        official_file(database, storage, making, kind="minutes", subject_id=draft.id, file_format="pdf", now=LATER)
    with database.read() as db:
        assert db.scalar(select(OfficialFile.id)) is None
