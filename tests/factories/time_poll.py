"""A time poll: opened with two slots in and one after the five working days."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.time_poll import TimePoll
from portal.services.consultation.time_poll import SlotInput, open_time_poll
from portal.services.consultation.time_poll_asking import open_poll
from tests.factories.online_session import STARTS
from tests.factories.panel import FIVE
from tests.factories.preliminary_analysis import lead_told
from tests.factories.world import NOON, World
from tests.support.scenes import scene

SLOTS = (SlotInput(STARTS, 120), SlotInput(STARTS + timedelta(days=1), 90), SlotInput(STARTS + timedelta(days=7), 120))


@scene
def time_poll_opened(
    db: Session, world: World, *, experts: tuple[tuple[str, int], ...] = FIVE, now: datetime = NOON
) -> Consultation:
    """The lead has proposed the three slots."""
    consultation = lead_told(db, world, experts=experts, now=now)
    open_time_poll(db, actor=world.lead, consultation_id=consultation.id, slots=SLOTS, now=now)
    return consultation


def poll_of(db: Session, consultation: Consultation) -> TimePoll:
    """The poll that is open."""
    poll = open_poll(db, consultation.id)
    assert poll is not None
    return poll


def marks_for(poll: TimePoll, *marks: str) -> dict[int, str | None]:
    """The marks for the slots in their order."""
    return {slot.id: mark for slot, mark in zip(poll.slots, marks, strict=True)}
