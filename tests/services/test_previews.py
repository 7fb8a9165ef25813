"""Previews of Office files: made by LibreOffice in the worker, gone with the original."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest

from portal.documents.docx import add_run, new_document, to_bytes
from portal.models.database import Database
from portal.models.material import Material
from portal.models.material_preview import MaterialPreview
from portal.process.errors import NotFound
from portal.services.consultation.material import UploadedFile, remove_material
from portal.services.consultation.material_reading import find_preview, reading_page
from portal.services.kernel.storage_removal import UPLOAD_LASTS, queue_removal, remove_queued
from portal.services.previews import ask_for_preview, make_previews
from portal.storage.local import Storage
from portal.storage.office_conversion import CONVERTED, converter
from tests.factories.material import uploaded
from tests.factories.panel import confirmed
from tests.factories.world import NOON, World, build_world

DOCX = next(kind for kind, ending in CONVERTED.items() if ending == "docx")
WORDS = "折叠受压后局部过热"
has_converter = pytest.mark.skipif(
    converter() is None, reason="NOT RUN: LibreOffice is not installed (apt-get install libreoffice-writer-nogui)"
)


def a_report() -> bytes:
    document = new_document(title="检测报告", subject="", margins_cm=(2, 2, 2, 2))
    add_run(document.add_paragraph(), WORDS)
    return to_bytes(document)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


def put(database: Database, storage: Storage, content: bytes) -> tuple[World, int]:
    """An Office file among the material of a consultation; the id of the item."""
    stored = storage.put(io.BytesIO(content), limit_bytes=10**7)
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        file = UploadedFile("检测报告.docx", DOCX, stored.size, stored.sha256)
        return world, uploaded(db, world, consultation, file=file).id


def state(database: Database) -> tuple[str, str | None]:
    with database.read() as db:
        preview = db.query(MaterialPreview).one()
        return preview.state, preview.preview_sha256


@has_converter
def test_an_office_file_is_read_as_pdf_and_the_preview_goes_with_it(database: Database, storage: Storage) -> None:
    world, number = put(database, storage, a_report())
    assert state(database) == ("waiting", None)
    with database.read() as db:
        ids = {"actor": world.applicant, "consultation_id": 1, "material_id": number, "now": NOON}
        assert reading_page(db, **ids).preview == "waiting"
        with pytest.raises(NotFound):
            find_preview(db, **ids)
    assert make_previews(database, storage, NOON) == 1
    assert make_previews(database, storage, NOON) == 0
    with database.read() as db:
        found = find_preview(db, **ids)
        assert reading_page(db, **ids).is_pages
    with storage.open(found.sha256) as file:
        content = file.read()
    assert (found.content_type, found.size) == ("application/pdf", len(content))
    with pypdfium2.PdfDocument(content) as document:
        assert WORDS in document[0].get_textpage().get_text_range()

    with database.write() as db:
        original = db.get_one(Material, number).sha256
        remove_material(db, actor=world.applicant, consultation_id=1, material_id=number, now=NOON)
        queue_removal(db, [original], now=NOON)
    later = (storage.stored_at(found.sha256) or NOON) + UPLOAD_LASTS + timedelta(minutes=1)
    remove_queued(database, storage, later)
    assert storage.stored_at(original) is None
    assert storage.stored_at(found.sha256) is None
    with database.read() as db:
        assert db.query(MaterialPreview).count() == 0


@has_converter
def test_what_cannot_be_converted_is_said_and_not_tried_for_ever(sqlite_database: Database, storage: Storage) -> None:
    world, number = put(sqlite_database, storage, b"PK\x03\x04 no document")
    assert make_previews(sqlite_database, storage, NOON) == 0
    assert state(sqlite_database) == ("failed", None)
    assert make_previews(sqlite_database, storage, NOON) == 0
    with sqlite_database.read() as db:
        page = reading_page(db, actor=world.applicant, consultation_id=1, material_id=number, now=NOON)
        assert (page.preview, page.is_pages) == ("failed", False)


def test_without_libreoffice_nothing_waits_for_ever(
    sqlite_database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("portal.services.previews", "portal.services.consultation.material_reading"):
        monkeypatch.setattr(f"{module}.converter", lambda: None)
    world, number = put(sqlite_database, storage, a_report())
    assert make_previews(sqlite_database, storage, NOON) == 0
    with sqlite_database.read() as db:
        page = reading_page(db, actor=world.applicant, consultation_id=1, material_id=number, now=NOON)
        assert page.preview == "missing"
    assert state(sqlite_database) == ("waiting", None)


def test_the_same_file_is_converted_once(sqlite_database: Database, storage: Storage) -> None:
    put(sqlite_database, storage, a_report())
    sha256 = hashlib.sha256(b"another").hexdigest()
    with sqlite_database.write() as db:
        for _ in range(2):
            ask_for_preview(db, sha256=sha256, content_type=DOCX, now=NOON)
            db.flush()
        ask_for_preview(db, sha256="0" * 64, content_type="application/pdf", now=NOON)
    with sqlite_database.read() as db:
        assert db.query(MaterialPreview).count() == 2
