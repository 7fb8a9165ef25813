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
from weakref import WeakKeyDictionary

from flask import Response, g, make_response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.models.database import Database
from portal.web.acting import look, wiring

FRESH_SECONDS = 300
MOST_PAGES = 256  # some 10 MB; a search that nobody repeats is the first to go
Answer = str | AnyResponse | tuple[str, int]


@dataclass(frozen=True)
class SharedPage:
    """An answer as it goes out to everybody."""

    body: bytes
    content_type: str
    etag: str


class SharedPages:
    """The pages made since the present state began, the most recently asked for last."""

    def __init__(self, most: int = MOST_PAGES) -> None:
        self._most = most
        self._lock = Lock()
        self._state = ""
        self._pages: OrderedDict[Hashable, SharedPage] = OrderedDict()

    def find(self, state: str, key: Hashable) -> SharedPage | None:
        """The page that was kept in this very state."""
        with self._lock:
            if state != self._state or key not in self._pages:
                return None
            self._pages.move_to_end(key)
            return self._pages[key]

    def keep(self, state: str, key: Hashable, page: SharedPage) -> None:
        """Keep a page made in `state`; pages of another state go."""
        with self._lock:
            if state != self._state:
                self._state, self._pages = state, OrderedDict()
            self._pages[key] = page
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)


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
            pages = _KEPT.setdefault(wiring().database, SharedPages())
            now, key = look(state), (request.path, request.query_string)
            page = pages.find(now, key)
            if page is None:
                made = make_response(view(**arguments))
                if made.status_code != 200:
                    return made
                page = _page_of(made)
                pages.keep(now, key, page)
            return _answer_with(page)

        return answer

    return mark


def _page_of(made: Response) -> SharedPage:
    body = made.get_data()
    return SharedPage(body, made.content_type, hashlib.sha256(body).hexdigest()[:32])


def _answer_with(page: SharedPage) -> Response:
    response = Response(page.body, content_type=page.content_type)
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.set_etag(page.etag)
    response.make_conditional(request)
    return response
