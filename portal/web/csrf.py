"""Tokens against cross-site requests: bound to the log-in session, or to a cookie of its own before log-in.

A token is a salt and an HMAC over it, so that it differs on every page and cannot be guessed from compressed
lengths. It has no age: it lives as long as the log-in does, and never expires under somebody who writes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import Flask, Response, g, request

from portal.web.acting import current_visitor, settings

FIELD = "csrf_token"
HEADER = "X-CSRFToken"
_SALT_CHARACTERS = 16


def install_csrf(app: Flask) -> None:
    """Give templates `csrf_token()`, and the browser the cookie that pages before log-in need."""
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.after_request(_write_cookie)


def csrf_token() -> str:
    """A fresh token for the page being made."""
    visitor = current_visitor()
    return _token(visitor.csrf_secret if visitor else _secret_before_log_in(), secrets.token_hex(_SALT_CHARACTERS // 2))


def given_token() -> str:
    """The token that came with the request: from htmx in the header, from a form in its field; "" for none."""
    return request.headers.get(HEADER) or request.form.get(FIELD, "")


def is_valid_token(given: str, *, before_log_in: bool = False) -> bool:
    """Whether `given` was made for this log-in session (or, `before_log_in`, for this browser)."""
    visitor = current_visitor()
    known = [visitor.csrf_secret] if visitor else []
    if before_log_in and request.cookies.get(_cookie_name()):
        known.append(request.cookies[_cookie_name()])
    return any(is_made_with(secret, given) for secret in known)


def is_made_with(secret: str, given: str) -> bool:
    """Whether the token `given` was made with `secret`."""
    expected = _token(secret, given[:_SALT_CHARACTERS])
    return hmac.compare_digest(expected.encode("utf-8", "replace"), given.encode("utf-8", "replace"))


def _token(secret: str, salt: str) -> str:
    return salt + hmac.new(secret.encode(), salt.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _cookie_name() -> str:
    return f"{settings().cookie_prefix}portal-form"


def _secret_before_log_in() -> str:
    kept = request.cookies.get(_cookie_name()) or g.get("form_secret")
    if not kept:
        kept = g.form_secret = secrets.token_hex(32)
    return str(kept)


def _write_cookie(response: Response) -> Response:
    if "form_secret" in g:
        response.set_cookie(
            _cookie_name(), g.form_secret, secure=settings().is_https, httponly=True, samesite="Lax", path="/"
        )
    return response
