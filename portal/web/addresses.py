"""Where a duty is done: the page of its act."""

from __future__ import annotations

from flask import current_app, url_for

from portal.services.duties import Duty

# The form bears the button of the act: who submits reads, and can mend, what is submitted.
_ON_PAGE = {"submit_application": "edit_application", "resubmit_application": "edit_application"}


FILLED_IN_FIRST = tuple(_ON_PAGE)


def address_of(duty: Duty) -> str:
    """The very spot that a duty's button leads to; the consultation's page where its act is done in another stage."""
    if duty.consultation_id is None:
        return duty.path
    if not duty.is_done_now:
        return url_for("consultation.view_consultation", consultation_id=duty.consultation_id)
    return address_of_act(duty.act, duty.consultation_id)


def proof_of(duty: Duty) -> str:
    """The certificate of a deadline that belongs to no consultation, whose page would lead there; "" for none."""
    if duty.consultation_id is not None or duty.due_at is None:
        return ""
    return url_for("tasks.view_deadline", duty_id=duty.obligation_id)


def address_of_act(act: str, consultation_id: int) -> str:
    """The page of an act; the consultation's own page where the act has none of its own."""
    endpoint = f"consultation.{_ON_PAGE.get(act, act)}"
    if endpoint not in current_app.view_functions:
        endpoint = "consultation.view_consultation"
    return url_for(endpoint, consultation_id=consultation_id)
