"""The list of consultations: what the actor's institution may see, filtered, sorted by deadline, 25 a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, case, cast, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.models.consultation import Consultation, ConsultationParty, ProductInformation
from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.watch import Watch
from portal.process.consultation import ENDED, STAGE_LABELS, STEPS, Stage, step_of
from portal.process.errors import NotAllowed
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day
from portal.services.duties import Duty, duties_in, is_owed_by

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
    applicant: Institution
    lead: Institution | None
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
    tabs = _tab_conditions(actor, now)
    narrowed = [tabs.get(wanted.tab, tabs["all"]), *_conditions(wanted)]
    counts = _counts(db, actor, tabs, narrowed)
    total = counts.pop("wanted")
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    return ConsultationList(_rows(db, actor, narrowed, page), total, page, pages, counts)


def _visible(actor: Actor) -> ColumnElement[bool]:
    party = exists().where(
        ConsultationParty.consultation_id == Consultation.id, ConsultationParty.institution_id == actor.institution_id
    )
    own_draft = Consultation.applicant_institution_id == actor.institution_id
    return or_(party, own_draft) & (Consultation.stage != Stage.DISCARDED)


def _tab_conditions(actor: Actor, now: datetime) -> dict[str, ColumnElement[bool]]:
    mine = exists().where(
        Obligation.consultation_id == Consultation.id, Obligation.closed_at.is_(None), is_owed_by(actor)
    )
    watched = exists().where(Watch.consultation_id == Consultation.id, Watch.state == "open")
    is_open = Consultation.stage.not_in(ENDED)
    this_year = or_(Consultation.year == beijing_day(now).year, Consultation.year.is_(None))
    return {
        "year": this_year,
        "mine": mine,
        "open": is_open,
        "watch": watched,
        "archived": Consultation.stage.in_((Stage.ARCHIVED, Stage.DISPOSED)),
        "all": ~false(),
    }


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


def _counts(
    db: Session, actor: Actor, tabs: dict[str, ColumnElement[bool]], narrowed: list[ColumnElement[bool]]
) -> dict[str, int]:
    wanted = narrowed[0]
    for condition in narrowed[1:]:
        wanted &= condition
    columns = [
        func.coalesce(func.sum(cast(case((condition, 1), else_=0), Integer)), 0).label(name)
        for name, condition in {**tabs, "wanted": wanted}.items()
    ]
    row = db.execute(select(*columns).select_from(Consultation).where(_visible(actor))).one()
    return {name: int(value) for name, value in row._mapping.items()}


def _rows(db: Session, actor: Actor, narrowed: list[ColumnElement[bool]], page: int) -> tuple[ListRow, ...]:
    # The ids of the page first, out of narrow rows; the wide rows are joined for these 25 only.
    ids = (
        select(Consultation.id)
        .where(_visible(actor), *narrowed)
        .order_by(Consultation.next_due_at.is_(None), Consultation.next_due_at, Consultation.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
        .subquery()
    )
    applicant, lead = aliased(Institution), aliased(Institution)
    query = (
        select(Consultation, ProductInformation, applicant, lead)
        .join(ids, ids.c.id == Consultation.id)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .join(applicant, applicant.id == Consultation.applicant_institution_id)
        .outerjoin(lead, lead.id == Consultation.lead_institution_id)
        .order_by(Consultation.next_due_at.is_(None), Consultation.next_due_at, Consultation.id.desc())
    )
    found = db.execute(query).all()
    duties = duties_in(db, [row[0].id for row in found])
    return tuple(_row(actor, *row, duties.get(row[0].id, [])) for row in found)


def _row(
    actor: Actor,
    consultation: Consultation,
    product: ProductInformation,
    applicant: Institution,
    lead: Institution | None,
    duties: list[Duty],
) -> ListRow:
    stage = Stage(consultation.stage)
    return ListRow(
        consultation_id=consultation.id,
        number=consultation.number,
        product_name=product.product_name or "（未填产品名称）",
        model=product.model,
        brand=product.brand,
        applicant=applicant,
        lead=lead,
        stage_label=STAGE_LABELS[stage],
        step=step_of(stage),
        is_ended=stage in ENDED,
        outcome=outcome_words(consultation),
        duties=tuple(duties),
        is_mine=any(duty.institution_id == actor.institution_id for duty in duties),
        closed_at=consultation.closed_at,
    )


def outcome_words(consultation: Consultation) -> str:
    """The result in a few words: 认定缺陷，建议开展调查; empty while there is none."""
    if consultation.outcome == "withdrawn":
        return "申请单位撤回"
    if consultation.outcome == "terminated":
        return "已终止"
    opinion = consultation.final_opinion or {}
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
    query = (
        select(Institution.id, Institution.short_name).where(Institution.kind == "technical").order_by(Institution.id)
    )
    return [(row.id, row.short_name) for row in db.execute(query)]
