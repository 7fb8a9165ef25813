"""提醒规则 of recall cases, to be read by the officers whom they remind; liaisons of the lead set them elsewhere."""

from __future__ import annotations

from portal.blueprints.recall import blueprint
from portal.rules.reminders import When
from portal.services.reminder_letters import IN_CASE_WORDS
from portal.services.reminder_rules import CASE_RECIPIENTS, view_case_rules
from portal.services.reminder_words import TO_SHORT, UNIT_WORDS
from portal.web.acting import look
from portal.web.fragments import render
from portal.web.guard import requires


@blueprint.get("/reminders")
@requires("view_case_reminder_rules")
def view_reminders() -> str:
    """The policies of all that is owed in recall cases."""
    return render(
        "recall/reminders.html", lines=look(view_case_rules), recipients=CASE_RECIPIENTS, short=TO_SHORT,
        to_words=IN_CASE_WORDS, units=UNIT_WORDS, When=When,
    )  # fmt: skip
