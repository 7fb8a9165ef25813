"""专业领域: the list of product classes and disciplines, and which of them a text speaks of (Art. 8(1), 10).

The list comes with the release (expertise.toml), so that a field means the same in every institution's register.
"""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

KIND_LABELS = {"product": "产品类别", "discipline": "学科"}
RELATION_KINDS = {
    "employment": "任职",
    "shareholding": "持股",
    "advice": "顾问",
    "kinship": "亲属",
    "cooperation": "合作",
    "other": "其他",
}
"""What an expert can be to an organisation beside the employer."""
CONFLICT_YEARS = 3
"""Decided, the Standard names no term: what ended longer ago counts as no conflict of interest any more."""


@dataclass(frozen=True, slots=True)
class ExpertiseField:
    """One field of the list; `kind` is product or discipline."""

    key: str
    kind: str
    label: str
    words: tuple[str, ...]


@cache
def expertise_fields() -> dict[str, ExpertiseField]:
    """The whole list by key: product classes first, each in the order of the file."""
    told = tomllib.loads(files(__package__).joinpath("expertise.toml").read_text("utf-8"))
    return {
        line["key"]: ExpertiseField(line["key"], kind, line["label"], tuple(line["words"]))
        for kind in KIND_LABELS
        for line in told[kind]
    }


def field_labels(keys: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The labels of these fields in the order of the list; a key of another release is left out."""
    return tuple(one.label for key, one in expertise_fields().items() if key in keys)


def field_with_label(label: str) -> ExpertiseField | None:
    """The field of that label, blanks and width aside; None where there is none."""
    return _by_label().get(_plain(label))


def fields_in(text: str) -> tuple[str, ...]:
    """The keys of the fields that a text speaks of: a product's name, class and suspected defect."""
    said = _plain(text)
    return tuple(
        key
        for key, one in expertise_fields().items()
        if _plain(one.label) in said or any(word in said for word in _plain_words(key))
    )


@cache
def _by_label() -> dict[str, ExpertiseField]:
    return {_plain(one.label): one for one in expertise_fields().values()}


@cache
def _plain_words(key: str) -> tuple[str, ...]:
    return tuple(_plain(word) for word in expertise_fields()[key].words)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
