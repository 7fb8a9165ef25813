"""Step 5, 线上会诊: opening the session, attendance, speaking order, notes, adjourning (Art. 8(4), 8(5))."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.online_session import OnlineSession, SpeakingTurn
from portal.process.consultation import Stage
from portal.process.errors import Invalid, Refusal, Stale
from portal.process.permissions import Actor
from portal.rules.majority import quorum_of
from portal.services.consultation.application import required_reason
from portal.services.consultation.members import accepted_members, panel_problem
from portal.services.consultation.preliminary_analysis import answers_of, settle_telling
from portal.services.consultation.session_invitation import current_session, withdraw_invitation
from portal.services.kernel.advancing import advance
from portal.services.kernel.events import record
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import move, oblige, open_obligations, refresh_next_due

# People come a little early; opening the day before would show the analyses to the panel too soon.
OPENS_BEFORE = timedelta(hours=1)
MOST_MINUTES = 120  # of one speech, as planned
VIEWS = ("yes", "no", "uncertain")
ADJOURN_TO = {
    Stage.SCHEDULING: "材料齐备，另行约定会诊时间",
    Stage.PRELIMINARY_ANALYSIS: "须补充材料或专家意见，回到初步分析",
}


@dataclass(frozen=True)
class SpeechNotes:
    """What is noted of one speech (Art. 8(5)); None or "" where it was not said."""

    danger_widespread: str | None = None
    harm_and_extent: str = ""
    advises_investigation: str | None = None
    notes: str = ""


def open_session(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_ids: Collection[int],
    participant_ids: Collection[int],
    now: datetime,
) -> OnlineSession:
    """Open the session as its host, with the members and participants (person ids) who are there.

    Refused before its time, and without a quorum of the panel: it could not vote (decided, Art. 8(6)).
    The speaking order begins as the seats stand.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_session", now=now)
    reason = why_not_open(db, loaded, now)
    if reason is not None:
        raise Refusal(reason, article="8(4)")
    members = accepted_members(db, consultation_id)
    present = [member for member in members if member.id in member_ids]
    quorum = quorum_of(len(members), loaded.edition)
    if len(present) < quorum:
        message = f"到会专家 {len(present)} 人，至少 {quorum} 人到会方可开始；人数不足时请休会另约。"
        raise Invalid.field("member_ids", message, loaded.edition.value("quorum_minimum").article)
    online = _current(db, consultation_id)
    online.state, online.opened_at, online.host_id = "open", now, actor.person_id
    online.turns = [
        SpeakingTurn(member=member, position=position, has_attended=member in present)
        for position, member in enumerate(members, start=1)
    ]
    for one in online.participants:
        one.has_attended = one.person_id in participant_ids
    online.claims = []  # the host has said who is there
    db.flush()
    advance(
        db, loaded, "open_session", actor=actor, now=now,
        members=[member.name for member in present],
        participants=[one.person.name for one in online.participants if one.has_attended],
    )  # fmt: skip
    # It has begun: nobody who is still awaited is late with a date.
    for obligation in open_obligations(db, consultation_id, kinds=["attend_session", "name_participants"]):
        move(obligation, due_at=None, now=now)
    refresh_next_due(db, loaded.consultation)
    return online


