"""Files on their way in: streamed beside the storage, not through memory, and not lost with a form that is refused."""

from __future__ import annotations

from dataclasses import asdict
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast

from flask import Flask, Request, request
from itsdangerous import BadSignature, URLSafeSerializer

from portal.process.errors import Invalid
from portal.services.consultation.material import UploadedFile, store_upload
from portal.web.acting import current_actor, settings
from portal.web.stored_files import storage

# What is larger goes to the disk while it arrives.
MEMORY_BYTES = 512 * 1024
GONE = "上次上传的文件已不在，请重新选择。"


class UploadRequest(Request):
    """Flask's request, whose large files arrive on the disk of the storage, where there is room for them."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        # The file has no name in that folder: it is gone with the request, however that ends.
        return SpooledTemporaryFile(max_size=MEMORY_BYTES, dir=str(settings().instance))


def receive_uploads(app: Flask) -> None:
    """Let `app` take files in this way."""
    app.request_class = UploadRequest


def receive(field: str, kept: str) -> UploadedFile:
    """The file that was chosen now, checked and stored; else the one that came with an earlier try (`kept`).

    Invalid at `file` when there is neither, or when it is not let in. Called before any transaction.
    """
    chosen = request.files.get(field)
    if chosen is not None and chosen.filename:
        limit = settings().upload_limit_bytes
        return store_upload(storage(), cast("BinaryIO", chosen.stream), chosen.filename, limit_bytes=limit)
    if not kept:
        raise Invalid.field("file", "请选择要上传的文件。", "8(2)")
    try:
        person_id, said = _signer().loads(kept)
        file = UploadedFile(**said)
    except (BadSignature, TypeError, ValueError):
        raise Invalid.field("file", GONE, "8(2)") from None
    if person_id != current_actor().person_id or storage().stored_at(file.sha256) is None:
        raise Invalid.field("file", GONE, "8(2)")
    return file


def keep(file: UploadedFile) -> str:
    """What a refused form carries, so that its sender need not send the file again; good for this person alone."""
    return _signer().dumps((current_actor().person_id, asdict(file)))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="portal.upload")
