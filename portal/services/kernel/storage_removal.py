"""Removing files of which was disposed: queued with the decision, worked off afterwards, also after a crash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.archive import ArchivePackage, ArchiveRecord, StorageRemoval
from portal.models.case_document import CaseFile
from portal.models.database import Database
from portal.models.material import Material
from portal.models.material_preview import MaterialPreview
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet
from portal.models.watch import WatchFile
from portal.process.permissions import Actor
from portal.storage.local import Storage

# A file is stored before the row that refers to it is written: a young one may belong to an upload under way.
UPLOAD_LASTS = timedelta(hours=1)


def queue_removal(db: Session, keys: Iterable[str], *, now: datetime) -> None:
    """Note in this transaction that the files are to be removed, unless something refers to them by then.

    Only for what was lawfully disposed of (Art. 9), and for what nothing has ever referred to.
    """
    waiting = set(db.scalars(select(StorageRemoval.key)))
    db.add_all(StorageRemoval(key=key, queued_at=now) for key in sorted(set(keys) - waiting))


def expect_use(db: Session, *, actor: Actor, key: str, now: datetime) -> None:
    """A file was uploaded with a form that was refused: it goes when nothing refers to it within UPLOAD_LASTS."""
    queue_removal(db, [key], now=now)


def remove_queued(database: Database, storage: Storage, now: datetime) -> int:
    """Remove what is queued and wanted by nothing else; returns how many files went. Safe to call at any time."""
    with database.read() as db:
        waiting = list(db.scalars(select(StorageRemoval.id).order_by(StorageRemoval.id)))
    return sum(_settle(database, storage, number, now) for number in waiting)


def _settle(database: Database, storage: Storage, number: int, now: datetime) -> bool:
    """In a transaction of its own, so that nobody begins to refer to the file while it goes."""
    with database.write() as db:
        removal = db.get(StorageRemoval, number)
        if removal is None:
            return False
        is_wanted = _is_wanted(db, removal.key)
        stored_at = storage.stored_at(removal.key)
        if not is_wanted and stored_at is not None and now - stored_at < UPLOAD_LASTS:
            return False
        if not is_wanted:
            storage.remove(removal.key)
            _remove_preview(db, storage, removal.key)
        db.delete(removal)
        return not is_wanted and stored_at is not None


def _remove_preview(db: Session, storage: Storage, key: str) -> None:
    """The preview of an original goes with it."""
    preview = db.get(MaterialPreview, key)
    if preview is None:
        return
    if preview.preview_sha256 is not None:
        storage.remove(preview.preview_sha256)
    db.delete(preview)


def _is_wanted(db: Session, key: str) -> bool:
    """Equal files of several consultations are kept once, so one that is still wanted elsewhere stays."""
    package = (
        select(ArchivePackage.id)
        .join(ArchiveRecord)
        .where(ArchivePackage.sha256 == key, ArchiveRecord.disposed_at.is_(None))
    )
    material = select(Material.id).where(Material.sha256 == key)
    official = select(OfficialFile.id).where(OfficialFile.sha256 == key)
    watched = select(WatchFile.id).where(WatchFile.sha256 == key)
    preview = select(MaterialPreview.sha256).where(MaterialPreview.preview_sha256 == key)
    scan = select(ConsultationSheet.id).where(ConsultationSheet.scan_sha256 == key)
    case = select(CaseFile.id).where(CaseFile.sha256 == key)
    wanting = (material, watched, preview, scan, package, official, case)
    return any(db.scalar(query.limit(1)) is not None for query in wanting)
