"""Figures of recall cases for a regulator and its area (Art. 4(3), 21): counts, times, shares, the six indicators.

All of it is read from cases, events and obligations; nothing is counted by hand. The cases of a year are those that
were begun in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.documents.spreadsheet import Column, Spreadsheet, xlsx
from portal.models.case_document import CaseDocument
from portal.models.event import Event
from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase, RecallProduct, RecallProgress
from portal.process.errors import NotFound
from portal.process.permissions import Actor, is_granted
from portal.process.recall_case import STEPS, Stage, step_of
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import edition_for, load_recall_edition
from portal.rules.recall.indicators import CaseFacts, Share, is_about_quantity, shares
from portal.rules.regions import covers, is_municipality, level_of, parent_of, shipped_areas
from portal.services.kernel.case_loading import area_of
from portal.services.kernel.remembering import remembered


@dataclass(frozen=True)
class AreaFigures:
    """One city, or the whole area: how many clues and recalls, and the six indicators."""

    code: str
    name: str
    clues: int
    recalls: int
    closed: int
    shares: Mapping[str, Share]


@dataclass(frozen=True)
class InTime:
    """How often one kind of work was done in time."""

    label: str
    article: str
    share: Share


@dataclass(frozen=True)
class Figures:
    """Everything that the page shows of one year."""

    year: int
    area_name: str
    edition: str
    total: AreaFigures
    cities: tuple[AreaFigures, ...]
    channels: tuple[tuple[str, int], ...]
    classes: tuple[tuple[str, int], ...]
    months: tuple[int, ...]
    step_days: tuple[tuple[str, float | None], ...]  # median days in each step
    in_time: tuple[InTime, ...]


def figures(db: Session, *, actor: Actor, year: int, now: datetime) -> Figures:
    """The figures of the actor's own area for the cases begun in `year`; NotFound for who is no officer."""
    area = area_of(db, actor)
    if not is_granted("view_recall_figures", actor) or area is None:
        raise NotFound
    return remembered(db, ("recall_figures", area, year, beijing_day(now)), lambda: _figures(db, area, year, now))


def figures_xlsx(found: Figures, *, now: datetime) -> bytes:
    """The figures by city as a spreadsheet, with the definitions below."""
    from portal.rules.recall.indicators import POINTS, load_indicators

    edition, definitions = load_recall_edition(found.edition), load_indicators(found.edition)
    labels = [edition.choice("assessment_points", name).label for name in POINTS]
    columns = (
        Column("地区", 16), Column("线索", 10), Column("已公示召回", 12), Column("已办结", 10),
        *(Column(f"{label}（%）", 20) for label in labels),
    )  # fmt: skip
    rows = [_row(one) for one in found.cities]
    notes = [f"{label}：{definitions[name].definition}" for name, label in zip(POINTS, labels, strict=True)]
    table = Spreadsheet(
        f"{found.year}年召回管理工作指标", f"{found.area_name}　制表 {beijing_day(now):%Y-%m-%d}", columns, rows,
        totals=_row(found.total), notes=notes,
    )  # fmt: skip
    return xlsx(table, made_at=now)


def _row(one: AreaFigures) -> Sequence[object]:
    rates = [float(share.rate) if share.rate is not None else "" for share in one.shares.values()]
    return (one.name, one.clues, one.recalls, one.closed, *rates)


def _figures(db: Session, area: str, year: int, now: datetime) -> Figures:
    known = shipped_areas()
    facts = _facts(db, area, year, now)
    edition = edition_for(date(year, 12, 31), known[area].province) if area in known else edition_for(beijing_day(now))
    named = [one.name for one in edition.channels.values() if not one.decided]
    by_city: dict[str, list[CaseFacts]] = defaultdict(list)
    for one in facts:
        by_city[_city(one.area)].append(one)
    cities = [code for code in known if level_of(code) == "city" and covers(area, code)]
    if is_municipality(area) or level_of(area) != "province":
        cities = [area]
    codes = list(dict.fromkeys([*cities, *sorted(by_city)]))
    channels = Counter(one.channel for one in facts)
    return Figures(
        year=year,
        area_name=known[area].name if area in known else "",
        edition=edition.name,
        total=_area(area, "合计", facts, named),
        cities=tuple(_area(code, known[code].name if code in known else code, by_city[code], named) for code in codes),
        channels=tuple((one.label, channels[name]) for name, one in edition.channels.items()),
        classes=tuple(Counter(one.product_class or "未填写" for one in facts).most_common(12)),
        months=tuple(sum(1 for one in facts if one.begun_on.month == month) for month in range(1, 13)),
        step_days=tuple((step.label, _median(one.step_days.get(step.slug) for one in facts)) for step in STEPS),
        in_time=tuple(_in_time(db, area, year, now)),
    )


def _city(code: str) -> str:
    """The city of a place; a municipality and its districts are one."""
    parent = parent_of(code)
    return parent if level_of(code) == "county" and parent is not None else code


def _area(code: str, name: str, facts: Sequence[CaseFacts], named: Sequence[str]) -> AreaFigures:
    recalls = sum(1 for one in facts if one.affected is not None)
    closed = sum(1 for one in facts if "case_file_completed" in one.events)
    return AreaFigures(code, name, len(facts), recalls, closed, shares(facts, named))


def _median(days: Iterable[int | None]) -> float | None:
    known = [one for one in days if one is not None]
    return float(median(known)) if known else None


def _within(area: str, year: int) -> tuple[ColumnElement[bool], ...]:
    digits = area[:2] if level_of(area) == "province" else area[:4] if level_of(area) == "city" else area
    return (RecallCase.area.startswith(digits), RecallCase.year == year)


