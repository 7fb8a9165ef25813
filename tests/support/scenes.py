"""A scene of a test is acted once, through the services, and put back row by row wherever it is wanted again.

Most tests begin in the middle of the process: somebody has applied, the panel has been confirmed, the vote is open.
Acting that takes ten times as long as the test itself. What a scene makes depends on its arguments and on the whole
content of the database before it, and on nothing else: so the rows that it added, changed and removed are noted the
first time, by both, and written straight into the tables the next time.

A scene that is given anything whose value cannot be seen (a function, a folder with files) is acted each time.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Hashable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, Protocol, TypeVar, cast

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from portal.models.base import Base

Rows = dict[str, dict[Any, tuple[Any, ...]]]
"""The rows of each table by what names them in the database."""
Made = TypeVar("Made")
_PLAIN = (type(None), str, bytes, bool, int, float, Decimal, date, datetime, time, timedelta, Enum)


class NotPlain(Exception):
    """An argument or a result whose value cannot be seen."""


@dataclasses.dataclass(frozen=True)
class Change:
    """What a scene did to one table."""

    removed: list[Any]
    changed: dict[Any, tuple[Any, ...]]
    added: dict[Any, tuple[Any, ...]]


@dataclasses.dataclass(frozen=True)
class Noted:
    """What a scene did to the database, where its counters stood then, and what it returned."""

    changes: dict[str, Change]
    counters: Any
    returned: Any


class Tables(Protocol):
    """The tables of one kind of database, read and written without any mapping."""

    def read(self) -> Rows: ...
    def counters(self) -> Any: ...
    def put(self, noted: Noted) -> None: ...


def scene(
    act: Callable[Concatenate[Session, ...], Made],
) -> Callable[Concatenate[Session, ...], Made]:
    """Note what `act(db, …)` does, by its arguments and the state before it, and put that back from then on."""
    noted: dict[Hashable, Noted] = {}

    @wraps(act)
    def acted(db: Session, *given: Any, **named: Any) -> Made:
        db.flush()
        tables = _tables(db)
        try:
            key = (type(tables), _frozen(given), _frozen(named), _state(before := tables.read()))
        except NotPlain:
            return act(db, *given, **named)
        if key in noted:
            tables.put(noted[key])
            db.expire_all()
            return cast("Made", _thawed(db, noted[key].returned))
        returned = act(db, *given, **named)
        db.flush()
        with suppress(NotPlain):
            noted[key] = Noted(_changes(before, tables.read()), tables.counters(), _kept(returned))
        # A scene within this one may have been put back after the row was read: who made it reads it after the session.
        if isinstance(returned, Base) and inspect(returned).expired:
            db.refresh(returned)
        return returned

    return acted


def _state(rows: Rows) -> int:
    return hash(tuple((table, tuple(kept.items())) for table, kept in rows.items() if kept))


def _changes(before: Rows, after: Rows) -> dict[str, Change]:
    changes = {}
    for table, then in before.items():
        now = after[table]
        if then != now:
            changes[table] = Change(
                removed=[one for one in then if one not in now],
                changed={one: row for one, row in now.items() if one in then and then[one] != row},
                added={one: row for one, row in now.items() if one not in then},
            )
    return changes


def _frozen(value: Any) -> Hashable:
    """The value as a key. Raises NotPlain."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Base):
        return type(value), _identity(value)
    if isinstance(value, dict):
        return frozenset((name, _frozen(one)) for name, one in value.items())
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(one) for one in value)
    if isinstance(value, (set, frozenset)):
        return frozenset(_frozen(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), tuple(_frozen(getattr(value, field.name)) for field in dataclasses.fields(value))
    raise NotPlain(value)


def _kept(value: Any) -> Any:
    """A result as it can be kept beyond its session. Raises NotPlain."""
    if isinstance(value, Base):
        return type(value), _identity(value)
    if isinstance(value, tuple):
        return tuple(_kept(one) for one in value)
    if isinstance(value, list):
        return [_kept(one) for one in value]
    _frozen(value)
    return copy.deepcopy(value)


def _thawed(db: Session, value: Any) -> Any:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], type):
        return db.get_one(value[0], value[1])
    if isinstance(value, tuple):
        return tuple(_thawed(db, one) for one in value)
    if isinstance(value, list):
        return [_thawed(db, one) for one in value]
    return copy.deepcopy(value)


