"""Step 5 in the browser: the session's page for host and participants, and what the host does on it."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.process.consultation import Stage, transition
from portal.services.consultation import online_session as step
from portal.services.consultation.material_view import summary as material_summary
from portal.services.consultation.online_session_view import VIEW_LABELS, SessionPage, Speaker, session_page
from portal.services.consultation.overview import brief
from portal.web.acting import look, now
from portal.web.addresses import address_of_act
from portal.web.badges import badge_of
from portal.web.fields import LongTextField, WholeNumberField
from portal.web.formats import clock_time
from portal.web.forms import PortalForm, Submission, submit, typed
from portal.web.fragments import is_htmx, render
from portal.web.guard import requires

Answer = str | Response | tuple[str, int]
_VIEWS = {**VIEW_LABELS, "": "未谈及"}
_MAIN = ("open_session",)
_OTHER = ("open_vote", "name_participants", "move_session", "adjourn_session", "recuse_member")
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

    def order(self) -> list[int]:
        """The members by the place that was typed."""
        pairs = zip(self.places.data, self.member_ids.data, strict=False)
        return [member_id or 0 for _, member_id in sorted(pairs, key=lambda pair: pair[0] or 0)]


class DiscussionForm(PortalForm):
    """What came out of the discussion."""

    version = WholeNumberField()
    overwrite = WholeNumberField()
    summary = LongTextField("讨论小结")


class AdjournForm(PortalForm):
    """Why, and from where it goes on."""

    reason = LongTextField("休会理由", longest=1000)
    to = wtforms.RadioField("休会后", choices={stage.value: words for stage, words in step.ADJOURN_TO.items()})


@blueprint.get("/<int:consultation_id>/online-session")
@requires("view_session")
def view_session(consultation_id: int) -> str:
    """One page for host and participants; it refreshes its board by itself."""
    return _page(consultation_id)


@blueprint.route("/<int:consultation_id>/online-session/open-session", methods=["GET", "POST"])
@requires("open_session")
def open_session(consultation_id: int) -> Answer:
    """Tick who is there, and begin."""
    about = look(brief, consultation_id=consultation_id, act="open_session")
    page = look(session_page, consultation_id=consultation_id)
    form, status = _attendance(page, everybody=True), 200
    if request.method == "POST":
        done = submit(form, step.open_session, consultation_id=consultation_id, **_ticked(form))
        if done:
            flash("会诊开始。", "done")
            return _back(consultation_id)
        status = done.status
    line = transition("open_session")
    return render("consultation/online_session/open.html", form=form, about=about, page=page, line=line), status


@blueprint.post("/<int:consultation_id>/online-session/attendance")
@requires("host_session")
def record_attendance(consultation_id: int) -> Answer:
    """Correct who is there."""
    form = _attendance(look(session_page, consultation_id=consultation_id))
    done = submit(form, step.record_attendance, consultation_id=consultation_id, **_ticked(form))
    return _back(consultation_id) if done else (_page(consultation_id, failed=form), done.status)


@blueprint.post("/<int:consultation_id>/online-session/order")
@requires("host_session")
def set_speaking_order(consultation_id: int) -> Answer:
    """Set the order of speaking."""
    form = OrderForm(typed())
    done = submit(form, step.set_speaking_order, consultation_id=consultation_id, member_ids=form.order)
    return _back(consultation_id) if done else (_page(consultation_id, failed=form), done.status)


@blueprint.post("/<int:consultation_id>/online-session/notes")
@requires("host_session")
def save_speech_notes(consultation_id: int) -> Answer:
    """Keep the notes as they are typed."""
    form = NotesForm(typed())
    done = submit(form, step.save_speech_notes, **_speech(consultation_id, form))
    return _saved(consultation_id, form, done, "notes")


@blueprint.route("/<int:consultation_id>/online-session/note-speech", methods=["GET", "POST"])
@requires("note_speech")
def note_speech(consultation_id: int) -> Answer:
    """A member has spoken; the next one follows. The form stands on the session's page."""
    look(brief, consultation_id=consultation_id, act="note_speech")
    if request.method == "GET":
        return _page(consultation_id)
    form = NotesForm(typed())
    done = submit(form, step.note_speech, **_speech(consultation_id, form))
    if not done:
        return _page(consultation_id, failed=form), done.status
    flash("发言已记录。", "done")
    return _back(consultation_id)


@blueprint.post("/<int:consultation_id>/online-session/discussion")
@requires("host_session")
def save_discussion(consultation_id: int) -> Answer:
    """Keep the summary as it is typed."""
    form = DiscussionForm(typed())
    given = {"summary": form.summary.data or "", "version": _version(form)}
    done = submit(form, step.save_discussion, consultation_id=consultation_id, **given)
    return _saved(consultation_id, form, done, "discussion")


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


