"""What is measured: the portal's pages and their bare twins, on one filled database."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import EnvironBuilder

from benchmarks.bare import bare_app
from benchmarks.filling import NOW, Filled, fill
from benchmarks.measuring import Call
from benchmarks.targets import CONSULTATION_PAGE, FAR_PAGE, LIST, Target
from portal.app import create_app
from portal.config import Settings
from portal.migrations import upgrade
from portal.models.database import Database, make_engine
from tests.support.surfer import Surfer

FAR = 300


@dataclass(frozen=True)
class Ground:
    """A filled database with the portal and its bare twin on it."""

    filled: Filled
    database: Database
    portal: Flask
    cookie: str
    bare: Flask
    bare_engine: Engine

    @property
    def portal_engine(self) -> Engine:
        """Where the portal's statements go."""
        return self.database.engine


@dataclass(frozen=True)
class Comparison:
    """One row of the benchmark: a page of the portal, and the twin that it is held against."""

    name: str
    target: Target
    portal: Call
    twin: Call
    engine: Engine
    """Where the twin's statements go."""


@contextmanager
def prepared(url: str, rows: int, folder: Path) -> Iterator[Ground]:
    """Fill the empty database at `url`; log the lead's liaison in."""
    database, bare_engine = Database(url), make_engine(url)
    try:
        upgrade(database.engine)
        filled = fill(database, rows)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        settings = Settings.from_environment({"PORTAL_INSTANCE": str(folder / "instance"), "PORTAL_DATABASE_URL": url})
        portal = create_app(settings, database, clock=lambda: NOW)
        surfer = Surfer(portal)
        surfer.log_in("jiangsu-liaison-1")
        token = surfer.cookie()
        if token is None:
            raise LookupError("the log-in was refused")
        yield Ground(filled, database, portal, f"portal={token}", bare_app(bare_engine), bare_engine)
    finally:
        bare_engine.dispose()
        database.dispose()


def comparisons(ground: Ground, far_page: int = FAR) -> list[Comparison]:
    """The pages that are there, each with its twin."""
    listed, one = "/consultations", f"/consultations/{ground.filled.consultation_id}"
    near, bare_list = portal_call(ground, listed), bare_call(ground, f"/list?year={NOW.year}")
    bare_page, bare = bare_call(ground, one.replace(listed, "/page")), ground.bare_engine
    far = portal_call(ground, f"{listed}?page={far_page}")
    return [
        Comparison("list", LIST, near, bare_list, bare),
        Comparison("list, first after an event", LIST, forgetting(ground, near), bare_list, bare),
        Comparison(f"list, page {far_page} against 1", FAR_PAGE, far, near, ground.portal_engine),
        Comparison("consultation page", CONSULTATION_PAGE, portal_call(ground, one), bare_page, bare),
    ]


def portal_call(ground: Ground, path: str) -> Call:
    """A call of the portal, signed in."""
    return wsgi_call(ground.portal, path, ground.cookie)


def forgetting(ground: Ground, call: Call) -> Call:
    """`call` as it is when something has happened since the last one: nothing is remembered."""

    def forget_and_call() -> bytes:
        with ground.database.read() as db:
            db.info["memory"].since("something has happened")
        return call()

    return forget_and_call


def bare_call(ground: Ground, path: str) -> Call:
    """A call of the bare twin."""
    return wsgi_call(ground.bare, path, "")


def wsgi_call(app: Flask, path: str, cookie: str) -> Call:
    """One WSGI call of `app`; AssertionError when the answer is not 200."""
    environ = EnvironBuilder(path, headers={"Cookie": cookie} if cookie else {}).get_environ()

    def call() -> bytes:
        given: list[str] = []

        def start_response(status: str, _headers: Any, _error: Any = None) -> Any:
            given.append(status)

        answer = app({**environ, "wsgi.input": io.BytesIO()}, start_response)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if not given[0].startswith("200"):
            raise AssertionError(f"{path}: {given[0]}")
        return body

    return call
