"""Editions of the Standard: every value, article, ground, rule and the sheet, loaded from TOML.

A consultation keeps the edition it began with; a later one is a folder beside it, never an edit of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from portal.rules.sheet_description import Field, Section, read_sections
from portal.rules.sheet_rules import Rule, read_rules

CURRENT_EDITION = "standard-2024-11-21"


class UnknownEditionError(LookupError):
    """There is no edition of that name."""


@dataclass(frozen=True, slots=True)
class Article:
    """An article or item of the Standard: `number` "8(2)", `label` 第八条（二）, `text` its words."""

    number: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleValue:
    """One legal value. `text` quotes the article, or, where `decided`, is the sentence people are shown."""

    name: str
    value: int
    article: str
    text: str
    decided: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """One of the situations of Article 4; `condition` names the check of `portal.rules.grounds`."""

    name: str
    article: str
    condition: str
    text: str


@dataclass(frozen=True, slots=True)
class Member:
    """A province of the alliance and its market regulator."""

    key: str
    province: str
    short_name: str
    abbreviation: str
    regulator: str


@dataclass(frozen=True, slots=True)
class Alliance:
    """The provinces that consult together."""

    name: str
    article: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class RotationStart:
    """When the first term began and in which order the members lead."""

    first_start: date
    order: tuple[str, ...]
    article: str
    text: str
    decided: bool


@dataclass(frozen=True, slots=True)
class RapexLevel:
    """A level of the European risk assessment guidelines; shown for reference only."""

    level: str
    label: str


@dataclass(frozen=True, slots=True)
class Rapex:
    """The guidelines' reading of the severity × likelihood matrix."""

    title: str
    note: str
    source: str
    cells: Mapping[tuple[int, int], RapexLevel]


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """One edition of the Standard. Loaded once by `load_edition`; compared by identity."""

    name: str
    title: str
    short_title: str
    sheet_title: str
    issued_on: date
    in_force_from: date
    alliance: Alliance
    rotation: RotationStart
    document_series: Mapping[str, str]
    articles: Mapping[str, Article]
    values: Mapping[str, RuleValue]
    grounds: tuple[Ground, ...]
    rules: Mapping[str, Rule]
    sections: tuple[Section, ...]
    rapex: Rapex
    fields: Mapping[str, Field]

    def value(self, name: str) -> RuleValue:
        """Return a legal value with its article. An unknown name is a KeyError."""
        return self.values[name]

    def article(self, number: str) -> Article:
        """Return an article by its key ("8(2)", "annex"). An unknown one is a KeyError."""
        return self.articles[number]

    def cite(self, number: str) -> str:
        """Return how a message names an article: 第八条（二）."""
        return self.articles[number].label

    def field(self, name: str) -> Field:
        """Return a field of the sheet. An unknown name is a KeyError."""
        return self.fields[name]


def edition_names() -> tuple[str, ...]:
    """Return the names of all editions that this release carries, oldest first."""
    return tuple(sorted(entry.name for entry in files(__package__).joinpath("editions").iterdir() if entry.is_dir()))


@cache
def load_edition(name: str = CURRENT_EDITION) -> Edition:
    """Load an edition by name, once per process. Raises UnknownEditionError."""
    if name not in edition_names():
        raise UnknownEditionError(f"没有名为“{name}”的规范版本")
    table = _read_toml(name, "edition")
    articles = {key: Article(key, **entry) for key, entry in _read_toml(name, "articles").items()}
    rules = read_rules(_read_toml(name, "rules"))
    sections = read_sections(_read_toml(name, "sheet"), rules)
    rotation = table["rotation"]
    return Edition(
        name=name,
        title=table["title"],
        short_title=table["short_title"],
        sheet_title=table["sheet_title"],
        issued_on=table["issued_on"],
        in_force_from=table["in_force_from"],
        alliance=_read_alliance(table["alliance"]),
        rotation=RotationStart(**{**rotation, "order": tuple(rotation["order"])}),
        document_series=MappingProxyType(table["document_series"]),
        articles=MappingProxyType(articles),
        values=MappingProxyType({key: RuleValue(key, **entry) for key, entry in table["values"].items()}),
        grounds=tuple(Ground(**entry, text=articles[entry["article"]].text) for entry in table["grounds"]),
        rules=MappingProxyType(rules),
        sections=sections,
        rapex=_read_rapex(_read_toml(name, "rapex")),
        fields=MappingProxyType({field.name: field for section in sections for field in section.fields}),
    )


def _read_toml(edition: str, file: str) -> dict[str, Any]:
    path = files(__package__).joinpath("editions", edition, f"{file}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _read_alliance(table: Mapping[str, Any]) -> Alliance:
    return Alliance(table["name"], table["article"], tuple(Member(**entry) for entry in table["members"]))


def _read_rapex(table: Mapping[str, Any]) -> Rapex:
    levels = {level: RapexLevel(level, label) for level, label in table["levels"].items()}
    cells = {
        (int(severity), likelihood): levels[level]
        for severity, row in table["severity"].items()
        for likelihood, level in zip(table["likelihoods"], row, strict=True)
    }
    return Rapex(table["title"], table["note"], table["source"], MappingProxyType(cells))
