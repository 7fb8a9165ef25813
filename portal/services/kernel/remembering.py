"""What pages need and only an event can change: worked out once, and kept until the next event.

Every change that counts is an event, and events are chained (services.kernel.events). So the digest of the last
one says, in one look at an index, whether a count of ten thousand rows is still true, in this process and in all
others. Only reading sessions remember: a writer is in the middle of the change that its event will tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.database import Memory
from portal.models.event import Event

T = TypeVar("T")


def remembered(db: Session, key: Hashable, find: Callable[[], T]) -> T:
    """What `find()` returns, or returned for the same `key` since the last event.

    `key` holds all that the result depends on besides the events: persons, days, filters. The result is shared
    between requests, so nobody may change it, and it holds no rows of the session.
    """
    memory: Memory | None = db.info.get("memory")
    if memory is None:
        return find()
    known = memory.since(_last_digest(db))
    if key not in known:
        known[key] = find()
    return cast("T", known[key])


def read_once(db: Session, key: Hashable, find: Callable[[], T]) -> T:
    """What `find()` returned for the same `key` in this transaction of a reading session.

    For rows that several parts of one page show. A writer reads anew each time.
    """
    if "memory" not in db.info:
        return find()
    transaction, known = db.info.get("read_once", (None, {}))
    if transaction is None or transaction is not db.get_transaction():
        known = {}
    if key not in known:
        known[key] = find()
        db.info["read_once"] = (db.get_transaction(), known)
    return cast("T", known[key])


def _last_digest(db: Session) -> str:
    """The same for the whole transaction: after a rollback the session looks at a newer state."""
    return read_once(db, "last event", lambda: db.scalar(_LAST)) or ""


_LAST = select(Event.digest).order_by(Event.id.desc()).limit(1)
