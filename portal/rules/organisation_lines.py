"""Organisations with dates, one a line, as people type them: 单位名称，类别，2019-06至2023-12.

The same words serve the form and a cell of a spreadsheet, where ； parts the lines as well.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portal.rules.expertise import RELATION_KINDS

LONGEST_NAME = 120
MOST_LINES = 20
_LINES = re.compile(r"[\n;]+")
_PARTS = re.compile(r"[,|\t]")
_RANGE = re.compile(
    r"(?:自|从)?\s*(?P<from>\d{4}[\d年月日./-]*)?\s*(?:至|到|~|—+|--)\s*(?P<until>今|\d{4}[\d年月日./-]*)?$"
)
_SINCE = re.compile(r"(?:自|从)?\s*(?P<from>\d{4}[\d年月日./-]*)\s*(?:起)?$")
_DAY = re.compile(r"(\d{4})(?:\D(\d{1,2}))?(?:\D(\d{1,2}))?\D?$")
_KIND_OF = {label: kind for kind, label in RELATION_KINDS.items()}


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """One organisation; `until_on` None: it goes on. `kind` is a key of RELATION_KINDS, "" where none was named."""

    name: str
    kind: str = ""
    from_on: date | None = None
    until_on: date | None = None

    @property
    def words(self) -> str:
        """The line as it is typed."""
        parts = [self.name, RELATION_KINDS.get(self.kind, "")]
        if self.from_on or self.until_on:
            parts.append(f"{self.from_on or ''}至{self.until_on or '今'}")
        return "，".join(part for part in parts if part)


class LineProblem(ValueError):
    """A line that cannot be read; the message quotes it and says why."""


def read_lines(text: str, *, needs_end: bool = False) -> tuple[OrganisationLine, ...]:
    """The organisations of a text. `needs_end`: each must have ended (former employers).

    Raises LineProblem for the first line that cannot be read.
    """
    plain = (line.strip() for line in _LINES.split(_half_width(text)))
    lines = [line for line in plain if line]
    if len(lines) > MOST_LINES:
        raise LineProblem(f"最多填写 {MOST_LINES} 个单位，现有 {len(lines)} 个。")
    found = tuple(_read(line) for line in lines)
    for line in found:
        if needs_end and line.until_on is None:
            raise LineProblem(f"“{line.name}”没有写明离开的日期，例如：{line.name}，2019-06至2023-12。")
    return found


def written(lines: Iterable[OrganisationLine]) -> str:
    """The text that `read_lines` reads as these lines."""
    return "\n".join(line.words for line in lines)


def read_day(text: str, *, is_end: bool = False) -> date:
    """A day written as 2019, 2019-06, 2019-06-30, 2019.6 or 2019年6月; the last day of it for `is_end`.

    Raises ValueError for anything else.
    """
    found = _DAY.match(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) if part else None for part in found.groups())
    if year is None or not 1900 <= year <= 2200:
        raise ValueError(text)
    month = month or (12 if is_end else 1)
    return date(year, month, day or (calendar.monthrange(year, month)[1] if is_end else 1))


def _read(line: str) -> OrganisationLine:
    name, *others = (part.strip() for part in _PARTS.split(line))
    if not name or len(name) > LONGEST_NAME:
        raise LineProblem(f"“{line[:40]}”：单位名称为 1 至 {LONGEST_NAME} 个字。")
    kind, from_on, until_on = "", None, None
    for part in filter(None, others):
        if part in _KIND_OF:
            kind = _KIND_OF[part]
        else:
            from_on, until_on = _read_range(part, line)
    if from_on and until_on and from_on > until_on:
        raise LineProblem(f"“{line[:40]}”：起始日期晚于结束日期。")
    return OrganisationLine(name, kind, from_on, until_on)


def _read_range(part: str, line: str) -> tuple[date | None, date | None]:
    found = _RANGE.match(part) or _SINCE.match(part)
    told = found.groupdict() if found else {}
    begin, end = told.get("from"), told.get("until")
    try:
        if found is None:
            raise ValueError(part)
        return (
            read_day(begin) if begin else None,
            read_day(end, is_end=True) if end and end != "今" else None,
        )
    except ValueError:
        kinds = "、".join(_KIND_OF)
        words = f"“{line[:40]}”中的“{part[:20]}”不是类别（{kinds}）或日期（2019-06至2023-12）。"
        raise LineProblem(words) from None


def _half_width(text: str) -> str:
    # Brackets stay as they are: they are part of the name that is printed.
    return text.replace("，", ",").replace("；", ";").replace("｜", "|").replace("～", "~").replace("\r", "\n")
