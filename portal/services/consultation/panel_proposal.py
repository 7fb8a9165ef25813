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
from portal.services.expert_load import ON_PANEL, ExpertLoad, loads_of
from portal.services.kernel.loading import Loaded

PROPOSED_SIZE = 5  # four institutions and one more; what is lawful is checked on confirming
WEIGHT_OF_A_PAIR = 3  # 电器 says more than 电
_SAY_NOTHING = frozenset(" 、，；。与和及的安全技术产品工程用学法品性后或有")


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
    """Whom to ask beside those who are invited already, so that an odd panel results; empty when none can be had."""
    product, order = loaded.consultation.product, _institutions(db, loaded.consultation.alliance_id)
    sitting, free = _experts(db, loaded, order)
    loads = loads_of(db, [expert.id for expert in free])
    queues = {one: _ranked(one, free, product, loads) for one in order}
    added: list[Expert] = []
    while len(sitting) + len(added) < PROPOSED_SIZE and any(queues.values()):
        panel = [*sitting, *added]
        # The institution with the fewest experts is next; in the alliance's order where several have as few.
        turn = min((one for one in order if queues[one]), key=lambda one: _count(one, panel))
        fields = {expert.field for expert in panel}
        # A field that is not there yet serves the panel more than the next best of the same.
        best = next((one for one in queues[turn] if one.field not in fields and _fit(one, product)), queues[turn][0])
        queues[turn].remove(best)
        added.append(best)
    if added and not is_odd_panel(len(sitting) + len(added), loaded.edition):
        added.pop()
    if len(sitting) + len(added) < loaded.edition.value("panel_minimum").value:
        return ()
    return tuple(_proposed(expert, product, loads.get(expert.id, ExpertLoad())) for expert in added)


def _count(institution_id: int, experts: list[Expert]) -> int:
    return sum(expert.institution_id == institution_id for expert in experts)


def _institutions(db: Session, alliance_id: int) -> list[int]:
    rows = db.scalars(
        select(AllianceMember.institution_id)
        .where(AllianceMember.alliance_id == alliance_id)
        .order_by(AllianceMember.position)
    )
    return list(rows)


def _experts(db: Session, loaded: Loaded, institution_ids: list[int]) -> tuple[list[Expert], list[Expert]]:
    """Those who are invited or have accepted, and those who can be asked; who left is neither."""
    places = db.execute(
        select(PanelMember.expert_id, PanelMember.state)
        .where(PanelMember.consultation_id == loaded.consultation.id)
        .order_by(PanelMember.id)
    )
    states = dict(iter(places))
    rows = db.scalars(
        select(Expert)
        .where(Expert.institution_id.in_(institution_ids))
        .options(joinedload(Expert.person), joinedload(Expert.institution))
        .order_by(Expert.id)
    ).all()
    product = loaded.consultation.product
    sitting = [expert for expert in rows if states.get(expert.id) in ON_PANEL]
    free = [
        expert
        for expert in rows
        if expert.id not in states
        and expert.is_available
        and expert.person.is_active
        and not conflicts_of(expert, product)
    ]
    return sitting, free


def _ranked(
    institution_id: int, experts: list[Expert], product: ProductInformation, loads: dict[int, ExpertLoad]
) -> list[Expert]:
    own = [expert for expert in experts if expert.institution_id == institution_id]

    def rank(expert: Expert) -> tuple[int, int, int, int]:
        load = loads.get(expert.id, ExpertLoad())
        return (-_fit(expert, product), load.open, load.past, expert.id)

    return sorted(own, key=rank)


def _fit(expert: Expert, product: ProductInformation) -> int:
    """How far the field speaks of what is said of the product: shared pairs of characters, and shared characters."""
    said = f"{product.product_name} {product.product_class} {product.suspected_defect}"
    shared = (set(expert.field) & set(said)) - _SAY_NOTHING
    return WEIGHT_OF_A_PAIR * len(_pairs(expert.field) & _pairs(said)) + len(shared)


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1) if not text[at : at + 2].isspace()}


def _proposed(expert: Expert, product: ProductInformation, load: ExpertLoad) -> ProposedMember:
    reasons = ["专业与产品相符" if _fit(expert, product) else "补充其他专业"]
    reasons.append(f"在办 {load.open} 项" if load.open else "目前没有在办会诊")
    reasons.append("未见利益冲突")
    return ProposedMember(
        expert.id, expert.person.name, expert.institution, expert.field, expert.employer, expert.title, tuple(reasons)
    )
