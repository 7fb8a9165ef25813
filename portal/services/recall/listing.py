"""The list of recall cases: what the actor may see, filtered, sorted by deadline, 25 a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.recall_case import CaseParticipant, RecallCase, RecallProduct
from portal.process.errors import NotAllowed
from portal.process.permissions import Actor, Role
from portal.process.recall_case import ENDED, STEPS, Stage
from portal.rules.regions import is_municipality, level_of, parent_of
from portal.services.kernel.case_loading import area_of

PAGE_SIZE = 25
TABS = {"open": "办理中", "mine": "轮到我", "watched": "持续关注", "closed": "已办结", "all": "全部"}


@dataclass(frozen=True)
class CaseFilter:
    """What the list is narrowed to; empty means all. `step` is the slug of one of the eight steps."""

    tab: str = "open"
    text: str = ""
    step: str = ""
    area: str = ""
    page: int = 1


@dataclass(frozen=True)
class CaseList:
    """A page of the list, with the number of each tab."""

    cases: tuple[RecallCase, ...]
    total: int
    page: int
    pages: int
    tabs: dict[str, int]


def list_cases(db: Session, *, actor: Actor, wanted: CaseFilter, now: datetime) -> CaseList:
    """The page of the list that was asked for; a page beyond the last gives the last."""
    seen = _visible(db, actor)
    counts = _counts(db, seen, actor)
    narrowed = _narrowed(wanted)
    conditions = and_(seen, _in_tab(wanted.tab, actor), *narrowed)
    total = _count(db, conditions) if narrowed else counts.get(wanted.tab, counts["all"])
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    rows = db.scalars(
        _cases(conditions)
        .options(joinedload(RecallCase.product), joinedload(RecallCase.authority))
        .order_by(RecallCase.next_due_at.is_(None), RecallCase.next_due_at, RecallCase.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return CaseList(tuple(rows.unique()), total, page, pages, counts)


def _counts(db: Session, seen: ColumnElement[bool], actor: Actor) -> dict[str, int]:
    """How many cases each tab has, in one look at what the actor sees."""
    columns = [func.count().filter(_in_tab(tab, actor)).label(tab) for tab in TABS]
    return dict(db.execute(select(*columns).select_from(RecallCase).where(seen)).one()._mapping)


def _cases(conditions: ColumnElement[bool]) -> Select[RecallCase]:
    return select(RecallCase).join(RecallProduct, RecallProduct.case_id == RecallCase.id).where(conditions)


def _count(db: Session, conditions: ColumnElement[bool]) -> int:
    return db.scalar(_cases(conditions).with_only_columns(func.count())) or 0


def _visible(db: Session, actor: Actor) -> ColumnElement[bool]:
    """The same as the permission view_case, as a condition (tested case by case against it)."""
    if actor.institution_id is None or not ({Role.OFFICER, Role.STAFF} & actor.roles):
        raise NotAllowed("召回案件供市场监管部门和召回技术机构查看。")
    takes_part = exists().where(
        CaseParticipant.case_id == RecallCase.id, CaseParticipant.institution_id == actor.institution_id
    )
    seen: list[ColumnElement[bool]] = []
    if actor.is_staff:
        seen.append(takes_part & (exists().where(_is_technical(actor.institution_id))))
    area = area_of(db, actor)
    if Role.OFFICER in actor.roles and area is not None:
        seen += [
            takes_part & exists().where(_is_authority_above(area)),
            RecallCase.authority_id == actor.institution_id,
            _within(area),
        ]
    return or_(*seen)


def _is_technical(institution_id: int) -> ColumnElement[bool]:
    return and_(Institution.id == institution_id, Institution.kind == "technical")


def _is_authority_above(area: str) -> ColumnElement[bool]:
    """The authority's area holds this one: a county helps its own city, and none that the case has gone to."""
    codes, here = [area], parent_of(area)
    while here is not None:
        codes.append(here)
        here = parent_of(here)
    return and_(Institution.id == RecallCase.authority_id, Institution.division.in_(codes))


def _within(area: str) -> ColumnElement[bool]:
    """The cases of an area and below. The codes of a municipality's districts begin with its first two digits."""
    if level_of(area) == "province" or is_municipality(area):
        return RecallCase.area.startswith(area[:2])
    return RecallCase.area.startswith(area[:4]) if level_of(area) == "city" else RecallCase.area == area


def _in_tab(tab: str, actor: Actor) -> ColumnElement[bool]:
    ended = [stage.value for stage in ENDED]
    match tab:
        case "mine":
            return exists().where(
                Obligation.recall_case_id == RecallCase.id,
                Obligation.closed_at.is_(None),
                Obligation.institution_id == actor.institution_id,
            )
        case "watched":
            return RecallCase.stage == Stage.WATCHED
        case "closed":
            return RecallCase.stage.in_(ended)
        case "open":
            return RecallCase.stage.not_in([*ended, Stage.WATCHED])
    return RecallCase.id.is_not(None)


def _narrowed(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    stages = next((step.stages for step in STEPS if step.slug == wanted.step), None)
    if stages is not None:
        conditions.append(RecallCase.stage.in_([stage.value for stage in stages]))
    if wanted.area:
        conditions.append(RecallCase.area.startswith(wanted.area.rstrip("0") or wanted.area, autoescape=True))
    if wanted.text.strip():
        columns = (RecallProduct.product_name, RecallProduct.model, RecallProduct.brand, RecallProduct.producer)
        conditions.append(or_(*(column.icontains(wanted.text.strip(), autoescape=True) for column in columns)))
    return conditions
