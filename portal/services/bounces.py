"""Mail that came back: recorded by hand or read from a mailbox, and whose address therefore has to be mended."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.mail.bounces import LONGEST_REASON, Bounce, bounces_in
from portal.mail.mailbox import MailboxFailed, opened
from portal.mail.message import clean_header
from portal.models.account import Person
from portal.models.database import Database
from portal.models.expert import Expert
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import Actor, Role, is_granted
from portal.services.kernel.events import record
from portal.services.kernel.remembering import remembered
from portal.services.outbox import find_message

log = logging.getLogger(__name__)

CAN_BOUNCE = ("sent", "uncertain")
COMES_BACK_WITHIN = timedelta(days=6)
"""RFC 5321 (4.5.4.1): servers give up after four to five days."""


@dataclass(frozen=True)
class UnreachableAddress:
    """A person whose present address sent mail back; `expert_id` where the person is in a register."""

    person_id: int
    name: str
    address: str
    reason: str
    bounced_at: datetime
    institution_id: int | None
    expert_id: int | None


def record_bounce(db: Session, *, actor: Actor, message_id: int, reason: str, now: datetime) -> OutboxMessage:
    """Note that a message came back; Invalid beside `reason` without one."""
    message = find_message(db, actor=actor, message_id=message_id, now=now)
    if message.state not in CAN_BOUNCE:
        raise Refusal("只有已发送或结果不明的邮件可以登记退信。")
    words = clean_header(reason)[:LONGEST_REASON]
    if not words:
        raise Invalid.field("reason", "请写明退信的原因，例如“550 用户不存在”。")
    _bounce(db, message, words, actor=actor, now=now)
    return message


def read_bounces(database: Database, settings: Settings, now: datetime) -> int:
    """Take the reports out of the mailbox, where one is configured; returns how many messages had come back.

    A report is marked as seen after it is recorded: a worker that dies between reads it again, to no effect.
    """
    if settings.bounce_mailbox is None:
        return 0
    recorded = 0
    try:
        with opened(settings.bounce_mailbox) as mailbox:
            for uid, content in mailbox.unseen():
                found = bounces_in(content)
                with database.write() as db:
                    recorded += sum(_take(db, bounce, now) for bounce in found)
                mailbox.settle(uid, is_understood=bool(found))
    except MailboxFailed as failure:
        log.warning("the mailbox for bounces cannot be read: %s", failure)
    return recorded


def unreachable_addresses(db: Session, *, actor: Actor, now: datetime) -> list[UnreachableAddress]:
    """Whose present address sent mail back: for a liaison the own institution's people, for security all."""
    if not is_granted("view_unreachable_addresses", actor):
        raise NotFound
    latest = (
        select(func.max(OutboxMessage.id))
        .join(Person, Person.id == OutboxMessage.person_id)
        .where(OutboxMessage.state == "bounced", OutboxMessage.recipient_address == Person.email, Person.is_active)
        .group_by(OutboxMessage.person_id)
    )
    query = (
        select(OutboxMessage, Person, Expert.id.label("expert_id"))
        .join(Person, Person.id == OutboxMessage.person_id)
        .outerjoin(Expert, Expert.person_id == Person.id)
        .where(OutboxMessage.id.in_(latest))
        .order_by(Person.name, Person.id)
    )
    if Role.SECURITY_ADMINISTRATOR not in actor.roles:
        own = actor.institution_id
        query = query.where(or_(Person.institution_id == own, Expert.institution_id == own))
    return [
        UnreachableAddress(
            row.Person.id,
            row.Person.name,
            row.Person.email,
            row.OutboxMessage.error or "",
            row.OutboxMessage.next_try_at,
            row.Person.institution_id,
            row.expert_id,
        )
        for row in db.execute(query)
    ]


def unreachable_count(db: Session, *, actor: Actor, now: datetime) -> int:
    """How many there are; 0 for who does not mend them."""
    if not is_granted("view_unreachable_addresses", actor):
        return 0
    key = ("unreachable", actor.institution_id, Role.SECURITY_ADMINISTRATOR in actor.roles)
    return remembered(db, key, lambda: len(unreachable_addresses(db, actor=actor, now=now)))


def _take(db: Session, bounce: Bounce, now: datetime) -> bool:
    message = _message_of(db, bounce, now)
    if message is None or message.state not in CAN_BOUNCE:
        return False
    _bounce(db, message, bounce.reason, actor=None, now=now)
    return True


def _message_of(db: Session, bounce: Bounce, now: datetime) -> OutboxMessage | None:
    """The message that came back: by its Message-ID, which nobody can guess, else the last one to that address."""
    if bounce.message_id:
        return db.scalar(select(OutboxMessage).where(OutboxMessage.message_id == bounce.message_id))
    return db.scalar(
        select(OutboxMessage)
        .where(
            func.lower(OutboxMessage.recipient_address) == bounce.recipient,
            OutboxMessage.state.in_(CAN_BOUNCE),
            OutboxMessage.created_at > now - COMES_BACK_WITHIN,
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )


def _bounce(db: Session, message: OutboxMessage, reason: str, *, actor: Actor | None, now: datetime) -> None:
    # `next_try_at` of a message that is not queued says when it came into its state.
    message.state, message.error, message.next_try_at = "bounced", reason, now
    record(db, "message_bounced", now=now, actor=actor, message_id=message.message_id, reason=reason)
