"""The list of consultations: what the actor's institution may see, filtered, sorted by deadline, 25 a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Row,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from portal.models.consultation import (
    Consultation,
    ConsultationCount,
    ConsultationParty,
    ProductInformation,
    short_number,
)
from portal.models.obligation import Obligation
from portal.models.watch import Watch
from portal.process.consultation import ENDED, STAGE_LABELS, STEPS, Stage, step_of
from portal.process.errors import NotAllowed
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day, end_of_day
from portal.services.duties import Duty, duties_in, is_owed_before
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
    counts = _counts(db, actor, now)
    total = _total(db, actor, wanted, counts, now)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    first, narrowed = (page - 1) * PAGE_SIZE, _narrowed(actor, wanted, now)
    dated = _kept_total(db, actor, wanted, now, only_dated=True) if first else None
    rows = _rows(db, actor, _ids(narrowed, first, dated), now)
    return ConsultationList(rows, total, page, pages, {tab: counts.of_tab(tab) for tab in TABS})


def _visible(actor: Actor) -> ColumnElement[bool]:
    own_draft = Consultation.applicant_institution_id == actor.institution_id
    is_party = _has_party(Consultation.id, actor.institution_id)
    return or_(is_party, own_draft) & (Consultation.stage != Stage.DISCARDED)


def _has_party(consultation_id: Any, institution_id: Any) -> ColumnElement[bool]:
    return exists().where(
        ConsultationParty.consultation_id == consultation_id, ConsultationParty.institution_id == institution_id
    )


def _owed(person_id: Any, institution_id: Any, end: Any) -> CompoundSelect[int | None]:
    """The consultations in which one of the two owes something: two looks at two indexes."""
    owed = select(Obligation.consultation_id).where(is_owed_before(end))
    return union(owed.where(Obligation.person_id == person_id), owed.where(Obligation.institution_id == institution_id))


def _watched() -> Select[int]:
    return select(Watch.consultation_id).where(Watch.state == "open")


def _narrowed(actor: Actor, wanted: ListFilter, now: datetime) -> ColumnElement[bool]:
    return and_(_visible(actor), _in_tab(wanted.tab, actor, now), *_conditions(wanted))


def _in_tab(tab: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    match tab:
        case "year":
            return or_(Consultation.year == beijing_day(now).year, Consultation.year.is_(None))
        case "mine":
            return Consultation.id.in_(_owed(actor.person_id, literal(_staff_of(actor)), _end_of_today(now)))
        case "watch":
            return Consultation.id.in_(_watched())
        case _:
            return Consultation.stage.in_(_TAB_STAGES[tab]) if tab in _TAB_STAGES else true()


_CUTS = ("mine", "watch")
_TAB_STAGES = {"open": frozenset(Stage) - frozenset(ENDED), "archived": frozenset({Stage.ARCHIVED, Stage.DISPOSED})}


def _conditions(wanted: ListFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text.strip():
        found.append(_matches(wanted.text.strip()))
    if wanted.year:
        found.append(Consultation.year == wanted.year)
    found.extend(Consultation.stage.in_(stages) for stages in _stages_of_step(wanted))
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


@dataclass(frozen=True)
class _Counts:
    """How many consultations the actor sees: by year and stage, and in the tabs that cut across both."""

    this_year: int
    by_year: tuple[tuple[int | None, Stage, int], ...]
    cuts: Mapping[str, int]

    def of_tab(self, tab: str) -> int:
        """As `_in_tab` chooses them."""
        return self.cuts[tab] if tab in self.cuts else self.of(ListFilter(tab=tab))

    def of(self, wanted: ListFilter) -> int:
        """As `_narrowed` chooses them by tab, year and step."""
        allowed = [_TAB_STAGES[wanted.tab]] if wanted.tab in _TAB_STAGES else []
        allowed += [frozenset(stages) for stages in _stages_of_step(wanted)]
        return sum(
            number
            for year, stage, number in self.by_year
            if all(stage in stages for stages in allowed)
            and (wanted.tab != "year" or year in (self.this_year, None))
            and (not wanted.year or year == wanted.year)
        )


def _stages_of_step(wanted: ListFilter) -> list[Sequence[Stage]]:
    """The stages of the step that is asked for; empty for all."""
    return [step.stages for step in STEPS if step.slug == wanted.step]


def _counts(db: Session, actor: Actor, now: datetime) -> _Counts:
    """The counts of all tabs, out of those that are kept for each institution (services.kernel.counting)."""
    key = ("list counts", actor.person_id, actor.institution_id, beijing_day(now))
    return remembered(db, key, lambda: _count(db, actor, now))


def _count(db: Session, actor: Actor, now: datetime) -> _Counts:
    given = {
        "person": actor.person_id,
        "institution": actor.institution_id,
        "staff_of": _staff_of(actor),
        "end": _end_of_today(now),
    }
    rows = db.execute(_COUNTS, given).all()
    by_year = tuple((year, Stage(name), number) for year, name, number in rows if name not in _CUTS)
    return _Counts(beijing_day(now).year, by_year, {name: number for _, name, number in rows if name in _CUTS})


def _staff_of(actor: Actor) -> int | None:
    """The institution whose duties are the actor's as well; None, which equals nothing, for others than its staff."""
    return actor.institution_id if actor.is_staff else None


