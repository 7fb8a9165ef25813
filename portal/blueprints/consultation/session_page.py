"""The session's page as it is shown: its forms, and the parts that follow what happens."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.process.consultation import transition
from portal.services.consultation import online_session as step
from portal.services.consultation.material_view import summary as material_summary
from portal.services.consultation.online_session_view import VIEW_LABELS, SessionPage, Speaker, Topic, session_page
from portal.services.consultation.session_conduct import live_mark, mark_of
from portal.web.acting import look, now
from portal.web.addresses import address_of_act
from portal.web.badges import badge_of
from portal.web.fields import LongTextField, WholeNumberField
from portal.web.formats import clock_time
from portal.web.forms import PortalForm, Submission, typed
from portal.web.fragments import is_htmx, render

Answer = str | Response | tuple[str, int]
_VIEWS = {**VIEW_LABELS, "": "未谈及"}
_MAIN = ("open_session",)
_OTHER = (
    "open_vote",
    "close_vote",
    "remind_signers",
    "name_participants",
    "move_session",
    "adjourn_session",
    "recuse_member",
)
_SPEAKS = {"done": "已发言", "now": "正在发言", "next": "下一位", "later": ""}


class AttendanceForm(PortalForm):
    """Who is there."""

    member_ids = wtforms.SelectMultipleField("到会专家", coerce=int)
    participant_ids = wtforms.SelectMultipleField("到会工作人员", coerce=int)


class NotesForm(PortalForm):
    """Notes of one speech (Art. 8(5)); what is not said stays open."""

    member_id = WholeNumberField()
    version = WholeNumberField()
    overwrite = WholeNumberField()
    danger_widespread = wtforms.RadioField(
        "是否普遍存在危及人身、财产安全的不合理危险", choices=_VIEWS, validate_choice=False
    )
    harm_and_extent = LongTextField("危害性和影响程度")
    advises_investigation = wtforms.RadioField("是否建议开展缺陷调查", choices=_VIEWS, validate_choice=False)
    notes = LongTextField("发言要点")

    def given(self) -> step.SpeechNotes:
        """What was typed, as the service takes it."""
        return step.SpeechNotes(
            self.danger_widespread.data or None,
            self.harm_and_extent.data or "",
            self.advises_investigation.data or None,
            self.notes.data or "",
        )


class OrderForm(PortalForm):
    """The place of each member, in the order in which the page lists them."""

    member_ids = wtforms.FieldList(WholeNumberField())
    places = wtforms.FieldList(WholeNumberField())
    minutes = WholeNumberField("每人发言（分钟）")

    def order(self) -> list[int]:
        """The members by the place that was typed."""
        pairs = zip(self.places.data, self.member_ids.data, strict=False)
        return [member_id or 0 for _, member_id in sorted(pairs, key=lambda pair: pair[0] or 0)]


class DiscussionForm(PortalForm):
    """What came out of the discussion."""

    version = WholeNumberField()
    overwrite = WholeNumberField()
    summary = LongTextField("讨论小结")


class AgendaForm(PortalForm):
    """What was said on one question of the agenda; the page has one form for each."""

    version = WholeNumberField()
    overwrite = WholeNumberField()
    text = LongTextField("讨论记录")

    def __init__(self, question: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.question = question
        self.text.id = f"agenda-{question}-text"


def show_session(consultation_id: int, failed: PortalForm | None = None) -> str:
    """The whole page; `failed` is a form that was refused, with what was typed."""
    mark = look(mark_of, consultation_id=consultation_id)
    page = look(session_page, consultation_id=consultation_id)
    speaker = _chosen(page, failed)
    forms: dict[str, PortalForm] = {
        "notes": _saved_notes(speaker),
        "attendance": attendance_form(page, empty=True),
        "discussion": _saved_discussion(page),
    }
    kept = {NotesForm: "notes", AttendanceForm: "attendance", DiscussionForm: "discussion"}
    if failed is not None and type(failed) in kept:
        forms[kept[type(failed)]] = failed
    return render(
        "consultation/online_session/page.html",
        **_parts(page, mark),
        chosen=speaker,
        agenda_forms={topic.question.name: _agenda_form(topic, failed) for topic in page.agenda},
        material=look(material_summary, loaded=page.loaded),
        problems=failed.problems if failed is not None else (),
        conflict=_conflict(page, failed),
        is_host_view=page.is_hosted,
        live_address=_live_address(page),
        **forms,
    )


def live_parts(
    consultation_id: int, since: str = "", refused: tuple[PortalForm, int] | None = None, member_id: int = 0
) -> Answer:
    """The parts that follow what happens, for a page that is open; 204 while nothing has changed since `since`.

    `refused`: the form of an act that was not done, and the status. After an act that gives `member_id` the floor, the
    form for the notes of that speech comes along.
    """
    mark = look(live_mark, consultation_id=consultation_id)
    if mark == since:
        return "", 204
    page = look(session_page, consultation_id=consultation_id)
    chosen = next((one for one in page.speakers if one.member_id == member_id), None)
    # htmx stops asking at 286: nothing will happen on this page any more.
    status = 286 if not page.is_live else 200
    return render(
        "consultation/online_session/live.html",
        **_parts(page, mark),
        chosen=chosen,
        notes=_saved_notes(chosen),
        attendance=attendance_form(page, empty=True),
        is_host_view=request.values.get("view") == "host",
        problems=refused[0].problems if refused else (),
    ), (refused[1] if refused else status)


def _parts(page: SessionPage, mark: str) -> dict[str, Any]:
    """What the parts need that stand on the page and follow what happens."""
    consultation = page.loaded.consultation
    instant = now()
    speaking = page.speaking
    return {
        "page": page,
        "loaded": page.loaded,
        "consultation": consultation,
        "mark": mark,
        "speakers": [_speaker(one, has_begun=page.has_begun) for one in page.speakers],
        "delegations": [(badge_of(one.institution), one.people, one.claiming) for one in page.delegations],
        "views": VIEW_LABELS,
        "most_minutes": step.MOST_MINUTES,
        "clock": instant,
        "elapsed": int((instant - speaking.began_at).total_seconds()) if speaking and speaking.began_at else 0,
        "acts": [
            (transition(act).label, address_of_act(act, consultation.id), act in _MAIN)
            for act in (*_MAIN, *_OTHER)
            if page.loaded.may(act)
        ],
    }


def _live_address(page: SessionPage) -> str:
    """Where the open page asks: its own address, so that one comes back to it after an expired log-in."""
    return url_for(
        "consultation.view_session",
        consultation_id=page.loaded.consultation.id,
        member=request.args.get("member", type=int),
        view="host" if page.is_hosted else "guest",
    )


def _chosen(page: SessionPage, failed: PortalForm | None) -> Speaker | None:
    """Whose notes are written: asked for in the address, else who speaks or is next; none after the last."""
    wanted = failed.member_id.data if isinstance(failed, NotesForm) else request.args.get("member", type=int)
    by_id = {one.member_id: one for one in page.speakers}
    return by_id.get(wanted or 0) or page.speaking or page.next_speaker


def _saved_notes(speaker: Speaker | None) -> NotesForm:
    turn = speaker.notes if speaker else None
    return NotesForm(
        obj=turn, data={"member_id": speaker and speaker.member_id, "version": turn.notes_version if turn else 0}
    )


def _saved_discussion(page: SessionPage) -> DiscussionForm:
    online = page.online
    if online is None:
        return DiscussionForm()
    return DiscussionForm(data={"summary": online.discussion_summary, "version": online.discussion_version})


def _agenda_form(topic: Topic, failed: PortalForm | None = None) -> AgendaForm:
    if isinstance(failed, AgendaForm) and failed.question == topic.question.name:
        return failed
    return AgendaForm(topic.question.name, data={"text": topic.text, "version": topic.version})


def version_of(form: NotesForm | DiscussionForm | AgendaForm) -> int:
    """The version that was typed on, or the newer one that is knowingly written over."""
    return form.overwrite.data or form.version.data or 0


def _conflict(page: SessionPage, failed: PortalForm | None) -> dict[str, Any] | None:
    """What is saved by now beside what was typed on an older version; None where the two do not differ."""
    if not isinstance(failed, NotesForm | DiscussionForm | AgendaForm):
        return None
    saved, name = _saved_beside(page, failed)
    if saved is None or version_of(failed) == saved.version.data:
        return None
    skipped = ("member_id", "version", "overwrite")
    lines = [(str(one.label.text), _words(saved[one.name]), _words(one)) for one in failed if one.name not in skipped]
    different = [one for one in lines if one[1] != one[2]]
    return {"form_id": f"{name}-form", "version": saved.version.data, "lines": different}


def _saved_beside(
    page: SessionPage, failed: NotesForm | DiscussionForm | AgendaForm
) -> tuple[NotesForm | DiscussionForm | AgendaForm | None, str]:
    """What is saved in the place of the refused form, and how the page calls that place."""
    if isinstance(failed, NotesForm):
        return _saved_notes(_chosen(page, failed)), "notes"
    if isinstance(failed, DiscussionForm):
        return _saved_discussion(page), "discussion"
    topic = next((one for one in page.agenda if one.question.name == failed.question), None)
    return (_agenda_form(topic) if topic else None), f"agenda-{failed.question}"


def _words(field: wtforms.Field) -> str:
    said = field.data or ""
    return _VIEWS.get(said, said) if isinstance(field, wtforms.RadioField) else said


def _speaker(one: Speaker, *, has_begun: bool) -> dict[str, Any]:
    absent = "自报到会" if one.claims else "未到会"
    words = _SPEAKS[one.state] or (absent if not one.has_attended and (has_begun or one.claims) else "")
    return {
        "name": one.name,
        "institution": badge_of(one.institution),
        "state": one.state,
        "words": words,
        "field": one.field,
        "began_at": one.began_at,
        "has_attended": one.has_attended,
        "member_id": one.member_id,
        "notes": one.notes,
        "analysis": one.analysis,
    }


def attendance_form(page: SessionPage, *, everybody: bool = False, empty: bool = False) -> AttendanceForm:
    """Who is there as recorded or said; `everybody`: all where nobody has said anything yet. `empty`: not what came.

    Whoever is about to open the session is there.
    """
    people = [one for delegation in page.delegations for one in delegation.people]
    said = page.claiming if page.has_begun else page.claiming | {page.loaded.actor.person_id}
    everybody = everybody and not page.claiming
    form = AttendanceForm(
        None if empty else typed(),
        data={
            "member_ids": [one.member_id for one in page.speakers if one.has_attended or one.claims or everybody],
            "participant_ids": [
                one.person_id for one in people if one.has_attended or one.person_id in said or everybody
            ],
        },
    )
    form.member_ids.choices = {one.member_id: one.name for one in page.speakers}
    form.participant_ids.choices = {one.person_id: one.person.name for one in people}
    return form


def saved(consultation_id: int, form: PortalForm, done: Submission[int], name: str) -> Answer:
    """The answer to a form that saves itself: for htmx the version it has now, or what stands in its way."""
    if is_htmx():
        conflict = None if done else _conflict(look(session_page, consultation_id=consultation_id), form)
        page = render(
            "consultation/online_session/saved.html",
            name=name, version=done.value, conflict=conflict, problems=form.problems,
        )  # fmt: skip
        response = make_response(page, done.status)
        response.headers["X-Saved-At"] = clock_time(now())
        return response
    if not done:
        return show_session(consultation_id, failed=form), done.status
    flash("已保存。", "done")
    return back(consultation_id)


def back(consultation_id: int) -> Response:
    """To the page."""
    return redirect(url_for("consultation.view_session", consultation_id=consultation_id), 303)