def why_not_open(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the session cannot be opened yet, else None."""
    online = current_session(db, loaded.consultation.id)
    if online is None or loaded.stage is not Stage.SCHEDULED:
        return None
    if now < online.starts_at - OPENS_BEFORE:
        minutes = OPENS_BEFORE // timedelta(minutes=1)
        return f"未到会诊时间：开始前 {minutes} 分钟起可以进入会诊。"
    return panel_problem(db, loaded)


def record_attendance(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_ids: Collection[int],
    participant_ids: Collection[int],
    now: datetime,
) -> None:
    """Correct the attendance while the session is open: who came later, who was ticked by mistake."""
    _, online = hosted(db, actor, consultation_id, now)
    for turn in online.turns:
        turn.has_attended = turn.member_id in member_ids or turn.spoken_at is not None
    for one in online.participants:
        one.has_attended = one.person_id in participant_ids
    online.claims = []
    record(
        db, "attendance_recorded", now=now, actor=actor, consultation_id=consultation_id,
        members=[turn.member.name for turn in online.turns if turn.has_attended],
        participants=[one.person.name for one in online.participants if one.has_attended],
    )  # fmt: skip


def set_speaking_order(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_ids: Sequence[int],
    minutes: int | None = None,
    now: datetime,
) -> None:
    """Set the order in which the members speak; it must name each member once.

    `minutes`: how long a speech is planned to be; None leaves it as it is.
    """
    _, online = hosted(db, actor, consultation_id, now)
    if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
        raise Invalid.field("minutes", f"每人发言时间应为 1 至 {MOST_MINUTES} 分钟。", "8(5)")
    online.minutes_per_speech = minutes or online.minutes_per_speech
    turns = {turn.member_id: turn for turn in online.turns}
    if sorted(member_ids) != sorted(turns):
        raise Invalid.field("order", "发言顺序应包含每位专家各一次，请重新排列。", "8(5)")
    # Two turns may not share a position, not even for a moment; so they step aside first.
    for turn in online.turns:
        turn.position = -turn.position
    db.flush()
    for position, member_id in enumerate(member_ids, start=1):
        turns[member_id].position = position
    db.flush()
    db.expire(online, ["turns"])
    order = [turns[member_id].member.name for member_id in member_ids]
    record(db, "speaking_order_set", now=now, actor=actor, consultation_id=consultation_id, order=order)


def save_speech_notes(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_id: int,
    given: SpeechNotes,
    version: int | None = None,
    now: datetime,
) -> int:
    """Save the notes as they are typed; gaps are allowed, and nothing is said to be spoken yet.

    `version` is the one that the page was made from, 0 before the first saving; Stale when it is another by now.
    None takes the notes as they are, for who has just read them. Returns the version they have then.
    """
    _, online = hosted(db, actor, consultation_id, now)
    online.changes += 1
    return _write_notes(db, turn_of(online, member_id), given, version)


def note_speech(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_id: int,
    given: SpeechNotes,
    version: int | None = None,
    now: datetime,
) -> None:
    """Record that a member has spoken, with the notes of the speech; the next one in order follows.

    `version` as with `save_speech_notes`.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="note_speech", now=now)
    online = _current(db, consultation_id)
    _seat_newcomers(db, online)
    turn = turn_of(online, member_id)
    _write_notes(db, turn, given, version)
    if not (turn.danger_widespread or turn.harm_and_extent or turn.advises_investigation or turn.notes):
        raise Invalid.field("notes", "请记下发言要点，再记为已发言。", "8(5)")
    turn.has_attended = True
    turn.spoken_at = turn.spoken_at or now
    if turn.began_at is not None and turn.ended_at is None:
        turn.ended_at = now
    advance(db, loaded, "note_speech", actor=actor, now=now, member=turn.member.name)


def save_discussion(
    db: Session, *, actor: Actor, consultation_id: int, summary: str, version: int | None = None, now: datetime
) -> int:
    """Save the summary of the discussion; it goes into the draft of the minutes. `version` as with the notes."""
    _, online = hosted(db, actor, consultation_id, now)
    db.refresh(online, ["discussion_version"], with_for_update=True)
    if version not in (None, online.discussion_version):
        raise Stale("讨论小结刚刚在另一处保存过。请核对后再保存，您填写的内容仍在页面上。")
    online.discussion_summary = summary.strip()
    online.discussion_version += 1
    return online.discussion_version


