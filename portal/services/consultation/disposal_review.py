"""鉴定: what a custodian has kept for as long as it must is looked at, and kept on or destroyed (Art. 9)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.process.consultation import Stage
from portal.rules.dates import beijing_day, end_of_day
from portal.services.kernel.standing import Standing


def reviews_owed(db: Session, now: datetime, until: datetime) -> list[Standing]:
    """A review of each consultation by each custodian whose records have all expired and are not held."""
    last = func.max(ArchiveRecord.keep_until)
    rows = db.execute(
        select(ArchiveRecord.consultation_id, ArchiveRecord.custodian_id, last.label("keep_until"))
        .join(Consultation, Consultation.id == ArchiveRecord.consultation_id)
        .where(ArchiveRecord.disposed_at.is_(None), Consultation.stage == Stage.ARCHIVED)
        .group_by(ArchiveRecord.consultation_id, ArchiveRecord.custodian_id)
        .having(last < beijing_day(until), func.count(case((ArchiveRecord.held_at.is_not(None), 1))) == 0)
        .order_by(ArchiveRecord.consultation_id, ArchiveRecord.custodian_id)
    )
    return [
        Standing(end_of_day(row.keep_until), institution_id=row.custodian_id, consultation_id=row.consultation_id)
        for row in rows
    ]
