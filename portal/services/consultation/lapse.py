"""Ending a consultation whose applicant has been silent for too long (decided; Art. 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.process.errors import Refusal
from portal.process.permissions import Actor
from portal.services.consultation.application import end_early
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import open_obligations

_OWED = ("correct_application", "send_material")


def lapse_application(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """End it: the applicant has neither corrected nor sent the material within the limit of the edition."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="lapse_application", now=now)
    value = loaded.edition.value("applicant_silent_lapse_days")
    reason = _why_not(db, loaded, now)
    if reason is not None:
        raise Refusal(reason, article=value.article)
    end_early(db, loaded, "lapse_application", actor=actor, now=now, reason=value.text)


def _why_not(db: Session, loaded: Loaded, now: datetime) -> str | None:
    days = loaded.edition.value("applicant_silent_lapse_days").value
    owed = open_obligations(db, loaded.consultation.id, kinds=_OWED)
    if any(obligation.due_at is not None and obligation.due_at <= now for obligation in owed):
        return None
    return f"申请单位的办理期限（{days} 个工作日）尚未届满"


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {"lapse_application": _why_not}
