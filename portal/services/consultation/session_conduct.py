"""During the session: who says to be there, who speaks since when, what was said on each question (Art. 8(5))."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.models.event import Event
from portal.models.online_session import AgendaNote, AttendanceClaim, OnlineSession
from portal.process.errors import Invalid, Refusal, Stale
from portal.process.permissions import Actor
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import OPENS_BEFORE, end_speech, hosted, record_attendance, turn_of
from portal.services.consultation.preliminary_analysis import FIRST_VIEW
from portal.services.consultation.session_invitation import current_session
from portal.services.kernel.events import record
from portal.services.kernel.loading import load

ARTICLE = "8(5)"


def claim_attendance(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Say that one is there (a member, or staff named for the session); the host confirms it.

    Refused before people are let in. Saying it twice, or after the host has recorded it, changes nothing.
    """
    load(db, actor=actor, consultation_id=consultation_id, permission="claim_attendance", now=now)
    online = current_session(db, consultation_id)
    if online is None:
        raise Refusal("现在没有约定的会诊。", article="8(4)")
    if now < online.starts_at - OPENS_BEFORE:
        raise Refusal("还没有到会诊时间，请在会诊开始前再报到。", article="8(4)")
    if actor.person_id in {claim.person_id for claim in online.claims} | _recorded_as_there(online):
        return
    online.claims.append(AttendanceClaim(person_id=actor.person_id, claimed_at=now))
    record(db, "attendance_claimed", now=now, actor=actor, consultation_id=consultation_id)


def confirm_attendance(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> int:
    """Record as there everybody who says so, beside those who are recorded already; return how many are new."""
    _, online = hosted(db, actor, consultation_id, now)
    said = {claim.person_id for claim in online.claims}
    if not said:
        raise Refusal("没有待确认的报到。", article="8(4)")
    members = {member.id for member in accepted_members(db, consultation_id) if member.expert.person_id in said} | {
        turn.member_id for turn in online.turns if turn.has_attended
    }
    participants = {one.person_id for one in online.participants if one.person_id in said or one.has_attended}
    record_attendance(
        db, actor=actor, consultation_id=consultation_id, member_ids=members, participant_ids=participants, now=now
    )
    return len(said)


def start_speech(db: Session, *, actor: Actor, consultation_id: int, member_id: int, now: datetime) -> None:
    """Give a member the floor: the time of the speech begins. Who has spoken until now has ended."""
    _, online = hosted(db, actor, consultation_id, now)
    turn = turn_of(online, member_id)
    if turn.began_at is not None and turn.ended_at is None:
        return
    end_speech(online, now)
    turn.has_attended = True
    turn.began_at, turn.ended_at = now, None
    online.changes += 1


def stop_speech(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Stop the time of whoever speaks; the notes are recorded apart (note_speech)."""
    _, online = hosted(db, actor, consultation_id, now)
    end_speech(online, now)
    online.changes += 1


def save_agenda_note(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    question: str,
    text: str,
    version: int | None = None,
    now: datetime,
) -> int:
    """Save what was said on one question of the agenda, by its name on the sheet; it goes into the minutes' draft.

    `version` is the one that the page was made from, 0 before the first saving; Stale when it is another by now, None
    takes the note as it is. Returns the version it has then.
    """
    _, online = hosted(db, actor, consultation_id, now)
    note = _note(db, online, question)
    if version not in (None, note.version):
        raise Stale("这个讨论要点的记录刚刚在另一处保存过。请核对后再保存，您填写的内容仍在页面上。")
    note.text = text.strip()
    note.version += 1
    online.changes += 1
    return note.version


def mark_discussed(
    db: Session, *, actor: Actor, consultation_id: int, question: str, is_discussed: bool, now: datetime
) -> None:
    """Mark a question of the agenda as discussed, or take it up again."""
    _, online = hosted(db, actor, consultation_id, now)
    note = _note(db, online, question)
    if (note.discussed_at is not None) == is_discussed:
        return
    note.discussed_at = now if is_discussed else None
    name = "question_discussed" if is_discussed else "question_reopened"
    record(db, name, now=now, actor=actor, consultation_id=consultation_id, question=question)


def mark_of(db: Session, *, consultation_id: int) -> str:
    """A mark that is another one after anything has changed that the session's page shows.

    Nearly all that happens is an event; what is noted without being one counts `changes`. Both are found in an index,
    so an open page can ask every other second (docs/decisions/the-session-page-polls.md). A page reads it before all
    that it shows: what happens in between is then told once more, and never missed.
    """
    event_id, changes = db.execute(_MARK, {"consultation": consultation_id}).one()
    return f"{event_id or 0}.{changes or 0}"


def live_mark(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> str:
    """The same for an open page that asks; NotFound for somebody who may not see the session any more."""
    load(db, actor=actor, consultation_id=consultation_id, permission="view_session", now=now)
    return mark_of(db, consultation_id=consultation_id)


_MARK = select(
    select(func.max(Event.id)).where(Event.consultation_id == bindparam("consultation")).scalar_subquery(),
    select(func.sum(OnlineSession.changes))
    .where(OnlineSession.consultation_id == bindparam("consultation"))
    .scalar_subquery(),
)


def _recorded_as_there(online: OnlineSession) -> set[int]:
    there = {one.person_id for one in online.participants if one.has_attended}
    return there | {turn.member.expert.person_id for turn in online.turns if turn.has_attended}


def _note(db: Session, online: OnlineSession, question: str) -> AgendaNote:
    if question not in FIRST_VIEW:
        raise Invalid.field("question", "这不是讨论要点中的问题。", ARTICLE)
    found = next((note for note in online.agenda_notes if note.question == question), None)
    if found is None:
        found = AgendaNote(question=question, text="", version=0)
        online.agenda_notes.append(found)
        db.flush()
        return found
    # A second host may be writing the same note at this moment: whoever comes second reads what the first has saved.
    db.refresh(found, with_for_update=True)
    return found
