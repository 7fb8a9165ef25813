"""What every template knows: who is there, the navigation, the words of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, url_for
from jinja2 import StrictUndefined

from portal.process.permissions import ROLE_LABELS, Role
from portal.rules.dates import beijing_day
from portal.services.account_sessions import Visitor
from portal.services.alliance import alliance_members
from portal.web.acting import current_visitor, now, reading
from portal.web.assets import serve_assets
from portal.web.badges import Badge, badge_of
from portal.web.formats import install_formats
from portal.web.fragments import htmx
from portal.web.guard import requires
from portal.web.navigation import account_links, footer_links, navigation

PORTAL_NAME = "长三角缺陷消费品专家会诊"


@dataclass(frozen=True)
class ActorOnPage:
    """The visitor as base.html shows them; `id` lets the page keep typed text for this person alone."""

    id: int
    name: str
    role_label: str
    institution_badge: Badge | None


def install_pages(app: Flask) -> None:
    """Give templates their globals, filters and assets. An unknown name in a template is an error, not a blank."""
    app.jinja_env.undefined = StrictUndefined
    # The frame of a page is worked out where base.html asks for it: a fragment has none.
    app.jinja_env.globals.update(
        portal_name=PORTAL_NAME, navigation=navigation, account_links=account_links, footer_links=footer_links
    )
    app.context_processor(_page_values)
    serve_assets(app)
    for endpoint in ("static", "viewer_table"):
        requires("view_public_page")(app.view_functions[endpoint])
    install_formats(app)
    htmx.init_app(app)


def role_label(roles: frozenset[Role]) -> str:
    """What a person is, in the words of the role table; a liaison is staff as a matter of course."""
    shown = [role for role in ROLE_LABELS if role in roles and not (role is Role.STAFF and Role.LIAISON in roles)]
    return "、".join(ROLE_LABELS[role] for role in shown)


def _page_values() -> dict[str, Any]:
    visitor = current_visitor()
    values: dict[str, Any] = {
        "current_actor": visitor and _actor_on_page(visitor),
        "log_out_url": url_for("account.log_out") if visitor else "",
        "support": "",
        "today": beijing_day(now()),
        "alliance_members": [],
    }
    if visitor is None and not g.get("is_failing") and not g.get("is_for_everybody"):
        values["alliance_members"] = [badge_of(member) for member in alliance_members(reading())]
    return values


def _actor_on_page(visitor: Visitor) -> ActorOnPage:
    return ActorOnPage(
        visitor.actor.person_id,
        visitor.actor.name,
        role_label(visitor.actor.roles),
        badge_of(visitor.institution) if visitor.institution else None,
    )
