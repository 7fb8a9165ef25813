"""The recall case: one blueprint. An act's endpoint bears the act's name, its address the name with dashes."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("recall", __name__, url_prefix="/recall")

# The steps add their routes to the blueprint above, so they come after it.
from portal.blueprints.recall import (  # noqa: E402
    acts,
    annex_acts,
    clue,
    documents,
    figures,
    filing,
    listing,
    overview,
    paper_answers,
    plan_review,
    producer_link,
    reminders,
)

__all__ = [
    "acts",
    "annex_acts",
    "blueprint",
    "clue",
    "documents",
    "figures",
    "filing",
    "listing",
    "overview",
    "paper_answers",
    "plan_review",
    "producer_link",
    "reminders",
]
