"""Editions of the recall workflow: articles, limits, lists and dates of validity, loaded from TOML.

A recall case keeps the edition it began with, also after the edition's last day. Another province's edition is
a folder beside this one; until it has one, a province of the region works with Jiangsu's (decided).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from portal.rules.date_words import beijing_date
from portal.rules.editions import Article, RuleValue, UnknownEditionError
from portal.rules.problem import Problem

DEFAULT_PROVINCE = "jiangsu"
VALIDITY_ARTICLE = "23"


class NoEditionInForce(LookupError):
    """A case cannot be begun on a day on which no edition is in force; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Channel:
    """A way in which clues arrive (Art. 8); `information_source` is the sheet's box it is mapped to (decided)."""

    name: str
    label: str
    information_source: str
    article: str = "8"
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list that a person chooses from. `decided` where the Workflow does not have the words."""

    name: str
    label: str
    article: str
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """The words of a kind of document in its number: 调查分析 in 宁市监调查分析〔2026〕8号."""

    series: str
    article: str


@dataclass(frozen=True, slots=True, eq=False)
class RecallEdition:
    """One edition of a province's recall workflow. Loaded once; compared by identity.

    `province` is the key of the province that issued it, `division` its code; `in_force_until` is its last day.
    """

    name: str
    title: str
    short_title: str
    document_number: str
    province: str
    division: str
    issued_on: date
    in_force_from: date
    in_force_until: date
    articles: Mapping[str, Article]
    values: Mapping[str, RuleValue]
    channels: Mapping[str, Channel]
    choices: Mapping[str, tuple[Choice, ...]]
    document_series: Mapping[str, Series]

    def value(self, name: str) -> RuleValue:
        """Return a legal value with its article. An unknown name is a KeyError."""
        return self.values[name]

    def article(self, number: str) -> Article:
        """Return an article by its key ("7(3)", "annex8"). An unknown one is a KeyError."""
        return self.articles[number]

    def cite(self, number: str) -> str:
        """Return how a message names an article: 第七条（三）, 附件8."""
        return self.articles[number].label

    def cite_in_full(self, number: str) -> str:
        """Return an article with the name of the workflow, where the Standard could be meant: 工作流程第十二条."""
        return f"{self.short_title}{self.cite(number)}"

    def choice(self, kind: str, name: str) -> Choice:
        """Return an entry of a list. An unknown list or name is a KeyError."""
        for choice in self.choices[kind]:
            if choice.name == name:
                return choice
        raise KeyError(name)

    def is_in_force(self, day: date) -> bool:
        """Whether a case may be begun under this edition on `day`."""
        return self.in_force_from <= day <= self.in_force_until

    def is_borrowed_by(self, province: str) -> bool:
        """Whether a province works with this edition for want of one of its own (decided)."""
        return province != self.province


def read_recall_edition(folder: Traversable) -> RecallEdition:
    """Read the edition in `folder`, whose name is the edition's."""
    table = _read_toml(folder, "edition")
    return RecallEdition(
        name=folder.name,
        title=table["title"],
        short_title=table["short_title"],
        document_number=table["document_number"],
        province=table["province"],
        division=table["division"],
        issued_on=table["issued_on"],
        in_force_from=table["in_force_from"],
        in_force_until=table["in_force_until"],
        articles=MappingProxyType(
            {key: Article(key, **entry) for key, entry in _read_toml(folder, "articles").items()}
        ),
        values=MappingProxyType({key: RuleValue(key, **entry) for key, entry in table["values"].items()}),
        channels=MappingProxyType({entry["name"]: Channel(**entry) for entry in table["channels"]}),
        choices=MappingProxyType(
            {kind: tuple(Choice(**entry) for entry in entries) for kind, entries in table["choices"].items()}
        ),
        document_series=MappingProxyType({kind: Series(**entry) for kind, entry in table["document_series"].items()}),
    )


def read_recall_editions(folder: Traversable) -> tuple[RecallEdition, ...]:
    """Read every edition in `folder`, by name."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    return tuple(read_recall_edition(folder.joinpath(name)) for name in names)


@cache
def shipped_recall_editions() -> tuple[RecallEdition, ...]:
    """Return the editions that come with this release, read once per process."""
    return read_recall_editions(files(__package__).joinpath("editions"))


def load_recall_edition(name: str) -> RecallEdition:
    """Return an edition by name, whatever its dates: a running case keeps its own. Raises UnknownEditionError."""
    for edition in shipped_recall_editions():
        if edition.name == name:
            return edition
    raise UnknownEditionError(f"没有名为“{name}”的召回工作流程版本")


def edition_for(
    day: date, province: str = DEFAULT_PROVINCE, editions: Iterable[RecallEdition] | None = None
) -> RecallEdition:
    """Return the edition under which a case of `province` is begun on `day`.

    The province's own goes before Jiangsu's, a later one before an earlier one. Raises NoEditionInForce, whose
    problem names Art. 23 and the dates of validity.
    """
    known = tuple(shipped_recall_editions() if editions is None else editions)
    usable = [edition for edition in known if edition.province in (province, DEFAULT_PROVINCE)]
    in_force = [edition for edition in usable if edition.is_in_force(day)]
    if in_force:
        return max(in_force, key=lambda edition: (edition.province == province, edition.in_force_from))
    validity = "；".join(
        f"《{edition.title}》自{beijing_date(edition.in_force_from)}起施行，有效期至{beijing_date(edition.in_force_until)}"
        f"（{edition.cite(VALIDITY_ARTICLE)}）"
        for edition in usable
    )
    message = f"{validity}。{beijing_date(day)}不在有效期内，不能依此立案；已立案件继续办理。"
    raise NoEditionInForce(Problem("begun_on", message, VALIDITY_ARTICLE))


def _read_toml(folder: Traversable, file: str) -> dict[str, Any]:
    return tomllib.loads(folder.joinpath(f"{file}.toml").read_text(encoding="utf-8"))
