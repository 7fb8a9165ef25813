"""Earlier consultations of the same producer, or of a near product name, as far as the person may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ConsultationParty, ProductInformation
from portal.process.consultation import Stage
from portal.process.permissions import Actor
from portal.services.consultation.listing import outcome_words

_SHORTEST = 2
# Whoever was copied the minutes knows the outcome (people.md).
_KNOWN_TO_ALL = (Stage.ISSUED, Stage.ARCHIVED)


@dataclass(frozen=True)
class SimilarConsultation:
    """One earlier consultation and why it is near."""

    consultation_id: int
    number: str | None
    title: str
    why: str
    outcome: str
    may_open: bool


def similar_consultations(
    db: Session, *, actor: Actor, name: str, producer: str, now: datetime, limit: int = 5
) -> tuple[SimilarConsultation, ...]:
    """At most `limit`, newest first; nothing while less than two characters are typed."""
    near = []
    if len(producer.strip()) >= _SHORTEST:
        near.append(ProductInformation.producer == producer.strip())
    if len(name.strip()) >= _SHORTEST:
        near.append(ProductInformation.product_name.icontains(name.strip(), autoescape=True))
    if not near or not actor.is_staff:
        return ()
    is_party = exists().where(
        ConsultationParty.consultation_id == Consultation.id, ConsultationParty.institution_id == actor.institution_id
    )
    rows = db.execute(
        select(Consultation, ProductInformation, is_party)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .where(or_(*near), Consultation.serial.is_not(None), or_(is_party, Consultation.stage.in_(_KNOWN_TO_ALL)))
        .order_by(Consultation.id.desc())
        .limit(limit)
    )
    return tuple(
        SimilarConsultation(
            one.id,
            one.number,
            f"{product.product_name} {product.brand} {product.model}".strip(),
            "同一生产者" if product.producer == producer.strip() else "产品名称相近",
            outcome_words(one.outcome, one.final_opinion) or "办理中",
            bool(party),
        )
        for one, product, party in rows
    )
