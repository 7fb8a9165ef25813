"""What the page of an act says before it is done and afterwards (act_words.toml), with the edition's values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from portal.rules.recall.editions import RecallEdition
from portal.services.recall.producer_links import LIFE


@dataclass(frozen=True)
class ActWords:
    """`done` is said afterwards, `says` before; `reason` is what the reason is called, "" for the form's own word."""

    done: str
    says: tuple[str, ...]
    reason: str = ""


def words_of(act: str, edition: RecallEdition) -> ActWords:
    """The words of an act; KeyError for one that has none."""
    table = _table()[act]
    known = {name: value.value for name, value in edition.values.items()} | {"link_days": LIFE.days}
    says = tuple(words.format(**known) for words in table["says"])
    return ActWords(table["done"].format(**known), says, table.get("reason", ""))


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("act_words.toml").read_text(encoding="utf-8"))
