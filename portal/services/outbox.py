"""Delivering the outbox, and the page that shows it.

A message is claimed in one transaction, sent outside any, and its fate is written in another: a server that dies
between leaves the truth visible (`sending`, later `uncertain`), never a silent loss or a second copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.mail.delivery import deliver
from portal.mail.errors import DeliveryFailed, DeliveryUncertain
from portal.mail.kinds import ask_of
from portal.mail.letters import Frame, html_of, text_of
from portal.mail.message import InvalidAddress, Invitation, OutboxEnvelope
from portal.models.account import Person
from portal.models.case_document import ProducerLink
from portal.models.database import Database
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.process.errors import NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor, is_granted
from portal.services.account_links import give_poll_token, give_token, path_with_token
from portal.services.kernel.events import record
from portal.services.recall.producer_tokens import give_producer_token, is_in_force

# Back-off between tries; after the last one the message is failed and waits for a person.
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
SENDING_AT_MOST = timedelta(minutes=10)
WITHDRAWN_BECAUSE = "事项已办结或期限已变，不再发送"
LINK_IS_OVER = "填报链接已撤销或者过期，不再发送"
_METHOD = re.compile(r"^METHOD:(\w+)", re.MULTILINE)

T = TypeVar("T")
Deliver = Callable[[OutboxEnvelope, Settings], None]


def deliver_due(
    database: Database, settings: Settings, now: datetime, *, limit: int = 100, send: Deliver = deliver
) -> int:
    """Send what is due, at most `limit`; returns how many were tried. Several workers may run at once."""
    _mark_interrupted(database, now)
    tried = 0

    def ready(db: Session, message: OutboxMessage) -> tuple[int, OutboxEnvelope]:
        return message.id, envelope_of(message, settings.base_url, token=_token_of(db, message, now))

    while tried < limit and (envelope := claim(database, now, ready)) is not None:
        number, letter = envelope
        tried += 1
        try:
            send(letter, settings)
        except DeliveryUncertain as doubt:
            settle(database, number, now, state="uncertain", error=str(doubt))
        except (DeliveryFailed, InvalidAddress) as failure:
            is_permanent = isinstance(failure, InvalidAddress) or failure.is_permanent
            retry_or_fail(database, number, now, str(failure), is_permanent=is_permanent)
        else:
            settle(database, number, now, state="sent", error=None)
    return tried


def _mark_interrupted(database: Database, now: datetime) -> None:
    with database.read() as db:
        stuck = _stuck(now)
        if db.scalar(select(func.count()).select_from(OutboxMessage).where(*stuck)) == 0:
            return
    with database.write() as db:
        db.execute(
            update(OutboxMessage).where(*_stuck(now)).values(state="uncertain", error="发送中断，不能确定是否已送出")
        )


def _stuck(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (OutboxMessage.state == "sending", OutboxMessage.next_try_at < now - SENDING_AT_MOST)


def claim(
    database: Database, now: datetime, ready: Callable[[Session, OutboxMessage], T], *, is_mail: bool = True
) -> T | None:
    """Claim the next message that is due, a mail or one for a robot; what `ready` makes of it, None where none is."""
    of_kind = OutboxMessage.channel == "mail" if is_mail else OutboxMessage.channel != "mail"
    due = (
        select(OutboxMessage)
        .where(OutboxMessage.state == "queued", OutboxMessage.next_try_at <= now, of_kind)
        .order_by(OutboxMessage.next_try_at, OutboxMessage.id)
        .limit(1)
    )
    with database.read() as db:
        if db.scalar(due) is None:
            return None
    with database.write() as db:
        while (message := db.scalar(due)) is not None and (why := _why_moot(db, message, now)):
            message.state, message.error = "withdrawn", why
            db.flush()
        if message is None:
            return None
        message.state = "sending"
        message.tries += 1
        message.next_try_at = now  # when the try began
        return ready(db, message)


def _why_moot(db: Session, message: OutboxMessage, now: datetime) -> str:
    """Why it need not leave: it reminds of what is done, or of another deadline, or its link works no more; or ""."""
    if message.producer_link_id is not None:
        link = db.get_one(ProducerLink, message.producer_link_id)
        return "" if is_in_force(link, now) else LINK_IS_OVER
    if message.obligation_id is None or message.about_at is None:
        return ""
    return WITHDRAWN_BECAUSE if is_moot_of(message, db.get_one(Obligation, message.obligation_id)) else ""


def is_moot_of(message: OutboxMessage, obligation: Obligation) -> bool:
    """Whether a message need not tell of an obligation any more."""
    has_moved = message.about_at is not None and (obligation.due_at or obligation.since_at) != message.about_at
    return not obligation.is_open or has_moved


def _token_of(db: Session, message: OutboxMessage, now: datetime) -> str | None:
    """A token for the link of one purpose that a message carries; None where it carries none."""
    if message.account_link_id is not None:
        return give_token(db, link_id=message.account_link_id)
    if message.poll_link_id is not None:
        return give_poll_token(db, link_id=message.poll_link_id)
    if message.producer_link_id is not None:
        return give_producer_token(db, db.get_one(ProducerLink, message.producer_link_id), now)
    return None


def envelope_of(message: OutboxMessage, base_url: str, *, token: str | None = None) -> OutboxEnvelope:
    """The message as it leaves: the link made absolute with the configured address, never the Host header.

    `token` goes into a link of one purpose; here and in the mail it is, and nowhere else.
    """
    base = base_url.rstrip("/")
    path = message.link_path if token is None else path_with_token(message.link_path, token)
    frame = Frame(message.kind, message.link_label, base + path, base)
    method = _METHOD.search(message.calendar or "")
    return OutboxEnvelope(
        message_id=message.message_id,
        recipient=message.recipient_address,
        recipient_name=message.recipient_name,
        subject=message.subject,
        text=text_of(message.text, frame),
        html=html_of(message.subject, message.text, frame),
        queued_at=message.created_at,
        invitation=Invitation(message.calendar, method.group(1)) if message.calendar and method else None,
    )


def settle(database: Database, number: int, now: datetime, *, state: str, error: str | None) -> None:
    """Write down what became of a message."""
    with database.write() as db:
        message = db.get_one(OutboxMessage, number)
        message.state = state
        message.error = error
        message.sent_at = now if state == "sent" else None


def retry_or_fail(database: Database, number: int, now: datetime, error: str, *, is_permanent: bool) -> None:
    """Try a message again later, or give it up."""
    with database.write() as db:
        message = db.get_one(OutboxMessage, number)
        message.error = error
        if is_permanent or message.tries > len(BACK_OFF):
            message.state = "failed"
        else:
            message.state = "queued"
            message.next_try_at = now + BACK_OFF[message.tries - 1]


@dataclass(frozen=True)
class OutboxPage:
    """One page of the outbox, newest first; `text` of a message is shown in the demo only."""

    messages: tuple[OutboxMessage, ...]
    counts: dict[str, int]
    page: int
    pages: int


PAGE_SIZE = 25
UNDELIVERED = ("failed", "uncertain", "bounced")
"""States in which a message waits for a person."""


def outbox_page(db: Session, *, actor: Actor, now: datetime, state: str = "", page: int = 1) -> OutboxPage:
    """Envelope and state of all mail, for the administrator."""
    _require(actor)
    counts = {
        row[0]: row[1] for row in db.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state))
    }
    query = select(OutboxMessage)
    if state:
        query = query.where(OutboxMessage.state == state)
    total = counts.get(state, 0) if state else sum(counts.values())
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    found = db.scalars(query.order_by(OutboxMessage.id.desc()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE))
    return OutboxPage(tuple(found), counts, page, pages)


def find_message(db: Session, *, actor: Actor, message_id: int, now: datetime) -> OutboxMessage:
    """One message of the outbox."""
    _require(actor)
    message = db.get(OutboxMessage, message_id)
    if message is None:
        raise NotFound
    return message


def subject_without_content(message: OutboxMessage) -> str:
    """What the mail asks for (【请受理】), without product and number: the administrator sees no business data."""
    return ask_of(message.subject) or "（主题不显示）"


def resend_message(db: Session, *, actor: Actor, message_id: int, now: datetime) -> OutboxMessage:
    """Queue a message that did not arrive again, with the same Message-ID, to the recipient's present address."""
    message = find_message(db, actor=actor, message_id=message_id, now=now)
    if message.state not in UNDELIVERED:
        raise Refusal("只有发送失败、结果不明或被退回的邮件可以重新发送。")
    message.state, message.tries, message.next_try_at, message.error = "queued", 0, now, None
    if message.person_id is not None:
        message.recipient_address = db.get_one(Person, message.person_id).email  # perhaps mended meanwhile
    record(db, "message_resent", now=now, actor=actor, message_id=message.message_id)
    return message


def record_delivered(db: Session, *, actor: Actor, message_id: int, now: datetime) -> OutboxMessage:
    """Note that a message of which nobody knew has left: somebody looked into the mail server's log."""
    message = find_message(db, actor=actor, message_id=message_id, now=now)
    if message.state != "uncertain":
        raise Refusal("只有结果不明的邮件需要登记。")
    message.state, message.sent_at, message.error = "sent", now, None
    record(db, "message_delivery_recorded", now=now, actor=actor, message_id=message.message_id)
    return message


def _require(actor: Actor) -> None:
    if not is_granted("view_outbox", actor):
        raise NotAllowed("邮件发送记录由系统管理员查看。")
