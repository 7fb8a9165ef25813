"""The list of consultations: what the actor's institution may see, filtered, sorted by deadline, 25 a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ConsultationParty, ProductInformation, short_number
from portal.models.obligation import Obligation
from portal.models.watch import Watch
from portal.process.consultation import ENDED, STAGE_LABELS, STEPS, Stage, step_of
from portal.process.errors import NotAllowed
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day
from portal.services.duties import Duty, duties_in, is_owed_at, is_owed_by
from portal.services.kernel.institutions import InstitutionFacts, technical_institutions
from portal.services.kernel.remembering import remembered

PAGE_SIZE = 25
TABS = {"year": "本年度", "mine": "轮到我", "open": "办理中", "watch": "持续关注", "archived": "已归档", "all": "全部"}


@dataclass(frozen=True)
class ListFilter:
    """What the list is narrowed to; empty means all. `step` is the slug of one of the eight steps."""

    tab: str = "year"
    text: str = ""
    year: int | None = None
    step: str = ""
    applicant_id: int | None = None
    lead_id: int | None = None
    page: int = 1


@dataclass(frozen=True)
class ListRow:
    """One consultation in the list."""

    consultation_id: int
    number: str | None
    product_name: str
    model: str
    brand: str
    applicant: InstitutionFacts
    lead: InstitutionFacts | None
    stage_label: str
    step: int | None
    is_ended: bool
    outcome: str
    duties: tuple[Duty, ...]
    is_mine: bool
    closed_at: datetime | None


@dataclass(frozen=True)
class ConsultationList:
    """A page of the list with the counts of its tabs."""

    rows: tuple[ListRow, ...]
    total: int
    page: int
    pages: int
    tabs: dict[str, int]


def list_consultations(db: Session, *, actor: Actor, wanted: ListFilter, now: datetime) -> ConsultationList:
    """The page of the list that was asked for; a page beyond the last gives the last."""
    if not is_granted("list_consultations", actor):
        raise NotAllowed("会诊列表供召回技术机构工作人员查看。")
    counts = _counts(db, actor, wanted, now)
    pages = max(1, -(-counts["wanted"] // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    ids = _ids(_narrowed(actor, wanted, now), (page - 1) * PAGE_SIZE, counts["wanted_due"])
    return ConsultationList(
        _rows(db, actor, ids, now), counts["wanted"], page, pages, {tab: counts[tab] for tab in TABS}
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    party = exists().where(
        ConsultationParty.consultation_id == Consultation.id, ConsultationParty.institution_id == actor.institution_id
    )
    own_draft = Consultation.applicant_institution_id == actor.institution_id
    return or_(party, own_draft) & (Consultation.stage != Stage.DISCARDED)


def _narrowed(actor: Actor, wanted: ListFilter, now: datetime) -> ColumnElement[bool]:
    return and_(_visible(actor), _in_tab(wanted.tab, actor, now), *_conditions(wanted))


def _in_tab(tab: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    match tab:
        case "year":
            return or_(Consultation.year == beijing_day(now).year, Consultation.year.is_(None))
        case "mine":
            # A set that the database makes once, where EXISTS would look anew for each consultation.
            owed = select(Obligation.consultation_id).where(is_owed_at(now), is_owed_by(actor))
            return Consultation.id.in_(owed)
        case "open":
            return Consultation.stage.not_in(ENDED)
        case "watch":
            return Consultation.id.in_(select(Watch.consultation_id).where(Watch.state == "open"))
        case "archived":
            return Consultation.stage.in_((Stage.ARCHIVED, Stage.DISPOSED))
        case _:
            return true()


def _conditions(wanted: ListFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text.strip():
        found.append(_matches(wanted.text.strip()))
    if wanted.year:
        found.append(Consultation.year == wanted.year)
    found.extend(Consultation.stage.in_(step.stages) for step in STEPS if step.slug == wanted.step)
    if wanted.applicant_id:
        found.append(Consultation.applicant_institution_id == wanted.applicant_id)
    if wanted.lead_id:
        found.append(Consultation.lead_institution_id == wanted.lead_id)
    return found


def _matches(text: str) -> ColumnElement[bool]:
    part = f"%{_escaped(text)}%"
    columns = (ProductInformation.product_name, ProductInformation.model, ProductInformation.producer)
    found = [column.ilike(part, escape="\\") for column in (*columns, ProductInformation.brand)]
    in_product = exists().where(ProductInformation.consultation_id == Consultation.id, or_(*found))
    digits = text.strip("〔〕号 ")
    year, _, serial = digits.partition("〕")
    if serial.isdecimal() and year.isdecimal():
        return or_(in_product, (Consultation.year == int(year)) & (Consultation.serial == int(serial)))
    if digits.isdecimal() and len(digits) < 6:
        return or_(in_product, Consultation.serial == int(digits))
    return in_product


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _counts(db: Session, actor: Actor, wanted: ListFilter, now: datetime) -> Mapping[str, int]:
    """How many there are in each tab; as `wanted` and, of these, with a deadline (`wanted_due`)."""
    if wanted.text.strip():
        return _count(db, actor, wanted, now)  # What a text finds changes with every save of a draft: no event.
    key = ("list", actor.person_id, actor.institution_id, beijing_day(now), replace(wanted, page=1))
    return remembered(db, key, lambda: _count(db, actor, wanted, now))


def _count(db: Session, actor: Actor, wanted: ListFilter, now: datetime) -> dict[str, int]:
    chosen = and_(_in_tab(wanted.tab, actor, now), *_conditions(wanted))
    conditions = {tab: _in_tab(tab, actor, now) for tab in TABS}
    conditions |= {"wanted": chosen, "wanted_due": chosen & Consultation.next_due_at.is_not(None)}
    columns = [
        func.coalesce(func.sum(cast(case((condition, 1), else_=0), Integer)), 0).label(name)
        for name, condition in conditions.items()
    ]
    row = db.execute(select(*columns).select_from(Consultation).where(_visible(actor))).one()
    return {name: int(value) for name, value in row._mapping.items()}


def _rows(db: Session, actor: Actor, ids: Subquery, now: datetime) -> tuple[ListRow, ...]:
    query = (
        select(
            Consultation.id, Consultation.year, Consultation.serial, Consultation.stage, Consultation.closed_at,
            Consultation.outcome, Consultation.final_opinion, Consultation.applicant_institution_id,
            Consultation.lead_institution_id, ProductInformation.product_name, ProductInformation.model,
            ProductInformation.brand,
        )
        .join(ids, ids.c.id == Consultation.id)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .order_by(Consultation.next_due_at.is_(None), Consultation.next_due_at, _TIES)
    )  # fmt: skip
    found = db.execute(query).all()
    duties, institutions = duties_in(db, [row.id for row in found], now), technical_institutions(db)
    return tuple(_row(actor, row, institutions, duties.get(row.id, [])) for row in found)


# Of one deadline the oldest first; of those without one, mostly ended, the newest.
_TIES = case((Consultation.next_due_at.is_(None), -Consultation.id), else_=Consultation.id)


def _ids(narrowed: ColumnElement[bool], first: int, with_deadline: int) -> Subquery:
    """The ids of one page, read off ix_consultation_next_due alone; the wide rows are joined for these few.

    NULL sorts at different ends in the two databases, and neither reads "NULL last" off an index. So the page is
    cut out of two lists: those with a deadline, forwards, and then those without, backwards.
    """
    parts = []
    ids = select(Consultation.id).where(narrowed)
    if first < with_deadline:
        dated = ids.where(Consultation.next_due_at.is_not(None)).order_by(Consultation.next_due_at, Consultation.id)
        parts.append(dated.offset(first).limit(PAGE_SIZE).subquery())
    if first + PAGE_SIZE > with_deadline:
        undated = ids.where(Consultation.next_due_at.is_(None)).order_by(Consultation.id.desc())
        room = PAGE_SIZE - max(0, with_deadline - first)
        parts.append(undated.offset(max(0, first - with_deadline)).limit(room).subquery())
    return union_all(*(select(part.c.id) for part in parts)).subquery()


def _row(
    actor: Actor, row: Row[*tuple[Any, ...]], institutions: Mapping[int, InstitutionFacts], duties: Sequence[Duty]
) -> ListRow:
    stage = Stage(row.stage)
    return ListRow(
        consultation_id=row.id,
        number=short_number(row.year, row.serial),
        product_name=row.product_name or "（未填产品名称）",
        model=row.model,
        brand=row.brand,
        applicant=institutions[row.applicant_institution_id],
        lead=institutions.get(row.lead_institution_id),
        stage_label=STAGE_LABELS[stage],
        step=step_of(stage),
        is_ended=stage in ENDED,
        outcome=outcome_words(row.outcome, row.final_opinion),
        duties=tuple(duties),
        is_mine=any(duty.institution_id == actor.institution_id for duty in duties),
        closed_at=row.closed_at,
    )


def outcome_words(outcome: str | None, final_opinion: Mapping[str, Any] | None) -> str:
    """The result in a few words: 认定缺陷，建议开展调查; empty while there is none."""
    if outcome == "withdrawn":
        return "申请单位撤回"
    if outcome == "terminated":
        return "已终止"
    opinion = final_opinion or {}
    words = {
        ("defect_finding", "yes"): "认定为缺陷消费品",
        ("defect_finding", "no"): "未认定为缺陷消费品",
        ("defect_finding", "uncertain"): "不确定",
        ("recommend_investigation", "yes"): "建议开展调查",
        ("continued_monitoring", "yes"): "持续关注",
    }
    return "，".join(word for (question, answer), word in words.items() if opinion.get(question) == answer)


def institution_choices(db: Session, *, actor: Actor, now: datetime) -> list[tuple[int, str]]:
    """The technical institutions to filter by: id and short name."""
    return [(id_, institution.short_name) for id_, institution in technical_institutions(db).items()]
