"""Institutions as badges: the character, and the key of its colour (design/visual.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

# Colours are a matter of style, so they are named here and not in the law's data; a member that has none of its
# own is drawn in the neutral one.
_COLOUR_KEYS = {"shanghai": "hu", "jiangsu": "su", "zhejiang": "zhe", "anhui": "wan"}


class HasBadge(Protocol):
    """An institution, as models and services have it."""

    @property
    def name(self) -> str: ...

    @property
    def short_name(self) -> str: ...

    @property
    def badge(self) -> str: ...

    @property
    def province(self) -> str: ...


@dataclass(frozen=True)
class Badge:
    """What the macros of components/badge.html take."""

    char: str
    key: str
    name: str
    full_name: str


def badge_of(institution: HasBadge) -> Badge:
    """The badge of an institution."""
    key = _COLOUR_KEYS.get(institution.province, "other")
    return Badge(institution.badge, key, institution.short_name, institution.name)
