"""Taking a package out of the archive: for its custodian, and never without a trace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.archive import ArchivePackage
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.services.archiving.contents import folder_of
from portal.services.kernel.events import record as record_event
from portal.services.kernel.loading import load


@dataclass(frozen=True)
class PackageDownload:
    """The file of a package: its key in the storage, its size in bytes, and what it is called."""

    sha256: str
    size: int
    filename: str


def find_package(db: Session, *, actor: Actor, consultation_id: int, package_id: int, now: datetime) -> PackageDownload:
    """A package that the actor's institution keeps; NotFound for others and for what was disposed of."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_archive", now=now)
    package = db.get(ArchivePackage, package_id)
    if package is None or package.record.consultation_id != consultation_id:
        raise NotFound
    if package.record.custodian_id != actor.institution_id or package.record.disposed_at is not None:
        raise NotFound
    filename = f"{folder_of(loaded.consultation, package.record, package.number)}.zip"
    return PackageDownload(package.sha256, package.size, filename)


def take_package(db: Session, *, actor: Actor, consultation_id: int, package_id: int, now: datetime) -> PackageDownload:
    """The same, recorded as taken."""
    found = find_package(db, actor=actor, consultation_id=consultation_id, package_id=package_id, now=now)
    record_event(
        db, "archive_package_downloaded", now=now, actor=actor, consultation_id=consultation_id,
        title=found.filename, sha256=found.sha256,
    )  # fmt: skip
    return found
