"""Preliminary analyses: handed in, and the lead told. Step 4 begins with `lead_told`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.services.consultation.preliminary_analysis import AnalysisInput, hand_in_analysis, tell_lead
from tests.factories.material import sent
from tests.factories.panel import FIVE, actors
from tests.factories.world import NOON, World
from tests.support.scenes import scene

ANALYSIS = AnalysisInput(
    hazard="发热线局部过热，可致烫伤和火灾",
    cause="绝热层在折痕处变薄",
    prevalence="同一型号结构相同，普遍存在",
    first_view={"severity": 3, "likelihood": 6, "prevalence": "yes", "defect_finding": "yes"},
)


@scene
def all_handed_in(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    consultation: Consultation | None = None,
    given: AnalysisInput = ANALYSIS,
    now: datetime = NOON,
) -> Consultation:
    """Every member has handed in."""
    consultation = sent(db, world, experts=experts, consultation=consultation, now=now)
    for actor in actors(world, experts):
        hand_in_analysis(db, actor=actor, consultation_id=consultation.id, given=given, version=0, now=now)
    return consultation


@scene
def lead_told(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    consultation: Consultation | None = None,
    now: datetime = NOON,
) -> Consultation:
    """The applicant has told the lead: the session is to be fixed."""
    consultation = all_handed_in(db, world, experts=experts, consultation=consultation, now=now)
    tell_lead(db, actor=world.applicant, consultation_id=consultation.id, now=now)
    return consultation
