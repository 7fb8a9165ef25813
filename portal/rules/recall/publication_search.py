"""Finding a published recall: what is searched and what is searched for, brought to one case and one width."""

from __future__ import annotations

import unicodedata

LONGEST_SEARCH = 100
MOST_TERMS = 8

# Model and batch numbers are written with whatever dash the keyboard gave: hyphens, dashes, the minus sign.
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")


def searchable(*parts: str) -> str:
    """Return what is searched of a publication: each part that says anything on a line of its own, folded."""
    return "\n".join(dict.fromkeys(folded for part in parts if (folded := _fold(part))))


def search_terms(text: str) -> tuple[str, ...]:
    """Return the words of a search, folded as `searchable` folds; all of them have to occur.

    Only the first LONGEST_SEARCH characters and the first MOST_TERMS different words count.
    """
    return tuple(dict.fromkeys(_fold(text[:LONGEST_SEARCH]).split()))[:MOST_TERMS]


def is_cut(text: str) -> bool:
    """Whether `search_terms` leaves something of a search out."""
    return len(text) > LONGEST_SEARCH or len(dict.fromkeys(_fold(text).split())) > MOST_TERMS


def _fold(text: str) -> str:
    """Without case and width (NFKC), one blank between words; no database keeps a NUL."""
    folded = unicodedata.normalize("NFKC", text.replace("\x00", " ")).casefold().translate(_DASHES)
    return " ".join(folded.split())
