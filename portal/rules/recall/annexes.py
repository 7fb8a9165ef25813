"""The ten annexes as ordered descriptions, in the shape of the consultation's sheet (portal.rules.sheet_description).

Page, checks, DOCX, PDF and export read the same description. `{names}` in salutation and opening are filled from
the annex's own fields, the edition's values and what the case knows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from portal.rules.sheet_description import Field, Section, read_sections

FACTS = frozenset(
    {
        *("producer.name", "producer.credit_code", "producer.address", "producer.legal_representative"),
        *("product.name", "product.kind", "product.brand", "product.model", "product.specification", "product.batches"),
        *("case.defect", "case.consequence", "case.recall_number", "case.published_on", "case.investigated_between"),
        *("plan.affected_quantity", "plan.produced_between"),
        *("notice.number", "authority.name", "authority.phone"),
    }
)
"""What a case knows and a field may begin with (`prefilled_from`)."""


STYLES = frozenset({"letter", "form", "prose"})
LAYOUTS = frozenset({"text", "rows", "side", "lines", "growing", "paragraphs"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How the printed form sets a section.

    `kind`: text (said in the letter's own sentences), rows (a table of labels and answers, the section's title
    above it), side (such a table with the title at its side), lines (one row, whose answers stand one below the
    other), growing (a table as long as what is filled in), paragraphs. `rows` are the fields of each row, `below`
    those of rows which the title at the side does not reach; `head` stands over the rows, `beside` is the title at
    the side in its lines; with `in_brackets` what is asked for by a box stands behind it in brackets.
    """

    kind: str = "paragraphs"
    rows: tuple[tuple[str, ...], ...] = ()
    below: tuple[tuple[str, ...], ...] = ()
    head: str = ""
    beside: str = ""
    in_brackets: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """An annex that is running text. `earlier` and `website` are the parts that may be left out."""

    title: str
    earlier: str
    website: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Annex:
    """One annex. `filled_by` is authority or producer; `series` names its numbers, "" where it bears none.

    `style` is letter, form or prose, `layouts` says how each section is set, by its slug. `blanks` is what the
    printed form has in the place of a name in its sentences, `wordings` what a choice says in them.
    """

    number: int
    slug: str
    style: str
    title: str
    article: str
    filled_by: str
    is_public: bool
    series: str
    salutation: str
    opening: str
    closing: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    fields: Mapping[str, Field]
    layouts: Mapping[str, Layout]
    blanks: Mapping[str, str]
    wordings: Mapping[str, Mapping[str, str]]
    prose: Prose | None

    def field(self, name: str) -> Field:
        """Return a field of the annex. An unknown name is a KeyError."""
        return self.fields[name]


@cache
def load_annexes(edition: str) -> Mapping[str, Annex]:
    """Return the annexes of an edition by slug, in the order of their numbers. Read once per process."""
    base = files(__package__).joinpath("editions", edition)
    titles = tomllib.loads(base.joinpath("articles.toml").read_text(encoding="utf-8"))
    tables = (tomllib.loads(entry.read_text(encoding="utf-8")) for entry in base.joinpath("annexes").iterdir())
    annexes = sorted((_read_annex(table, titles) for table in tables), key=lambda annex: annex.number)
    return MappingProxyType({annex.slug: annex for annex in annexes})


def _read_annex(table: Mapping[str, Any], titles: Mapping[str, Any]) -> Annex:
    sections = read_sections(table, {})
    fields = [field for section in sections for field in section.fields]
    if len({field.name for field in fields}) < len(fields):
        raise ValueError(f"{table['slug']}: two fields of one name")
    if table["style"] not in STYLES:
        raise ValueError(f"{table['slug']}: unknown style {table['style']!r}")
    prose = table.get("prose")
    return Annex(
        number=table["number"],
        slug=table["slug"],
        style=table["style"],
        title=titles[table["article"]]["text"],
        article=table["article"],
        filled_by=table["filled_by"],
        is_public=table["is_public"],
        series=table["series"],
        salutation=table["salutation"],
        opening=table["opening"],
        closing=tuple(table["closing"]),
        notes=tuple(table["notes"]),
        sections=sections,
        fields=MappingProxyType({field.name: field for field in fields}),
        layouts=MappingProxyType({entry["slug"]: _read_layout(entry) for entry in table["sections"]}),
        blanks=MappingProxyType(table.get("blanks", {})),
        wordings=MappingProxyType(table.get("wordings", {})),
        prose=Prose(**{**prose, "paragraphs": tuple(prose["paragraphs"])}) if prose else None,
    )


def _read_layout(section: Mapping[str, Any]) -> Layout:
    entry = section.get("layout", {})
    rows, below = (tuple(tuple(row) for row in entry.get(name, ())) for name in ("rows", "below"))
    layout = Layout(**{**entry, "rows": rows, "below": below})
    if layout.kind not in LAYOUTS:
        raise ValueError(f"{section['slug']}: unknown layout {layout.kind!r}")
    unknown = {name for row in rows + below for name in row} - {field["name"] for field in section["fields"]}
    if unknown:
        raise ValueError(f"{section['slug']}: rows of fields that the section does not have: {unknown}")
    return layout
