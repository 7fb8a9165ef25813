"""Handles on the databases of the tests: a new one for each test, on engines that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from portal.models.database import Database, make_engine

_engine = cache(make_engine)


@contextmanager
def handle(url: str) -> Iterator[Database]:
    """A handle that remembers nothing of the test before; at its end no connection is open."""
    database = Database(url, engine=_engine(url))
    try:
        yield database
    finally:
        database.dispose()
