"""The two public annexes in words: the press release as running text (annex 7), the plan row by row (annex 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.rules.recall.annex_values import from_stored
from portal.rules.recall.annex_words import words_with_unit
from portal.rules.recall.annexes import load_annexes
from portal.rules.recall.press_release import press_release_text


@dataclass(frozen=True)
class PressRelease:
    """The press release with its options and names filled in."""

    title: str
    paragraphs: tuple[str, ...]


def values_of(edition: str, slug: str, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """The typed values of a stored annex; {} where the publication has none."""
    return from_stored(load_annexes(edition)[slug], stored) if stored else {}


def press_release(edition: str, values: Mapping[str, Any]) -> PressRelease:
    """Annex 7 as the sentences that its values make."""
    return PressRelease(*press_release_text(values, load_annexes(edition)["press_release"]))


def plan_words(edition: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Annex 6 row by row as label and words, in its own order; what says nothing is left out.

    Photographs have no words: the page shows them below.
    """
    fields = load_annexes(edition)["recall_plan"].fields.values() if values else ()
    rows = ((field.label, words_with_unit(field, values[field.name])) for field in fields)
    return [(label, words) for label, words in rows if words]
