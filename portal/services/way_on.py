"""Where a person goes on who could not do what was asked for: the consultation, and what waits for them next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.services.duties import Duty, own_duties
from portal.services.kernel.loading import find


@dataclass(frozen=True)
class WayOn:
    """`consultation_id` and `number` are None where the consultation's page is not for the actor."""

    consultation_id: int | None
    number: str | None
    duty: Duty | None


def way_on(db: Session, *, actor: Actor, consultation_id: int | None, now: datetime) -> WayOn:
    """The consultation, and the actor's next duty: in it if there is one, else the soonest of all."""
    duties = own_duties(db, actor=actor, now=now)
    here = [duty for duty in duties if duty.consultation_id == consultation_id]
    duty = next(iter(here or duties), None)
    try:
        loaded = find(db, actor=actor, consultation_id=consultation_id or 0, now=now)
    except NotFound:
        return WayOn(None, None, duty)
    if not loaded.may("view_consultation"):
        return WayOn(None, None, duty)
    return WayOn(loaded.consultation.id, loaded.consultation.number, duty)
