"""Consultations at the stages of step 7: concluded with a draft, issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.meeting_minutes import MeetingMinutes
from portal.services.consultation.meeting_minutes import issue_minutes
from portal.services.consultation.meeting_minutes_draft import PARTS
from portal.services.consultation.tally import conclude_consultation
from tests.factories.voting import LATER, tallied
from tests.factories.world import World
from tests.support.scenes import scene

AFTER = LATER + timedelta(hours=1)
INVESTIGATE = [("yes", "yes", "no")] * 4 + [("no", "no", "no")]
NO_MAJORITY = [("yes", "yes", "no")] * 2 + [("no", "yes", "no")] * 2 + [("uncertain", "no", "yes")]


@scene
def concluded(
    db: Session,
    world: World,
    votes: Sequence[Sequence[str]] = INVESTIGATE,
    consultation: Consultation | None = None,
) -> Consultation:
    """The vote is closed and concluded; the draft of the minutes lies with the lead."""
    consultation = tallied(db, world, votes, consultation=consultation)
    reason = "现有病例不足以判断" if votes is NO_MAJORITY else ""
    conclude_consultation(db, actor=world.lead, consultation_id=consultation.id, reason=reason, now=AFTER)
    return consultation


def minutes_of(db: Session, consultation: Consultation) -> MeetingMinutes:
    """The minutes, drafted or issued, without their corrections."""
    return db.scalars(
        select(MeetingMinutes).where(MeetingMinutes.consultation_id == consultation.id, MeetingMinutes.correction == 0)
    ).one()


@scene
def issued(
    db: Session,
    world: World,
    votes: Sequence[Sequence[str]] = INVESTIGATE,
    consultation: Consultation | None = None,
) -> Consultation:
    """The minutes are issued as they were drafted."""
    consultation = concluded(db, world, votes, consultation)
    draft = minutes_of(db, consultation)
    issue_minutes(
        db, actor=world.lead, consultation_id=consultation.id, parts={name: getattr(draft, name) for name in PARTS},
        version=draft.version, now=AFTER,
    )  # fmt: skip
    return consultation
