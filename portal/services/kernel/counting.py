"""How many consultations each institution takes part in, by year and stage.

Kept in step by the two acts that change it, in their transaction, so that the list of a hundred thousand
consultations shows its counts without counting (docs/decisions/counts-are-kept.md).
"""

from __future__ import annotations

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ConsultationCount

_COUNT_PARTY = text(
    "INSERT INTO consultation_count (institution_id, year, stage, number) VALUES (:institution, :year, :stage, 1) "
    "ON CONFLICT (institution_id, year, stage) DO UPDATE SET number = consultation_count.number + 1"
)
_LEAVE_STAGE = text(
    "UPDATE consultation_count SET number = number - 1 WHERE year = :year AND stage = :stage "
    "AND institution_id IN (SELECT institution_id FROM consultation_party WHERE consultation_id = :consultation)"
)
_ENTER_STAGE = text(
    "INSERT INTO consultation_count (institution_id, year, stage, number) "
    "SELECT institution_id, :year, :stage, 1 FROM consultation_party WHERE consultation_id = :consultation "
    "ON CONFLICT (institution_id, year, stage) DO UPDATE SET number = consultation_count.number + 1"
)
_RECOUNT = text(
    "INSERT INTO consultation_count (institution_id, year, stage, number) "
    "SELECT p.institution_id, c.year, c.stage, count(*) FROM consultation_party p "
    "JOIN consultation c ON c.id = p.consultation_id GROUP BY p.institution_id, c.year, c.stage"
)


def count_party(db: Session, consultation: Consultation, institution_id: int) -> None:
    """Count the consultation, as it stands, for an institution that has just become a party to it."""
    given = {"institution": institution_id, "year": consultation.year, "stage": consultation.stage}
    db.execute(_COUNT_PARTY, given)


def count_stage(db: Session, consultation: Consultation, before: str) -> None:
    """Move the consultation from the stage `before` to its present one, for each of its parties."""
    of = {"consultation": consultation.id, "year": consultation.year}
    db.execute(_LEAVE_STAGE, {**of, "stage": before})
    db.execute(_ENTER_STAGE, {**of, "stage": consultation.stage})


def recount(db: Session) -> None:
    """Count everything anew: for rows that were written in bulk, past the services."""
    db.execute(delete(ConsultationCount))
    db.execute(_RECOUNT)
