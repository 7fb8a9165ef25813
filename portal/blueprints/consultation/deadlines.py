"""The certificate of a deadline."""

from __future__ import annotations

from portal.blueprints.consultation import blueprint
from portal.services import deadlines as service
from portal.web.acting import look, now
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.get("/<int:consultation_id>/deadlines/<int:obligation_id>")
@requires("view_obligations")
def view_deadline(consultation_id: int, obligation_id: int) -> str:
    """How one deadline was counted; made to be printed."""
    found = look(service.view_deadline, consultation_id=consultation_id, obligation_id=obligation_id)
    return render("consultation/deadline.html", found=found, printed_at=now())
