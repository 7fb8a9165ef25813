"""The old Office containers (OLE compound files): what is inside, as far as a refusal needs to know.

Source: [MS-CFB] for the container, [MS-XLS] 2.4.28 and [MS-PPT] 2.4.9–10 for where macros show.
"""

import struct
from dataclasses import dataclass

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
HEADER_BYTES = 512
DIRECTORY_ENTRY_BYTES = 128
LARGEST_SECTOR_NUMBER = 0xFFFFFFFA
STREAM = 2
MAIN_STREAMS = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
MACRO_ENTRIES = {"macros", "_vba_project_cur", "vba", "_vba_project"}
BIFF_BOUNDSHEET, BIFF_END = 0x0085, 0x000A
MACRO_SHEET = 1
POWERPOINT_VBA_INFO = bytes.fromhex("1f00ff0314000000020000040c000000")


class NotReadable(ValueError):
    """The container is broken."""


@dataclass(frozen=True, slots=True)
class OleFile:
    """What a container is (`doc`, `xls`, `ppt` or nothing of these) and whether it carries macros."""

    kind: str | None
    has_macros: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    type: int
    start: int
    size: int


def inspect(content: bytes) -> OleFile:
    """Read the directory of a container. Raises NotReadable."""
    try:
        container = _Container(content)
        entries = container.entries()
        main = next((entry for entry in entries if entry.type == STREAM and entry.name in MAIN_STREAMS), None)
        if main is None:
            return OleFile(None, has_macros=False)
        kind = MAIN_STREAMS[main.name]
        has_macros = any(entry.name.lower() in MACRO_ENTRIES for entry in entries)
        if not has_macros and kind == "xls":
            has_macros = _has_macro_sheet(container.stream(main))
        if not has_macros and kind == "ppt":
            has_macros = _has_powerpoint_macros(container.stream(main))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise NotReadable from error
    return OleFile(kind, has_macros)


class _Container:
    def __init__(self, content: bytes) -> None:
        self.content = content
        (shift,) = struct.unpack_from("<H", content, 30)
        if not content.startswith(SIGNATURE) or shift not in (9, 12):
            raise NotReadable
        self.sector_bytes = 1 << shift
        self.directory_start = struct.unpack_from("<I", content, 48)[0]
        self.small_stream_limit = struct.unpack_from("<I", content, 56)[0]
        self.table = self._allocation_table()

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.sector_bytes
        sector = self.content[start : start + self.sector_bytes]
        if not sector:
            raise NotReadable
        return sector

    def _numbers(self, sector: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])

    def _allocation_table(self) -> list[int]:
        sectors = list(struct.unpack_from("<109I", self.content, 76))
        following, seen = struct.unpack_from("<I", self.content, 68)[0], set()
        while following < LARGEST_SECTOR_NUMBER:
            if following in seen:
                raise NotReadable
            seen.add(following)
            *more, following = self._numbers(self._sector(following))
            sectors += more
        table: list[int] = []
        for number in sectors:
            if number < LARGEST_SECTOR_NUMBER:
                table += self._numbers(self._sector(number))
        return table

    def _chain(self, start: int) -> bytes:
        parts, number, seen = [], start, set()
        while number < LARGEST_SECTOR_NUMBER:
            if number in seen:
                raise NotReadable
            seen.add(number)
            parts.append(self._sector(number))
            number = self.table[number]
        return b"".join(parts)

    def entries(self) -> list[_Entry]:
        directory = self._chain(self.directory_start)
        found = []
        for offset in range(0, len(directory) - DIRECTORY_ENTRY_BYTES + 1, DIRECTORY_ENTRY_BYTES):
            length, kind = struct.unpack_from("<HB", directory, offset + 64)
            start, size = struct.unpack_from("<II", directory, offset + 116)
            if kind and 2 <= length <= 64:
                name = directory[offset : offset + length - 2].decode("utf-16-le")
                found.append(_Entry(name, kind, start, size))
        return found

    def stream(self, entry: _Entry) -> bytes:
        """The bytes of a stream; those of a very small one lie elsewhere and hold no document."""
        if entry.size < self.small_stream_limit:
            return b""
        return self._chain(entry.start)[: entry.size]


def _has_macro_sheet(workbook: bytes) -> bool:
    """Whether the workbook's list of sheets names an Excel 4.0 macro sheet."""
    offset = 0
    while offset + 4 <= len(workbook):
        record, length = struct.unpack_from("<HH", workbook, offset)
        if record == BIFF_END:
            return False
        if record == BIFF_BOUNDSHEET and length >= 6 and workbook[offset + 9] == MACRO_SHEET:
            return True
        offset += 4 + length
    return False


def _has_powerpoint_macros(document: bytes) -> bool:
    """Whether a VbaInfoAtom says fHasMacros."""
    position = document.find(POWERPOINT_VBA_INFO)
    while position >= 0:
        flag = position + len(POWERPOINT_VBA_INFO) + 4
        if any(document[flag : flag + 4]):
            return True
        position = document.find(POWERPOINT_VBA_INFO, position + 1)
    return False
