"""Files that the portal keeps, as pages hand them out."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader

from portal.process.errors import FileUnavailable
from portal.services.stored_files import report_missing_file
from portal.storage.local import CHUNK_BYTES, FileMissing, Storage
from portal.web.acting import current_visitor, now, settings, write


def storage() -> Storage:
    """Where the files lie."""
    return Storage(settings().files_folder)


def chunks_of(sha256: str) -> Iterator[bytes]:
    """The content in pieces, also after the request; the file is opened with the first of them."""
    return _read(storage(), sha256)


def _read(kept: Storage, sha256: str) -> Iterator[bytes]:
    with kept.open(sha256) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def open_stored(sha256: str, *, name: str, consultation_id: int | None = None) -> BufferedReader:
    """The file for reading. FileUnavailable, recorded for the auditor, where the storage has lost it."""
    try:
        return storage().open(sha256)
    except FileMissing:
        visitor = current_visitor()
        said = write(
            report_missing_file, actor=visitor.actor if visitor is not None else None, sha256=sha256, name=name,
            consultation_id=consultation_id, now=now(),
        )  # fmt: skip
        raise FileUnavailable(said) from None
