"""How busy experts are, and how they have answered: panels now and before, days to an answer, analyses in time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from statistics import median

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.expert import Expert
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage

_BEHIND_THEM = (
    Stage.ISSUED,
    Stage.ARCHIVED,
    Stage.DISPOSED,
    Stage.DISCARDED,
    Stage.WITHDRAWN,
    Stage.TERMINATED,
)
ON_PANEL = ("nominated", "invited", "accepted")
_SECONDS_IN_AN_HOUR = 3600


@dataclass(frozen=True)
class ExpertLoad:
    """Panels of one expert: `open` ones, invitations included, and `past` ones."""

    open: int = 0
    past: int = 0


@dataclass(frozen=True)
class ExpertPunctuality:
    """How one expert has answered: `answer_hours` is the median from invitation to answer, None without any."""

    answers: int = 0
    answer_hours: float | None = None
    analyses: int = 0
    analyses_in_time: int = 0


def loads_of(db: Session, expert_ids: Collection[int]) -> dict[int, ExpertLoad]:
    """The load of each of these experts, in one statement; an expert without any panel is left out."""
    is_past = Consultation.stage.in_(_BEHIND_THEM)
    rows = db.execute(
        select(
            PanelMember.expert_id,
            func.sum(case((is_past, 0), else_=1)),
            func.sum(case((is_past, 1), else_=0)),
        )
        .join(Consultation, Consultation.id == PanelMember.consultation_id)
        .where(PanelMember.expert_id.in_(expert_ids), PanelMember.state.in_(ON_PANEL))
        .group_by(PanelMember.expert_id)
    )
    return {expert_id: ExpertLoad(int(now_open), int(past)) for expert_id, now_open, past in rows}


def is_busy() -> ColumnElement[bool]:
    """The condition that an expert sits on a panel that is not behind them, invitations included."""
    return exists().where(
        PanelMember.expert_id == Expert.id,
        PanelMember.state.in_(ON_PANEL),
        Consultation.id == PanelMember.consultation_id,
        Consultation.stage.not_in(_BEHIND_THEM),
    )


def punctuality_of(db: Session, expert_ids: Collection[int]) -> dict[int, ExpertPunctuality]:
    """How each of these experts has answered, in one statement; who was never asked is left out."""
    rows = db.execute(
        select(
            PanelMember.expert_id,
            PanelMember.invited_at,
            PanelMember.answered_at,
            PreliminaryAnalysis.handed_in_at,
            PreliminaryAnalysis.is_late,
        )
        .outerjoin(PreliminaryAnalysis, PreliminaryAnalysis.member_id == PanelMember.id)
        .where(PanelMember.expert_id.in_(expert_ids))
    ).all()
    hours: dict[int, list[float]] = {}
    analyses: dict[int, list[bool]] = {}
    for expert_id, invited_at, answered_at, handed_in_at, is_late in rows:
        if invited_at and answered_at:
            hours.setdefault(expert_id, []).append((answered_at - invited_at).total_seconds() / _SECONDS_IN_AN_HOUR)
        if handed_in_at:
            analyses.setdefault(expert_id, []).append(not is_late)
    return {
        expert_id: ExpertPunctuality(
            answers=len(hours.get(expert_id, ())),
            answer_hours=median(hours[expert_id]) if expert_id in hours else None,
            analyses=len(analyses.get(expert_id, ())),
            analyses_in_time=sum(analyses.get(expert_id, ())),
        )
        for expert_id in hours.keys() | analyses.keys()
    }
