"""Refusals in a word, for tests that look at the status of thousands: the page itself has tests of its own."""

from __future__ import annotations

from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader, DictLoader


def shorten_error_pages(app: Flask) -> None:
    """Let `app` answer what cannot be done with the title alone instead of the whole page around it."""
    loader = app.jinja_env.loader
    assert isinstance(loader, BaseLoader)
    app.jinja_env.loader = ChoiceLoader([DictLoader({"errors/error.html": "{{ title }}"}), loader])
