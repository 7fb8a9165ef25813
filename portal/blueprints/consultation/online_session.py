"""Step 5 in the browser: the session's page for host and participants, and what the host does on it."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, redirect, request, url_for

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.session_page import (
    Answer,
    AttendanceForm,
    DiscussionForm,
    NotesForm,
    OrderForm,
    attendance_form,
    back,
    live_parts,
    saved,
    show_session,
    version_of,
)
from portal.process.consultation import Stage, transition
from portal.services.consultation import online_session as step
from portal.services.consultation.online_session_view import session_page
from portal.services.consultation.overview import brief
from portal.web.acting import look
from portal.web.fields import LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import requires


class AdjournForm(PortalForm):
    """Why, and from where it goes on."""

    reason = LongTextField("休会理由", longest=1000)
    to = wtforms.RadioField("休会后", choices={stage.value: words for stage, words in step.ADJOURN_TO.items()})


@blueprint.get("/<int:consultation_id>/online-session")
@requires("view_session")
def view_session(consultation_id: int) -> Answer:
    """One page for host and participants; an open one asks every other second what has changed."""
    since = request.args.get("since", "")
    return live_parts(consultation_id, since) if since and is_htmx() else show_session(consultation_id)


@blueprint.route("/<int:consultation_id>/online-session/open-session", methods=["GET", "POST"])
@requires("open_session")
def open_session(consultation_id: int) -> Answer:
    """Tick who is there, and begin."""
    about = look(brief, consultation_id=consultation_id, act="open_session")
    page = look(session_page, consultation_id=consultation_id)
    form, status = attendance_form(page, everybody=True), 200
    if request.method == "POST":
        done = submit(form, step.open_session, consultation_id=consultation_id, **_ticked(form))
        if done:
            flash("会诊开始。", "done")
            return back(consultation_id)
        status = done.status
    line = transition("open_session")
    return render("consultation/online_session/open.html", form=form, about=about, page=page, line=line), status


@blueprint.post("/<int:consultation_id>/online-session/attendance")
@requires("host_session")
def record_attendance(consultation_id: int) -> Answer:
    """Correct who is there."""
    form = attendance_form(look(session_page, consultation_id=consultation_id))
    done = submit(form, step.record_attendance, consultation_id=consultation_id, **_ticked(form))
    return back(consultation_id) if done else (show_session(consultation_id, failed=form), done.status)


@blueprint.post("/<int:consultation_id>/online-session/order")
@requires("host_session")
def set_speaking_order(consultation_id: int) -> Answer:
    """Set the order of speaking."""
    form = OrderForm(typed())
    given = {"member_ids": form.order, "minutes": form.minutes.data}
    done = submit(form, step.set_speaking_order, consultation_id=consultation_id, **given)
    return back(consultation_id) if done else (show_session(consultation_id, failed=form), done.status)


@blueprint.post("/<int:consultation_id>/online-session/notes")
@requires("host_session")
def save_speech_notes(consultation_id: int) -> Answer:
    """Keep the notes as they are typed."""
    form = NotesForm(typed())
    done = submit(form, step.save_speech_notes, **_speech(consultation_id, form))
    return saved(consultation_id, form, done, "notes")


@blueprint.route("/<int:consultation_id>/online-session/note-speech", methods=["GET", "POST"])
@requires("note_speech")
def note_speech(consultation_id: int) -> Answer:
    """A member has spoken; the next one follows. The form stands on the session's page."""
    look(brief, consultation_id=consultation_id, act="note_speech")
    if request.method == "GET":
        return show_session(consultation_id)
    form = NotesForm(typed())
    done = submit(form, step.note_speech, **_speech(consultation_id, form))
    if not done:
        return show_session(consultation_id, failed=form), done.status
    flash("发言已记录。", "done")
    return back(consultation_id)


@blueprint.post("/<int:consultation_id>/online-session/discussion")
@requires("host_session")
def save_discussion(consultation_id: int) -> Answer:
    """Keep the summary as it is typed."""
    form = DiscussionForm(typed())
    given = {"summary": form.summary.data or "", "version": version_of(form)}
    done = submit(form, step.save_discussion, consultation_id=consultation_id, **given)
    return saved(consultation_id, form, done, "discussion")


@blueprint.route("/<int:consultation_id>/online-session/adjourn-session", methods=["GET", "POST"])
@requires("adjourn_session")
def adjourn_session(consultation_id: int) -> Answer:
    """Adjourn, with a reason."""
    about = look(brief, consultation_id=consultation_id, act="adjourn_session")
    form, status = AdjournForm(typed(), data={"to": Stage.SCHEDULING.value}), 200
    if request.method == "POST":
        given: dict[str, Any] = {"reason": form.reason.data or "", "to": lambda: Stage(form.to.data)}
        done = submit(form, step.adjourn_session, consultation_id=consultation_id, **given)
        if done:
            flash("已休会。", "done")
            return redirect(url_for("consultation.view_consultation", consultation_id=consultation_id), 303)
        status = done.status
    line = transition("adjourn_session")
    return render("consultation/online_session/adjourn.html", form=form, about=about, line=line), status


def _ticked(form: AttendanceForm) -> dict[str, Any]:
    return {"member_ids": form.member_ids.data or [], "participant_ids": form.participant_ids.data or []}


def _speech(consultation_id: int, form: NotesForm) -> dict[str, Any]:
    return {
        "consultation_id": consultation_id,
        "member_id": form.member_id.data or 0,
        "given": form.given,
        "version": version_of(form),
    }
