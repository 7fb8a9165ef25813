"""Panels at the stages of step 2: invited, answered, confirmed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.process.permissions import Actor
from portal.services.consultation.invitation import InvitationAnswer, answer_invitation
from portal.services.consultation.panel import confirm_panel, nominate_members
from tests.factories.application import accepted
from tests.factories.world import NOON, World
from tests.support.scenes import scene

ACCEPTS = InvitationAnswer(accepts=True, declaration="none", signs_undertaking=True)
FIVE = (("shanghai", 0), ("jiangsu", 0), ("zhejiang", 0), ("anhui", 0), ("zhejiang", 1))


@scene
def nominated(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    consultation: Consultation | None = None,
    now: datetime = NOON,
) -> Consultation:
    """Each institution has chosen its experts out of `experts` (province, number); all are invited."""
    consultation = consultation or accepted(db, world, now=now)
    for key in dict.fromkeys(key for key, _ in experts):
        chosen = [world.experts[key][number].expert_id for province, number in experts if province == key]
        nominate_members(
            db,
            actor=world.staff[key],
            consultation_id=consultation.id,
            expert_ids=[one for one in chosen if one is not None],
            now=now,
        )
    return consultation


@scene
def answered(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    consultation: Consultation | None = None,
    now: datetime = NOON,
) -> Consultation:
    """All invited experts have accepted without a conflict."""
    consultation = nominated(db, world, experts=experts, consultation=consultation, now=now)
    for actor in actors(world, experts):
        answer_invitation(db, actor=actor, consultation_id=consultation.id, answer=ACCEPTS, now=now)
    return consultation


@scene
def confirmed(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    consultation: Consultation | None = None,
    even_reason: str = "",
    now: datetime = NOON,
) -> Consultation:
    """A confirmed panel: step 3 begins."""
    consultation = answered(db, world, experts=experts, consultation=consultation, now=now)
    confirm_panel(db, actor=world.lead, consultation_id=consultation.id, even_reason=even_reason, now=now)
    return consultation


def actors(world: World, experts: tuple[tuple[str, int], ...] = FIVE) -> list[Actor]:
    """The actors of these experts."""
    return [world.experts[key][number] for key, number in experts]


def place_of(db: Session, consultation: Consultation, actor: Actor) -> PanelMember:
    """The latest place of an expert in a panel."""
    places = db.query(PanelMember).filter_by(consultation_id=consultation.id, expert_id=actor.expert_id)
    return places.order_by(PanelMember.id.desc()).first() or _missing(actor)


def _missing(actor: Actor) -> PanelMember:
    raise LookupError(f"{actor.name} has no place")
