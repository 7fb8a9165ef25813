"""Carrying out an act of the transition table: the only place that changes a stage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.models.event import Event
from portal.models.obligation import Obligation
from portal.process.consultation import Stage, transition
from portal.process.obligations import OBLIGATIONS
from portal.process.permissions import Actor
from portal.services.kernel import obligations
from portal.services.kernel.counting import count_stage
from portal.services.kernel.events import record
from portal.services.kernel.loading import Loaded


def advance(
    db: Session,
    loaded: Loaded,
    act: str,
    *,
    actor: Actor | None,
    now: datetime,
    to: Stage | None = None,
    **facts: Any,
) -> Event:
    """Carry out `act`: change the stage as the table says, settle obligations, record the event with `facts`.

    `to` names the stage where the table leaves a choice; it must be one of the line's alternatives.
    The act must have been authorised (`load`) before. Obligations of the actor that the act meets are closed.
    """
    line = transition(act)
    consultation = loaded.consultation
    if to is not None and to not in (line.next, *line.alternatives):
        raise ValueError(f"{act} cannot lead to {to}")
    target = to or line.next
    entering = target if target != consultation.stage else None
    obligations.settle(db, consultation, met=_is_met_by(act, actor), entering=entering, now=now)
    if entering is not None:
        before, consultation.stage = consultation.stage, entering
        count_stage(db, consultation, before)
    return record(
        db,
        line.event,
        now=now,
        actor=actor,
        consultation_id=consultation.id,
        stage=target,
        **facts,
    )


def _is_met_by(act: str, actor: Actor | None) -> Callable[[Obligation], bool] | None:
    """Tells the obligations that `act`, done by `actor`, meets; None where it can meet none."""
    kinds = {kind.kind for kind in OBLIGATIONS.values() if act in kind.closed_by}
    if not kinds or actor is None:
        return None
    return lambda obligation: (
        obligation.kind in kinds
        and (
            actor.person_id == obligation.person_id
            or (obligation.institution_id is not None and actor.institution_id == obligation.institution_id)
        )
    )
