"""Which characters the embedded typeface can show, and what stands for those that it cannot.

PDF/A allows no missing glyph, and a signed text must not lose a character silently: what no font has is printed
as its code point, 〔U+1F600〕.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FONTS = Path(__file__).with_name("fonts")
_TEXT_FONT = FONTS / "NotoSerifSC-Regular.ttf"
_BOXES = frozenset("☐☑")  # from DejaVu Sans Mono, which the typesetter brings along
_BREAKS = "\n"


def printable(said: Any) -> Any:
    """The same content (text, mappings, sequences of them) with every character one that can be shown."""
    if isinstance(said, str):
        return said if set(said) <= _shown() else "".join(map(_show, said))
    if isinstance(said, Mapping):
        return {name: printable(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [printable(value) for value in said]
    return said


def _show(character: str) -> str:
    if character in _shown():
        return character
    if character.isspace():
        return " "
    # Controls, joiners and variation selectors have no shape of their own.
    if unicodedata.category(character) in {"Cc", "Cf"} or unicodedata.name(character, "").startswith("VARIATION SEL"):
        return ""
    return f"〔U+{ord(character):04X}〕"


@cache
def _shown() -> frozenset[str]:
    """The characters of the text face, out of its cmap table in format 12 (OpenType 1.9, cmap)."""
    font = _TEXT_FONT.read_bytes()
    begin = _table(font, b"cmap")
    (tables,) = struct.unpack_from(">H", font, begin + 2)
    found: set[str] = set(_BREAKS) | _BOXES
    for number in range(tables):
        (offset,) = struct.unpack_from(">I", font, begin + 4 + 8 * number + 4)
        at = begin + offset
        if struct.unpack_from(">H", font, at) == (12,):
            (groups,) = struct.unpack_from(">I", font, at + 12)
            for first, last, _glyph in struct.iter_unpack(">III", font[at + 16 : at + 16 + 12 * groups]):
                found.update(map(chr, range(first, last + 1)))
    return frozenset(one for one in found if unicodedata.category(one) not in {"Cf", "Cc"} or one in _BREAKS)


def _table(font: bytes, tag: bytes) -> int:
    """Where a table of the font begins."""
    (count,) = struct.unpack_from(">H", font, 4)
    for number in range(count):
        name, _sum, offset, _length = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError(f"{_TEXT_FONT.name} has no table {tag.decode()}")
