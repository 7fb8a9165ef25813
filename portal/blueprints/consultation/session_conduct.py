"""What is done on the session's page while it goes on; each act answers with the parts of the page that follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, request

from portal.blueprints.consultation import blueprint
from portal.blueprints.consultation.session_page import (
    AgendaForm,
    Answer,
    back,
    live_parts,
    saved,
    show_session,
    version_of,
)
from portal.services.consultation import session_conduct as service
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import is_htmx
from portal.web.guard import requires


@blueprint.post("/<int:consultation_id>/online-session/claim-attendance")
@requires("claim_attendance")
def claim_attendance(consultation_id: int) -> Answer:
    """我已到会."""
    return _act(consultation_id, service.claim_attendance, "已报到，待主持人确认。")


@blueprint.post("/<int:consultation_id>/online-session/confirm-attendance")
@requires("host_session")
def confirm_attendance(consultation_id: int) -> Answer:
    """Everybody who says so is there."""
    return _act(consultation_id, service.confirm_attendance, "到会情况已登记。")


@blueprint.post("/<int:consultation_id>/online-session/start-speech")
@requires("host_session")
def start_speech(consultation_id: int) -> Answer:
    """Give a member the floor."""
    member_id = request.form.get("member_id", 0, type=int)
    return _act(consultation_id, service.start_speech, "发言开始计时。", member_id=member_id)


@blueprint.post("/<int:consultation_id>/online-session/stop-speech")
@requires("host_session")
def stop_speech(consultation_id: int) -> Answer:
    """The speech is over."""
    return _act(consultation_id, service.stop_speech, "发言计时已停止。")


@blueprint.post("/<int:consultation_id>/online-session/agenda/<question>")
@requires("host_session")
def save_agenda_note(consultation_id: int, question: str) -> Answer:
    """Keep what was said on a question as it is typed."""
    form = AgendaForm(question, typed())
    given = {"question": question, "text": form.text.data or "", "version": version_of(form)}
    done = submit(form, service.save_agenda_note, consultation_id=consultation_id, **given)
    return saved(consultation_id, form, done, f"agenda-{question}")


@blueprint.post("/<int:consultation_id>/online-session/agenda/<question>/discussed")
@requires("host_session")
def mark_discussed(consultation_id: int, question: str) -> Answer:
    """已讨论, or not yet."""
    is_discussed = request.form.get("is_discussed") == "yes"
    words = "已记为已讨论。" if is_discussed else "已改为继续讨论。"
    return _act(consultation_id, service.mark_discussed, words, question=question, is_discussed=is_discussed)


def _act(consultation_id: int, act: Callable[..., Any], words: str, **given: Any) -> Answer:
    form = PortalForm(typed())
    done = submit(form, act, consultation_id=consultation_id, **given)
    if is_htmx():
        return live_parts(
            consultation_id, refused=None if done else (form, done.status), member_id=given.get("member_id", 0)
        )
    if not done:
        return show_session(consultation_id, failed=form), done.status
    flash(words, "done")
    return back(consultation_id)
