"""Pages that are the same for everybody: no visitor, no cookie, and kept until what they show changes.

A proxy may keep them as well. What came out is kept as bytes with their digest as ETag: an answer costs one look at
the state of what is shown, and an answer to somebody who has the page already costs no more.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

from flask import Response, g, make_response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.models.database import Database
from portal.web.acting import look, wiring

FRESH_SECONDS = 300
MOST_PAGES = 256  # some 10 MB; a search that nobody repeats is the first to go
T = TypeVar("T")
Answer = str | AnyResponse | tuple[str, int]


@dataclass(frozen=True)
class SharedPage:
    """An answer as it goes out to everybody."""

    body: bytes
    content_type: str
    etag: str


class SharedPages:
    """The pages, and what they are made of, since the present state began; the most recently asked for last."""

    def __init__(self, most: int = MOST_PAGES) -> None:
        self._most = most
        self._lock = Lock()
        self._state = ""
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def find(self, state: str, key: Hashable) -> object | None:
        """What was kept in this very state."""
        with self._lock:
            if state != self._state or key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def keep(self, state: str, key: Hashable, made: object) -> None:
        """Keep what was made in `state`; what is of another state goes."""
        with self._lock:
            if state != self._state:
                self._state, self._kept = state, OrderedDict()
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_KEPT: WeakKeyDictionary[Database, SharedPages] = WeakKeyDictionary()


def without_visitor() -> None:
    """Let this request know of nobody: its answer is for everybody, and carries no cookie."""
    g.is_for_everybody = True


def shared(state: Callable[[Session], str]) -> Callable[[Callable[..., Answer]], Callable[..., Response]]:
    """Make a view's page one for everybody; `state(db)` is a mark that changes whenever any such page may.

    Only pages that were found (200) are kept, here and by others.
    """

    def mark(view: Callable[..., Answer]) -> Callable[..., Response]:
        @wraps(view)
        def answer(**arguments: object) -> Response:
            without_visitor()
            g.shared_state = look(state)
            key = (request.path, request.query_string)
            page = _kept().find(g.shared_state, key)
            if not isinstance(page, SharedPage):
                made = make_response(view(**arguments))
                if made.status_code != 200:
                    return made
                page = _page_of(made)
                _kept().keep(g.shared_state, key, page)
            return _answer_with(page)

        return answer

    return mark


def look_once(query: Callable[[Session], T]) -> T:
    """What `query(db)` finds, or found for another page of the same state. For views that are `shared`."""
    found = _kept().find(g.shared_state, query)
    if found is None:
        found = look(query)
        _kept().keep(g.shared_state, query, found)
    return cast("T", found)


def _kept() -> SharedPages:
    return _KEPT.setdefault(wiring().database, SharedPages())


def _page_of(made: Response) -> SharedPage:
    body = made.get_data()
    return SharedPage(body, made.content_type, hashlib.sha256(body).hexdigest()[:32])


def _answer_with(page: SharedPage) -> Response:
    response = Response(page.body, content_type=page.content_type)
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.set_etag(page.etag)
    response.make_conditional(request)
    return response
