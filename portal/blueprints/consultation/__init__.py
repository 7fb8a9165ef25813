"""The consultation: one blueprint, a module for each step. An act's endpoint bears the act's name."""

from __future__ import annotations

from flask import Blueprint

from portal.blueprints.consultation.application_facts import application_facts, ground_facts
from portal.web.papers import verifiable

blueprint = Blueprint("consultation", __name__, url_prefix="/consultations")
blueprint.add_app_template_global(application_facts)
blueprint.add_app_template_global(ground_facts)
blueprint.add_app_template_global(verifiable)

# The steps add their routes to the blueprint above, so they come after it.
from portal.blueprints.consultation import (  # noqa: E402
    application,
    archive,
    deadlines,
    drafts,
    fees,
    handover,
    invitation,
    listing,
    material,
    meeting_minutes,
    online_session,
    overview,
    panel,
    panel_composition,
    panel_overview,
    paper_sheet,
    preliminary_analysis,
    scheduling,
    session_conduct,
    sheet,
    tally,
    time_poll,
    voting,
    watch,
)

__all__ = [
    "application",
    "archive",
    "blueprint",
    "deadlines",
    "drafts",
    "fees",
    "handover",
    "invitation",
    "listing",
    "material",
    "meeting_minutes",
    "online_session",
    "overview",
    "panel",
    "panel_composition",
    "panel_overview",
    "paper_sheet",
    "preliminary_analysis",
    "scheduling",
    "session_conduct",
    "sheet",
    "tally",
    "time_poll",
    "voting",
    "watch",
]
