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


@dataclass(frozen=True, slots=True, eq=False)
class Annex:
    """One annex. `filled_by` is authority or producer; `series` names its numbers, "" where it bears none."""

    number: int
    slug: str
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
    return Annex(
        number=table["number"],
        slug=table["slug"],
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
    )
