"""文号 such as 长三角会诊〔2026〕12号: six-cornered brackets, the number not padded."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"(?P<series>[^〔〕\s]+)〔(?P<year>[0-9]{4})〕(?P<serial>[1-9][0-9]*)号")


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number within its series and year; `str()` gives it as it is printed."""

    series: str
    year: int
    serial: int

    def __str__(self) -> str:
        return f"{self.series}〔{self.year}〕{self.serial}号"


def parse_document_number(text: str) -> DocumentNumber:
    """Read a number in exactly the printed form. Anything else is a ValueError."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"“{text}”不是文号，应如：长三角会诊〔2026〕12号")
    return DocumentNumber(match["series"], int(match["year"]), int(match["serial"]))
