"""What a view needs to act: who is there, what time it is, one way to read and one way to write.

`look` runs a query in the request's own reading session; `perform` runs a service in a write transaction of its
own. Views never open the database themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from inspect import signature
from typing import Concatenate, TypeVar, cast

from flask import Flask, current_app, g
from flask_login import current_user
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.models.database import Database
from portal.process.permissions import Actor
from portal.services.account_sessions import Visitor

T = TypeVar("T")
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Wiring:
    """What the application was made with."""

    settings: Settings
    database: Database
    clock: Clock


def utc_now() -> datetime:
    """The clock of a running portal."""
    return datetime.now(UTC)


def connect(app: Flask, wiring: Wiring) -> None:
    """Give `app` its settings, database and clock, and close the reading session after each request."""
    app.extensions["portal"] = wiring
    app.teardown_request(lambda _error: _stop_reading())


def wiring() -> Wiring:
    """What the present application was made with."""
    return cast("Wiring", current_app.extensions["portal"])


def settings() -> Settings:
    """The settings of this installation."""
    return wiring().settings


def now() -> datetime:
    """The instant of this request: the same one for everything that happens in it."""
    if "now" not in g:
        g.now = wiring().clock()
    return cast("datetime", g.now)


def current_visitor() -> Visitor | None:
    """Who is signed in, with the facts of the log-in session; None when nobody is."""
    if g.get("is_failing"):
        return None  # A page about a failure must not need what has failed.
    if g.get("is_for_everybody"):
        return None  # Who looks makes no difference to such a page (web.shared_pages).
    return current_user.visitor if current_user.is_authenticated else None


def present_visitor() -> Visitor:
    """Who is signed in. Only for views that need somebody signed in, which the guard has made sure of."""
    visitor = current_visitor()
    if visitor is None:
        raise LookupError("nobody is signed in")
    return visitor


def current_actor() -> Actor:
    """Who acts; as `present_visitor`."""
    return present_visitor().actor


def reading() -> Session:
    """The reading session of this request, opened when first used."""
    if "reading" not in g:
        manager = wiring().database.read()
        g.reading_manager, g.reading = manager, manager.__enter__()
    return cast("Session", g.reading)


def look(query: Callable[Concatenate[Session, ...], T], **arguments: object) -> T:
    """Run `query(db, **arguments)` for a page, with `actor` and `now` if it takes them.

    What it returns stays readable while the page is rendered.
    """
    takes = _parameters(query)
    known = {"actor": current_actor, "now": now}
    return query(reading(), **{name: of() for name, of in known.items() if name in takes}, **arguments)


@cache
def _parameters(query: Callable[..., object]) -> frozenset[str]:
    return frozenset(signature(query).parameters)


def perform(service: Callable[Concatenate[Session, ...], T], **arguments: object) -> T:
    """Run `service(db, actor=…, now=…, **arguments)` in one transaction; a refusal undoes all of it."""
    return write(service, actor=current_actor(), now=now(), **arguments)


def perform_signed_out(service: Callable[Concatenate[Session, ...], T], **arguments: object) -> T:
    """Run `service(db, now=…, **arguments)` in one transaction, for somebody who is not signed in."""
    return write(service, now=now(), **arguments)


def write(service: Callable[Concatenate[Session, ...], T], **arguments: object) -> T:
    """Run a service that says itself who acts (log-in) in one transaction."""
    if "reading" in g:
        g.reading.rollback()  # What was read before is stale afterwards; it is read anew when looked at.
    with wiring().database.write() as db:
        return service(db, **arguments)


def _stop_reading() -> None:
    manager: AbstractContextManager[Session] | None = g.pop("reading_manager", None)
    g.pop("reading", None)
    if manager is not None:
        manager.__exit__(None, None, None)