def _facts(db: Session, area: str, year: int, now: datetime) -> list[CaseFacts]:
    within = _within(area, year)
    cases = db.execute(
        select(RecallCase.id, RecallCase.area, RecallCase.channel, RecallCase.begun_at, RecallCase.discovered_at,
               RecallProduct.product_class)
        .join(RecallProduct, RecallProduct.case_id == RecallCase.id)
        .where(*within)
        .order_by(RecallCase.id)
    ).all()  # fmt: skip
    ids = select(RecallCase.id).where(*within)
    events: dict[int, list[tuple[str, str | None, datetime, dict[str, object]]]] = defaultdict(list)
    for number, name, stage, at, said in db.execute(
        select(Event.recall_case_id, Event.name, Event.stage, Event.at, Event.facts)
        .where(Event.recall_case_id.in_(ids))
        .order_by(Event.id)
    ):
        events[number].append((name, stage, at, said))
    recalled = dict(
        db.execute(
            select(RecallProgress.case_id, func.sum(RecallProgress.quantity))
            .where(RecallProgress.case_id.in_(ids))
            .group_by(RecallProgress.case_id)
        ).all()
    )
    affected = _affected(db, within)
    duties = _duties(db, within, now)
    return [
        CaseFacts(
            area=row.area,
            channel=row.channel,
            product_class=row.product_class,
            begun_on=beijing_day(row.begun_at),
            events=tuple(name for name, *_ in events[row.id]),
            is_possibly_defective=row.discovered_at is not None,
            is_corrected=any(_is_correction(name, said) for name, _, _, said in events[row.id]),
            affected=affected.get(row.id),
            recalled=recalled.get(row.id, 0),
            in_time=duties[row.id][0],
            owed=duties[row.id][1],
            step_days=_step_days([(stage, at) for _, stage, at, _ in events[row.id]], now),
        )
        for row in cases
    ]


def _is_correction(name: str, said: Mapping[str, object]) -> bool:
    if name == "recall_plan_returned":
        points = said.get("points")
        return isinstance(points, Mapping) and is_about_quantity(points)
    whys = said.get("whys")
    return name == "recall_ordered_again" and isinstance(whys, list) and "scope" in whys


def _affected(db: Session, within: tuple[ColumnElement[bool], ...]) -> dict[int, int]:
    """The affected quantity of each published recall, by its latest accepted plan."""
    rows = db.execute(
        select(CaseDocument.case_id, CaseDocument.stored_values)
        .join(RecallCase, RecallCase.id == CaseDocument.case_id)
        .where(
            *within, CaseDocument.annex == "recall_plan", CaseDocument.state == "accepted",
            RecallCase.started_on.is_not(None),
        )
        .order_by(CaseDocument.id)
    )  # fmt: skip
    planned = {number: values.get("affected_quantity") for number, values in rows}
    return {number: quantity for number, quantity in planned.items() if isinstance(quantity, int)}


def _duties(db: Session, within: tuple[ColumnElement[bool], ...], now: datetime) -> defaultdict[int, tuple[int, int]]:
    """Of each case: how many duties of regulators ended in time, and how many ended or are over."""
    found: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for number, due_at, closed_at, is_met in db.execute(
        select(RecallCase.id, Obligation.due_at, Obligation.closed_at, Obligation.is_met)
        .select_from(Obligation)
        .join(RecallCase, RecallCase.id == Obligation.recall_case_id)
        .join(Institution, Institution.id == Obligation.institution_id)
        .where(*within, Obligation.due_at.is_not(None), Institution.kind == "regulator")
    ):
        ended = _ended(due_at, closed_at, is_met, now)
        if ended is not None:
            in_time, owed = found[number]
            found[number] = (in_time + ended, owed + 1)
    return found


def _ended(due_at: datetime | None, closed_at: datetime | None, is_met: bool | None, now: datetime) -> bool | None:
    """Whether a duty was done in time; None where it has no limit, is still running, or was lifted."""
    if due_at is None or (closed_at is None and due_at > now):
        return None
    if closed_at is None:
        return False
    return closed_at < due_at if is_met else None


def _in_time(db: Session, area: str, year: int, now: datetime) -> list[InTime]:
    edition = edition_for(beijing_day(now))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for kind, due_at, closed_at, is_met in db.execute(
        select(Obligation.kind, Obligation.due_at, Obligation.closed_at, Obligation.is_met)
        .join(RecallCase, RecallCase.id == Obligation.recall_case_id)
        .where(*_within(area, year), Obligation.due_at.is_not(None))
    ):
        ended = _ended(due_at, closed_at, is_met, now)
        if ended is not None:
            counts[kind][0] += ended
            counts[kind][1] += 1
    return [
        InTime(line.label, edition.cite(line.article) if line.article else "", Share(*counts[kind]))
        for kind, line in RECALL_OBLIGATIONS.items()
        if kind in counts
    ]


def _step_days(entries: Sequence[tuple[str | None, datetime]], now: datetime) -> dict[str, int]:
    """Days spent in each of the eight steps; the step under way counts up to now, the last one not at all."""
    entered = [(Stage(stage), at) for stage, at in entries if stage]
    spent: dict[str, timedelta] = {}
    for place, (stage, at) in enumerate(entered):
        position = step_of(stage)
        if position is None or stage is Stage.CLOSED:
            continue
        until = entered[place + 1][1] if place + 1 < len(entered) else now
        slug = STEPS[position].slug
        spent[slug] = spent.get(slug, timedelta()) + (until - at)
    return {slug: lasted.days for slug, lasted in spent.items()}
