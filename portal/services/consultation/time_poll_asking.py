"""Asking for the time: the open poll, its mails with their links, and what follows when somebody joins or leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.time_poll import TimePoll, TimePollLink, TimePollSlot
from portal.rules.editions import load_edition
from portal.rules.time_poll import answer_by
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.mailing import queue
from portal.services.kernel.obligations import oblige, open_obligations

LINK_PATH = "/poll"


def open_poll(db: Session, consultation_id: int) -> TimePoll | None:
    """The poll that can be answered now, with its slots and their answers; at most one."""
    return db.scalar(
        select(TimePoll)
        .where(TimePoll.consultation_id == consultation_id, TimePoll.closed_at.is_(None))
        .options(selectinload(TimePoll.slots).selectinload(TimePollSlot.answers))
    )


def close_poll(db: Session, consultation_id: int, *, now: datetime, starts_at: datetime | None = None) -> None:
    """Close the open poll, if any; `starts_at` marks the slot that was fixed. Its links lead nowhere from now on."""
    poll = open_poll(db, consultation_id)
    if poll is None:
        return
    poll.closed_at = now
    for slot in poll.slots:
        slot.is_fixed = slot.starts_at == starts_at
    db.flush()


def ask(
    db: Session,
    consultation: Consultation,
    poll: TimePoll,
    persons: Iterable[Person],
    *,
    now: datetime,
    is_reminder: bool = False,
) -> int:
    """Mail each person the slots and a link of his or her own; returns to how many.

    The links of earlier mails stay good: somebody may answer from any of them.
    """
    recipients = {person.id: person for person in persons if person.is_active}.values()
    links = {person.id: TimePollLink(poll_id=poll.id, person_id=person.id, issued_at=now) for person in recipients}
    db.add_all(links.values())
    db.flush()
    return queue(
        db, "time_poll", recipients, now=now, consultation=consultation, link_label="选择合适的时间",
        link_path=LINK_PATH, poll_links=links, slots=poll.slots, is_reminder=is_reminder,
        owed=open_obligations(db, consultation.id, kinds=["mark_times"]), due_at=poll.answer_by,
    )  # fmt: skip


def ask_newcomer(db: Session, consultation: Consultation, person: Person, *, now: datetime) -> None:
    """Ask who has joined the panel while a poll is open, as long as a slot of it lies ahead."""
    poll = open_poll(db, consultation.id)
    ahead = [slot.starts_at for slot in poll.slots if slot.starts_at > now] if poll is not None else []
    if poll is None or not ahead:
        return
    due = answer_by(now, ahead[0], working_calendar(db), load_edition(consultation.edition))
    oblige(db, consultation, "mark_times", now=now, person_id=person.id, due_at=due)
    ask(db, consultation, poll, [person], now=now)


def revoke_links(db: Session, consultation_id: int, person_id: int, *, now: datetime) -> None:
    """Let no mail answer any poll of this consultation for a person who is not asked any more."""
    polls = select(TimePoll.id).where(TimePoll.consultation_id == consultation_id)
    theirs = (
        TimePollLink.poll_id.in_(polls),
        TimePollLink.person_id == person_id,
        TimePollLink.revoked_at.is_(None),
    )
    db.execute(update(TimePollLink).where(*theirs).values(revoked_at=now))
