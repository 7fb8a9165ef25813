"""What became of a consultation: the recall case that it stands behind, as the consultation's page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from portal.models.consultation import short_number
from portal.models.institution import Institution
from portal.models.recall_case import CaseConsultation, CaseParticipant, RecallCase
from portal.process.permissions import Relation
from portal.process.recall_case import OUTCOMES, STAGE_LABELS, Stage
from portal.services.kernel.loading import Loaded

ORIGINS = {"asked": "案件申请会诊", "advised": "按会诊建议建立"}
_STAFF = frozenset({Relation.APPLICANT, Relation.LEAD, Relation.PARTY})


@dataclass(frozen=True)
class RecallCaseSummary:
    """The case: experts learn its state alone. `case_id` is None for who may not open it."""

    state: str
    number: str
    authority: str
    origin: str
    case_id: int | None


def summary(db: Session, loaded: Loaded, _now: datetime) -> RecallCaseSummary | None:
    """The case of a consultation; None where there is none."""
    row = db.execute(
        _CASE, {"consultation": loaded.consultation.id, "institution": loaded.actor.institution_id or 0}
    ).one_or_none()
    if row is None:
        return None
    case_id, year, serial, stage, outcome, origin, authority, takes_part = row
    state = OUTCOMES.get(outcome or "", STAGE_LABELS[Stage(stage)])
    if not loaded.relations & _STAFF:
        return RecallCaseSummary(state, "", "", "", None)
    can_open = bool(takes_part) and loaded.actor.is_staff
    number = short_number(year, serial) or ""
    return RecallCaseSummary(state, number, authority, ORIGINS[origin], case_id if can_open else None)


# One statement for all of it: the page has a budget (tests/benchmarks).
_CASE = (
    select(
        RecallCase.id, RecallCase.year, RecallCase.serial, RecallCase.stage, RecallCase.outcome,
        CaseConsultation.origin, Institution.name,
        exists().where(
            CaseParticipant.case_id == RecallCase.id,
            CaseParticipant.institution_id == bindparam("institution"),
            CaseParticipant.role == "technical",
        ),
    )
    .select_from(CaseConsultation)
    .join(RecallCase, RecallCase.id == CaseConsultation.case_id)
    .join(Institution, Institution.id == RecallCase.authority_id)
    .where(CaseConsultation.consultation_id == bindparam("consultation"))
)  # fmt: skip
