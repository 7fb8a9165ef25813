"""Applications at the stages of step 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.process.permissions import Actor
from portal.rules.application import PreliminaryVerification
from portal.rules.grounds import ApplicationGrounds
from portal.services.consultation.application import (
    ApplicationInput,
    accept_application,
    create_application,
    submit_application,
)
from tests.factories.world import NOON, World
from tests.support.scenes import scene

COMPLETE = ApplicationInput(
    grounds=ApplicationGrounds(
        ticked=frozenset({"cross_province"}), registered_province="jiangsu", manufacturing_province="anhui"
    ),
    verification=PreliminaryVerification("抽取同批次样品复测", "顾思远", date(2026, 2, 27), "发热线局部过热，属实"),
    information_sources=frozenset({"market_purchase"}),
    product={
        "report_numbers": "沪检〔2026〕D-0417",
        "product_name": "电热毯",
        "specification": "150 cm × 180 cm",
        "model": "XM-1518D",
        "brand": "煦眠",
        "producer": "苏州煦眠家居用品有限公司",
        "test_basis": "GB 4706.1—2005、GB 4706.8—2008",
        "suspected_defect": "折叠或受压后发热线局部过热",
    },
)


def complete_application(**product: str) -> ApplicationInput:
    """A complete application, with these product fields instead."""
    return replace(COMPLETE, product={**COMPLETE.product, **product})


@scene
def drafted(db: Session, world: World, *, actor: Actor | None = None, now: datetime = NOON) -> Consultation:
    """A complete draft."""
    return create_application(db, actor=actor or world.applicant, given=COMPLETE, now=now)


@scene
def submitted(db: Session, world: World, *, actor: Actor | None = None, now: datetime = NOON) -> Consultation:
    """A submitted application."""
    consultation = drafted(db, world, actor=actor, now=now)
    return submit_application(db, actor=actor or world.applicant, consultation_id=consultation.id, now=now)


@scene
def accepted(db: Session, world: World, *, actor: Actor | None = None, now: datetime = NOON) -> Consultation:
    """An accepted application: step 2 begins."""
    consultation = submitted(db, world, actor=actor, now=now)
    accept_application(db, actor=world.liaisons["jiangsu"][1], consultation_id=consultation.id, now=now)
    return consultation
