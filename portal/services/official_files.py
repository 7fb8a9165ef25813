"""Official files: a signed sheet or issued minutes, made once as PDF and as DOCX, and the same bytes ever after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.models.verification import OfficialFile
from portal.process.permissions import Actor
from portal.services.kernel.events import record
from portal.storage.local import StoredObject


def find_official_file(db: Session, *, kind: str, subject_id: int, file_format: str) -> OfficialFile | None:
    """The file of a subject in a format; None while it was never made. Who may have it is decided before."""
    return db.scalar(
        select(OfficialFile).where(
            OfficialFile.kind == kind, OfficialFile.subject_id == subject_id, OfficialFile.format == file_format
        )
    )


def keep_official_file(
    db: Session, *, actor: Actor, kind: str, subject_id: int, file_format: str, stored: StoredObject, now: datetime
) -> OfficialFile:
    """Register what was just made and stored; where somebody was a moment faster, theirs is the official one."""
    kept = find_official_file(db, kind=kind, subject_id=subject_id, file_format=file_format)
    if kept is None:
        kept = OfficialFile(
            kind=kind, subject_id=subject_id, format=file_format, sha256=stored.sha256, size=stored.size, made_at=now
        )
        db.add(kept)
        record(db, "official_file_made", now=now, actor=actor, kind=kind, file_format=file_format, sha256=stored.sha256)
    return kept


def release_official_files(db: Session, *, kind: str, subject_ids: Iterable[int]) -> set[str]:
    """Forget the files of what is lawfully destroyed (Art. 9); returns the storage keys to remove."""
    own = (OfficialFile.kind == kind, OfficialFile.subject_id.in_(list(subject_ids)))
    keys = set(db.scalars(select(OfficialFile.sha256).where(*own)))
    db.execute(delete(OfficialFile).where(*own))
    return keys
