"""Sessions at the stages of steps 4 and 5: fixed, opened with everybody there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.online_session import OnlineSession
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import SpeechNotes, note_speech, open_session
from portal.services.consultation.scheduling import SessionPlan, fix_session, name_participants
from portal.services.consultation.session_invitation import current_session
from tests.factories.panel import FIVE
from tests.factories.preliminary_analysis import lead_told
from tests.factories.world import NOON, World
from tests.support.scenes import scene

STARTS = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)  # Wednesday, 14:00 in Beijing: the second working day
PLAN = SessionPlan(
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=2),
    meeting_service="政务视频会议",
    meeting_link="https://meeting.example.cn/j/8842",
    meeting_code="884 201 337",
    meeting_password="1122",
)
NOTES = SpeechNotes("yes", "受压折叠后局部过热，可致烫伤和起火", "yes", "同型号结构相同")


@scene
def session_fixed(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    plan: SessionPlan = PLAN,
    consultation: Consultation | None = None,
    now: datetime = NOON,
) -> Consultation:
    """A session is fixed."""
    consultation = lead_told(db, world, experts=experts, consultation=consultation, now=now)
    fix_session(db, actor=world.lead, consultation_id=consultation.id, plan=plan, now=now)
    return consultation


@scene
def participants_named(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    plan: SessionPlan = PLAN,
    consultation: Consultation | None = None,
    now: datetime = NOON,
) -> Consultation:
    """Each institution has named one member of its staff."""
    consultation = session_fixed(db, world, experts=experts, plan=plan, consultation=consultation, now=now)
    for actor in world.staff.values():
        name_participants(
            db, actor=actor, consultation_id=consultation.id, person_ids=[actor.person_id],
            has_no_interest=True, now=now,
        )  # fmt: skip
    return consultation


@scene
def session_opened(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    plan: SessionPlan = PLAN,
    consultation: Consultation | None = None,
    now: datetime = STARTS,
) -> Consultation:
    """The session is open, all members and participants are there, and every member has spoken."""
    consultation = participants_named(db, world, experts=experts, plan=plan, consultation=consultation)
    members = [member.id for member in accepted_members(db, consultation.id)]
    open_session(
        db, actor=world.lead, consultation_id=consultation.id, member_ids=members,
        participant_ids=[actor.person_id for actor in world.staff.values()], now=now,
    )  # fmt: skip
    for member_id in members:
        note_speech(db, actor=world.lead, consultation_id=consultation.id, member_id=member_id, given=NOTES, now=now)
    return consultation


def session_of(db: Session, consultation: Consultation) -> OnlineSession:
    """The session that is fixed or open."""
    online = current_session(db, consultation.id)
    assert online is not None
    return online
