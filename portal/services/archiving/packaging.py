"""Building packages after archiving: read, written to the disk without a transaction, then fixed in a short one.

A worker that dies anywhere on the way leaves a package that the next run makes again, byte by byte the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.documents.package_index import check_text, index_html
from portal.documents.typesetting import TypesettingError
from portal.models.archive import ArchivePackage, ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.rules.dates import beijing_day
from portal.services.archiving.contents import (
    SCHEMA_FILE,
    CannotPackage,
    Contents,
    PackagedItem,
    as_json,
    contents_of,
    schema_text,
)
from portal.services.archiving.failures import note_failure
from portal.services.kernel.events import record as record_event
from portal.services.official_making import Making, official_file
from portal.storage.bag import Member, write_bag
from portal.storage.local import Storage, StorageError, StoredObject

# Why a package cannot be made now: its texts, its typesetting, its files.
UNPACKAGEABLE = (CannotPackage, TypesettingError, StorageError)
log = logging.getLogger(__name__)


def package_due(database: Database, storage: Storage, making: Making, now: datetime) -> int:
    """Build every package that is missing; returns how many were made. What cannot be is told once, and retried."""
    with database.read() as db:
        waiting = unpackaged(db)
    made = 0
    for record_id in waiting:
        try:
            made += build_package(database, storage, making, record_id, now) is not None
        except UNPACKAGEABLE as problem:
            log.error("archive record %d: %s", record_id, problem)
            with database.write() as db:
                note_failure(db, record_id, str(problem), now)
    return made


def unpackaged(db: Session, *, year: int | None = None, serial: int | None = None) -> list[int]:
    """Records, of all or of one consultation, that hold more than their packages; those disposed of are none."""
    packaged = select(func.coalesce(func.max(ArchivePackage.items_until), 0)).where(
        ArchivePackage.record_id == ArchiveRecord.id
    )
    query = select(ArchiveRecord.id).where(
        ArchiveRecord.disposed_at.is_(None),
        func.json_array_length(ArchiveRecord.inventory) > packaged.scalar_subquery(),
    )
    if serial is not None:
        query = query.join(Consultation, Consultation.id == ArchiveRecord.consultation_id).where(
            Consultation.serial == serial, *([Consultation.year == year] if year is not None else [])
        )
    return list(db.scalars(query.order_by(ArchiveRecord.id)))


def build_package(
    database: Database, storage: Storage, making: Making, record_id: int, now: datetime
) -> ArchivePackage | None:
    """Build the next package of one record; None when there is nothing to package.

    It takes in the official PDFs, which are made now where nobody asked for them before.

    Raises CannotPackage when a text is not the one that was archived, StorageError when material is missing or
    damaged: no package is ever made of something else than what was archived.
    """
    with database.read() as db:
        contents = contents_of(db, record_id)
    if contents is None:
        return None
    for kind, subject_id in contents.subjects:
        official_file(database, storage, making, kind=kind, subject_id=subject_id, file_format="pdf", now=now)
    with database.read() as db:
        contents = contents_of(db, record_id)
    if contents is None:
        return None
    stored = store_package(contents, storage)
    with database.write() as db:
        return fix_package(db, contents, stored, now)


def store_package(contents: Contents, storage: Storage) -> StoredObject:
    """Write the file, in little memory however large the material is, and make it and what it takes in read-only."""
    official = [one.official.sha256 for one in contents.items if one.official is not None]
    for key in (*contents.material_keys, *official):
        storage.verify(key)
        storage.protect(key)
    return storage.put_written(
        lambda file: write_bag(
            file,
            folder=contents.folder,
            info=contents.info,
            payload=_payload(contents, storage),
            on=beijing_day(contents.made_at),
        )
    )


def _payload(contents: Contents, storage: Storage) -> Iterator[Member]:
    yield Member.of_text("index.html", index_html(contents.index))
    yield Member.of_text("package.json", as_json(contents.described))
    yield Member.of_text(SCHEMA_FILE, schema_text())
    yield Member.of_text("audit/events.json", as_json(contents.events))
    yield Member.of_text("audit/check.txt", check_text(contents.index))
    for one in contents.items:
        yield _member(one, storage)
        if one.subject is not None:
            yield _official(one, storage)


def _official(one: PackagedItem, storage: Storage) -> Member:
    official = one.official
    if official is None:
        raise CannotPackage(f"“{one.item.title}”的正式文件尚未制作。")
    return Member(one.readable, lambda: storage.open(official.sha256), official.size)


def _member(one: PackagedItem, storage: Storage) -> Member:
    if one.item.text is not None:
        return Member.of_text(one.path, one.item.text)
    return Member(one.path, lambda: storage.open(one.item.sha256), one.item.size)


def fix_package(db: Session, contents: Contents, stored: StoredObject, now: datetime) -> ArchivePackage | None:
    """Write the row and its event, unless another worker was faster or the record was disposed of meanwhile."""
    record = db.get_one(ArchiveRecord, contents.record_id)
    if record.disposed_at is not None or len(record.packages) >= contents.number:
        return None
    package = ArchivePackage(
        number=contents.number,
        items_until=contents.items_until,
        sha256=stored.sha256,
        size=stored.size,
        packaged_at=now,
    )
    record.packages.append(package)
    db.flush()
    record_event(
        db, "archive_packaged", now=now, consultation_id=contents.consultation_id,
        content=record.content, package=package.number, sha256=package.sha256, size=package.size,
    )  # fmt: skip
    return package
