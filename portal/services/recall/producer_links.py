"""The producer's link: one purpose, expires, revocable; its holder sees what is asked for, no more (decided)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import LINK_PURPOSES, ProducerLink
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor
from portal.process.recall_case import Stage, transition
from portal.services.account_sessions import digest_of_token
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import load_case
from portal.services.kernel.case_mailing import queue_to_producer
from portal.services.recall.given import required_text
from portal.services.recall.producer_tokens import give_producer_token

PURPOSE_LABELS = {
    "producer_report": "提交调查分析报告（附件2）",
    "recall_plan": "报告召回计划（附件6、7、8），或者提出异议",
    "recall_summary": "提交阶段性总结（附件10）和召回总结（附件9）",
}
ACTS_OF: Mapping[str, tuple[str, ...]] = {
    "producer_report": ("hand_in_report",),
    "recall_plan": ("hand_in_plan", "raise_objection", "record_producer_publication", "record_recall_number"),
    "recall_summary": (
        *("hand_in_interim_summary", "record_completion", "hand_in_summary"),
        *("record_producer_publication", "record_recall_number"),
    ),
}
"""What a link of each purpose is for: no other act is done through it."""
LIFE = timedelta(days=180)
"""How long a link works at most; a recall that takes longer gets a new one."""


def send_producer_link(
    db: Session, *, actor: Actor, case_id: int, purpose: str, recipient: str, email: str, now: datetime
) -> ProducerLink:
    """Make a link of one purpose, instead of an earlier one; it goes by mail, or is shown once to be handed over.

    `email` "" for one that is handed over. Invalid for a purpose that nothing is asked for in this stage.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="send_producer_link", now=now)
    if purpose not in open_purposes(loaded.stage):
        raise Invalid.field("purpose", "请选择现阶段生产者需要办理的事项。")
    recipient = required_text(recipient, "接收人", field="recipient", longest=60)
    email = email.strip()
    if email and (len(email) > 254 or email.count("@") != 1 or any(sign.isspace() for sign in email)):
        raise Invalid.field("email", "电子邮箱格式不对，应如 name@example.com。")
    for earlier in links_of(db, case_id):
        if earlier.purpose == purpose and earlier.revoked_at is None:
            earlier.revoked_at = now
    db.flush()
    link = ProducerLink(
        case_id=case_id, purpose=purpose, recipient=recipient, email=email, issued_at=now,
        issued_by_id=actor.person_id, expires_at=now + LIFE,
    )  # fmt: skip
    db.add(link)
    db.flush()
    advance_case(db, loaded, "send_producer_link", now=now, purpose=purpose, recipient=recipient, email=email)
    if email:
        queue_to_producer(db, link, loaded.case, asked=PURPOSE_LABELS[purpose], now=now)
    return link


@dataclass(frozen=True)
class GivenLink:
    """A link that is handed over, with the token that is nowhere else."""

    purpose: str
    recipient: str
    expires_at: datetime
    token: str


def give_or_mail_link(
    db: Session, *, actor: Actor, case_id: int, purpose: str, recipient: str, email: str, now: datetime
) -> GivenLink | None:
    """As `send_producer_link`; the link with its token where there is no mail address, else None."""
    link = send_producer_link(
        db, actor=actor, case_id=case_id, purpose=purpose, recipient=recipient, email=email, now=now
    )
    if link.email:
        return None
    return GivenLink(link.purpose, link.recipient, link.expires_at, give_producer_token(db, link, now))


def revoke_producer_link(
    db: Session, *, actor: Actor, case_id: int, link_id: int | None, reason: str, now: datetime
) -> None:
    """Revoke a link; from now on it leads to a page that says so."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="revoke_producer_link", now=now)
    link = next((one for one in links_of(db, case_id) if one.id == link_id and one.revoked_at is None), None)
    if link is None:
        raise Invalid.field("link_id", "请选择要撤销的链接。")
    reason = required_text(reason, "理由")
    link.revoked_at = now
    advance_case(db, loaded, "revoke_producer_link", now=now, purpose=link.purpose, reason=reason)


def links_of(db: Session, case_id: int) -> list[ProducerLink]:
    """The links of a case, newest first."""
    return list(
        db.scalars(select(ProducerLink).where(ProducerLink.case_id == case_id).order_by(ProducerLink.id.desc()))
    )


def open_purposes(stage: Stage) -> tuple[str, ...]:
    """The purposes for which something can be done in a stage."""
    return tuple(
        purpose for purpose in LINK_PURPOSES if any(stage in transition(act).stages for act in ACTS_OF[purpose])
    )


def link_of_token(db: Session, token: str) -> ProducerLink:
    """The link of a token, whether it is in force or not; NotFound for a token that is none."""
    link = db.scalar(select(ProducerLink).where(ProducerLink.token_digest == digest_of_token(token)))
    if link is None:
        raise NotFound("这个链接无效。请向发来通知书的市场监督管理局索取新的链接。")
    return link


def why_not_in_force(link: ProducerLink, case: RecallCase) -> str:
    """What its holder is told of a link that does not work any more."""
    what = "已被撤销" if link.revoked_at is not None else "已经过期"
    phone = f"，电话 {case.authority.phone}" if case.authority.phone else ""
    return f"这个链接{what}。请联系{case.authority.name}{phone}。您已经提交和保存的内容都在。"
