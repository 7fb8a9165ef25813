"""A panel proposed for a person to decide on: fitting, spread, free, without conflict, odd (Art. 8(1)).

Simple and the same every time: within each register the experts are ranked, then the registers take turns.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.consultation import ProductInformation
from portal.models.expert import Expert
from portal.models.institution import AllianceMember, Institution
from portal.models.panel import PanelMember
from portal.rules.panel import is_odd_panel
from portal.services.conflicts import conflicts_of
from portal.services.expert_load import ExpertLoad, loads_of
from portal.services.kernel.loading import Loaded

PROPOSED_SIZE = 5  # four institutions and one more; what is lawful is checked on confirming


@dataclass(frozen=True)
class ProposedMember:
    """One expert of the proposal, and why."""

    expert_id: int
    name: str
    institution: Institution
    field: str
    employer: str
    title: str
    reasons: tuple[str, ...]


def propose_panel(db: Session, loaded: Loaded) -> tuple[ProposedMember, ...]:
    """At most five experts, an odd number of them; empty when fewer than the least panel can be found."""
    product, order = loaded.consultation.product, _institutions(db, loaded.consultation.alliance_id)
    experts = _free_experts(db, loaded, order)
    loads = loads_of(db, [expert.id for expert in experts])
    chosen: list[Expert] = []
    queues = {one: _ranked(one, experts, product, loads) for one in order}
    while len(chosen) < PROPOSED_SIZE and any(queues.values()):
        for institution_id in order:
            queue = queues[institution_id]
            if not queue or len(chosen) == PROPOSED_SIZE:
                continue
            fields = {expert.field for expert in chosen}
            # A field that is not there yet serves the panel more than the next best of the same.
            best = next((one for one in queue if one.field not in fields and _fit(one, product)), queue[0])
            queue.remove(best)
            chosen.append(best)
    if not is_odd_panel(len(chosen), loaded.edition):
        chosen.pop()
    if len(chosen) < loaded.edition.value("panel_minimum").value:
        return ()
    return tuple(_proposed(expert, product, loads.get(expert.id, ExpertLoad())) for expert in chosen)


def _institutions(db: Session, alliance_id: int) -> list[int]:
    rows = db.scalars(
        select(AllianceMember.institution_id)
        .where(AllianceMember.alliance_id == alliance_id)
        .order_by(AllianceMember.position)
    )
    return list(rows)


def _free_experts(db: Session, loaded: Loaded, institution_ids: list[int]) -> list[Expert]:
    left = select(PanelMember.expert_id).where(
        PanelMember.consultation_id == loaded.consultation.id,
        PanelMember.state.in_(("declined", "recused", "removed")),
    )
    rows = db.scalars(
        select(Expert)
        .where(Expert.institution_id.in_(institution_ids), Expert.is_available, Expert.id.not_in(left))
        .options(joinedload(Expert.person), joinedload(Expert.institution))
        .order_by(Expert.id)
    )
    product = loaded.consultation.product
    return [expert for expert in rows if expert.person.is_active and not conflicts_of(expert, product)]


def _ranked(
    institution_id: int, experts: list[Expert], product: ProductInformation, loads: dict[int, ExpertLoad]
) -> list[Expert]:
    own = [expert for expert in experts if expert.institution_id == institution_id]

    def rank(expert: Expert) -> tuple[int, int, int, int]:
        load = loads.get(expert.id, ExpertLoad())
        return (-_fit(expert, product), load.open, load.past, expert.id)

    return sorted(own, key=rank)


def _fit(expert: Expert, product: ProductInformation) -> int:
    """How many pairs of neighbouring characters the field shares with what is said of the product."""
    said = f"{product.product_name} {product.product_class} {product.suspected_defect} {product.test_basis}"
    return len(_pairs(expert.field) & _pairs(said))


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1) if not text[at : at + 2].isspace()}


def _proposed(expert: Expert, product: ProductInformation, load: ExpertLoad) -> ProposedMember:
    reasons = ["专业与产品相符" if _fit(expert, product) else "补充其他专业"]
    reasons.append(f"在办 {load.open} 项" if load.open else "目前没有在办会诊")
    reasons.append("未见利益冲突")
    return ProposedMember(
        expert.id, expert.person.name, expert.institution, expert.field, expert.employer, expert.title, tuple(reasons)
    )
