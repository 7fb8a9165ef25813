"""A panel proposed for a person to decide on, and what each change of it brings about (Art. 8(1)).

What a panel is worth stands in `panel_choice`; here are the product's fields, the registers, and the words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, not_
from sqlalchemy.orm import Session

from portal.models.consultation import ProductInformation
from portal.models.expert import Expert, ExpertField
from portal.models.institution import Institution
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.expertise import expertise_fields, field_labels, fields_in
from portal.rules.panel import is_odd_panel
from portal.services.consultation.panel_candidates import (
    KnownExpert,
    can_be_asked,
    free_experts,
    institutions_of,
    known_experts,
    sitting_experts,
)
from portal.services.consultation.panel_choice import choose_panel, worth
from portal.services.expert_search import matches
from portal.services.kernel.loading import Loaded, load

PROPOSED_SIZE = 5  # four institutions and one more; what is lawful is checked on confirming
MOST_FOUND = 20
MOST_CHOSEN = 30


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
    matches: tuple[str, ...] = ()
    is_sitting: bool = False


@dataclass(frozen=True)
class Effect:
    """What a panel amounts to; `worth` as `panel_choice` reckons it."""

    size: int
    is_odd: bool
    enough: bool
    institutions: tuple[str, ...]
    missing_institutions: tuple[str, ...]
    covered: tuple[str, ...]
    missing: tuple[str, ...]
    conflicts: tuple[str, ...]
    open_panels: int
    worth: float


@dataclass(frozen=True)
class Composition:
    """The page on which the lead tries a panel out. `changes` say what the last step brought about."""

    loaded: Loaded
    wanted: tuple[str, ...]
    members: tuple[ProposedMember, ...]
    found: tuple[ProposedMember, ...]
    effect: Effect
    proposed: Effect
    changes: tuple[str, ...]
    wishes: tuple[tuple[Institution, int, str], ...]  # what to ask each institution for: how many, which fields
    is_proposal: bool


def propose_panel(db: Session, loaded: Loaded, now: datetime) -> tuple[ProposedMember, ...]:
    """Whom to ask beside those who are invited already, so that an odd panel results; empty when none can be had."""
    wanted, institutions = product_fields(loaded.consultation.product), institutions_of(db, loaded)
    sitting = sitting_experts(db, loaded, now)
    chosen = _proposal(db, loaded, sitting, wanted, institutions, now)
    return _rows(chosen, [*sitting, *chosen], wanted, institutions)


def product_fields(product: ProductInformation) -> frozenset[str]:
    """The fields that the product asks for, by what the application says of it."""
    return frozenset(fields_in(f"{product.product_name} {product.product_class} {product.suspected_defect}"))


def compose_panel(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    now: datetime,
    chosen_ids: Collection[int] | None = None,
    before_ids: Collection[int] | None = None,
    fields: Collection[str] | None = None,
    search: str = "",
) -> Composition:
    """A panel of those who sit and of `chosen_ids` (None: the proposal), seen as a whole; nothing is written.

    `before_ids` are those of the step before, for what has changed. `fields` (None: the product's) are wanted;
    `search` looks through all registers, without it the best fitting are shown.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="ask_nomination", now=now)
    institutions, known = institutions_of(db, loaded), expertise_fields().keys()
    wanted = product_fields(loaded.consultation.product) if fields is None else frozenset(fields) & known
    sitting = sitting_experts(db, loaded, now)
    proposal = _proposal(db, loaded, sitting, wanted, institutions, now)
    ids = {one.expert_id for one in proposal} if chosen_ids is None else set(chosen_ids)
    open_to_all = and_(Expert.institution_id.in_(institutions), can_be_asked(loaded, beijing_day(now)))
    some = known_experts(db, loaded, now, and_(open_to_all, Expert.id.in_({*ids, *(before_ids or ())})))
    chosen = [one for one in some if one.expert_id in ids][:MOST_CHOSEN]
    effect = _effect([*sitting, *chosen], wanted, institutions, loaded)
    found = _found(db, loaded, now, and_(open_to_all, not_(Expert.id.in_(ids))), wanted, search)
    before = None
    if before_ids is not None and set(before_ids) != ids:
        earlier = [one for one in some if one.expert_id in before_ids]
        before = _effect([*sitting, *earlier], wanted, institutions, loaded)
    return Composition(
        loaded=loaded,
        wanted=tuple(key for key in expertise_fields() if key in wanted),
        members=(
            *_rows(sitting, [*sitting, *chosen], wanted, institutions, is_sitting=True),
            *_rows(chosen, [*sitting, *chosen], wanted, institutions),
        ),
        found=_rows(found, [*sitting, *chosen], wanted, institutions),
        effect=effect,
        proposed=_effect([*sitting, *proposal], wanted, institutions, loaded),
        changes=_changes(before, effect) if before else (),
        wishes=_wishes(chosen, wanted, institutions),
        is_proposal=ids == {one.expert_id for one in proposal},
    )


