"""时间征询: the lead proposes slots, members and institutions mark which suit (Art. 8(3); decided)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.expert import Expert
from portal.models.time_poll import TimePoll, TimePollAnswer, TimePollLink, TimePollSlot
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import Actor, Role
from portal.rules.dates import beijing_day
from portal.rules.problem import Problem
from portal.rules.time_poll import ARTICLE, MARKS, answer_by, check_slots, offered_starts
from portal.services.account_sessions import digest_of_token
from portal.services.consultation.members import accepted_members
from portal.services.consultation.time_poll_asking import ask, close_poll, open_poll
from portal.services.kernel.advancing import advance
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.events import record
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons
from portal.services.kernel.obligations import close, oblige, open_obligations

LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True)
class SlotInput:
    """One proposed slot as it was typed."""

    starts_at: datetime
    minutes: int


def open_time_poll(
    db: Session, *, actor: Actor, consultation_id: int, slots: Sequence[SlotInput], now: datetime
) -> TimePoll:
    """Propose slots and ask every member and all institutions by mail. A poll that is open gives way to the new one.

    Nobody's marks are carried over: other slots are another question.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_time_poll", now=now)
    given = _checked(slots, now)
    consultation = loaded.consultation
    close_poll(db, consultation_id, now=now)
    before = open_obligations(db, consultation_id, kinds=("mark_times",))
    close(db, consultation, before, now=now, met=False)
    due = answer_by(now, given[0][0], working_calendar(db), loaded.edition)
    poll = TimePoll(consultation_id=consultation_id, opened_by_id=actor.person_id, opened_at=now, answer_by=due)
    poll.slots = [TimePollSlot(starts_at=starts_at, ends_at=ends_at) for starts_at, ends_at in given]
    db.add(poll)
    db.flush()
    told = [starts_at.isoformat() for starts_at, _ in given]
    advance(db, loaded, "open_time_poll", actor=actor, now=now, slots=told, answer_by=due.isoformat())
    members = [member.expert.person for member in accepted_members(db, consultation_id)]
    institution_ids = sorted(loaded.facts.alliance_institution_ids)
    for person in members:
        oblige(db, consultation, "mark_times", now=now, person_id=person.id, due_at=due)
    for institution_id in institution_ids:
        oblige(db, consultation, "mark_times", now=now, institution_id=institution_id, due_at=due)
    ask(db, consultation, poll, [*members, *liaisons(db, institution_ids, beijing_day(now))], now=now)
    return poll


def answer_time_poll(
    db: Session, *, actor: Actor, consultation_id: int, marks: Mapping[int, str | None], now: datetime
) -> None:
    """Mark each slot of the open poll (slot id → yes, if_need_be, no); marking again replaces the earlier marks.

    A member answers for himself or herself; one of the staff of an institution is enough for it.
    """
    loaded, poll = _asked(db, actor, consultation_id, now)
    _mark(db, loaded, poll, actor, marks, now, is_by_mail=False)


def remind_time_poll(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> int:
    """Mail the members who have not answered and the liaisons of institutions of which nobody has; return how many."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="remind_time_poll", now=now)
    poll = open_poll(db, consultation_id)
    if poll is None:
        raise Refusal("现在没有进行中的时间征询。", article=ARTICLE)
    owed = open_obligations(db, consultation_id, kinds=("mark_times",))
    if not owed:
        raise Refusal("各方均已答复，不需要提醒。", article=ARTICLE)
    persons = [db.get_one(Person, one.person_id) for one in owed if one.person_id is not None]
    institution_ids = [one.institution_id for one in owed if one.institution_id is not None]
    recipients = [*persons, *liaisons(db, institution_ids, beijing_day(now))]
    count = ask(db, loaded.consultation, poll, recipients, now=now, is_reminder=True)
    advance(db, loaded, "remind_time_poll", actor=actor, now=now, count=count)
    return count


@dataclass(frozen=True)
class Offer:
    """What the page on which slots are proposed begins with: half-days, and from when on one is late."""

    starts: tuple[datetime, ...]
    due_at: datetime | None
    is_open: bool


def offer(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Offer:
    """The half-days that the lead can tick."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_time_poll", now=now)
    owed = next(iter(open_obligations(db, consultation_id, kinds=("hold_session",))), None)
    due_at = owed.due_at if owed else None
    starts = offered_starts(now, due_at, working_calendar(db), loaded.edition)
    return Offer(tuple(starts), due_at, open_poll(db, consultation_id) is not None)


@dataclass(frozen=True)
class AnswerPage:
    """What somebody who is asked sees: number, product name and slots, nothing else of the consultation."""

    consultation_id: int
    number: str
    product_name: str
    name: str
    slots: tuple[TimePollSlot, ...]
    marks: Mapping[int, str]
    answered_at: datetime | None
    answer_by: datetime
    colleagues: tuple[str, ...]  # of the own institution, who have answered


