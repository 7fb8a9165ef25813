"""Which files are let in: by content and by name, both of which must agree."""

import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from portal.storage import ole

HEAD_BYTES = 4096
MOST_PARTS = 10_000
MOST_UNPACKED_BYTES = 1024 * 1024 * 1024
HIGHEST_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 10 * 1024 * 1024
LARGEST_CONTENT_TYPES_BYTES = 1024 * 1024
LONGEST_NAME = 120
ALLOWED = "PDF、图片（JPG、PNG、WebP）、Word、Excel、PowerPoint（不含宏）、视频（MP4、MOV、WebM）"
OFFICE_MAIN_PARTS = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
}
OFFICE_MACRO_PARTS = ("vbaproject.bin", "/macrosheets/", "/activex/")


class FileRefused(ValueError):
    """A file that is not let in. `rule` names the rule of the portal that was broken."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{message}（上传规则：{rule}）")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that is let in: its usual extension and its media type."""

    extension: str
    media_type: str


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] != b"qt  "


def _is_mov(head: bytes) -> bool:
    return head[4:12] == b"ftypqt  " or head[4:8] in (b"moov", b"mdat", b"wide", b"free")


def _is_webm(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82\x84webm" in head[:64]


def _begins(signature: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signature)


_OFFICE = "application/vnd.openxmlformats-officedocument."
_KINDS: dict[str, tuple[FileKind, Callable[[bytes], bool]]] = {
    "pdf": (FileKind("pdf", "application/pdf"), _begins(b"%PDF-")),
    "jpg": (FileKind("jpg", "image/jpeg"), _begins(b"\xff\xd8\xff")),
    "png": (FileKind("png", "image/png"), _begins(b"\x89PNG\r\n\x1a\n")),
    "webp": (FileKind("webp", "image/webp"), lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    "docx": (FileKind("docx", f"{_OFFICE}wordprocessingml.document"), _begins(b"PK\x03\x04")),
    "xlsx": (FileKind("xlsx", f"{_OFFICE}spreadsheetml.sheet"), _begins(b"PK\x03\x04")),
    "pptx": (FileKind("pptx", f"{_OFFICE}presentationml.presentation"), _begins(b"PK\x03\x04")),
    "doc": (FileKind("doc", "application/msword"), _begins(ole.SIGNATURE)),
    "xls": (FileKind("xls", "application/vnd.ms-excel"), _begins(ole.SIGNATURE)),
    "ppt": (FileKind("ppt", "application/vnd.ms-powerpoint"), _begins(ole.SIGNATURE)),
    "mp4": (FileKind("mp4", "video/mp4"), _is_mp4),
    "mov": (FileKind("mov", "video/quicktime"), _is_mov),
    "webm": (FileKind("webm", "video/webm"), _is_webm),
}
_OTHER_SPELLINGS = {"jpeg": "jpg", "m4v": "mp4"}

# What a file input's `accept` attribute lists.
ACCEPT = ",".join(f".{extension}" for extension in [*_KINDS, *_OTHER_SPELLINGS])


def check_kind(stream: BinaryIO, name: str) -> FileKind:
    """The kind of a seekable file with that name; leaves the stream at its beginning.

    Nothing is unpacked: Office files are measured by their own table of contents.
    Raises FileRefused for a kind that is not allowed, a name that does not fit the content, an empty
    file, macros, passwords, and Office files that would unpack to far more than they are.
    """
    stated = PurePosixPath(clean_name(name)).suffix.lower().lstrip(".")
    extension = _OTHER_SPELLINGS.get(stated, stated)
    if extension not in _KINDS:
        raise FileRefused("种类", f"“{clean_name(name)}”不是可以上传的种类，可以上传：{ALLOWED}")
    kind, matches = _KINDS[extension]
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    if not head:
        raise FileRefused("空文件", f"“{clean_name(name)}”是空文件")
    if extension in OFFICE_MAIN_PARTS and head.startswith(ole.SIGNATURE):
        raise FileRefused("加密文件", f"“{clean_name(name)}”设有打开密码，请取消密码后上传")
    if not matches(head):
        raise FileRefused("名称与内容一致", f"“{clean_name(name)}”的内容不是 {extension.upper()}，请核对文件")
    stream.seek(0)
    if extension in OFFICE_MAIN_PARTS:
        _check_office(stream, clean_name(name), extension)
    elif head.startswith(ole.SIGNATURE):
        _check_old_office(stream, clean_name(name), extension)
    stream.seek(0)
    return kind


def clean_name(name: str) -> str:
    """The last part of a file name, without control and invisible characters, and not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    stem, dot, extension = " ".join(visible.split()).rpartition(".")
    if not dot:
        stem, extension = extension, ""
    # A whole path of dots or nothing but an extension still gets a name.
    return f"{stem.strip('. ')[: LONGEST_NAME - len(extension) - 1] or '文件'}{dot}{extension[:10]}"


def _check_office(stream: BinaryIO, name: str, extension: str) -> None:
    try:
        with zipfile.ZipFile(stream) as package:
            parts = package.infolist()
            _measure(parts, name)
            names = [part.filename.lower() for part in parts]
            types_part = next(part for part in parts if part.filename == "[Content_Types].xml")
            if types_part.file_size > LARGEST_CONTENT_TYPES_BYTES:
                raise FileRefused("压缩比", f"“{name}”的目录异常地大")
            types = package.read(types_part).lower()
    except (zipfile.BadZipFile, StopIteration, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileRefused("名称与内容一致", f"“{name}”不是完好的 {extension.upper()} 文件") from error
    if OFFICE_MAIN_PARTS[extension] not in names:
        raise FileRefused("名称与内容一致", f"“{name}”的内容不是 {extension.upper()}，请核对文件")
    has_macro_part = any(mark in f"/{part}" for part in names for mark in OFFICE_MACRO_PARTS)
    if has_macro_part or b"macroenabled" in types:
        raise FileRefused("不含宏", f"“{name}”含有宏或控件，请另存为不含宏的文件")


def _measure(parts: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse a package by its own table of contents, before anything of it is unpacked."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED_BYTES:
        raise FileRefused("压缩比", f"“{name}”解压后过大")
    if unpacked > RATIO_COUNTS_FROM_BYTES and unpacked > HIGHEST_RATIO * max(packed, 1):
        raise FileRefused("压缩比", f"“{name}”的压缩比异常")
    starts = [part.header_offset for part in parts]
    if len(set(starts)) != len(starts):
        raise FileRefused("压缩比", f"“{name}”的各部分相互重叠")
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused("加密文件", f"“{name}”设有密码，请取消密码后上传")


def _check_old_office(stream: BinaryIO, name: str, extension: str) -> None:
    try:
        found = ole.inspect(stream.read())
    except ole.NotReadable as error:
        raise FileRefused("名称与内容一致", f"“{name}”不是完好的 {extension.upper()} 文件") from error
    if found.kind != extension:
        raise FileRefused("名称与内容一致", f"“{name}”的内容不是 {extension.upper()}，请核对文件")
    if found.has_macros:
        raise FileRefused("不含宏", f"“{name}”含有宏，请另存为不含宏的文件")
