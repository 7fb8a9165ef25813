"""The group robot of an institution: set by its liaisons, and told what the institution owes (spec: people).

A robot's group is no place for products or names: it gets what is asked, until when, the number and the link.
A job reads what was queued as mail and queues the robot's message beside it; so a robot delays no mail.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.field_keys import FieldKeys
from portal.mail.channels import CHANNELS, SIGNING, read_address
from portal.mail.kinds import ask_of
from portal.models.account import Person
from portal.models.channel import InstitutionChannel
from portal.models.consultation import Consultation
from portal.models.institution import Institution
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.obligations import PRIVATE
from portal.process.permissions import Actor, is_granted
from portal.rules.date_words import beijing
from portal.services.kernel.events import record
from portal.services.kernel.mailing import MESSAGE_ID_DOMAIN
from portal.services.sealing import seal

NEWEST = 5


@dataclass(frozen=True)
class ChannelPage:
    """The robot of the actor's institution ("" where it has none), and what it was told lately."""

    allowed: tuple[str, ...]  # titles
    title: str
    set_by: str
    set_at: datetime | None
    messages: tuple[OutboxMessage, ...]


def view_channel(db: Session, *, actor: Actor, allowed: tuple[str, ...]) -> ChannelPage:
    """The page of the own institution's robot. `allowed` are the schemes that the installation has switched on."""
    own = _own(actor)
    row = db.get(InstitutionChannel, own)
    messages = db.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.channel_institution_id == own)
        .order_by(OutboxMessage.id.desc())
        .limit(NEWEST)
    )
    return ChannelPage(
        tuple(CHANNELS[scheme].title for scheme in allowed),
        CHANNELS[row.scheme].title if row else "",
        db.get_one(Person, row.set_by_id).name if row else "",
        row.set_at if row else None,
        tuple(messages),
    )


def set_channel(
    db: Session, *, actor: Actor, address: str, signing: str, allowed: tuple[str, ...], keys: FieldKeys, now: datetime
) -> None:
    """Let a robot be told from now on, instead of a former one."""
    own, found = _own(actor), read_address(address)
    if found is None or found[0] not in allowed:
        titles = "、".join(CHANNELS[scheme].title for scheme in allowed) or "没有启用任何机器人"
        raise Invalid.field("address", f"请粘贴群机器人完整的 Webhook 地址。可以使用：{titles}。")
    if signing and (found[0] != "dingtalk" or not SIGNING.fullmatch(signing)):
        raise Invalid.field("signing", "加签密钥只用于钉钉，由字母和数字组成。")
    row = db.get(InstitutionChannel, own) or InstitutionChannel(institution_id=own)
    row.scheme, row.set_by_id, row.set_at = found[0], actor.person_id, now
    row.sealed = seal({"token": found[1], "signing": signing}, owner=owner_of(own), keys=keys)
    row.seen_message_id = db.scalar(select(func.max(OutboxMessage.id))) or 0
    db.add(row)
    db.flush()
    record(db, "channel_set", now=now, actor=actor, channel=CHANNELS[row.scheme].title)


def remove_channel(db: Session, *, actor: Actor, now: datetime) -> None:
    """Tell the robot nothing any more; its address is forgotten."""
    row = _require(db, actor)
    db.delete(row)
    record(db, "channel_removed", now=now, actor=actor, channel=CHANNELS[row.scheme].title)


def test_channel(db: Session, *, actor: Actor, now: datetime) -> None:
    """Queue a message that says only that it is a test; the page shows what became of it."""
    row = _require(db, actor)
    text = "这是长三角缺陷消费品专家会诊平台的测试消息。"
    _queue(db, row, subject="【测试】", text=text, link_path="/rotation/channel", now=now)
    record(db, "channel_tested", now=now, actor=actor, channel=CHANNELS[row.scheme].title)


test_channel.__test__ = False  # type: ignore[attr-defined]


def queue_for_channels(db: Session, now: datetime) -> int:
    """Queue for each robot what its institution was mailed about since the last look; returns how many."""
    count = 0
    for row in db.scalars(select(InstitutionChannel)).all():
        newest = db.scalar(select(func.max(OutboxMessage.id))) or 0
        mails = db.execute(
            select(OutboxMessage, Obligation)
            .join(Obligation, Obligation.id == OutboxMessage.obligation_id)
            .where(
                OutboxMessage.id > row.seen_message_id,
                OutboxMessage.id <= newest,
                OutboxMessage.channel == "mail",
                Obligation.institution_id == row.institution_id,
                Obligation.kind.not_in(PRIVATE),
            )
            .order_by(OutboxMessage.id)
        ).all()
        told = {(mail.kind, owed.id, mail.about_at): (mail, owed) for mail, owed in reversed(mails)}
        for mail, owed in reversed(told.values()):
            text = _words(db, mail, owed)
            _queue(db, row, subject=ask_of(mail.subject), text=text, link_path=mail.link_path, now=now, mail=mail)
        count += len(told)
        row.seen_message_id = newest
    return count


def has_news(db: Session) -> bool:
    """Whether a robot has not been told of the newest mail; asked before anything is written."""
    seen = db.scalar(select(func.min(InstitutionChannel.seen_message_id)))
    return seen is not None and (db.scalar(select(func.max(OutboxMessage.id))) or 0) > seen


def owner_of(institution_id: int) -> str:
    """To whom the sealed address belongs."""
    return f"channel:{institution_id}"


def _words(db: Session, mail: OutboxMessage, owed: Obligation) -> str:
    consultation = db.get(Consultation, owed.consultation_id) if owed.consultation_id else None
    number = f"会诊 {consultation.number}" if consultation is not None and consultation.number else ""
    if owed.recall_case_id is not None:
        number = f"召回案件 {db.get_one(RecallCase, owed.recall_case_id).number}"
    until = f"截止 {beijing(owed.due_at)}{'（暂定）' if owed.is_provisional else ''}" if owed.due_at else ""
    return "，".join(part for part in (ask_of(mail.subject) + number, until) if part)


def _queue(
    db: Session,
    row: InstitutionChannel,
    *,
    subject: str,
    text: str,
    link_path: str,
    now: datetime,
    mail: OutboxMessage | None = None,
) -> None:
    name = db.get_one(Institution, row.institution_id).short_name
    db.add(
        OutboxMessage(
            message_id=f"<{uuid.uuid4().hex}@{MESSAGE_ID_DOMAIN}>",
            kind=mail.kind if mail else "",
            channel=row.scheme,
            channel_institution_id=row.institution_id,
            consultation_id=mail.consultation_id if mail else None,
            recall_case_id=mail.recall_case_id if mail else None,
            recipient_name=f"{name} {CHANNELS[row.scheme].title}",
            recipient_address="",
            subject=subject,
            text=text,
            obligation_id=mail.obligation_id if mail else None,
            about_at=mail.about_at if mail else None,
            link_label="打开",
            link_path=link_path,
            created_at=now,
            next_try_at=now,
        )
    )


def _own(actor: Actor) -> int:
    if not is_granted("set_channel", actor) or actor.institution_id is None:
        raise NotFound
    return actor.institution_id


def _require(db: Session, actor: Actor) -> InstitutionChannel:
    row = db.get(InstitutionChannel, _own(actor))
    if row is None:
        raise Refusal("本单位没有设置群机器人。")
    return row
