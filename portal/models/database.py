"""The database handle: an engine, and sessions that read or write.

SQLite runs in WAL with synchronous=FULL, so what was acknowledged is durable. Writers begin with
BEGIN IMMEDIATE: a deferred transaction that turns into a writer fails with "locked" under load.
PostgreSQL writers take one advisory lock at their start: on both databases writers come one at a time, so that
the chain of events cannot fork, numbers have no gap, and no two writers can lock each other out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_MS = 15_000
_WRITER_LOCK = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=0x706F7274)  # any fixed number


def make_engine(url: str) -> Engine:
    """An engine for `url` (sqlite or postgresql), with the durability settings of this house."""
    options: dict[str, Any] = {"pool_pre_ping": True} if not url.startswith("sqlite") else {}
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # this module emits BEGIN itself
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("portal_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Memory:
    """What reading sessions have worked out since the last event (services.kernel.remembering)."""

    def __init__(self) -> None:
        self._state: tuple[str, dict[Hashable, object]] = ("", {})

    def since(self, digest: str) -> dict[Hashable, object]:
        """What is known since the event with this digest; empty when it is a new one."""
        # One assignment, so that threads that saw different last events never mix what they know.
        state = self._state
        if state[0] != digest:
            state = self._state = (digest, {})
        return state[1]


class Database:
    """Sessions on one database. `read()` rolls back at its end, `write()` commits or rolls back."""

    def __init__(self, url: str, *, engine: Engine | None = None) -> None:
        self.engine = engine or make_engine(url)
        memory = {"memory": Memory()}
        self._readers = sessionmaker(self.engine, expire_on_commit=False, autoflush=False, info=memory)
        self._writers = sessionmaker(self.engine.execution_options(portal_writes=True), expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for queries; nothing it does is kept."""
        with self._readers() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends well, rolled back when it raises."""
        with self._writers.begin() as db:
            if self.engine.dialect.name == "postgresql":
                db.execute(_WRITER_LOCK)
            yield db

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
