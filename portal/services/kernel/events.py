"""Recording events: append-only, chained by SHA-256, in the transaction of the change they tell of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.event import Event
from portal.process.permissions import Actor

GENESIS = "0" * 64
LAST_DIGEST = select(Event.digest).order_by(Event.id.desc()).limit(1)
"""Asks for the end of the chain; no row while nothing has happened."""


def record(
    db: Session,
    name: str,
    *,
    now: datetime,
    actor: Actor | None = None,
    consultation_id: int | None = None,
    recall_case_id: int | None = None,
    stage: str | None = None,
    **facts: Any,
) -> Event:
    """Append the event `name`; `facts` must be JSON values. `actor` None means the portal itself."""
    # Writers come one at a time (portal.models.database), so two events never chain to one head.
    previous = db.scalar(LAST_DIGEST) or GENESIS
    event = Event(
        at=now,
        name=name,
        consultation_id=consultation_id,
        recall_case_id=recall_case_id,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
        institution_id=actor.institution_id if actor else None,
        address=actor.address if actor else "",
        stage=stage,
        facts=facts,
        previous_digest=previous,
    )
    event.digest = digest_of(event)
    db.add(event)
    db.flush()
    return event


def digest_of(event: Event) -> str:
    """SHA-256 over the previous digest and everything the event says, as canonical JSON."""
    return digest_of_said(said_by(event))


def digest_of_said(said: Mapping[str, Any]) -> str:
    """The digest of what an event says, also of one that was read from a package."""
    canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def said_by(event: Event) -> dict[str, Any]:
    """What the digest of an event is worked out from: all that it says, and the digest of the one before it."""
    said = {
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "name": event.name,
        "consultation_id": event.consultation_id,
        "person_id": event.person_id,
        "person_name": event.person_name,
        "institution_id": event.institution_id,
        "address": event.address,
        "stage": event.stage,
        "facts": event.facts,
        "previous": event.previous_digest,
    }
    # What is about no recall case says nothing of one.
    return said if event.recall_case_id is None else {**said, "recall_case_id": event.recall_case_id}


def broken_links(db: Session) -> Iterator[int]:
    """Ids of events whose content or place in the chain does not fit; empty for a whole trail."""
    previous = GENESIS
    for event in db.scalars(select(Event).order_by(Event.id).execution_options(yield_per=500)):
        if event.previous_digest != previous or digest_of(event) != event.digest:
            yield event.id
        previous = event.digest
