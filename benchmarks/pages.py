"""What is measured: the portal's pages and their bare twins, on one filled database."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import EnvironBuilder

from benchmarks.bare import bare_app
from benchmarks.bare_forms import FILLED
from benchmarks.filling import NOW, Filled, fill, reopen_vote
from benchmarks.measuring import Call
from benchmarks.targets import CLOSING, CONSULTATION_PAGE, FAR_PAGE, LIST, LIVE_RULES, SAVING, SHEET, Target
from portal.app import create_app
from portal.config import Settings
from portal.migrations import upgrade
from portal.models.database import Database, make_engine
from tests.factories.typed_sheet import TYPED_SHEET
from tests.support.surfer import Surfer

FAR = 300
_VERSION = re.compile(r'name="version"[^>]* value="(\d+)"')
_BARE_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


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
    before: Callable[[], None] = lambda: None
    """What makes the portal's call possible again; not measured."""


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
    return [*_reading(ground, far_page), *_sheet(ground), _closing(ground)]


def _reading(ground: Ground, far_page: int) -> list[Comparison]:
    """List and consultation page."""
    listed, number = "/consultations", ground.filled.consultation_id
    near, bare_list = portal_call(ground, listed), wsgi_call(ground.bare, f"/list?year={NOW.year}")
    far, page = portal_call(ground, f"{listed}?page={far_page}"), portal_call(ground, f"{listed}/{number}")
    bare_page, bare = wsgi_call(ground.bare, f"/page/{number}"), ground.bare_engine
    return [
        Comparison("list", LIST, near, bare_list, bare),
        Comparison("list, first after an event", LIST, near, bare_list, bare, forgetting(ground)),
        Comparison(f"list, page {far_page} against 1", FAR_PAGE, far, near, ground.database.engine),
        Comparison("consultation page", CONSULTATION_PAGE, page, bare_page, bare),
    ]


def _sheet(ground: Ground) -> list[Comparison]:
    """The expert's sheet: opened, checked while it is filled in, saved."""
    number, bare = ground.filled.voting_id, ground.bare_engine
    path = f"/consultations/{number}/sheet"
    expert, visitor = Surfer(ground.portal), Surfer(ground.bare)
    expert.log_in("shanghai-expert-1")
    sheet = expert.get(path).get_data(as_text=True)
    form = visitor.get(f"/form/{number}").get_data(as_text=True)
    head = {"Cookie": f"portal={expert.cookie()}", "HX-Request": "true", "X-CSRFToken": expert.token}
    bare_head = {"Cookie": f"session={visitor.cookie('session')}"}
    answers = {**TYPED_SHEET, "version": _found(_VERSION, sheet)}
    bare_answers = {**FILLED, "csrf_token": _found(_BARE_TOKEN, form)}
    page = wsgi_call(ground.portal, path, {"Cookie": head["Cookie"]})
    check = wsgi_call(ground.portal, f"{path}/check-sheet", head, answers)
    save = saving(ground.portal, f"{path}/save-sheet", head, answers)
    bare_form = wsgi_call(ground.bare, f"/form/{number}", bare_head)
    bare_check = wsgi_call(ground.bare, f"/check/{number}", bare_head, bare_answers)
    bare_save = wsgi_call(ground.bare, f"/save/{number}", bare_head, bare_answers)
    return [
        Comparison("sheet", SHEET, page, bare_form, bare),
        Comparison("live rules", LIVE_RULES, check, bare_check, bare),
        Comparison("saving the sheet", SAVING, save, bare_save, bare),
    ]


def _closing(ground: Ground) -> Comparison:
    """A vote of nine signed sheets is closed and counted, and the liaisons are told; beside the bare POST."""
    number, visitor = ground.filled.signed_id, Surfer(ground.bare)
    lead = Surfer(ground.portal)
    lead.log_in("jiangsu-liaison-1")
    form = visitor.get(f"/form/{number}").get_data(as_text=True)
    head = {"Cookie": f"portal={lead.cookie()}", "X-CSRFToken": lead.token}
    bare_answers = {**FILLED, "csrf_token": _found(_BARE_TOKEN, form)}
    bare_head = {"Cookie": f"session={visitor.cookie('session')}"}
    close = wsgi_call(ground.portal, f"/consultations/{number}/voting/close-vote", head, {"reason": ""})
    save = wsgi_call(ground.bare, f"/save/{number}", bare_head, bare_answers)
    again = partial(reopen_vote, ground.database, number)
    return Comparison("closing a vote of 9", CLOSING, close, save, ground.bare_engine, again)


def _found(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    if match is None:
        raise LookupError(f"no {pattern.pattern} on the page")
    return match[1]


def saving(app: Flask, path: str, head: dict[str, str], answers: dict[str, Any]) -> Call:
    """Save again and again, each time the version that the last answer named."""
    version, post = [answers["version"]], _answering(app, path, head, "POST")

    def call() -> bytes:
        text = f"第 {version[0]} 稿：折叠受压后局部过热"
        body = post({**answers, "version": version[0], "danger_despite_standard_description": text})
        version[0] = _found(_VERSION, body.decode())
        return body

    return call


def forgetting(ground: Ground) -> Callable[[], None]:
    """Something has happened since the last call: nothing is remembered."""

    def forget() -> None:
        with ground.database.read() as db:
            db.info["memory"].since("something has happened")

    return forget


def portal_call(ground: Ground, path: str) -> Call:
    """A call of the portal by the lead's liaison."""
    return wsgi_call(ground.portal, path, {"Cookie": ground.cookie})


def wsgi_call(app: Flask, path: str, head: dict[str, str] | None = None, form: dict[str, Any] | None = None) -> Call:
    """One WSGI call of `app`, a POST where there is a form; AssertionError when the answer is none of 200, 204, 303."""
    answer = _answering(app, path, head, "POST" if form else "GET")
    return lambda: answer(form or {})


def _answering(app: Flask, path: str, head: dict[str, str] | None, method: str) -> Callable[[dict[str, Any]], bytes]:
    """What `app` answers at `path` to the fields of a form; the environment is made once."""
    environ = EnvironBuilder(path, method=method, headers=head).get_environ()
    environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"

    def answer(form: dict[str, Any]) -> bytes:
        given: list[str] = []
        sent = urlencode(form, doseq=True).encode()
        own = {"wsgi.input": io.BytesIO(sent), "CONTENT_LENGTH": str(len(sent))}
        parts = app({**environ, **own}, lambda status, _headers, _error=None: given.append(status))
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        if not given[0].startswith(("200", "204", "303")):
            raise AssertionError(f"{path}: {given[0]}")
        return body

    return answer
