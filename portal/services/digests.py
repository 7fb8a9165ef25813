"""Digests: one mail for what a person wants to hear of once a day or once a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.mail.kinds import Urgency
from portal.models.account import Person
from portal.models.database import Database
from portal.models.mail_preference import MailDigest, MailPreference
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.rules.date_words import day_of_week
from portal.rules.dates import beijing_day
from portal.rules.mail_times import last_digest_moment
from portal.services.kernel.mailing import queue
from portal.services.outbox import WITHDRAWN_BECAUSE, is_moot_of

MESSAGES_PATH = "/account/messages"


@dataclass(frozen=True)
class Entry:
    """One line of a digest."""

    subject: str
    when: datetime
    path: str


def send_digests(database: Database, now: datetime) -> int:
    """Compose what is due, one mail per person; returns how many. Safe to call as often as liked, by several workers.

    A worker that was away composes the latest only. Writers come one at a time, and (person, day) is unique.
    """
    with database.read() as db:
        waiting = _waiting(db, now)
    composed = 0
    for person_id in waiting:
        with database.write() as db:
            composed += _compose(db, person_id, now)
    return composed


def due_moment(wish: MailPreference, now: datetime) -> datetime:
    """The latest moment until `now` at which a digest of this person was due."""
    weekday = wish.digest_weekday if wish.digest == "weekly" else None
    return last_digest_moment(now, hour=wish.digest_hour, weekday=weekday)


def _waiting(db: Session, now: datetime) -> list[int]:
    """Who has something that was collected before the last moment."""
    earliest = func.min(OutboxMessage.created_at).label("earliest")
    collected = (
        select(OutboxMessage.person_id, earliest)
        .where(OutboxMessage.state == "collected")
        .group_by(OutboxMessage.person_id)
        .subquery()
    )
    query = (
        select(MailPreference, collected.c.earliest)
        .join(collected, collected.c.person_id == MailPreference.person_id)
        .order_by(MailPreference.person_id)
    )
    return [wish.person_id for wish, earliest in db.execute(query) if earliest < due_moment(wish, now)]


def _compose(db: Session, person_id: int, now: datetime) -> bool:
    wish, person = db.get_one(MailPreference, person_id), db.get_one(Person, person_id)
    moment = due_moment(wish, now)
    period = beijing_day(moment)
    if db.get(MailDigest, (person_id, period.isoformat())) is not None or not person.is_active:
        return False
    collected = select(OutboxMessage).where(
        OutboxMessage.person_id == person_id, OutboxMessage.state == "collected", OutboxMessage.created_at < moment
    )
    told, moot = [], 0
    for message in db.scalars(collected.order_by(OutboxMessage.id)):
        obligation = db.get(Obligation, message.obligation_id) if message.obligation_id is not None else None
        if obligation is not None and is_moot_of(message, obligation):
            message.state, message.error = "withdrawn", WITHDRAWN_BECAUSE
            moot += 1
        else:
            told.append(message)
    if not told:
        return False
    db.add(MailDigest(person_id=person_id, period=period.isoformat(), composed_at=now))
    queue(
        db, "digest", [person], now=now, link_label="查看门户发给我的通知", link_path=MESSAGES_PATH,
        # The recipient has chosen the hour.
        urgency=Urgency.MANDATORY, period_words=day_of_week(period), moot=moot,
        entries=[Entry(one.subject, one.created_at, one.link_path) for one in told],
    )  # fmt: skip
    latest = select(OutboxMessage.id).where(OutboxMessage.person_id == person_id, OutboxMessage.kind == "digest")
    digest_id = db.scalar(latest.order_by(OutboxMessage.id.desc()).limit(1))
    for message in told:
        message.state, message.digest_id = "digested", digest_id
    return True
