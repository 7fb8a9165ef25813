"""期限证明: how one deadline was counted, day by day, from which event, by which article and which calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.event import Event
from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.consultation import BY_EVENT
from portal.process.errors import NotFound
from portal.process.ledger import KINDS, AnyKind
from portal.process.obligations import OWNING_ROLE_LABELS, ObligationKind
from portal.process.permissions import Actor, is_granted
from portal.process.recall_case import BY_EVENT as RECALL_BY_EVENT
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.editions import Article, Edition, RuleValue, load_edition
from portal.rules.recall.editions import RecallEdition
from portal.rules.working_days import DayMark, Deadline, WorkingCalendar
from portal.services.duties import duties_of_others, own_duties
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.case_loading import load_case
from portal.services.kernel.deadline_words import beginning_of, count_of_months, counted_words
from portal.services.kernel.loading import load
from portal.services.kernel.subjects import subjects_of

_EXAMPLES = (datetime(2026, 11, 24, 10, tzinfo=BEIJING), datetime(2026, 9, 30, 15, tzinfo=BEIJING))


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of the count: its place among the counted ones (None when not counted) and why."""

    day: date
    place: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeadlineCertificate:
    """Everything the certificate says. Instants are aware; `due_at` None means that there is no limit."""

    consultation: Consultation | None
    case: RecallCase | None
    source: str  # the title of what the article stands in
    about: str  # what it is about
    obligation: Obligation
    label: str
    owner: str
    begun_by: str  # what happened, as the timeline says it
    since_at: datetime
    since_on: date
    article: Article | None
    limit: RuleValue | None
    limit_words: str  # 3 个工作日
    how_counted: str  # in months; "" where days were counted one by one, or a person set the date
    days: tuple[CountedDay, ...]
    notices: tuple[str, ...]
    due_at: datetime | None
    is_provisional: bool
    missing_years: tuple[int, ...]
    moved_from: datetime | None  # the first date, where the present one is another
    extension_reason: str
    closed_at: datetime | None
    is_met: bool | None
    is_counted_as_then: bool  # False where the calendar was loaded anew after the deadline was over

    @property
    def is_in_time(self) -> bool | None:
        """Whether it was met before the deadline; None while open, without limit or when it was lifted."""
        if not self.is_met or self.closed_at is None or self.due_at is None:
            return None
        return self.closed_at < self.due_at


