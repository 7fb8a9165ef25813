"""The audit trail: read by the auditor, narrowed and paged, its chain verified on demand. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.event import Event
from portal.models.institution import Institution
from portal.process.errors import NotFound
from portal.process.events import EVENT_LABELS, event_label
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import end_of_day
from portal.services.kernel.events import GENESIS, broken_links

PAGE_SIZE = 50
MOST_NAMED = 20
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the trail is narrowed to; empty values do not narrow. `person` is a part of a name."""

    first: date | None = None
    last: date | None = None
    name: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event as the page shows it."""

    event_id: int
    at: datetime
    label: str
    person: str  # '' for the portal itself
    institution: str
    address: str
    consultation: str  # the number, '' where it is about none
    facts: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the trail, newest first. `names` are the events that occur: name, words."""

    lines: tuple[AuditLine, ...]
    total: int
    page: int
    pages: int
    names: tuple[tuple[str, str], ...]
    chosen: AuditFilter = field(default_factory=AuditFilter)

    @property
    def first(self) -> int:
        """Place of the first line among all that were found, 1 for the newest; 0 for none."""
        return (self.page - 1) * PAGE_SIZE + 1 if self.lines else 0

    @property
    def last(self) -> int:
        """Place of the last line."""
        return max(0, self.first + len(self.lines) - 1)


@dataclass(frozen=True, slots=True)
class TrailReport:
    """What verifying found: how many events there are, and the ids of those that do not fit (the first few)."""

    events: int
    head: str  # digest of the newest event
    broken: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether no event was edited, deleted or put in another place."""
        return not self.broken


def audit_page(
    db: Session, *, actor: Actor, now: datetime, chosen: AuditFilter | None = None, page: int = 1
) -> AuditPage:
    """A page of the trail for the auditor."""
    _require_auditor(actor)
    chosen = chosen or AuditFilter()
    conditions = _conditions(chosen)
    total = db.scalar(select(func.count()).select_from(Event).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    rows = db.execute(
        select(Event, Institution.short_name, Consultation.year, Consultation.serial)
        .outerjoin(Institution, Institution.id == Event.institution_id)
        .outerjoin(Consultation, Consultation.id == Event.consultation_id)
        .where(*conditions)
        .order_by(Event.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    ).all()
    lines = tuple(_line(event, institution or "", year, serial) for event, institution, year, serial in rows)
    names = tuple(sorted(EVENT_LABELS.items(), key=lambda pair: pair[1]))
    return AuditPage(lines, total, page, pages, names, chosen)


def verify_trail(db: Session, *, actor: Actor | None, now: datetime) -> TrailReport:
    """Follow the chain from its first event. `actor` None is the operator at the command line.

    An event cut off at the end leaves no trace in the chain itself: the head is shown to be compared with an
    earlier one.
    """
    if actor is not None:
        _require_auditor(actor)
    head = db.scalar(select(Event.digest).order_by(Event.id.desc()).limit(1)) or GENESIS
    count = db.scalar(select(func.count()).select_from(Event)) or 0
    return TrailReport(count, head, tuple(islice(broken_links(db), MOST_NAMED)))


def _conditions(chosen: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.first is not None:
        conditions.append(Event.at >= end_of_day(chosen.first - _ONE_DAY))
    if chosen.last is not None:
        conditions.append(Event.at < end_of_day(chosen.last))
    if chosen.name:
        conditions.append(Event.name == chosen.name)
    if chosen.person:
        conditions.append(Event.person_name.contains(chosen.person, autoescape=True))
    return conditions


def _line(event: Event, institution: str, year: int | None, serial: int | None) -> AuditLine:
    return AuditLine(
        event_id=event.id,
        at=event.at,
        label=event_label(event.name),
        person=event.person_name,
        institution=institution,
        address=event.address,
        consultation=f"〔{year}〕{serial}号" if serial else "",
        facts=event.facts,
        digest=event.digest,
    )


def _require_auditor(actor: Actor) -> None:
    if not is_granted("view_audit", actor):
        raise NotFound