def _identity(row: Base) -> tuple[Any, ...]:
    identity = inspect(row).identity
    if identity is None:
        raise NotPlain(row)
    return tuple(identity)


def _tables(db: Session) -> Tables:
    kinds: dict[str, Callable[[Session], Tables]] = {"sqlite": SqliteTables, "postgresql": PostgresqlTables}
    return kinds[db.get_bind().dialect.name](db)


_COLUMNS = {
    table.name: ", ".join(f'"{column.name}"' for column in table.columns) for table in Base.metadata.sorted_tables
}


class SqliteTables:
    """A row is named by its rowid; a changed row is updated, because what is kept by law cannot be removed."""

    def __init__(self, db: Session) -> None:
        self.cursor: Any = db.connection().connection.cursor()

    def read(self) -> Rows:
        return {
            table: {row[0]: row[1:] for row in self.cursor.execute(f"SELECT rowid, {columns} FROM {table}")}
            for table, columns in _COLUMNS.items()
        }

    def counters(self) -> None:
        return None

    def put(self, noted: Noted) -> None:
        self.cursor.execute("PRAGMA defer_foreign_keys=ON")
        for table, change in noted.changes.items():
            columns = [column.name for column in Base.metadata.tables[table].columns]
            self._put(table, [f'"{column}"' for column in columns], change)

    def _put(self, table: str, columns: list[str], change: Change) -> None:
        for one in change.removed:
            self.cursor.execute(f"DELETE FROM {table} WHERE rowid = ?", (one,))
        settings = ", ".join(f"{column} = ?" for column in columns)
        for one, row in change.changed.items():
            self.cursor.execute(f"UPDATE {table} SET {settings} WHERE rowid = ?", (*row, one))
        places = ", ".join("?" for _ in range(len(columns) + 1))
        self.cursor.executemany(
            f"INSERT INTO {table} (rowid, {', '.join(columns)}) VALUES ({places})",
            [(one, *row) for one, row in change.added.items()],
        )


class PostgresqlTables:
    """A row is named by all that it says, as text; a changed row is one that went and one that came."""

    def __init__(self, db: Session) -> None:
        self.cursor: Any = db.connection().connection.cursor()

    def read(self) -> Rows:
        every = " UNION ALL ".join(f"SELECT '{table}', t::text FROM {table} t" for table in _COLUMNS)
        rows: Rows = {table: {} for table in _COLUMNS}
        for table, said in self.cursor.execute(every, prepare=True).fetchall():
            rows[table][said] = ()
        return rows

    def counters(self) -> Any:
        """Where the sequences stand, which a transaction does not bring back."""
        self.cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
        return self.cursor.fetchall()

    def put(self, noted: Noted) -> None:
        # As a replica the session runs no triggers: the order of the tables does not matter.
        self.cursor.execute("SET LOCAL session_replication_role = replica")
        for table, change in noted.changes.items():
            self.cursor.execute(f"DELETE FROM {table} t WHERE t::text = ANY(%s)", (change.removed,))
            self.cursor.execute(
                f"INSERT INTO {table} SELECT (r).* FROM (SELECT unnest(%s::text[]::{table}[]) AS r) AS rows",
                (list(change.added),),
            )
        for name, last in noted.counters:
            self.cursor.execute("SELECT setval(%s, %s)", (name, last))
        self.cursor.execute("SET LOCAL session_replication_role = origin")
