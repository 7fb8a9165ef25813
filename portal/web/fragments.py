"""A page and its parts: htmx gets one block of the very template that makes the whole page."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template
from flask_htmx import HTMX

htmx = HTMX()


def is_htmx() -> bool:
    """Whether the answer goes into a part of an open page (and not to a browser that asks for a whole one)."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(template: str, *, fragment: str | None = None, **values: Any) -> str:
    """The page, or for htmx only its block `fragment`. KeyError for a block that the template has not."""
    if fragment is None or not is_htmx():
        return render_template(template, **values)
    page = current_app.jinja_env.get_template(template)
    current_app.update_template_context(values)
    context = page.new_context(values)
    # Running the template up to its first output makes what it imports and sets at the top known to its blocks.
    next(page.root_render_func(context), None)
    return "".join(context.blocks[fragment][0](context))
