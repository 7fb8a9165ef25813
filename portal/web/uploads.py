"""Files on their way in: streamed beside the storage, not through memory, and not lost with a form that is refused."""

from __future__ import annotations

from dataclasses import asdict
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast

import wtforms
from flask import Flask, Request, request
from itsdangerous import BadSignature, URLSafeSerializer

from portal.process.errors import Invalid
from portal.services.consultation.material import UploadedFile, store_upload
from portal.services.kernel.storage_removal import expect_use
from portal.web.acting import current_actor, perform, settings
from portal.web.forms import PortalForm
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


class UploadForm(PortalForm):
    """A form with one file. Whoever is refused sends the form again, and not the file (components/forms: kept_file)."""

    file = wtforms.FileField("文件")
    kept = wtforms.HiddenField()
    article = "8(2)"  # what a refusal of the file cites
    only: tuple[str, ...] = ()  # the extensions that are let in; () for all that the portal takes
    _file: UploadedFile | None = None
    _refused: Invalid | None = None

    def take_file(self) -> None:
        """Check and store the file, before anything else is asked: a refusal of the rest must not lose it."""
        try:
            self._file = self._receive()
        except Invalid as refused:
            self._refused = refused
        if self._file is not None:
            self.kept.data = _signer().dumps((current_actor().person_id, asdict(self._file)))

    @property
    def taken(self) -> UploadedFile | None:
        """The file that came now, or with an earlier try."""
        return self._file

    def uploaded(self) -> UploadedFile:
        """The file; Invalid at `file` where there is none, or one that is not let in."""
        found = self.uploaded_if_any()
        if found is None:
            raise Invalid.field("file", "请选择要上传的文件。", self.article)
        return found

    def uploaded_if_any(self) -> UploadedFile | None:
        """The file, None where none was chosen; Invalid at `file` for one that is not let in."""
        if self._refused is not None:
            raise self._refused
        return self._file

    def keep_for_next_try(self) -> None:
        """After a refusal: the file waits for the form to come again, and goes if it does not."""
        if self._file is not None:
            perform(expect_use, key=self._file.sha256)

    def _receive(self) -> UploadedFile | None:
        chosen = request.files.get(self.file.name)
        if chosen is not None and chosen.filename:
            return store_upload(
                storage(), cast("BinaryIO", chosen.stream), chosen.filename, article=self.article, only=self.only,
                limit_bytes=settings().upload_limit_bytes,
            )  # fmt: skip
        if not self.kept.data:
            return None
        try:
            person_id, said = _signer().loads(self.kept.data)
            file = UploadedFile(**said)
        except (BadSignature, TypeError, ValueError):
            raise Invalid.field("file", GONE, self.article) from None
        if person_id != current_actor().person_id or storage().stored_at(file.sha256) is None:
            raise Invalid.field("file", GONE, self.article)
        return file


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="portal.upload")
