"""What goes with every answer: security headers, a request id, a line in the log; and which hosts are answered."""

from __future__ import annotations

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from portal.config import Settings
from portal.web.fields import LARGEST_WHOLE_NUMBER
from portal.web.guard import SIGNED_OUT_FORM_LIMIT

_ONE_YEAR_SECONDS = 31_536_000
MOST_PARTS = 4000
"""Fields and files in one multipart form: an annex with its longest table has some 2,600."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_FORM_ROOM = 1024 * 1024  # beside the file: the other fields and what multipart puts between them
_log = logging.getLogger("portal.requests")

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Pages hold what only the signed-in person may see: none is kept for the back button.
    "Cache-Control": "no-store",
}


class ColumnIntegerConverter(IntegerConverter):
    """Numbers in addresses that a column can hold; a larger one is an address that does not exist."""

    def __init__(self, map: Map, **arguments: object) -> None:  # noqa: A002  (werkzeug's name)
        super().__init__(map, **{"max": LARGEST_WHOLE_NUMBER, **arguments})  # type: ignore[arg-type]


def harden(app: Flask, settings: Settings) -> None:
    """Set limits, trusted hosts and proxies, and put the headers on every answer that does not set its own."""
    app.url_map.converters["int"] = ColumnIntegerConverter
    app.config.update(
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=settings.upload_limit_bytes + _FORM_ROOM,
        MAX_FORM_MEMORY_SIZE=SIGNED_OUT_FORM_LIMIT,
        MAX_FORM_PARTS=MOST_PARTS,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    headers = dict(HEADERS)
    if settings.is_https:
        headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR_SECONDS}; includeSubDomains"

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "") if settings.trusted_proxies else ""
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
            # The path without its query: searches and links of one purpose do not belong into a log.
            took = (time.perf_counter() - g.began) * 1000
            _log.info("%s %s %s %d %.0f ms", g.request_id, request.method, request.path, response.status_code, took)
        return response
