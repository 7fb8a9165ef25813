"""Queueing mail: written to the outbox in the transaction of the change it tells of."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.orm import Session

from portal.mail.kinds import Urgency
from portal.mail.messages import render
from portal.models.account import AccountLink, Person
from portal.models.consultation import Consultation
from portal.models.institution import InstitutionHead, Liaison
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.models.time_poll import TimePollLink

MESSAGE_ID_DOMAIN = "consultation.portal"


def queue(
    db: Session,
    kind: str,
    recipients: Iterable[Person],
    *,
    now: datetime,
    link_label: str,
    link_path: str,
    consultation: Consultation | None = None,
    calendar: str | None = None,
    account_link: AccountLink | None = None,
    poll_link: TimePollLink | None = None,
    reminds_of: Obligation | None = None,
    urgency: Urgency | None = None,
    **context: Any,
) -> int:
    """Queue the mail `kind` to each active recipient once; return to how many.

    `context` fills the template beside name, number, product; `calendar` is an iCalendar text that goes with it.
    The link leads to the very spot after log-in; with `account_link` to where its holder chooses a password, with
    `poll_link` to where its holder marks times. The token of both is made when the mail leaves. A mail that
    `reminds_of` an obligation does not leave once that is done, or its deadline another one.
    """
    messages = []
    for person in {recipient.id: recipient for recipient in recipients if recipient.is_active}.values():
        letter = render(kind, person=person, consultation=consultation, **context)
        messages.append(
            {
                "message_id": f"<{uuid.uuid4().hex}@{MESSAGE_ID_DOMAIN}>",
                "kind": kind,
                "consultation_id": consultation.id if consultation else None,
                "person_id": person.id,
                "recipient_name": person.name,
                "recipient_address": person.email,
                "subject": letter.subject,
                "text": letter.text,
                "link_label": link_label,
                "link_path": link_path,
                "obligation_id": reminds_of.id if reminds_of else None,
                "about_at": (reminds_of.due_at or reminds_of.since_at) if reminds_of else None,
                "calendar": calendar,
                "account_link_id": account_link.id if account_link else None,
                "poll_link_id": poll_link.id if poll_link else None,
                "created_at": now,
                "next_try_at": now,
            }
        )
    if messages:
        # One statement for all: as objects they would be inserted one by one, each to learn its id.
        db.execute(insert(OutboxMessage), messages)
    return len(messages)


def liaisons(db: Session, institution_ids: Iterable[int], on: date) -> list[Person]:
    """The liaisons of these institutions on a day."""
    return list(db.scalars(_LIAISONS, {"institutions": list(institution_ids), "day": on}))


# Made once: making it takes longer than running it.
_LIAISONS = (
    select(Person)
    .join(Liaison, Liaison.person_id == Person.id)
    .where(
        Liaison.institution_id.in_(bindparam("institutions", expanding=True)),
        Liaison.from_on <= bindparam("day"),
        or_(Liaison.until_on.is_(None), Liaison.until_on > bindparam("day")),
    )
    .order_by(Person.id)
)


def heads(db: Session, institution_ids: Iterable[int], on: date) -> list[Person]:
    """The heads (负责人) of these institutions on a day; of one without a head that can be reached, its liaisons."""
    wanted = list(institution_ids)
    named = db.execute(_HEADS, {"institutions": wanted, "day": on}).all()
    without = set(wanted) - {row.institution_id for row in named}
    return [*(row.Person for row in named), *(liaisons(db, sorted(without), on) if without else ())]


_HEADS = (
    select(Person, InstitutionHead.institution_id)
    .join(InstitutionHead, InstitutionHead.person_id == Person.id)
    .where(
        InstitutionHead.institution_id.in_(bindparam("institutions", expanding=True)),
        InstitutionHead.from_on <= bindparam("day"),
        or_(InstitutionHead.until_on.is_(None), InstitutionHead.until_on > bindparam("day")),
        Person.is_active,
    )
    .order_by(Person.id)
)
