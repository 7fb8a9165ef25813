"""The photographs of publications, read again: the public sees them, and a publication is never made anew (Art. 15).

Nothing is kept of a check that finds everything sound; what is damaged, and that it is mended, is an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.event import Event
from portal.models.recall_publication import RecallPublication
from portal.rules.dates import BEIJING
from portal.services.kernel.events import record
from portal.storage.local import FileDamaged, FileMissing, Storage
from portal.storage.public_pictures import PICTURE_TYPES, PictureUnreadable, public_picture

DAMAGED, MENDED = "publication_damage_found", "publication_damage_mended"
_PARTS = 24  # of all publications, one is read each hour


@dataclass(frozen=True)
class CheckedPublication:
    """A publication whose photographs were read; `damage` says of each what is wrong, empty where nothing is."""

    publication_id: int
    case_id: int
    title: str
    damage: tuple[str, ...]


def check_publications_due(database: Database, storage: Storage, now: datetime) -> list[CheckedPublication]:
    """Check the part of the hour: within a day everything is read once."""
    return _check(database, storage, now, part=now.astimezone(BEIJING).hour)


def check_all_publications(database: Database, storage: Storage, now: datetime) -> list[CheckedPublication]:
    """Check the photographs of all publications, those that were replaced as well."""
    return _check(database, storage, now, part=None)


def damaged_publications(db: Session) -> tuple[CheckedPublication, ...]:
    """Those that the latest check found damaged, as the audit trail has it."""
    latest: dict[int, Event] = {}
    for event in db.scalars(select(Event).where(Event.name.in_((DAMAGED, MENDED))).order_by(Event.id)):
        latest[event.facts["publication_id"]] = event
    return tuple(
        CheckedPublication(number, event.recall_case_id or 0, event.facts["title"], tuple(event.facts["damage"]))
        for number, event in latest.items()
        if event.name == DAMAGED
    )


def _check(database: Database, storage: Storage, now: datetime, *, part: int | None) -> list[CheckedPublication]:
    columns = (RecallPublication.id, RecallPublication.case_id, RecallPublication.title, RecallPublication.pictures)
    query = select(*columns).order_by(RecallPublication.id)
    with database.read() as db:
        rows = db.execute(query if part is None else query.where(RecallPublication.id % _PARTS == part)).all()
    checked = [CheckedPublication(one.id, one.case_id, one.title, _damage(storage, one.pictures)) for one in rows]
    with database.read() as db:
        known = {one.publication_id: one.damage for one in damaged_publications(db)}
    changed = [one for one in checked if one.damage != known.get(one.publication_id, ())]
    if changed:
        with database.write() as db:
            for one in changed:
                record(
                    db, DAMAGED if one.damage else MENDED, now=now, recall_case_id=one.case_id,
                    publication_id=one.publication_id, title=one.title, damage=list(one.damage),
                )  # fmt: skip
    return checked


def _damage(storage: Storage, pictures: Sequence[dict[str, str]]) -> tuple[str, ...]:
    found = []
    for picture in pictures:
        try:
            storage.verify(picture["sha256"])
            if picture["content_type"] in PICTURE_TYPES:
                public_picture(storage, picture["sha256"], picture["content_type"])
        except FileMissing:
            found.append(f"照片“{picture['title']}”缺失")
        except PictureUnreadable:
            found.append(f"照片“{picture['title']}”不能显示")
        except (FileDamaged, OSError):
            found.append(f"照片“{picture['title']}”已损坏")
    return tuple(found)
