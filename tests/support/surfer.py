"""A browser without a screen: keeps cookies, sends the token of the page, follows nothing by itself."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

PASSWORD = "三月的雨 2026"
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
_ANY_TOKEN = re.compile(r"\b[0-9a-f]{80}\b")


def without_token(page: str) -> str:
    """A page as it is for everybody: its tokens differ each time."""
    return _ANY_TOKEN.sub("", page)


class Surfer:
    """One browser. `get` and `post` as of Flask's test client."""

    def __init__(self, app: Flask, base_url: str = "http://localhost") -> None:
        self.client = app.test_client()
        self.base_url = base_url
        self._page = ""

    def get(self, url: str, **arguments: Any) -> TestResponse:
        """Open a page and remember it."""
        return self._seen(self.client.get(url, base_url=self.base_url, **arguments))

    def post(self, url: str, fields: dict[str, Any] | None = None, **arguments: Any) -> TestResponse:
        """Send a form with the token of the last page; `csrf_token` among the fields overrides it."""
        sent = {"csrf_token": self.token, **(fields or {})}
        return self._seen(self.client.post(url, data=sent, base_url=self.base_url, **arguments))

    @property
    def token(self) -> str:
        """The token of the last page that had one."""
        if not self._page:
            self.get("/login")
        return self._page

    def log_in(self, username: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Open the log-in page, fill it in, send it; then take the token of the new session."""
        self.get("/login")
        answer = self.post("/login", {"username": username, "password": password, **fields})
        if answer.status_code == 303:
            self.get("/account/password")
        return answer

    def cookie(self, name: str = "portal") -> str | None:
        """The value of one of our cookies."""
        found = self.client.get_cookie(name, domain=self.base_url.partition("//")[2].partition(":")[0])
        return found.value if found else None

    def _seen(self, answer: TestResponse) -> TestResponse:
        token = _TOKEN.search(answer.get_data(as_text=True)) if answer.mimetype == "text/html" else None
        if token:
            self._page = token[1]
        return answer
