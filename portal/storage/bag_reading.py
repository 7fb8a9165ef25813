"""Reading a bag back, from its ZIP or unpacked: every byte compared with the manifests, nothing missing or extra."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from portal.storage.bag import ALGORITHMS, CHUNK_BYTES, DECLARATION

_LINE = re.compile(r"([0-9a-fA-F]+)[ \t]+\*?(.+)")
_OXUM = re.compile(r"^Payload-Oxum: *(\d+)\.(\d+) *$", re.MULTILINE)
_LARGEST_TAG_FILE = 64 * 1024 * 1024
# What reading a damaged ZIP may raise, beside what it says of itself.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class UnreadableBag(Exception):
    """There is no bag to be read; the message is for the person."""


@dataclass(frozen=True)
class Damage:
    """What is wrong with one member of a bag ("" for the bag as a whole)."""

    member: str
    problem: str


class Bag(Protocol):
    """The files of one bag, by their path inside it."""

    def paths(self) -> list[str]:
        """Every file, also one that is there twice."""

    def open(self, path: str) -> IO[bytes]:
        """One file; KeyError where there is none."""


class ZippedBag:
    """A bag inside a ZIP."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = [name for name in archive.namelist() if not name.endswith("/")]
        tops = {name.partition("/")[0] for name in self._names}
        if len(tops) != 1:
            raise UnreadableBag("文件不是一个归档包。")
        self._folder = tops.pop()

    def paths(self) -> list[str]:
        return [name.partition("/")[2] for name in self._names]

    def open(self, path: str) -> IO[bytes]:
        return self._archive.open(f"{self._folder}/{path}")


class UnpackedBag:
    """A bag in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def paths(self) -> list[str]:
        found = (path for path in self._folder.rglob("*") if not path.is_dir())
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    def open(self, path: str) -> IO[bytes]:
        try:
            return (self._folder / path).open("rb")
        except FileNotFoundError as error:
            raise KeyError(path) from error


@contextmanager
def opened_bag(source: Path | BinaryIO) -> Iterator[Bag]:
    """The bag in a folder, a ZIP file, or an open one. Raises UnreadableBag when there is none."""
    if isinstance(source, Path) and source.is_dir():
        yield UnpackedBag(source)
        return
    try:
        archive = zipfile.ZipFile(source)
    except _UNREADABLE as error:
        raise UnreadableBag("文件不能作为归档包打开。") from error
    with archive:
        yield ZippedBag(archive)


def read_text(bag: Bag, path: str) -> str:
    """One of the bag's own texts. Raises UnreadableBag when it is missing, damaged or far too large."""
    try:
        with bag.open(path) as file:
            content = file.read(_LARGEST_TAG_FILE + 1)
        if len(content) > _LARGEST_TAG_FILE:
            raise UnreadableBag(f"{path} 过大。")
        return content.decode()
    except KeyError as error:
        raise UnreadableBag(f"缺少 {path}。") from error
    except _UNREADABLE as error:
        raise UnreadableBag(f"{path} 不能读取。") from error


def check_bag(bag: Bag) -> list[Damage]:
    """Compare everything: declaration, manifests, payload, count and size; returns what does not fit, by member."""
    paths = bag.paths()
    found = [Damage(path, "重复的文件") for path in sorted({path for path in paths if paths.count(path) > 1})]
    try:
        if read_text(bag, "bagit.txt") != DECLARATION:
            found.append(Damage("bagit.txt", "不是 BagIt 1.0 声明"))
        manifests = {name: _manifest(bag, f"manifest-{name}.txt") for name in ALGORITHMS}
        tags = {name: _manifest(bag, f"tagmanifest-{name}.txt") for name in ALGORITHMS}
        counted = _OXUM.search(read_text(bag, "bag-info.txt"))
    except UnreadableBag as error:
        return [*found, Damage("", str(error))]
    listed = {name: {**manifests[name], **tags[name]} for name in ALGORITHMS}
    unlisted_by_rule = {f"tagmanifest-{name}.txt" for name in ALGORITHMS}
    size = 0
    for path in dict.fromkeys((*paths, *(path for sums in listed.values() for path in sums))):
        if path in unlisted_by_rule:
            continue
        read = _digests(bag, path)
        if isinstance(read, str):
            found.append(Damage(path, read))
            continue
        size += read[1] if path.startswith("data/") else 0
        found += [
            Damage(path, "清单中没有这个文件" if path not in listed[name] else f"{name.upper()} 与清单不符")
            for name in ALGORITHMS
            if listed[name].get(path) != read[0][name]
        ][:1]
    count = sum(path.startswith("data/") for path in paths)
    if counted is None or (int(counted[1]), int(counted[2])) != (size, count):
        found.append(Damage("bag-info.txt", "Payload-Oxum 与内容不符"))
    return found


def _manifest(bag: Bag, path: str) -> dict[str, str]:
    sums = {}
    for line in read_text(bag, path).splitlines():
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise UnreadableBag(f"{path} 不是校验清单。")
        sums[matched[2]] = matched[1].lower()
    return sums


def _digests(bag: Bag, path: str) -> tuple[dict[str, str], int] | str:
    """Checksums and size of one file, or what is wrong with it."""
    digests, size = {name: hashlib.new(name) for name in ALGORITHMS}, 0
    try:
        with bag.open(path) as file:
            while chunk := file.read(CHUNK_BYTES):
                size += len(chunk)
                for digest in digests.values():
                    digest.update(chunk)
    except KeyError:
        return "文件缺失"
    except _UNREADABLE:
        return "文件不能读取，内容已损坏"
    return {name: digest.hexdigest() for name, digest in digests.items()}, size
