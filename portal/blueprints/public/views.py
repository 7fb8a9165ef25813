"""Public pages; their legal words and values come out of the edition."""

from __future__ import annotations

from flask import Blueprint, render_template

from portal.rules.editions import CURRENT_EDITION, load_edition
from portal.services.deadlines import counting_examples
from portal.web.acting import reading
from portal.web.guard import requires

blueprint = Blueprint("pages", __name__)


@blueprint.get("/standard")
@requires("view_public_page")
def standard() -> str:
    """The full text of the Standard, and what the portal decides where it is silent."""
    edition = load_edition(CURRENT_EDITION)
    decided = [value for value in edition.values.values() if value.decided]
    return render_template("public/standard.html", edition=edition, decided=decided)


@blueprint.get("/deadlines")
@requires("view_public_page")
def deadlines() -> str:
    """How deadlines are counted, with the limits and two examples by the calendar in force."""
    edition = load_edition(CURRENT_EDITION)
    limits = [value for name, value in edition.values.items() if name.endswith("_days")]
    return render_template(
        "public/deadlines.html", edition=edition, limits=limits, examples=counting_examples(reading())
    )


@blueprint.get("/accessibility")
@requires("view_public_page")
def accessibility() -> str:
    """What the portal does so that everybody can use it."""
    return render_template("public/accessibility.html")
