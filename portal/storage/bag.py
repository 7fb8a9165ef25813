"""Writing a BagIt 1.0 bag (RFC 8493) as one stored ZIP: in one pass, in little memory, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

CHUNK_BYTES = 1024 * 1024
ALGORITHMS = ("sha512", "sha256")
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*%]+')
# From this size on an entry needs the longer fields of ZIP64; some room is left below the format's own limit.
_LONG_ENTRY = 0xF000_0000
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Member:
    """A file of the payload: its path below data/, how to open it, its size in bytes."""

    path: str
    open: Callable[[], BinaryIO]
    size: int

    @classmethod
    def of_bytes(cls, path: str, content: bytes) -> Member:
        """A member whose bytes are at hand."""
        return cls(path, lambda: io.BytesIO(content), len(content))

    @classmethod
    def of_text(cls, path: str, text: str) -> Member:
        """A member that is a text, in UTF-8."""
        return cls.of_bytes(path, text.encode())


def safe_name(name: str) -> str:
    """A file name that every system can unpack: no path, nothing that one of them forbids, not too long."""
    plain = _UNSAFE.sub("_", name).strip(" .") or "_"
    stem, dot, ending = plain.rpartition(".")
    return plain if len(plain) <= _LONGEST_NAME else f"{stem[: _LONGEST_NAME - len(ending) - 1]}{dot}{ending[:20]}"


@dataclass
class _Writer:
    """What has been written: checksums by algorithm and path."""

    archive: zipfile.ZipFile
    folder: str
    on: date
    sums: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in ALGORITHMS})
    size: int = 0

    def add(self, path: str, source: BinaryIO, size: int) -> None:
        entry = zipfile.ZipInfo(f"{self.folder}/{path}", (self.on.year, self.on.month, self.on.day, 0, 0, 0))
        entry.create_system, entry.external_attr = 3, 0o100444 << 16
        digests = {name: hashlib.new(name) for name in ALGORITHMS}
        with self.archive.open(entry, "w", force_zip64=size >= _LONG_ENTRY) as target:
            while chunk := source.read(CHUNK_BYTES):
                self.size += len(chunk)
                for digest in digests.values():
                    digest.update(chunk)
                target.write(chunk)
        for name, digest in digests.items():
            self.sums[name][path] = digest.hexdigest()

    def add_text(self, path: str, text: str) -> None:
        content = text.encode()
        self.add(path, io.BytesIO(content), len(content))

    def manifest(self, algorithm: str, *, of_payload: bool) -> str:
        chosen = {path: of for path, of in self.sums[algorithm].items() if path.startswith("data/") is of_payload}
        return "".join(f"{chosen[path]}  {path}\n" for path in sorted(chosen))


def write_bag(file: BinaryIO, *, folder: str, info: Mapping[str, str], payload: Iterable[Member], on: date) -> None:
    """Write the bag `folder` as a ZIP. `info` are the lines of bag-info.txt, Payload-Oxum is added; `on` dates all.

    What the members' streams raise goes on to the caller; the file is then worth nothing.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        writer = _Writer(archive, folder, on)
        count = 0
        for member in payload:
            with member.open() as source:
                writer.add(f"data/{member.path}", source, member.size)
            count += 1
        lines = {**info, "Payload-Oxum": f"{writer.size}.{count}"}
        said = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in lines.items())
        writer.add_text("bagit.txt", DECLARATION)
        writer.add_text("bag-info.txt", said)
        for algorithm in ALGORITHMS:
            writer.add_text(f"manifest-{algorithm}.txt", writer.manifest(algorithm, of_payload=True))
        tags = {algorithm: writer.manifest(algorithm, of_payload=False) for algorithm in ALGORITHMS}
        for algorithm, text in tags.items():
            writer.add_text(f"tagmanifest-{algorithm}.txt", text)
