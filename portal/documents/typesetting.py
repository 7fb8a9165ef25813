"""The one way to a PDF: a template of this package, what it says as JSON, and out comes PDF/A-2b.

The typesetter is loaded with the first document, and stays warm: fonts are read once. It sees the fonts given
and no others, so every machine makes the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from portal.documents.characters import FONTS, printable
from portal.documents.typography import Typography

_TEMPLATES = Path(__file__).with_name("typst")
_STANDARD: Final = "a-2b"  # ISO 19005-2, level B
EARLIEST: Final = date(1980, 1, 1)  # the date of what has none
# What an operator's fonts may be called, by the role that official papers give them (GB/T 9704-2012, 7.3).
_OWN_FACES = {
    "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋简体", "方正小标宋_GBK"),
    "text": ("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋"),
    "second": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体"),
    "first": ("SimHei", "黑体"),
    "table": ("SimSun", "宋体"),
}
_OPEN_FACES = {"first": ("Noto Sans SC", "Noto Serif SC")}
_SERIF = ("Noto Serif SC",)
_BOX_FACE = "DejaVu Sans Mono"


class TypesettingError(RuntimeError):
    """A document could not be made as it should be; the message is the typesetter's."""


class _Typesetter:
    """A warm compiler. It is not made for two threads at once, so they take turns."""

    def __init__(self, template: str, fonts_folder: Path | None) -> None:
        import typst  # large, and few processes ever make a document

        folders = [FONTS] if fonts_folder is None else [fonts_folder, FONTS]
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)
        self.faces = _choose_faces(fonts.families())
        self._refusal: type[Exception] = typst.TypstError
        self._lock = Lock()
        self._compiler = typst.Compiler(_TEMPLATES / template, root=_TEMPLATES, font_paths=fonts)

    def compile(self, document: str, made_at: datetime) -> bytes:
        try:
            with self._lock:
                pdf, warnings = self._compiler.compile_with_warnings(
                    format="pdf", pdf_standards=_STANDARD, timestamp=made_at, sys_inputs={"document": document}
                )
        except self._refusal as error:
            raise TypesettingError(str(error)) from error
        if warnings:
            raise TypesettingError("; ".join(str(warning) for warning in warnings))
        if not isinstance(pdf, bytes):
            raise TypesettingError("the typesetter made no PDF")
        return pdf


def typeset(template: str, document: Mapping[str, Any], *, made_at: datetime, typography: Typography) -> bytes:
    """Typeset `document` with a template of this package and return it as PDF/A-2b.

    What is said reaches the template as data, never as source. `made_at` (aware) is the date that the file carries:
    the same input makes the same bytes. TypesettingError on anything that the typesetter complains about.
    """
    typesetter = _typesetter(template, typography.fonts_folder)
    said = {"code": "", **document, "faces": typesetter.faces, "red": typography.has_red_heading}
    return typesetter.compile(json.dumps(printable(said), ensure_ascii=False), made_at)


@cache
def _typesetter(template: str, fonts_folder: Path | None) -> _Typesetter:
    return _Typesetter(template, fonts_folder)


def _choose_faces(families: list[str]) -> dict[str, list[str]]:
    """For each role the operator's faces that there are, then the open ones; a missing name would be a warning."""
    there = {family.lower(): family for family in families}
    return {
        role: [
            *(there[name.lower()] for name in names if name.lower() in there),
            *_OPEN_FACES.get(role, _SERIF),
            _BOX_FACE,
        ]
        for role, names in _OWN_FACES.items()
    }