def answer_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> AnswerPage:
    """The page of the open poll for who is asked; NotFound where none is open."""
    loaded, poll = _asked(db, actor, consultation_id, now)
    own = {
        slot.id: answer for slot in poll.slots for answer in slot.answers if answer.person_id == actor.person_id
    }  # fmt: skip
    others = [answer.person for slot in poll.slots for answer in slot.answers if answer.person_id != actor.person_id]
    same = {one.name for one in others if actor.is_staff and one.institution_id == actor.institution_id}
    return AnswerPage(
        consultation_id,
        loaded.consultation.number or "",
        loaded.consultation.product.product_name,
        actor.name,
        tuple(poll.slots),
        {slot_id: answer.mark for slot_id, answer in own.items()},
        max((answer.answered_at for answer in own.values()), default=None),
        poll.answer_by,
        tuple(sorted(same)),
    )


def poll_of_token(db: Session, *, token: str, now: datetime) -> AnswerPage | None:
    """The page that a mailed link leads to; None for a link that is unknown, revoked, or of a poll that is over."""
    found = _holder(db, token)
    if found is None:
        return None
    actor, consultation_id = found
    try:
        return answer_page(db, actor=actor, consultation_id=consultation_id, now=now)
    except Refusal:
        return None


def answer_by_mailed_link(
    db: Session, *, token: str, marks: Mapping[int, str | None], address: str, now: datetime
) -> bool:
    """Mark the slots for the person whom a link was mailed to; False when it is not open, which is recorded."""
    found = _holder(db, token, address)
    try:
        if found is None:
            raise NotFound
        actor, consultation_id = found
        loaded, poll = _asked(db, actor, consultation_id, now)
    except Invalid:
        raise
    except Refusal:
        record(db, "time_poll_link_refused", now=now, address=address)
        return False
    _mark(db, loaded, poll, actor, marks, now, is_by_mail=True)
    return True


def refuse_mailed_link(db: Session, *, address: str, now: datetime) -> None:
    """Record that marks were sent with a link that is not open."""
    record(db, "time_poll_link_refused", now=now, address=address)


def _checked(slots: Sequence[SlotInput], now: datetime) -> list[tuple[datetime, datetime]]:
    if any(not 0 < one.minutes <= LONGEST_MINUTES for one in slots):
        raise Invalid.field("minutes", f"预计时长应为 1 至 {LONGEST_MINUTES} 分钟。", ARTICLE)
    given = sorted((one.starts_at, one.starts_at + timedelta(minutes=one.minutes)) for one in slots)
    problems = check_slots(given, now=now)
    if problems:
        raise Invalid(problems)
    return given


def _asked(db: Session, actor: Actor, consultation_id: int, now: datetime) -> tuple[Loaded, TimePoll]:
    """Authorise to answer. Where no poll is open there is nothing to answer, and nothing to be seen."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="answer_time_poll", now=now)
    poll = open_poll(db, consultation_id)
    if poll is None:
        raise NotFound
    return loaded, poll


def _mark(
    db: Session,
    loaded: Loaded,
    poll: TimePoll,
    actor: Actor,
    marks: Mapping[int, str | None],
    now: datetime,
    *,
    is_by_mail: bool,
) -> None:
    missing = [slot for slot in poll.slots if marks.get(slot.id) not in MARKS]
    if missing:
        words = "、".join(f"“{word}”" for word in MARKS.values())
        raise Invalid([Problem(f"mark_{slot.id}", f"请选择{words}之一。", ARTICLE) for slot in missing])
    for slot in poll.slots:
        mark = marks[slot.id] or ""
        answer = next((one for one in slot.answers if one.person_id == actor.person_id), None)
        if answer is None:
            answer = TimePollAnswer(person_id=actor.person_id)
            slot.answers.append(answer)
        answer.mark, answer.answered_at = mark, now
    db.flush()
    told = {slot.starts_at.isoformat(): marks[slot.id] for slot in poll.slots}
    advance(db, loaded, "answer_time_poll", actor=actor, now=now, marks=told, by_mail=is_by_mail)


def _holder(db: Session, token: str, address: str = "") -> tuple[Actor, int] | None:
    """Who holds a link, and which consultation it is about."""
    row = db.execute(
        select(Person, TimePoll.consultation_id, Expert.id)
        .join(TimePollLink, TimePollLink.person_id == Person.id)
        .join(TimePoll, TimePoll.id == TimePollLink.poll_id)
        .outerjoin(Expert, Expert.person_id == Person.id)
        .where(
            TimePollLink.token_digest == digest_of_token(token),
            TimePollLink.revoked_at.is_(None),
            TimePoll.closed_at.is_(None),
            Person.is_active,
        )
    ).one_or_none()
    if row is None:
        return None
    person, consultation_id, expert_id = row
    roles = frozenset(Role(role) for role in db.scalars(_ROLES.where(PersonRole.person_id == person.id)))
    return Actor(person.id, person.name, person.institution_id, roles, expert_id, address), consultation_id


_ROLES = select(PersonRole.role)
