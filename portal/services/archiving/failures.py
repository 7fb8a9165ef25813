"""Packages that cannot be made: told once for each record, and shown until it is packaged (Art. 9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.account import Person, PersonRole
from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.event import Event
from portal.process.permissions import Role
from portal.rules.dates import beijing_day
from portal.services.consultation.archive_inventory import CONTENT_LABELS
from portal.services.kernel.events import record as record_event
from portal.services.kernel.mailing import liaisons, queue

FAILED, PACKAGED = "archive_packaging_failed", "archive_packaged"


@dataclass(frozen=True)
class Failure:
    """A record that no package could be made of, and why."""

    consultation_id: int
    number: str  # of the consultation
    content: str
    custodian: str
    problem: str
    since: datetime


def note_failure(db: Session, record_id: int, problem: str, now: datetime) -> bool:
    """Tell the custodian's liaisons and the system administrators, unless they know of this record already.

    `problem` may name what is in the record: only the custodian is told it. Returns whether it was told now.
    """
    record = db.get_one(ArchiveRecord, record_id)
    if failures_of(db, [record_id]):
        return False
    consultation = db.get_one(Consultation, record.consultation_id)
    label = f"{consultation.number} {CONTENT_LABELS[record.content]}"
    record_event(
        db, FAILED, now=now, consultation_id=record.consultation_id, content=record.content, reason=problem,
    )  # fmt: skip
    own = liaisons(db, [record.custodian_id], beijing_day(now))
    for whom, about, said in ((own, consultation, problem), (_administrators(db), None, "")):
        queue(
            db, "archive_unpackaged", whom, now=now, consultation=about,
            link_label="查看完整性检查", link_path="/archive/checks", label=label, problem=said,
        )  # fmt: skip
    return True


def failures_of(db: Session, record_ids: Collection[int]) -> list[Failure]:
    """Which of these records, all still to be packaged, are known to have failed; the earliest first."""
    if not record_ids:
        return []
    query = select(ArchiveRecord).where(ArchiveRecord.id.in_(record_ids)).options(joinedload(ArchiveRecord.custodian))
    records = {(record.consultation_id, record.content): record for record in db.scalars(query)}
    consultations = {consultation_id for consultation_id, _content in records}
    events = select(Event).where(Event.name.in_((FAILED, PACKAGED)), Event.consultation_id.in_(consultations))
    latest = {(event.consultation_id, event.facts["content"]): event for event in db.scalars(events.order_by(Event.id))}
    numbers = {one.id: one.number or "" for one in _consultations(db, consultations)}
    return [
        Failure(
            record.consultation_id,
            numbers[record.consultation_id],
            CONTENT_LABELS[record.content],
            record.custodian.short_name,
            latest[key].facts["reason"],
            latest[key].at,
        )
        for key, record in sorted(records.items(), key=lambda one: one[1].id)
        if key in latest and latest[key].name == FAILED
    ]


def _consultations(db: Session, numbers: Collection[int]) -> list[Consultation]:
    return list(db.scalars(select(Consultation).where(Consultation.id.in_(numbers))))


def _administrators(db: Session) -> list[Person]:
    return list(
        db.scalars(
            select(Person)
            .join(PersonRole, PersonRole.person_id == Person.id)
            .where(PersonRole.role == Role.ADMINISTRATOR.value, Person.is_active)
            .order_by(Person.id)
        )
    )