def _end_of_today(now: datetime) -> datetime:
    return end_of_day(beijing_day(now))


def _counts_of_one_institution() -> CompoundSelect[*tuple[Any, ...]]:
    institution, counted, number = bindparam("institution", type_=Integer), ConsultationCount, func.count()
    # A draft has no parties yet: only its own institution sees it. What is owed or watched has been submitted.
    is_own_draft = (Consultation.stage == Stage.DRAFT) & (Consultation.applicant_institution_id == institution)
    owed = _owed(bindparam("person", type_=Integer), bindparam("staff_of", type_=Integer), bindparam("end")).subquery()
    watched = _watched().subquery()
    return union_all(
        select(counted.year, counted.stage, counted.number).where(counted.institution_id == institution),
        select(null(), literal(Stage.DRAFT.value), number).select_from(Consultation).where(is_own_draft),
        *(
            select(null(), literal(tab), number).select_from(cut).where(_has_party(cut.c.consultation_id, institution))
            for tab, cut in zip(_CUTS, (owed, watched), strict=True)
        ),
    )


# Made once: making it takes longer than running it.
_COUNTS = _counts_of_one_institution()


def _total(db: Session, actor: Actor, wanted: ListFilter, counts: _Counts, now: datetime) -> int:
    """How many the filter leaves."""
    if wanted == ListFilter(tab=wanted.tab, page=wanted.page):
        return counts.of_tab(wanted.tab)
    if wanted.tab in _CUTS or wanted.text.strip() or wanted.applicant_id or wanted.lead_id:
        return _kept_total(db, actor, wanted, now)
    return counts.of(wanted)


def _kept_total(db: Session, actor: Actor, wanted: ListFilter, now: datetime, *, only_dated: bool = False) -> int:
    """How many the filter leaves, all or `only_dated`, counted one by one."""
    query = select(func.count()).select_from(Consultation).where(_narrowed(actor, wanted, now))
    if only_dated:
        query = query.where(Consultation.next_due_at.is_not(None))
    if wanted.text.strip():
        return db.scalar(query) or 0  # What a text finds changes with every save of a draft: no event.
    key = ("list", actor.person_id, actor.institution_id, beijing_day(now), only_dated, replace(wanted, page=1))
    return remembered(db, key, lambda: db.scalar(query) or 0)


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
        .limit(PAGE_SIZE)
    )  # fmt: skip
    found = db.execute(query).all()
    duties = duties_in(db, [row.id for row in found], now, seen_by=_staff_of(actor))
    institutions = technical_institutions(db)
    return tuple(_row(actor, row, institutions, duties.get(row.id, [])) for row in found)


# Of one deadline the oldest first; of those without one, mostly ended, the newest.
_TIES = case((Consultation.next_due_at.is_(None), -Consultation.id), else_=Consultation.id)


def _ids(narrowed: ColumnElement[bool], first: int, with_deadline: int | None) -> Subquery:
    """The ids of one page, read off ix_consultation_next_due alone; the wide rows are joined for these few.

    NULL sorts at different ends in the two databases, and neither reads "NULL last" off an index. So the page is
    cut out of two lists: those with a deadline, forwards, and then those without, backwards. The first page need
    not know how many have one (None): it takes a page of each, and its rows are cut off after the sorting.
    """
    parts = []
    ids = select(Consultation.id).where(narrowed)
    if with_deadline is None or first < with_deadline:
        dated = ids.where(Consultation.next_due_at.is_not(None)).order_by(Consultation.next_due_at, Consultation.id)
        parts.append(dated.offset(first).limit(PAGE_SIZE).subquery())
    if with_deadline is None or first + PAGE_SIZE > with_deadline:
        undated = ids.where(Consultation.next_due_at.is_(None)).order_by(Consultation.id.desc())
        behind = first - (with_deadline or 0)
        parts.append(undated.offset(max(0, behind)).limit(PAGE_SIZE + min(0, behind)).subquery())
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
