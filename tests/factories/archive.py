"""An archive on disk: archived consultations with their material in a storage and their packages made."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from portal.documents.typography import OPEN_FONTS
from portal.models.archive import ArchivePackage, ArchiveRecord
from portal.models.database import Database
from portal.services.archiving.packaging import package_due
from portal.services.official_making import Making
from portal.storage.local import Storage
from tests.factories.ending import archived
from tests.factories.material import CONTENT
from tests.factories.meeting_minutes import AFTER
from tests.factories.world import World, build_world

MAKING = Making(OPEN_FONTS, "https://huizhen.example.cn/verify", seals_folder=None)


def stored(folder: Path) -> Storage:
    """A storage that holds the one report of all factories."""
    storage = Storage(folder)
    storage.put(io.BytesIO(CONTENT), limit_bytes=len(CONTENT))
    return storage


def packaged(database: Database, storage: Storage, world: World | None = None, now: datetime = AFTER) -> World:
    """One more archived consultation, both of its packages made."""
    with database.write() as db:
        world = world or build_world(db)
        archived(db, world)
    assert package_due(database, storage, MAKING, now) == 2
    return world


def package_rows(database: Database, content: str = "") -> list[ArchivePackage]:
    """All packages, or those of one kind of record, in the order in which they were made."""
    with database.read() as db:
        query = select(ArchivePackage).join(ArchiveRecord).order_by(ArchivePackage.id)
        return list(db.scalars(query.where(ArchiveRecord.content == content) if content else query))


def path_of(storage: Storage, key: str) -> Path:
    """Where the storage has a file."""
    return storage.root / key[:2] / key


def flip(path: Path, place: int, bit: int = 0) -> None:
    """Turn one bit of a file round, whatever its mode."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0] ^ (1 << bit)
        file.seek(place)
        file.write(bytes([byte]))
    path.chmod(0o444)
