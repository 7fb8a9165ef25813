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
from portal.process.consultation import BY_EVENT
from portal.process.errors import NotFound
from portal.process.obligations import OBLIGATIONS, ObligationKind
from portal.process.permissions import ROLE_LABELS, Actor, Role, is_granted
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.editions import Article, Edition, RuleValue, load_edition
from portal.rules.working_days import DayMark, Deadline, WorkingCalendar
from portal.services.duties import duties_of_others, own_duties
from portal.services.kernel.calendar import working_calendar
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
    about: str  # what it is about
    obligation: Obligation
    label: str
    owner: str
    begun_by: str  # what happened, as the timeline says it
    since_at: datetime
    since_on: date
    article: Article | None
    limit: RuleValue | None
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
    return _certificate(db, obligation, loaded.consultation, loaded.edition)


def view_own_deadline(db: Session, *, actor: Actor, obligation_id: int, now: datetime) -> DeadlineCertificate:
    """The certificate of a deadline outside consultations, for who owes it and who is shown that it is owed."""
    if not is_granted("view_own_deadline", actor):
        raise NotFound
    shown = [*own_duties(db, actor=actor, now=now), *duties_of_others(db, actor=actor, now=now)]
    if not any(duty.obligation_id == obligation_id and duty.consultation_id is None for duty in shown):
        raise NotFound
    return _certificate(db, db.get_one(Obligation, obligation_id), None, load_edition())


def _certificate(
    db: Session, obligation: Obligation, consultation: Consultation | None, edition: Edition
) -> DeadlineCertificate:
    kind, known = OBLIGATIONS[obligation.kind], working_calendar(db)
    counted = _count(obligation, known)
    return DeadlineCertificate(
        consultation=consultation,
        about=subjects_of(db, [obligation.id])[obligation.id].title,
        obligation=obligation,
        label=kind.label,
        owner=_owner(db, obligation),
        begun_by=_begun_by(db, obligation),
        since_at=obligation.since_at,
        since_on=beijing_day(obligation.since_at),
        article=edition.article(kind.article) if kind.article else None,
        limit=_limit(kind, edition, obligation),
        days=_numbered(counted.days) if counted else (),
        notices=_notices(counted, known),
        due_at=obligation.due_at,
        is_provisional=obligation.is_provisional,
        missing_years=_missing_years(counted, known),
        moved_from=obligation.first_due_at if obligation.first_due_at != obligation.due_at else None,
        extension_reason=obligation.extension_reason or "",
        closed_at=obligation.closed_at,
        is_met=obligation.is_met,
        is_counted_as_then=counted is None or counted.due_at == obligation.due_at,
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


def _limit(kind: ObligationKind, edition: Edition, obligation: Obligation) -> RuleValue | None:
    name = kind.dated_by if obligation.working_days is None else kind.limit
    return edition.value(name) if name is not None else None


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
        return ROLE_LABELS[Role(obligation.role)]
    return db.get_one(Person, obligation.person_id).name


def _begun_by(db: Session, obligation: Obligation) -> str:
    """The act of the instant it runs from; of several at one instant, the last that the table knows."""
    if obligation.consultation_id is None:
        return "列入待办事项"
    names = db.scalars(
        select(Event.name)
        .where(Event.consultation_id == obligation.consultation_id, Event.at == obligation.since_at)
        .order_by(Event.id.desc())
    ).all()
    return next((BY_EVENT[name].says for name in names if name in BY_EVENT), "开始计算")
