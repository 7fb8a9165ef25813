"""The online session of the story: fixed, attended, spoken in order (Art. 5, 8(3)–(5))."""

from __future__ import annotations

from datetime import timedelta

from portal.demo.scene import Scene, act
from portal.process.permissions import Actor
from portal.services.consultation import online_session, scheduling, session_conduct, time_poll
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import SpeechNotes
from portal.services.consultation.scheduling import SessionPlan
from portal.services.consultation.session_invitation import current_session
from portal.services.consultation.time_poll import SlotInput
from portal.services.consultation.time_poll_asking import open_poll

_USUAL_HOURS = timedelta(hours=2)
_USUAL_MINUTES = 120


@act
def open_time_poll(scene: Scene) -> None:
    """Propose slots; `starts` are [day, hour] of the story."""
    slots = [SlotInput(scene.setting.days.instant(*one), _USUAL_MINUTES) for one in scene.given["starts"]]
    time_poll.open_time_poll(scene.db, actor=scene.lead, slots=slots, **scene.common)


@act
def answer_time_poll(scene: Scene) -> None:
    """An expert marks the slots in their order."""
    _mark_slots(scene, scene.expert)


@act
def answer_for_institution(scene: Scene) -> None:
    """The first liaison of an institution marks the slots in their order."""
    _mark_slots(scene, scene.setting.cast.liaison(scene.institution_id))


def _mark_slots(scene: Scene, actor: Actor) -> None:
    poll = open_poll(scene.db, scene.consultation_id)
    if poll is None:
        raise ValueError(f"{scene.chapter.name} has no open time poll")
    marks = {slot.id: mark for slot, mark in zip(poll.slots, scene.given["marks"], strict=True)}
    time_poll.answer_time_poll(scene.db, actor=actor, marks=marks, **scene.common)


@act
def fix_session(scene: Scene) -> None:
    """Fix the session; `starts` is [day, hour] of the story."""
    starts_at = scene.setting.days.instant(*scene.given["starts"])
    plan = SessionPlan(
        starts_at=starts_at,
        ends_at=starts_at + _USUAL_HOURS,
        mode=scene.given.get("mode", "online"),
        place=scene.given.get("place", ""),
        meeting_service="政务视频会议",
        meeting_link=f"https://meeting.example.cn/j/{scene.consultation.serial:04d}{starts_at:%m%d}",
        meeting_code=f"{starts_at:%m%d} {scene.consultation.serial:04d}",
        late_reason=scene.given.get("late_reason", ""),
    )
    scheduling.fix_session(scene.db, actor=scene.lead, plan=plan, **scene.common)


@act
def name_participants(scene: Scene) -> None:
    """One institution names its second liaison, and the lead and the applicant a second person."""
    staff = scene.setting.cast.staff[scene.institution_id]
    is_concerned = scene.institution_id in (scene.applicant.institution_id, scene.lead.institution_id)
    named = staff[1:3] if is_concerned else staff[1:2]
    scheduling.name_participants(
        scene.db, actor=staff[0], person_ids=[person.person_id for person in named], has_no_interest=True,
        **scene.common,
    )  # fmt: skip


@act
def open_session(scene: Scene) -> None:
    """Open with everybody there, except the experts `without`."""
    without = {scene.setting.cast.expert_id(name) for name in scene.given.get("without", ())}
    members = accepted_members(scene.db, scene.consultation_id)
    online = current_session(scene.db, scene.consultation_id)
    online_session.open_session(
        scene.db, actor=scene.lead,
        member_ids=[member.id for member in members if member.expert_id not in without],
        participant_ids=[one.person_id for one in online.participants] if online else [], **scene.common,
    )  # fmt: skip


@act
def note_speech(scene: Scene) -> None:
    """One expert has spoken."""
    told = scene.opinion
    given = SpeechNotes(
        danger_widespread=told["view"]["prevalence"],
        harm_and_extent=told["hazard"],
        advises_investigation=told.get("advises", "yes"),
        notes=told.get("speech", ""),
    )
    place = scene.place_of(scene.moment.who)
    online_session.note_speech(scene.db, actor=scene.lead, member_id=place.id, given=given, **scene.common)


@act
def save_agenda_note(scene: Scene) -> None:
    """What was said on one question of the agenda, and whether that settled it."""
    question = scene.given["question"]
    session_conduct.save_agenda_note(
        scene.db, actor=scene.lead, question=question, text=scene.given["text"], **scene.common
    )
    if scene.given.get("discussed"):
        session_conduct.mark_discussed(scene.db, actor=scene.lead, question=question, is_discussed=True, **scene.common)


@act
def save_discussion(scene: Scene) -> None:
    """What the discussion came to."""
    online_session.save_discussion(scene.db, actor=scene.lead, summary=scene.given["summary"], **scene.common)
