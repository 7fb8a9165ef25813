"""What would be reminded of on a day: the same moments, people and words as the run that sends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.account import Person
from portal.models.consultation import Consultation, ConsultationParty
from portal.models.obligation import Obligation, ReminderSent
from portal.models.recall_case import RecallCase
from portal.process.errors import NotFound
from portal.process.ledger import KINDS
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day, end_of_day
from portal.rules.reminders import Moment, Policy, When
from portal.services.kernel.loading import load
from portal.services.kernel.subjects import Subject, subjects_of
from portal.services.reminder_letters import reminder_to
from portal.services.reminder_people import People
from portal.services.reminder_rules import require_editor
from portal.services.reminder_words import step_words
from portal.services.reminders import Timing

_ONE_DAY = timedelta(days=1)
_OFFERED = 100
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One mail: when, to whom, with which subject, and why then and to this person. `number` is the consultation's."""

    at: datetime
    number: str
    kind: str
    subject: str
    person: str
    why: str
    step: str
    is_urgent: bool
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The mails of the day, and those before it: sent already, or sent by then if nothing is done."""

    on: date
    lines: tuple[PreviewLine, ...]
    earlier: tuple[PreviewLine, ...]


def consultations_to_try(db: Session, *, actor: Actor, now: datetime) -> tuple[tuple[int, str], ...]:
    """Consultations of the own institution of which something is owed: id and words, the latest first."""
    require_editor(db, actor, now)
    rows = db.scalars(
        select(Consultation)
        .join(ConsultationParty, ConsultationParty.consultation_id == Consultation.id)
        .where(
            ConsultationParty.institution_id == actor.institution_id,
            Consultation.id.in_(select(Obligation.consultation_id).where(Obligation.closed_at.is_(None))),
        )
        .options(joinedload(Consultation.product))
        .order_by(Consultation.id.desc())
        .limit(_OFFERED)
    )
    return tuple((row.id, f"{row.number or '未编号'} {row.product.product_name} {row.product.model}") for row in rows)


def preview_reminders(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    on: date,
    now: datetime,
    policies: Mapping[str, Policy] | None = None,
) -> Preview:
    """What would be sent on a day for one consultation, if nothing of what is owed is done until then.

    `policies` hold instead of those in force, by kind: to see what an edited one does before it is saved.
    """
    require_editor(db, actor, now)
    load(db, actor=actor, consultation_id=consultation_id, permission="view_obligations", now=now)
    timing = Timing.read(db)
    timing = replace(timing, policies={**timing.policies, **(policies or {})})
    found = [
        line
        for obligation in _open(db, consultation_id)
        if not KINDS[obligation.kind].is_private or obligation.institution_id == actor.institution_id
        for line in _lines(db, obligation, timing, on, now, with_earlier=True)
    ]
    begin = end_of_day(on - _ONE_DAY)
    return Preview(
        on,
        tuple(sorted((one for one in found if one.at >= begin), key=lambda one: one.at)),
        tuple(sorted((one for one in found if one.at < begin), key=lambda one: one.at)),
    )


def preview_day(db: Session, *, on: date, now: datetime, number: str | None = None) -> Iterator[PreviewLine]:
    """The same for the operator at the command line: of all that is open, or of one consultation by its number.

    Raises NotFound for a number that is not there. Read in parts, however much is open.
    """
    timing, last, consultation_id = Timing.read(db), 0, None
    if number is not None:
        consultation_id = next((row.id for row in _numbered(db, number)), None)
        if consultation_id is None:
            raise NotFound(f"没有编号为 {number} 的会诊。")
    while obligations := _open(db, consultation_id, after=last):
        for obligation in obligations:
            yield from _lines(db, obligation, timing, on, now, with_earlier=False)
        last = obligations[-1].id
        db.expunge_all()


def _numbered(db: Session, number: str) -> list[Consultation]:
    wanted = number.strip().replace(" ", "")
    serials = [int(part) for part in "".join(c if c.isdigit() else " " for c in wanted).split()]
    if len(serials) != 2:
        return []
    year, serial = serials
    return list(db.scalars(select(Consultation).where(Consultation.year == year, Consultation.serial == serial)))


def _open(db: Session, consultation_id: int | None, *, after: int = 0) -> list[Obligation]:
    query = select(Obligation).where(Obligation.closed_at.is_(None), Obligation.id > after)
    if consultation_id is not None:
        query = query.where(Obligation.consultation_id == consultation_id)
    return list(db.scalars(query.order_by(Obligation.id).limit(_AT_ONCE)))


def _lines(
    db: Session, obligation: Obligation, timing: Timing, on: date, now: datetime, *, with_earlier: bool
) -> Iterator[PreviewLine]:
    """The mails of one obligation up to the end of the day; those of the days before where asked for."""
    begin, end = end_of_day(on - _ONE_DAY), end_of_day(on)
    until = end - timedelta(microseconds=1)
    wanted = [one for one in timing.moments(obligation, until=until) if with_earlier or one.at >= begin]
    ahead = [one for one in wanted if one.at > now]
    if with_earlier or beijing_day(now) >= on:
        yield from _sent(db, obligation, timing, begin=None if with_earlier else begin, end=end)
    if not ahead:
        return
    subject = subjects_of(db, [obligation.id])[obligation.id]
    for moment in ahead:
        yield from _of(db, obligation, subject, moment, timing)


def _of(db: Session, obligation: Obligation, subject: Subject, moment: Moment, timing: Timing) -> Iterator[PreviewLine]:
    if moment.step.when is When.OPENED and KINDS[obligation.kind].opening is None:
        return  # has its own mail, which stands in the outbox
    consultation = db.get(Consultation, obligation.consultation_id) if obligation.consultation_id else None
    case = db.get(RecallCase, obligation.recall_case_id) if obligation.recall_case_id else None
    people = People(db, moment.at)
    owner = people.owner_name(obligation)
    for recipient in people.told(obligation, subject, moment.step.to):
        reminder = reminder_to(
            recipient, obligation, subject, moment.step,
            consultation=consultation, case=case, owner=owner, calendar=timing.calendar, now=moment.at,
        )  # fmt: skip
        yield PreviewLine(
            moment.at, subject.number or "", KINDS[obligation.kind].label, reminder.subject,
            reminder.person.name, reminder.why, step_words(moment.step), moment.step.urgent, is_sent=False,
        )  # fmt: skip


def _sent(
    db: Session, obligation: Obligation, timing: Timing, *, begin: datetime | None, end: datetime
) -> Iterator[PreviewLine]:
    about = obligation.due_at or obligation.since_at
    query = (
        select(ReminderSent, Person.name)
        .join(Person, Person.id == ReminderSent.person_id)
        .where(ReminderSent.obligation_id == obligation.id, ReminderSent.due_at == about, ReminderSent.sent_at < end)
        .order_by(ReminderSent.sent_at, Person.id)
    )
    steps = {step.key: step for step in timing.policies[obligation.kind].steps}
    for sent, name in db.execute(query):
        if begin is not None and sent.sent_at < begin:
            continue
        step = steps.get(sent.step.partition(".")[0])
        yield PreviewLine(
            sent.sent_at, "", KINDS[obligation.kind].label, KINDS[obligation.kind].label, name, "",
            step_words(step) if step else "按当时的规则", step.urgent if step else False, is_sent=True,
        )  # fmt: skip
