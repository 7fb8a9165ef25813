"""Stylesheet, scripts and icons: read once, joined, and served under names that carry their digest.

A page needs one stylesheet and one script file; the parts stay small files that a person can read. The page on which
material is read needs the viewer as well, which is large and loaded there alone.
There is no build step: the parts are joined when the application starts (docs/decisions/front-end.md).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from flask import Flask, Response, abort, request

STATIC = Path(__file__).resolve().parent.parent / "static"

# The order is the cascade: tokens first, single pages last, paper after everything.
STYLE_PARTS = (
    "tokens", "base", "frame", "identity", "actions", "deadline", "process", "worklist", "records",
    "lists", "calendar", "matrix", "forms", "annex", "sheet", "panel", "tally", "time-poll", "reminders",
    "recall", "signed-out", "public-recalls", "paper", "print",
)  # fmt: skip
SCRIPT_PARTS = (
    "vendor/htmx/htmx.min.js",
    "js/csrf.js",
    "js/menu.js",
    "js/errors.js",
    # Before dialog.js: a form that autosave.js or upload.js holds back has not been sent yet.
    "js/autosave.js",
    "js/upload.js",
    "js/dialog.js",
    "js/kept.js",
    "js/pages.js",
    "js/sheet.js",
    "js/annex.js",
    "js/beside.js",
    "js/copy.js",
    "js/live.js",
)
ON_EVERY_PAGE = ("portal.css", "portal.js", "icons.svg", "favicon.svg")
# Only for reading material: PDF.js, and what shows its pages. Its worker is a file of its own.
VIEWER_STYLE_PARTS = ("viewer/read",)
VIEWER_PARTS = ("vendor/pdfjs/pdf.min.js", "js/viewer/pages.js")
VIEWER_WORKER = "vendor/pdfjs/pdf.worker.min.js"
# Tables of Chinese character codes and stand-in fonts, fetched by name when a file does not bring its own.
VIEWER_TABLES = re.compile(r"cmaps/[\w-]+\.bcmap|standard_fonts/[\w-]+\.(pfb|ttf)", re.ASCII)
_ONE_YEAR = "public, max-age=31536000, immutable"
_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire; `file_name` changes whenever a byte of it does."""

    file_name: str
    content: bytes
    content_type: str

    @cached_property
    def compressed(self) -> bytes:
        """The content as gzip, made when it is first asked for."""
        return gzip.compress(self.content, 9, mtime=0)


def stylesheet(parts: Iterable[str] = STYLE_PARTS) -> tuple[bytes, str]:
    """Join the parts of a stylesheet in order; return the bytes and their digest (12 hex digits)."""
    joined = b"\n".join((STATIC / "css" / f"{part}.css").read_bytes() for part in parts)
    return _with_digest(re.sub(rb"\n\s*\n+", b"\n", _COMMENT.sub(b"", joined)))


def scripts(parts: Iterable[str] = SCRIPT_PARTS) -> tuple[bytes, str]:
    """Join a library and the portal's own modules in order; return the bytes and their digest."""
    # The newline and semicolon keep a part without a closing semicolon apart from the next one.
    return _with_digest(b"\n;\n".join((STATIC / part).read_bytes() for part in parts))


@cache
def assets() -> Mapping[str, Asset]:
    """All assets a page may name, by their plain name: portal.css, portal.js, viewer.js, icons.svg and the like."""
    svg = {name: _with_digest((STATIC / name).read_bytes()) for name in ("icons.svg", "favicon.svg")}
    viewer = {
        "viewer.css": stylesheet(VIEWER_STYLE_PARTS),
        "viewer.js": scripts(VIEWER_PARTS),
        "viewer-worker.js": scripts([VIEWER_WORKER]),
    }
    sources = {"portal.css": stylesheet(), "portal.js": scripts(), **viewer, **svg}
    kinds = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    found = {}
    for name, (content, digest) in sources.items():
        stem, _, suffix = name.rpartition(".")
        file_name = f"{stem}.{digest}.{suffix}"
        found[name] = Asset(file_name, content, kinds[suffix])
    return MappingProxyType(found)


def asset_url(name: str) -> str:
    """The address of an asset by its plain name; an unknown name raises KeyError, so a page cannot misspell it."""
    return f"/static/{assets()[name].file_name}"


@cache
def viewer_tables() -> str:
    """The version of the viewer's tables, as it stands in their address: a new version is another address."""
    return (STATIC / "vendor/pdfjs/VERSION").read_text("utf-8").split()[1]


def serve_assets(app: Flask) -> None:
    """Give `app` the address /static/<file name> and its templates the function `asset_url`.

    The application is made with `static_folder=None`: only what a page may name is reachable.
    """
    by_file_name = {asset.file_name: asset for asset in assets().values()}

    def static(file_name: str) -> Response:
        asset = by_file_name.get(file_name) or abort(404)
        accepts_gzip = "gzip" in request.accept_encodings
        response = Response(asset.compressed if accepts_gzip else asset.content, content_type=asset.content_type)
        response.headers["Cache-Control"] = _ONE_YEAR
        response.headers["Vary"] = "Accept-Encoding"
        if accepts_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response

    def viewer_table(version: str, table: str) -> Response:
        path = STATIC / "vendor/pdfjs" / table
        if version != viewer_tables() or not VIEWER_TABLES.fullmatch(table) or not path.is_file():
            abort(404)
        response = Response(path.read_bytes(), content_type="application/octet-stream")
        response.headers["Cache-Control"] = _ONE_YEAR
        return response

    app.add_url_rule("/static/<file_name>", "static", static)
    app.add_url_rule("/static/viewer-<version>/<path:table>", "viewer_table", viewer_table)
    app.jinja_env.globals["asset_url"] = asset_url
    app.jinja_env.globals["viewer_tables_url"] = lambda: f"/static/viewer-{viewer_tables()}/"


def _with_digest(content: bytes) -> tuple[bytes, str]:
    return content, hashlib.sha256(content).hexdigest()[:12]
