"""What the pages of step 3 show of the material: items, who opened them, and what may be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.material import Material, MaterialOpening
from portal.models.panel import PanelMember
from portal.process.consultation import Stage
from portal.process.permissions import Actor
from portal.services.consultation.material import KIND_LABELS, items_of, seeing
from portal.services.consultation.members import accepted_members
from portal.services.kernel.loading import Loaded, load


@dataclass(frozen=True)
class MaterialRow:
    """One item. `openers` names members who opened it, for applicant and lead; None for others."""

    material_id: int
    number: int
    revision: int
    kind_label: str
    title: str
    report_number: str
    filename: str
    content_type: str
    size: int
    sha256: str
    sent_at: datetime | None
    addition_reason: str | None
    openers: tuple[tuple[str, datetime], ...] | None
    own_opened_at: datetime | None


@dataclass(frozen=True)
class MaterialSummary:
    """Step 3's material, on the consultation's page and on its own."""

    loaded: Loaded
    items: tuple[MaterialRow, ...]
    sent_at: datetime | None
    members: int
    may_edit: bool
    may_add: bool
    may_send: bool


def summary(db: Session, loaded: Loaded, now: datetime) -> MaterialSummary | None:
    """The material as far as the actor may see it; None when there is nothing to see."""
    if not loaded.may("open_material"):
        return None
    rows = material_rows(db, loaded)
    may_edit = loaded.may("edit_material")
    if not rows and not may_edit:
        return None
    return MaterialSummary(
        loaded=loaded,
        items=rows,
        sent_at=loaded.consultation.material_sent_at,
        members=len(accepted_members(db, loaded.consultation.id)) if loaded.may("view_material") else 0,
        may_edit=may_edit,
        may_add=loaded.may("add_material"),
        may_send=loaded.may("send_material") and loaded.stage == Stage.MATERIAL,
    )


def material_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> MaterialSummary:
    """The material's own page; NotFound for those who may not see it yet, or at all."""
    loaded = seeing(db, actor=actor, consultation_id=consultation_id, now=now)
    found = summary(db, loaded, now)
    return found or MaterialSummary(loaded, (), None, 0, may_edit=False, may_add=False, may_send=False)


def upload_page(db: Session, *, actor: Actor, consultation_id: int, permission: str, now: datetime) -> MaterialSummary:
    """The page on which an item is uploaded; `permission` is edit_material before the sending, else add_material."""
    load(db, actor=actor, consultation_id=consultation_id, permission=permission, now=now)
    return material_page(db, actor=actor, consultation_id=consultation_id, now=now)


def material_rows(db: Session, loaded: Loaded) -> tuple[MaterialRow, ...]:
    """The items that the actor may see, with their openings, in two statements."""
    sees_all = loaded.may("view_material")
    items = [item for item in items_of(db, loaded.consultation.id) if sees_all or item.sent_at is not None]
    openers: dict[int, list[tuple[str, datetime]]] = {}
    own: dict[int, datetime] = {}
    openings = db.execute(
        select(MaterialOpening, PanelMember.name)
        .join(Material, Material.id == MaterialOpening.material_id)
        .outerjoin(
            PanelMember,
            (PanelMember.consultation_id == Material.consultation_id)
            & (PanelMember.state == "accepted")
            & (PanelMember.expert.has(person_id=MaterialOpening.person_id)),
        )
        .where(Material.consultation_id == loaded.consultation.id)
        .order_by(MaterialOpening.opened_at)
    )
    for opening, member_name in openings:
        if member_name:
            openers.setdefault(opening.material_id, []).append((member_name, opening.opened_at))
        if opening.person_id == loaded.actor.person_id:
            own[opening.material_id] = opening.opened_at
    return tuple(
        MaterialRow(
            material_id=item.id,
            number=item.number,
            revision=item.revision,
            kind_label=KIND_LABELS[item.kind],
            title=item.title,
            report_number=item.report_number,
            filename=item.filename,
            content_type=item.content_type,
            size=item.size,
            sha256=item.sha256,
            sent_at=item.sent_at,
            addition_reason=item.addition_reason,
            openers=tuple(openers.get(item.id, ())) if sees_all else None,
            own_opened_at=own.get(item.id),
        )
        for item in items
    )
