"""Files in a local folder, each under the SHA-256 of its content: equal files are kept once."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from portal import durable

CHUNK_BYTES = 1024 * 1024
READ_ONLY = 0o444
KEY = re.compile(r"[0-9a-f]{64}")


class StorageError(Exception):
    """Something about one stored file is not as it should be; the message is for the person."""


class FileTooLarge(StorageError):
    """The stream holds more than `limit_bytes`."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"文件超过 {limit_bytes // (1024 * 1024)} MB 的上限，未保存。")
        self.limit_bytes = limit_bytes


class FileMissing(StorageError):
    """There is no file under `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"文件不存在：{key}")
        self.key = key


class FileDamaged(StorageError):
    """The file under `key` no longer has the content it was stored with."""

    def __init__(self, key: str) -> None:
        super().__init__(f"文件已损坏：{key}")
        self.key = key


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What was stored: SHA-256 in hex, size in bytes, and the key under which to open it."""

    sha256: str
    size: int
    key: str


class Storage:
    """Files below the folder `root`, which is made when the first one is stored."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, stream: BinaryIO, *, limit_bytes: int) -> StoredObject:
        """Store what the stream still holds; on return it is safely on the disk.

        Raises FileTooLarge as soon as more than `limit_bytes` were read; nothing is kept then.
        """
        digest, size = hashlib.sha256(), 0
        with durable.new_file(self.root) as (file, path):
            while chunk := stream.read(CHUNK_BYTES):
                size += len(chunk)
                if size > limit_bytes:
                    raise FileTooLarge(limit_bytes)
                digest.update(chunk)
                file.write(chunk)
            key = digest.hexdigest()
            self._settle(file, path, key)
        return StoredObject(sha256=key, size=size, key=key)

    def put_written(self, write: Callable[[BinaryIO], None]) -> StoredObject:
        """Store what `write` writes into the file that it is given; read-only at once, for it is never changed."""
        with durable.new_file(self.root) as (file, path):
            write(file)
            file.flush()
            with path.open("rb") as written:
                key = hashlib.file_digest(written, "sha256").hexdigest()
            size = path.stat().st_size
            path.chmod(READ_ONLY)
            self._settle(file, path, key)
        return StoredObject(sha256=key, size=size, key=key)

    def protect(self, key: str) -> None:
        """Make an archived file read-only on the disk (Art. 9). Raises FileMissing."""
        try:
            self._path(key).chmod(READ_ONLY)
        except FileNotFoundError:
            raise FileMissing(key) from None

    def stored_at(self, key: str) -> datetime | None:
        """When the file was last stored, None where there is none."""
        try:
            return datetime.fromtimestamp(self._path(key).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def open(self, key: str) -> BufferedReader:
        """The file for reading. Raises FileMissing."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise FileMissing(key) from None

    def verify(self, key: str) -> None:
        """Read the whole file and compare its digest. Raises FileMissing or FileDamaged."""
        with self.open(key) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != key:
                raise FileDamaged(key)

    def remove(self, key: str) -> None:
        """Remove the file, if it is there: only for content whose disposal was decided (Art. 9)."""
        self._path(key).unlink(missing_ok=True)

    def _settle(self, file: BinaryIO, path: Path, key: str) -> None:
        """A file that is already there is replaced by its equal, which also mends a damaged one; its mode stays."""
        target = self._path(key)
        if target.exists():
            path.chmod(target.stat().st_mode)
        durable.settle(file, path, target)

    def _path(self, key: str) -> Path:
        """Where a key's file lies; a key that is no digest leads nowhere."""
        if not KEY.fullmatch(key):
            raise FileMissing(key)
        return self.root / key[:2] / key