def adjourn_session(db: Session, *, actor: Actor, consultation_id: int, reason: str, to: Stage, now: datetime) -> None:
    """Adjourn with a reason: back to scheduling, or to the preliminary analysis where something is missing."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="adjourn_session", now=now)
    reason = required_reason(reason, "休会理由", article="8(4)")
    if to not in ADJOURN_TO:
        raise Invalid.field("to", "请选择休会后从哪一步继续。", "8(4)")
    consultation = loaded.consultation
    online = _current(db, consultation_id)
    was_fixed = online.state == "fixed"
    end_speech(online, now)
    online.state, online.closed_at = "adjourned", now
    if was_fixed:
        withdraw_invitation(db, consultation, online, now=now, reason=reason)
    advance(db, loaded, "adjourn_session", actor=actor, now=now, to=to, reason=reason)
    if to is Stage.PRELIMINARY_ANALYSIS:
        _ask_for_what_is_missing(db, loaded, now)


def close_discussion(db: Session, loaded: Loaded, now: datetime) -> None:
    """End the discussion, as the vote opens: experts vote at the same time, after it (Art. 8(6))."""
    online = _current(db, loaded.consultation.id)
    online.state, online.closed_at = "closed", now
    end_speech(online, now)


def end_speech(online: OnlineSession, now: datetime) -> None:
    """Whoever speaks has ended: somebody else begins, or the discussion is over."""
    for turn in online.turns:
        if turn.began_at is not None and turn.ended_at is None:
            turn.ended_at = now


def reopen_discussion(db: Session, loaded: Loaded, now: datetime) -> None:
    """Go on with the session that was closed last: for another round, or after a recusal.

    Members speak again in the same order, after their earlier notes; who joined the panel since speaks last.
    """
    consultation_id = loaded.consultation.id
    online = db.scalar(
        select(OnlineSession)
        .where(OnlineSession.consultation_id == consultation_id, OnlineSession.state == "closed")
        .order_by(OnlineSession.closed_at.desc(), OnlineSession.id.desc())
        .limit(1)
    )
    if online is None:
        raise ValueError("there is no closed session to go on with")
    online.state, online.closed_at = "open", None
    for turn in online.turns:
        turn.spoken_at = turn.began_at = turn.ended_at = None
    for note in online.agenda_notes:
        note.discussed_at = None
    _seat_newcomers(db, online)


def _seat_newcomers(db: Session, online: OnlineSession) -> None:
    """Who joined the panel since the session was opened speaks last."""
    known = {turn.member_id for turn in online.turns}
    last = max((turn.position for turn in online.turns), default=0)
    joined = [member for member in accepted_members(db, online.consultation_id) if member.id not in known]
    online.turns.extend(
        SpeakingTurn(member=member, position=position) for position, member in enumerate(joined, start=last + 1)
    )
    db.flush()


def hosted(db: Session, actor: Actor, consultation_id: int, now: datetime) -> tuple[Loaded, OnlineSession]:
    """The session that `actor` hosts now, with everybody of the panel in the order of speaking."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="host_session", now=now)
    online = _current(db, consultation_id)
    _seat_newcomers(db, online)
    return loaded, online


def _current(db: Session, consultation_id: int) -> OnlineSession:
    online = current_session(db, consultation_id)
    if online is None:
        raise ValueError("the consultation has no session now")
    return online


def turn_of(online: OnlineSession, member_id: int) -> SpeakingTurn:
    """The member's place in the order; Invalid for who has none, or is no longer in the panel."""
    turn = next((turn for turn in online.turns if turn.member_id == member_id), None)
    if turn is None or turn.member.state != "accepted":
        raise Invalid.field("member_id", "这位专家不在本次会诊的发言顺序中。", "8(5)")
    return turn


def _write_notes(db: Session, turn: SpeakingTurn, given: SpeechNotes, version: int | None) -> int:
    # A second host may be writing the same notes at this moment: whoever comes second reads what the first has saved.
    db.refresh(turn, ["notes_version"], with_for_update=True)
    if version not in (None, turn.notes_version):
        message = f"{turn.member.name}的发言记录刚刚在另一处保存过。请核对后再保存，您填写的内容仍在页面上。"
        raise Stale(message)
    for name in ("danger_widespread", "advises_investigation"):
        if getattr(given, name) not in (None, *VIEWS):
            raise Invalid.field(name, "请选择“是”“否”或“不确定”。", "8(5)")
    turn.danger_widespread = given.danger_widespread
    turn.harm_and_extent = given.harm_and_extent.strip()
    turn.advises_investigation = given.advises_investigation
    turn.notes = given.notes.strip()
    turn.notes_version += 1
    return turn.notes_version


def _ask_for_what_is_missing(db: Session, loaded: Loaded, now: datetime) -> None:
    """Experts whose analysis is not in owe it again; where all are in, the applicant tells the lead again."""
    for member in answers_of(db, loaded.consultation.id).missing:
        oblige(db, loaded.consultation, "hand_in_analysis", now=now, person_id=member.expert.person_id)
    settle_telling(db, loaded.consultation, now=now)


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {"open_session": why_not_open}
