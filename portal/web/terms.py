"""Terms of the rotation as components/worklist.html draws them (rota)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from portal.services.rotation import TermLine
from portal.web.badges import Badge, badge_of


class HasSpan(Protocol):
    """Anything from a first to a last day, both included."""

    @property
    def starts_on(self) -> date: ...

    @property
    def ends_on(self) -> date: ...


@dataclass(frozen=True)
class TermView:
    """A term in the rota."""

    institution: Badge
    state: str
    words: str
    span: str
    here: str


def term_views(terms: Iterable[TermLine]) -> list[TermView]:
    """The rota: past, present and coming terms."""
    return [
        TermView(
            institution=badge_of(term.institution),
            state=term.state,
            words=term.institution.short_name + ("　本年度轮值牵头" if term.state == "now" else ""),
            span=span_of(term) + (f"　仍牵头 {term.open_consultations} 件" if term.open_consultations else ""),
            here=f"今天　任期第 {term.day_of_term} 天" if term.state == "now" else "",
        )
        for term in terms
    ]


def span_of(term: HasSpan) -> str:
    """2026.11.21—2027.11.20."""
    return f"{_dotted(term.starts_on)}—{_dotted(term.ends_on)}"


def _dotted(day: date) -> str:
    return f"{day.year}.{day.month}.{day.day}"
