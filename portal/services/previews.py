"""Previews of Office files: asked for with the upload, made by the worker, gone with the original."""

from __future__ import annotations

import logging
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.material_preview import MaterialPreview
from portal.services.kernel.storage_removal import queue_removal
from portal.storage.local import FileTooLarge, Storage, StorageError
from portal.storage.office_conversion import (
    CONVERTED,
    LARGEST_OUTPUT_BYTES,
    CannotConvert,
    as_pdf,
    converter,
)

AT_ONCE = 10
"""Files that one run converts at most: each takes seconds, and whoever comes next waits for the run."""
LONGEST_PROBLEM = 200
log = logging.getLogger(__name__)


def ask_for_preview(db: Session, *, sha256: str, content_type: str, now: datetime) -> None:
    """Let an Office file be converted, unless it is or will be already; any other kind is shown as it is."""
    if content_type in CONVERTED and db.get(MaterialPreview, sha256) is None:
        db.add(MaterialPreview(sha256=sha256, content_type=content_type, asked_at=now))


def make_previews(database: Database, storage: Storage, now: datetime) -> int:
    """Convert what waits, the oldest first; returns how many previews were made. Nothing where LibreOffice is missing.

    Two workers may convert the same file; the second finds it made, and its own copy is removed.
    """
    if converter() is None:
        return 0
    with database.read() as db:
        query = select(MaterialPreview.sha256, MaterialPreview.content_type).where(MaterialPreview.state == "waiting")
        waiting = db.execute(query.order_by(MaterialPreview.asked_at).limit(AT_ONCE)).all()
    return sum(_make(database, storage, *one, now) for one in waiting)


def _make(database: Database, storage: Storage, sha256: str, content_type: str, now: datetime) -> bool:
    problem, stored = "", None
    try:
        with (
            tempfile.TemporaryDirectory(prefix="portal-preview-") as folder,
            storage.open(sha256) as original,
            as_pdf(original, content_type, Path(folder)).open("rb") as made,
        ):
            stored = storage.put(made, limit_bytes=LARGEST_OUTPUT_BYTES)
    except (CannotConvert, FileTooLarge, StorageError) as error:
        problem = str(error)[:LONGEST_PROBLEM]
        log.warning("no preview of %s: %s", sha256, problem)
    with database.write() as db:
        preview = db.get(MaterialPreview, sha256)
        if preview is None or preview.state != "waiting":
            if stored is not None:
                queue_removal(db, [stored.key], now=now)
            return False
        preview.state, preview.problem = ("made", "") if stored else ("failed", problem)
        if stored is not None:
            preview.preview_sha256, preview.preview_size = stored.sha256, stored.size
    return stored is not None
