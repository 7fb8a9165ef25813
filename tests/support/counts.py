"""The counts of consultations by institution, year and stage: as they are kept, and as they are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ConsultationCount, ConsultationParty


def kept(db: Session) -> Counter[Any]:
    """What services.kernel.counting has kept."""
    counts = db.scalars(select(ConsultationCount))
    return +Counter({(one.institution_id, one.year, one.stage): one.number for one in counts})


def counted(db: Session) -> Counter[Any]:
    """The same, counted one by one."""
    of = select(ConsultationParty.institution_id, Consultation.year, Consultation.stage)
    return Counter(map(tuple, db.execute(of.join(Consultation, Consultation.id == ConsultationParty.consultation_id))))
