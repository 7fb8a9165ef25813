"""Official files: a signed sheet or issued minutes, made once as PDF and as DOCX, and the same bytes ever after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

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
    db: Session,
    *,
    actor: Actor | None,
    kind: str,
    subject_id: int,
    file_format: str,
    stored: StoredObject,
    seal: Mapping[str, Any] | None = None,
    now: datetime,
) -> OfficialFile:
    """Register what was just made and stored; where somebody was a moment faster, theirs is the official one.

    `seal` is what the certificate says of itself, or under `problem` why the file bears no seal.
    """
    kept = find_official_file(db, kind=kind, subject_id=subject_id, file_format=file_format)
    if kept is None:
        kept = OfficialFile(
            kind=kind,
            subject_id=subject_id,
            format=file_format,
            sha256=stored.sha256,
            size=stored.size,
            seal=dict(seal) if seal is not None else None,
            made_at=now,
        )
        db.add(kept)
        record(
            db, "official_file_made", now=now, actor=actor, kind=kind, file_format=file_format, sha256=stored.sha256,
            seal=kept.seal,
        )  # fmt: skip
    return kept


def seals_of(db: Session, *, minutes_ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    """What is known of the seal on the PDF of minutes, by their id; without those that have none set up."""
    made = db.execute(
        select(OfficialFile.subject_id, OfficialFile.seal).where(
            OfficialFile.kind == "minutes", OfficialFile.format == "pdf", OfficialFile.subject_id.in_(list(minutes_ids))
        )
    )
    return {subject_id: seal for subject_id, seal in made if seal}


def files_of(db: Session, subjects: Collection[tuple[str, int]]) -> list[OfficialFile]:
    """The files of these subjects (kind and id), those of a kind together in the order in which they were made."""
    numbers: dict[str, list[int]] = {}
    for kind, subject_id in subjects:
        numbers.setdefault(kind, []).append(subject_id)
    return [
        one
        for kind, ids in numbers.items()
        for one in db.scalars(
            select(OfficialFile)
            .where(OfficialFile.kind == kind, OfficialFile.subject_id.in_(ids))
            .order_by(OfficialFile.id)
        )
    ]


def release_official_files(db: Session, files: Iterable[OfficialFile]) -> set[str]:
    """Forget the files of what is lawfully destroyed (Art. 9); returns the storage keys to remove."""
    released = list(files)
    db.execute(delete(OfficialFile).where(OfficialFile.id.in_([one.id for one in released])))
    return {one.sha256 for one in released}
