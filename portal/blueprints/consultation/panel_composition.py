"""Step 2 in the browser: the lead tries a panel out before asking the institutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for

from portal.blueprints.consultation import blueprint
from portal.rules.expertise import KIND_LABELS, expertise_fields
from portal.services.consultation.panel_proposal import Composition, compose_panel
from portal.web.acting import current_actor, look
from portal.web.fragments import render
from portal.web.guard import requires

if TYPE_CHECKING:
    from portal.models.institution import Institution


@blueprint.get("/<int:consultation_id>/panel/compose")
@requires("ask_nomination")
def compose(consultation_id: int) -> str:
    """The proposed panel, changed step by step; everything stands in the address, nothing is written."""
    given = request.args
    is_changed = "composed" in given
    before = given.getlist("expert", type=int) if is_changed else None
    chosen = None
    if before is not None:
        dropped, added = given.getlist("drop", type=int), given.getlist("add", type=int)
        chosen = [one for one in [*before, *added] if one not in dropped]
    page = look(
        compose_panel, consultation_id=consultation_id, chosen_ids=chosen, before_ids=before,
        fields=given.getlist("field") if is_changed else None, search=given.get("search", ""),
    )  # fmt: skip
    groups = [
        (label, [(key, one.label) for key, one in expertise_fields().items() if one.kind == kind])
        for kind, label in KIND_LABELS.items()
    ]
    return render(
        "consultation/panel/compose.html", fragment="composition", page=page, groups=groups,
        search=given.get("search", ""), wishes=_wishes(page, consultation_id),
    )  # fmt: skip


def _wishes(page: Composition, consultation_id: int) -> list[tuple[Institution, int, str, str, str]]:
    """What to ask of each institution, and where: (institution, how many, fields, label, address)."""
    own, found = current_actor().institution_id, []
    for institution, wanted, fields in page.wishes:
        if institution.id == own and page.loaded.may("nominate_members"):
            ids = [one.expert_id for one in page.members if one.institution.id == own and not one.is_sitting]
            url = url_for("consultation.nominate_members", consultation_id=consultation_id, expert=ids)
            found.append((institution, wanted, fields, "选取", url))
        else:
            url = url_for(
                "consultation.ask_nomination", consultation_id=consultation_id, institution=institution.id,
                wanted=wanted, fields=fields,
            )  # fmt: skip
            found.append((institution, wanted, fields, "请其选取", url))
    return found
