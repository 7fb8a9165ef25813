"""What the lists share that have tabs and filters in their address: reading it, the tabs, the pages, the deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from flask import request, url_for

from portal.services.kernel.calendar import working_calendar
from portal.web.acting import now, reading
from portal.web.deadlines import Due, present_due

ALL = ("", "全部")
"""The choice of a filter that narrows nothing."""
_LONGEST_TEXT = 60
_MOST_DIGITS = 8


class FoundPage(Protocol):
    """A page of a list as its service returns it."""

    @property
    def total(self) -> int: ...

    @property
    def page(self) -> int: ...

    @property
    def tabs(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Listing:
    """One list: its route, its tabs in words, the tab it opens with, its filters beside tab and text."""

    endpoint: str
    tabs: Mapping[str, str]
    first_tab: str
    filters: tuple[str, ...]
    page_size: int

    def asked(self) -> dict[str, Any]:
        """Tab, text and page as the address has them; a tab that does not exist shows everything."""
        tab = request.args.get("tab", self.first_tab)
        return {
            "tab": tab if tab in self.tabs else "all",
            "text": request.args.get("text", "")[:_LONGEST_TEXT],
            "page": number_asked("page") or 1,
        }

    def page_url(self, page: int) -> str:
        """The address of another page, narrowed as this one is."""
        kept: dict[str, Any] = {name: request.args.get(name) or None for name in ("tab", "text", *self.filters)}
        return url_for(self.endpoint, **kept, page=page)

    def shown(self, found: FoundPage, rows: Sequence[object], current_tab: str) -> dict[str, Any]:
        """What the template takes beside the filters: rows, tabs with their numbers, and which rows these are."""
        first = (found.page - 1) * self.page_size + 1 if found.total else 0
        return {
            "found": found,
            "rows": rows,
            "tabs": [
                {"label": label, "url": url_for(self.endpoint, tab=name), "count": found.tabs[name]}
                | {"current": name == current_tab}
                for name, label in self.tabs.items()
            ],
            "page_url": self.page_url,
            "first": first,
            "last": first + len(rows) - 1 if rows else 0,
        }


def number_asked(name: str) -> int | None:
    """A whole number in the address; None for anything else."""
    typed = request.args.get(name, "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= _MOST_DIGITS else None


def due_in_row(due_at: datetime | None, since_at: datetime | None = None, *, is_provisional: bool = False) -> Due:
    """A deadline in words; a row has no room for the days."""
    calendar = working_calendar(reading())
    return replace(present_due(due_at, since_at, now(), calendar, is_provisional=is_provisional), pips=())