def view_deadline(
    db: Session, *, actor: Actor, consultation_id: int, obligation_id: int, now: datetime
) -> DeadlineCertificate:
    """The certificate of one obligation of a consultation; NotFound where the actor may not see it."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_obligations", now=now)
    obligation = db.get(Obligation, obligation_id)
    if obligation is None or obligation.consultation_id != consultation_id:
        raise NotFound
    return _certificate(db, obligation, loaded.edition, consultation=loaded.consultation)


def view_own_deadline(db: Session, *, actor: Actor, obligation_id: int, now: datetime) -> DeadlineCertificate:
    """The certificate of a deadline outside consultations, for who owes it and who is shown that it is owed.

    One of a recall case is for all who see what is owed in that case.
    """
    if not is_granted("view_own_deadline", actor):
        raise NotFound
    obligation = db.get(Obligation, obligation_id)
    if obligation is not None and obligation.recall_case_id is not None:
        loaded = load_case(
            db, actor=actor, case_id=obligation.recall_case_id, permission="view_case_obligations", now=now
        )
        return _certificate(db, obligation, loaded.edition, case=loaded.case)
    shown = [*own_duties(db, actor=actor, now=now), *duties_of_others(db, actor=actor, now=now)]
    if not any(duty.obligation_id == obligation_id and duty.consultation_id is None for duty in shown):
        raise NotFound
    return _certificate(db, db.get_one(Obligation, obligation_id), load_edition())


def _certificate(
    db: Session,
    obligation: Obligation,
    edition: Edition | RecallEdition,
    *,
    consultation: Consultation | None = None,
    case: RecallCase | None = None,
) -> DeadlineCertificate:
    kind, known = KINDS[obligation.kind], working_calendar(db)
    counted = _count(obligation, known)
    months = count_of_months(obligation, known, case) if case is not None else None
    limit = _limit(kind, edition, obligation, in_months=months is not None)
    return DeadlineCertificate(
        consultation=consultation,
        case=case,
        source=edition.title,
        about=subjects_of(db, [obligation.id])[obligation.id].title,
        obligation=obligation,
        label=kind.label,
        owner=_owner(db, obligation),
        begun_by=beginning_of(obligation) or _begun_by(db, obligation),
        since_at=obligation.since_at,
        since_on=_since_on(obligation, case if months is not None else None),
        article=edition.article(kind.article) if kind.article else None,
        limit=limit,
        limit_words=_limit_words(obligation, limit if months is not None else None),
        how_counted=counted_words(obligation, known, case) if months is not None else "",
        days=_numbered(counted.days) if counted else (),
        notices=_notices(counted, known),
        due_at=obligation.due_at,
        is_provisional=obligation.is_provisional,
        missing_years=_missing_years(counted, known),
        moved_from=obligation.first_due_at if obligation.first_due_at != obligation.due_at else None,
        extension_reason=obligation.extension_reason or "",
        closed_at=obligation.closed_at,
        is_met=obligation.is_met,
        is_counted_as_then=all(one is None or one.due_at == obligation.due_at for one in (counted, months)),
    )


def counting_examples(db: Session) -> tuple[tuple[DayMark, ...], ...]:
    """Two counts of the preliminary analysis by the calendar in force: an ordinary week, and around National Day.

    The first mark of each is the day of the act itself, which does not count.
    """
    limit, known = load_edition().value("preliminary_analysis_days").value, working_calendar(db)
    examples = []
    for start in _EXAMPLES:
        counted = known.deadline(start, limit)
        examples.append((DayMark(beijing_day(start), counted=False, reason="发送当日，不计入"), *counted.days))
    return tuple(examples)


def _count(obligation: Obligation, known: WorkingCalendar) -> Deadline | None:
    """The count that gave the deadline; None where a person set the date or there is no limit."""
    if obligation.working_days is None:
        return None
    return known.deadline(obligation.since_at, obligation.working_days, strict=False)


def _limit(
    kind: AnyKind, edition: Edition | RecallEdition, obligation: Obligation, *, in_months: bool
) -> RuleValue | None:
    name = kind.dated_by if isinstance(kind, ObligationKind) else None
    if obligation.working_days is not None or in_months:
        name = kind.limit
    return edition.value(name) if name is not None else None


def _limit_words(obligation: Obligation, months: RuleValue | None) -> str:
    if obligation.working_days is not None:
        return f"{obligation.working_days} 个工作日"
    if obligation.due_at is None:
        return "无期限"
    if months is not None:
        return f"每 {months.value} 个月一次"
    is_set = obligation.consultation_id is not None or obligation.recall_case_id is not None
    return "由办理单位指定的时间" if is_set else "固定日期，不按工作日推算"


def _since_on(obligation: Obligation, case: RecallCase | None) -> date:
    started_on = case.started_on if case is not None else None
    return started_on or beijing_day(obligation.since_at)


def _numbered(marks: tuple[DayMark, ...]) -> tuple[CountedDay, ...]:
    days, place = [], 0
    for mark in marks:
        place += mark.counted
        days.append(CountedDay(mark.day, place if mark.counted else None, mark.reason))
    return tuple(days)


def _notices(counted: Deadline | None, known: WorkingCalendar) -> tuple[str, ...]:
    if counted is None:
        return ()
    years = sorted({mark.day.year for mark in counted.days} & set(known.years))
    return tuple(f"{known.years[year].notice}（{known.years[year].document_number}）" for year in years)


def _missing_years(counted: Deadline | None, known: WorkingCalendar) -> tuple[int, ...]:
    if counted is None:
        return ()
    return tuple(sorted({mark.day.year for mark in counted.days} - set(known.years)))


def _owner(db: Session, obligation: Obligation) -> str:
    if obligation.institution_id is not None:
        return db.get_one(Institution, obligation.institution_id).name
    if obligation.role is not None:
        return OWNING_ROLE_LABELS[obligation.role]
    return db.get_one(Person, obligation.person_id).name


def _begun_by(db: Session, obligation: Obligation) -> str:
    """The act of the instant it runs from; of several at one instant, the last that the table knows."""
    if obligation.consultation_id is None and obligation.recall_case_id is None:
        return "列入待办事项"
    names = db.scalars(
        select(Event.name)
        .where(
            Event.consultation_id == obligation.consultation_id,
            Event.recall_case_id == obligation.recall_case_id,
            Event.at == obligation.since_at,
        )
        .order_by(Event.id.desc())
    ).all()
    known = RECALL_BY_EVENT if obligation.recall_case_id is not None else BY_EVENT
    return next((known[name].says for name in names if name in known), "开始计算")
