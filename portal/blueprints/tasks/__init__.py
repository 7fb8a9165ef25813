"""The first screen: 我的待办."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint, url_for

from portal.rules.dates import beijing_day
from portal.services.dashboard import Meeting, dashboard
from portal.services.deadlines import view_own_deadline
from portal.services.duties import grouped
from portal.services.kernel.calendar import working_calendar
from portal.web.acting import current_actor, look, now, reading
from portal.web.addresses import address_of, proof_of
from portal.web.badges import badge_of
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.presenting import MeetingView, fortnight_of, long_day, meeting_view, task_of
from portal.web.terms import term_views

blueprint = Blueprint("tasks", __name__)


@blueprint.get("/tasks")
@requires("view_own_tasks")
def index() -> str:
    """What waits for me, until when."""
    found = look(dashboard)
    calendar, today, actor = working_calendar(reading()), beijing_day(now()), current_actor()
    as_task = partial(
        task_of, now=now(), calendar=calendar, url=address_of, proof=proof_of, institution_id=actor.institution_id
    )
    return render(
        "tasks/own_tasks.html",
        today=long_day(today),
        actor=actor,
        own=[as_task(duty) for duty in found.own],
        others=[replace(as_task(one), url=one.page, label="查看") for one in grouped(found.others)],
        weeks=fortnight_of(today, calendar, found.deadlines_by_day, found.sessions_by_day),
        meetings=[_meeting(meeting) for meeting in found.meetings],
        terms=term_views(found.terms),
        found=found,
    )


@blueprint.get("/tasks/deadlines/<int:duty_id>")
@requires("view_own_deadline")
def view_deadline(duty_id: int) -> str:
    """The certificate of a deadline that belongs to no consultation; made to be printed."""
    return render("consultation/deadline.html", found=look(view_own_deadline, obligation_id=duty_id), printed_at=now())


def _meeting(meeting: Meeting) -> MeetingView:
    return meeting_view(meeting, badge_of(meeting.lead), _page(meeting.consultation_id))


def _page(consultation_id: int) -> str:
    return url_for("consultation.view_consultation", consultation_id=consultation_id)