def _proposal(
    db: Session,
    loaded: Loaded,
    sitting: Sequence[KnownExpert],
    wanted: frozenset[str],
    institutions: dict[int, Institution],
    now: datetime,
) -> list[KnownExpert]:
    free = free_experts(db, loaded, institutions, wanted, now)
    size = max(PROPOSED_SIZE, len(sitting))
    while size <= len(sitting) + len(free) and not is_odd_panel(size, loaded.edition):
        size += 1
    size = min(size, len(sitting) + len(free))
    while not is_odd_panel(size, loaded.edition) and size > len(sitting):
        size -= 1
    if size <= len(sitting) or size < loaded.edition.value("panel_minimum").value:
        return []
    added = choose_panel(
        [one.candidate for one in sitting], [one.candidate for one in free], wanted, size - len(sitting)
    )
    ids = {one.expert_id for one in added}
    return [one for one in free if one.expert_id in ids]


def _found(
    db: Session, loaded: Loaded, now: datetime, condition: ColumnElement[bool], wanted: frozenset[str], search: str
) -> list[KnownExpert]:
    """Who could be added, of those that the search finds: the fittest and freest first."""
    found = and_(condition, *matches(search))
    rows = known_experts(db, loaded, now, and_(found, Expert.fields.any(ExpertField.field_key.in_(wanted))))
    if search.strip() or len(rows) < MOST_FOUND:
        rows = known_experts(db, loaded, now, found)
    rows.sort(key=lambda one: (bool(one.matches), -len(one.fields & wanted), one.load.open, one.expert_id))
    return rows[:MOST_FOUND]


def _effect(
    panel: Sequence[KnownExpert], wanted: frozenset[str], institutions: dict[int, Institution], loaded: Loaded
) -> Effect:
    there = {one.institution_id for one in panel}
    covered = frozenset[str]().union(*(one.fields & wanted for one in panel))
    return Effect(
        size=len(panel),
        is_odd=is_odd_panel(len(panel), loaded.edition),
        enough=len(panel) >= loaded.edition.value("panel_minimum").value,
        institutions=tuple(one.short_name for key, one in institutions.items() if key in there),
        missing_institutions=tuple(one.short_name for key, one in institutions.items() if key not in there),
        covered=field_labels(list(covered)),
        missing=field_labels(list(wanted - covered)),
        conflicts=tuple(f"{one.name}：{'；'.join(one.matches)}" for one in panel if one.matches),
        open_panels=sum(one.load.open for one in panel),
        worth=worth([one.candidate for one in panel], wanted),
    )


def _changes(before: Effect, after: Effect) -> tuple[str, ...]:
    """What a step has brought about, in words."""
    kind = "单数" if after.is_odd else "双数"
    is_same = before.size == after.size
    lines = [f"人数不变（{kind}）" if is_same else f"人数 {before.size} 变为 {after.size}（{kind}）"]
    for says, old, new in (
        ("专业领域", before.covered, after.covered),
        ("单位", before.institutions, after.institutions),
        ("可能的利益冲突", before.conflicts, after.conflicts),
    ):
        gained, lost = [one for one in new if one not in old], [one for one in old if one not in new]
        if gained:
            lines.append(f"{says}增加：{'、'.join(gained)}")
        if lost:
            lines.append(f"{says}减少：{'、'.join(lost)}")
    if before.open_panels != after.open_panels:
        lines.append(f"成员在办会诊合计 {before.open_panels} 项变为 {after.open_panels} 项")
    return tuple(lines)


def _wishes(
    chosen: Sequence[KnownExpert], wanted: frozenset[str], institutions: dict[int, Institution]
) -> tuple[tuple[Institution, int, str], ...]:
    wishes = []
    for key, institution in institutions.items():
        own = [one for one in chosen if one.institution_id == key]
        if own:
            said = frozenset[str]().union(*(one.fields & wanted for one in own))
            labels = field_labels(list(said)) or tuple(dict.fromkeys(one.field for one in own))
            wishes.append((institution, len(own), "、".join(labels)))
    return tuple(wishes)


def _rows(
    experts: Sequence[KnownExpert],
    panel: Sequence[KnownExpert],
    wanted: frozenset[str],
    institutions: dict[int, Institution],
    *,
    is_sitting: bool = False,
) -> tuple[ProposedMember, ...]:
    return tuple(
        ProposedMember(
            one.expert_id, one.name, institutions[one.institution_id], one.field, one.employer, one.title,
            _reasons(one, panel, wanted), one.matches, is_sitting,
        )
        for one in experts
    )  # fmt: skip


def _reasons(expert: KnownExpert, panel: Sequence[KnownExpert], wanted: frozenset[str]) -> tuple[str, ...]:
    """Why somebody is in a panel, or would be."""
    others = [one for one in panel if one.expert_id != expert.expert_id]
    fitting = expert.fields & wanted
    alone = fitting - frozenset[str]().union(*(one.fields for one in others))
    reasons = [f"专业相符：{'、'.join(field_labels(list(fitting)))}" if fitting else "补充其他专业"]
    if alone:
        reasons.append(f"只有其覆盖：{'、'.join(field_labels(list(alone)))}")
    if all(one.institution_id != expert.institution_id for one in others):
        reasons.append("本单位唯一一位")
    reasons.append(f"在办 {expert.load.open} 项" if expert.load.open else "目前没有在办会诊")
    reasons.append("可能有利益冲突" if expert.matches else "未见利益冲突")
    return tuple(reasons)
