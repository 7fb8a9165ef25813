"""门户发给我的: everything the portal has told a person, and what became of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.mail.kinds import title_of
from portal.mail.letters import Part, parts_of
from portal.models.consultation import Consultation
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import RecallCase
from portal.process.errors import NotFound
from portal.process.permissions import PERMISSIONS, Actor, is_granted
from portal.process.recall_obligations import case_path
from portal.process.recall_permissions import RECALL_PERMISSIONS
from portal.services.kernel.case_loading import find_case
from portal.services.kernel.loading import find

PAGE_SIZE = 25
GROUPS = {
    "sent": ("sent", "digested"),
    "waiting": ("queued", "sending", "collected"),
    "undelivered": ("failed", "uncertain", "bounced"),
    "page_only": ("muted", "withdrawn"),
}
"""What the page narrows by, and which states that means."""


@dataclass(frozen=True)
class OwnMessage:
    """One message with the number of its consultation or recall case, where it is about one."""

    message: OutboxMessage
    number: str | None
    title: str
    is_held: bool  # waits for the end of the quiet hours
    is_over: bool = False  # what its link leads to cannot be done any more
    is_gone: bool = False  # the case has gone to others, and the reader does not see it any more

    @property
    def link(self) -> tuple[str, str]:
        """The path and the words of its link; where that is over, those of what it is about."""
        message = self.message
        if self.is_over and message.consultation_id is not None:
            return f"/consultations/{message.consultation_id}", "查看会诊"
        if self.is_over and message.recall_case_id is not None:
            return case_path(message.recall_case_id), "查看案件"
        return message.link_path, message.link_label

    @property
    def has_secret_link(self) -> bool:
        """Whether its link was for the mail alone."""
        return self.message.account_link_id is not None or self.message.poll_link_id is not None

    @property
    def parts(self) -> list[Part]:
        """Its words."""
        return parts_of(self.message.text)


@dataclass(frozen=True)
class OwnMessagesPage:
    """One page, newest first."""

    messages: tuple[OwnMessage, ...]
    counts: dict[str, int]  # by group
    total: int
    page: int
    pages: int


def own_messages(db: Session, *, actor: Actor, now: datetime, group: str = "", page: int = 1) -> OwnMessagesPage:
    """What was told to the actor, narrowed by group ("" for all)."""
    own = OutboxMessage.person_id == actor.person_id
    by_state = {
        row[0]: row[1]
        for row in db.execute(select(OutboxMessage.state, func.count()).where(own).group_by(OutboxMessage.state))
    }
    counts = {name: sum(by_state.get(state, 0) for state in states) for name, states in GROUPS.items()}
    total = counts[group] if group else sum(by_state.values())
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    query = (
        select(OutboxMessage, Consultation, RecallCase)
        .outerjoin(Consultation, Consultation.id == OutboxMessage.consultation_id)
        .outerjoin(RecallCase, RecallCase.id == OutboxMessage.recall_case_id)
    )
    query = query.where(own, OutboxMessage.state.in_(GROUPS[group])) if group else query.where(own)
    rows = db.execute(query.order_by(OutboxMessage.id.desc()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE))
    return OwnMessagesPage(tuple(_own(*row, now) for row in rows), counts, total, page, pages)


def own_message(
    db: Session, *, actor: Actor, message_id: int, permission_for: Callable[[str], str | None], now: datetime
) -> OwnMessage:
    """One of the actor's own; NotFound for another's. `permission_for` tells what the page of a path asks for."""
    message = db.get(OutboxMessage, message_id)
    if message is None or message.person_id != actor.person_id:
        raise NotFound
    consultation = db.get(Consultation, message.consultation_id) if message.consultation_id else None
    case = db.get(RecallCase, message.recall_case_id) if message.recall_case_id else None
    found = _own(message, consultation, case, now)
    if consultation is None and case is None:
        return found
    permission = permission_for(message.link_path)
    return replace(
        found,
        is_over=permission is not None and not _may(db, actor, message, permission, now),
        is_gone=case is not None and not _may(db, actor, message, "view_case", now),
    )


def _may(db: Session, actor: Actor, message: OutboxMessage, permission: str, now: datetime) -> bool:
    try:
        if message.recall_case_id is not None and permission in RECALL_PERMISSIONS:
            return find_case(db, actor=actor, case_id=message.recall_case_id).may(permission)
        if not PERMISSIONS[permission].relations:
            return is_granted(permission, actor)
        return find(db, actor=actor, consultation_id=message.consultation_id or 0, now=now).may(permission)
    except NotFound:
        return False


def _own(
    message: OutboxMessage, consultation: Consultation | None, case: RecallCase | None, now: datetime
) -> OwnMessage:
    is_held = message.state == "queued" and message.tries == 0 and message.next_try_at > now
    about = consultation or case
    return OwnMessage(message, about.number if about is not None else None, title_of(message.kind), is_held)