def _page(consultation_id: int, failed: PortalForm | None = None) -> str:
    page = look(session_page, consultation_id=consultation_id)
    speaker = _chosen(page, failed)
    forms: dict[str, PortalForm] = {
        "notes": _saved_notes(speaker),
        "attendance": _attendance(page, empty=True),
        "discussion": _saved_discussion(page),
    }
    kept = {NotesForm: "notes", AttendanceForm: "attendance", DiscussionForm: "discussion"}
    if failed is not None and type(failed) in kept:
        forms[kept[type(failed)]] = failed
    return render(
        "consultation/online_session/page.html",
        fragment="board",
        page=page,
        loaded=page.loaded,
        consultation=page.loaded.consultation,
        speakers=[_speaker(one, has_begun=page.has_begun) for one in page.speakers],
        delegations=[(badge_of(one.institution), one.people) for one in page.delegations],
        chosen=speaker,
        material=look(material_summary, loaded=page.loaded),
        problems=failed.problems if failed is not None else (),
        conflict=_conflict(page, failed),
        views=VIEW_LABELS,
        acts=[
            (transition(act).label, address_of_act(act, consultation_id), act in _MAIN)
            for act in (*_MAIN, *_OTHER)
            if page.loaded.may(act)
        ],
        **forms,
    )


def _chosen(page: SessionPage, failed: PortalForm | None) -> Speaker | None:
    """The member whose notes are written: asked for in the address, else whose turn it is; none after the last."""
    wanted = failed.member_id.data if isinstance(failed, NotesForm) else request.args.get("member", type=int)
    by_id = {one.member_id: one for one in page.speakers}
    current = next((one for one in page.speakers if one.state == "now"), None)
    return by_id.get(wanted or 0) or current


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


def _version(form: NotesForm | DiscussionForm) -> int:
    """The version that was typed on, or the newer one that is knowingly written over."""
    return form.overwrite.data or form.version.data or 0


def _conflict(page: SessionPage, failed: PortalForm | None) -> dict[str, Any] | None:
    """What is saved by now beside what was typed on an older version; None where the two do not differ."""
    if not isinstance(failed, NotesForm | DiscussionForm):
        return None
    saved = _saved_notes(_chosen(page, failed)) if isinstance(failed, NotesForm) else _saved_discussion(page)
    if _version(failed) == saved.version.data:
        return None
    skipped = ("member_id", "version", "overwrite")
    lines = [(str(one.label.text), _words(saved[one.name]), _words(one)) for one in failed if one.name not in skipped]
    form_id = "notes-form" if isinstance(failed, NotesForm) else "discussion-form"
    return {"form_id": form_id, "version": saved.version.data, "lines": [one for one in lines if one[1] != one[2]]}


def _words(field: wtforms.Field) -> str:
    said = field.data or ""
    return _VIEWS.get(said, said) if isinstance(field, wtforms.RadioField) else said


def _speaker(one: Speaker, *, has_begun: bool) -> dict[str, Any]:
    words = _SPEAKS[one.state] or ("未到会" if has_begun and not one.has_attended else "")
    return {
        "name": one.name,
        "institution": badge_of(one.institution),
        "state": one.state,
        "words": words,
        "field": one.field,
        "member_id": one.member_id,
        "notes": one.notes,
        "analysis": one.analysis,
    }


def _attendance(page: SessionPage, *, everybody: bool = False, empty: bool = False) -> AttendanceForm:
    people = [one for delegation in page.delegations for one in delegation.people]
    form = AttendanceForm(
        None if empty else typed(),
        data={
            "member_ids": [one.member_id for one in page.speakers if one.has_attended or everybody],
            "participant_ids": [one.person_id for one in people if one.has_attended or everybody],
        },
    )
    form.member_ids.choices = {one.member_id: one.name for one in page.speakers}
    form.participant_ids.choices = {one.person_id: one.person.name for one in people}
    return form


def _ticked(form: AttendanceForm) -> dict[str, Any]:
    return {"member_ids": form.member_ids.data or [], "participant_ids": form.participant_ids.data or []}


def _speech(consultation_id: int, form: NotesForm) -> dict[str, Any]:
    return {
        "consultation_id": consultation_id,
        "member_id": form.member_id.data or 0,
        "given": form.given,
        "version": _version(form),
    }


def _saved(consultation_id: int, form: PortalForm, done: Submission[int], name: str) -> Answer:
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
        return _page(consultation_id, failed=form), done.status
    flash("已保存。", "done")
    return _back(consultation_id)


def _back(consultation_id: int) -> Response:
    return redirect(url_for("consultation.view_session", consultation_id=consultation_id), 303)
