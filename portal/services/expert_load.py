"""How busy experts are: the panels they sit on now, and those they sat on before (Art. 10)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
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


@dataclass(frozen=True)
class ExpertLoad:
    """Panels of one expert: `open` ones, invitations included, and `past` ones."""

    open: int = 0
    past: int = 0


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
