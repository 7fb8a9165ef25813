"""The log-in session in the browser: one cookie with a random token. Flask-Login asks here who is signed in.

Flask's own cookie session could be replayed after log-out (design/dependencies, trap 11); it carries nothing but
the messages of the next page here.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SessionInterface
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.exc import OperationalError

from portal.config import Settings
from portal.services.account_passwords import prove_own_password
from portal.services.account_sessions import (
    LAST_SEEN_EVERY,
    Visitor,
    digest_of_token,
    note_last_seen,
    reauthenticate,
    secret_of_token,
    visitor_of_token,
)
from portal.services.password_rules import RULES
from portal.web.acting import current_actor, current_visitor, now, perform, reading, settings, write

NOTICE_LASTS_SECONDS = 600
_log = logging.getLogger(__name__)


class SignedInUser(UserMixin):
    """What Flask-Login calls the user: it only holds the visitor."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def get_id(self) -> str:
        """The person's id, as Flask-Login wants it."""
        return str(self.visitor.actor.person_id)


class _Nobody(AnonymousUserMixin):
    visitor = None


class NoticeSession(SessionInterface):
    """Flask's session reduced to the messages that `flash` leaves for the next page, in a signed cookie."""

    def __init__(self, portal_settings: Settings) -> None:
        self._cookie = f"{portal_settings.cookie_prefix}portal-notice"
        self._is_https = portal_settings.is_https
        self._signer = URLSafeTimedSerializer(portal_settings.secret_key, salt="portal.notice")

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Read the messages that the last answer left."""
        given = request.cookies.get(self._cookie)
        if not given:
            return SecureCookieSession()
        try:
            return SecureCookieSession({"_flashes": self._signer.loads(given, max_age=NOTICE_LASTS_SECONDS)})
        except BadSignature:
            return SecureCookieSession()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Keep the messages that no page has shown yet; nothing else of the session is kept."""
        if g.get("is_for_everybody"):
            return  # A proxy may keep this answer: it carries no cookie.
        left = session.get("_flashes")
        if left and session.modified:
            keep = self._signer.dumps(left)
            response.set_cookie(
                self._cookie, keep, max_age=NOTICE_LASTS_SECONDS, secure=self._is_https, httponly=True, samesite="Lax"
            )
        elif not left and self._cookie in request.cookies:
            response.delete_cookie(self._cookie, secure=self._is_https, httponly=True, samesite="Lax")


def cookie_name() -> str:
    """`__Host-portal` over HTTPS, else `portal`."""
    return f"{settings().cookie_prefix}portal"


def install_sessions(app: Flask, portal_settings: Settings) -> None:
    """Let Flask-Login find who is signed in by our cookie, and write that cookie when it changes."""
    app.session_interface = NoticeSession(portal_settings)
    # A cookie name cannot contain "=": Flask-Login's remember-me, which this portal does not use, finds nothing.
    app.config["REMEMBER_COOKIE_NAME"] = "=none="
    manager = LoginManager()
    manager.session_protection = None
    manager.anonymous_user = _Nobody
    manager.request_loader(_load_user)
    manager.init_app(app, add_context_processor=False)
    app.after_request(_write_cookie)


def begin_session(token: str) -> None:
    """Put a fresh token into the browser; the rest of this request is signed in with it."""
    g.session_cookie = token
    g._login_user = _user_of_token(token, request) or _Nobody()


def forget_session() -> None:
    """Take the cookie out of the browser, and let the rest of this request be signed out."""
    g.session_cookie = ""
    g._login_user = _Nobody()


def go_on_with(token: str, **changed: Any) -> None:
    """The session id has changed under the visitor: new cookie, and `changed` facts of the session."""
    g.session_cookie = token
    current_user.visitor = replace(current_user.visitor, token_digest=digest_of_token(token), **changed)


def confirm_password(password: str) -> bool:
    """Let the visitor prove the own password again, as signing wants it; whether it was right.

    A transaction of its own: a failure is kept and counts for the lock even though the act is then refused.
    """
    visitor = current_visitor()
    if visitor is None:
        return False
    proof = prove_own_password(reading(), person_id=current_actor().person_id, password=password)
    token = perform(reauthenticate, token_digest=visitor.token_digest, proof=proof)
    if token is None:
        return False
    go_on_with(token, reauthenticated_at=now())
    return True


def secret_of_cookie(run_out_of: int | None = None) -> str | None:
    """The CSRF secret of the session that the browser's cookie belonged to before it ran out or was ended."""
    token = request.cookies.get(cookie_name())
    return secret_of_token(reading(), token=token, run_out_of=run_out_of) if token else None


def _load_user(request: Request) -> SignedInUser | None:
    token = request.cookies.get(cookie_name())
    return _user_of_token(token, request) if token else None


def _user_of_token(token: str, request: Request) -> SignedInUser | None:
    limits = {"idle": settings().session_idle, "absolute": settings().session_absolute}
    lasts = RULES[settings().password_profile].lasts
    visitor = visitor_of_token(reading(), token=token, now=now(), password_lasts=lasts, **limits)
    if visitor is None:
        return None
    if now() - visitor.last_seen_at >= LAST_SEEN_EVERY:
        _note_last_seen(visitor)
    return SignedInUser(replace(visitor, actor=replace(visitor.actor, address=request.remote_addr or "")))


def _note_last_seen(visitor: Visitor) -> None:
    try:
        write(note_last_seen, token_digest=visitor.token_digest, now=now())
    except OperationalError:
        # Reading goes on when writing cannot: a full disk, a read-only file system.
        _log.warning("last_seen could not be written", exc_info=True)


def _write_cookie(response: Response) -> Response:
    token = g.get("session_cookie")
    if token is None:
        return response
    arguments: dict[str, Any] = {"secure": settings().is_https, "httponly": True, "samesite": "Lax", "path": "/"}
    if token:
        response.set_cookie(cookie_name(), token, **arguments)
    else:
        response.delete_cookie(cookie_name(), **arguments)
    return response
