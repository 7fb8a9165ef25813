"""The public recall pages beside a bare page of the same rows and a static file of the same size.

A stranger asks; 2,000 recalls are published. What a page costs in the first call after a publication, when nothing of
it is kept, stands in rows of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask, render_template, send_from_directory
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder

from benchmarks.measuring import Call
from benchmarks.pages import Ground
from benchmarks.targets import RECALL_ANEW, RECALL_PAGE, RECALL_SAME, Target
from portal.models.recall_publication import RecallPublication
from portal.services.recall.publications import PAGE_SIZE
from tests.factories.publications import publish_many

PUBLISHED = 2_000


@dataclass(frozen=True)
class Row:
    """A page of the portal and what it is held against."""

    name: str
    target: Target
    portal: Call
    twin: Call
    twin_engine: Engine
    is_rate: bool = False
    """Whether the requests a second of one process are a row as well."""


def recall_rows(ground: Ground, folder: Path, published: int = PUBLISHED) -> Iterator[Row]:
    """Publish, then give list and page: kept, made anew, and asked for by somebody who has them."""
    with ground.database.write() as db:
        publish_many(db, published)
        newest = db.scalar(select(func.max(RecallPublication.id)))
    bare = _bare_app(ground.bare_engine, folder)
    for name, path in (("list", "/recalls"), ("page", f"/recalls/{newest}")):
        page, etag = _answer_of(ground.portal, path)
        file = folder / f"recall-{name}.html"
        file.write_bytes(page)
        _, file_etag = _answer_of(bare, f"/file/{file.name}")
        asks, bare_asks = _call(ground.portal, path), _call(bare, path)
        reads = _call(bare, f"/file/{file.name}")
        knows = _call(ground.portal, path, {"If-None-Match": etag})
        file_known = _call(bare, f"/file/{file.name}", {"If-None-Match": file_etag})
        own = ground.bare_engine
        yield Row(f"recalls, {name}", RECALL_PAGE, asks, bare_asks, own, is_rate=True)
        yield Row(f"recalls, {name} / static file", RECALL_PAGE, asks, reads, own)
        yield Row(f"recalls, {name}, 304 / static file", RECALL_SAME, knows, file_known, own, is_rate=True)
        yield Row(f"recalls, {name}, made anew", RECALL_ANEW, _anew(ground.portal, path), bare_asks, own)


def _bare_app(engine: Engine, folder: Path) -> Flask:
    """The same rows through Flask, SQLAlchemy and Jinja; and a folder of files."""
    app = Flask("benchmarks.recalls", root_path=__file__.rpartition("/")[0], static_folder=None)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 300
    listed = RecallPublication.replaced_at.is_(None)

    @app.get("/recalls")
    def bare_list() -> str:
        with Session(engine) as db:
            total = db.scalar(select(func.count()).select_from(RecallPublication).where(listed))
            order = (RecallPublication.published_at.desc(), RecallPublication.id.desc())
            rows = db.scalars(select(RecallPublication).where(listed).order_by(*order).limit(PAGE_SIZE)).all()
            return render_template("recalls.html", rows=rows, total=total)

    @app.get("/recalls/<int:number>")
    def bare_page(number: int) -> str:
        with Session(engine) as db:
            return render_template("recall.html", it=db.get_one(RecallPublication, number))

    @app.get("/file/<name>")
    def bare_file(name: str) -> Any:
        return send_from_directory(folder.resolve(), name)

    return app


def _anew(app: Flask, path: str) -> Call:
    """Another query string each time, which no page is kept for."""
    numbers, environ = count(), EnvironBuilder(path).get_environ()
    return lambda: _sent(app, {**environ, "QUERY_STRING": f"asked={next(numbers)}"}, "200")


def _answer_of(app: Flask, path: str) -> tuple[bytes, str]:
    with app.test_client().get(path) as answer:
        return answer.data, answer.headers["ETag"]


def _call(app: Flask, path: str, head: dict[str, str] | None = None) -> Call:
    environ = EnvironBuilder(path, headers=head).get_environ()
    return lambda: _sent(app, environ, "304" if head else "200")


def _sent(app: Flask, environ: dict[str, Any], expected: str) -> bytes:
    given: list[str] = []
    parts = app(dict(environ), lambda status, _headers, _error=None: given.append(status))
    body = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    if not given[0].startswith(expected):
        raise AssertionError(f"{environ['PATH_INFO']}: {given[0]}")
    return body
