"""One consultation, one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request, url_for

from portal.blueprints.consultation import blueprint
from portal.process.obligations import OBLIGATIONS
from portal.services.consultation.overview import Action, Overview, TimelineEntry, overview, owner_words
from portal.services.duties import Duty
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import look, now, reading
from portal.web.addresses import FILLED_IN_FIRST, address_of_act
from portal.web.badges import badge_of
from portal.web.deadlines import Due, present_due
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.presenting import ActionView, moment, step_views

if TYPE_CHECKING:
    from portal.models.obligation import Obligation


@blueprint.get("/<int:consultation_id>")
@requires("view_consultation")
def view_consultation(consultation_id: int) -> str:
    """Whose turn, until when, what I can do; the facts; what happened."""
    found = look(overview, consultation_id=consultation_id, all_events="events" in request.args)
    duty = _turn(found)
    return render(
        "consultation/overview/page.html",
        found=found,
        consultation=found.consultation,
        loaded=found.loaded,
        steps=step_views(found.steps),
        turn=owner_words([duty, *(one for one in found.duties if one is not duty)]) if duty else "",
        due=_due(duty),
        actions=_actions(found, aside=False),
        aside=_actions(found, aside=True),
        timeline=[_timeline(entry) for entry in found.timeline],
        deadlines=[_deadline(one, count) for one, count in found.deadlines],
        attendants=[(badge_of(one.institution), one) for one in found.attendants],
        others=[
            (one.kind.label, one.owner, _due(one))
            for one in found.duties
            if duty is not None and one.kind is not duty.kind
        ],
    )


def _turn(found: Overview) -> Duty | None:
    """Whose turn is told: mine when I have a date to keep, else that of whoever comes first."""
    if found.own_duty is not None and found.own_duty.due_at is not None:
        return found.own_duty
    return found.duties[0] if found.duties else None


def _due(duty: Duty | None) -> Due | None:
    if duty is None or duty.due_at is None:
        return None
    calendar = working_calendar(reading())
    return present_due(duty.due_at, duty.since_at, now(), calendar, is_provisional=duty.is_provisional)


def _actions(found: Overview, *, aside: bool) -> list[ActionView]:
    chosen = [action for action in found.actions if action.is_aside is aside]
    wanted = found.own_duty.act if found.own_duty else None
    ordered = sorted(chosen, key=lambda one: (one.reason is not None, one.act != wanted or one.is_exception))
    return [_action(one, found.consultation.id, primary=one is ordered[0] and not aside) for one in ordered]


def _action(action: Action, consultation_id: int, *, primary: bool) -> ActionView:
    url = address_of_act(action.act, consultation_id)
    if action.act in FILLED_IN_FIRST and action.reason is not None:
        # What is missing is filled in on the same page, so that the way there stays open.
        return ActionView("继续填写申请", url, open=True, reason="", primary=primary)
    return ActionView(action.label, url, open=action.reason is None, reason=action.reason or "", primary=primary)


def _timeline(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "at": moment(entry.at, now()),
        "iso": entry.at.isoformat(),
        "title": entry.says,
        "is_key": entry.is_stage,
        "institution": badge_of(entry.institution) if entry.institution else None,
        "actor": entry.who,
        "note": entry.detail,
    }


def _deadline(obligation: Obligation, count: int) -> dict[str, Any]:
    calendar = working_calendar(reading())
    due = present_due(
        obligation.due_at,
        obligation.since_at,
        now(),
        calendar,
        obligation.closed_at,
        obligation.is_met,
        obligation.is_provisional,
    )
    status = {"done": "done", "over": "over"}.get(due.state, "wait")
    return {
        "name": OBLIGATIONS[obligation.kind].label + (f"（{count} 项）" if count > 1 else ""),
        "status_words": due.words,
        "status": status,
        "words": due.detail,
        "days": due.days,
        "certificate_url": url_for(
            "consultation.view_deadline", consultation_id=obligation.consultation_id, obligation_id=obligation.id
        ),
    }
