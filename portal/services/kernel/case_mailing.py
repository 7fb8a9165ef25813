"""Mail of recall cases: to whoever owes what an act has opened, and to a producer, who has no account."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.mail.messages import render
from portal.models.account import Person
from portal.models.case_document import ProducerLink
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import RecallCase
from portal.process.permissions import Actor
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import load_recall_edition
from portal.services.kernel.case_obligations import open_in_case
from portal.services.kernel.mailing import MESSAGE_ID_DOMAIN, counting_of, people_of, queue

PRODUCER_PATH = "/producer"
"""Where a producer's link leads; the token is a parameter, which no log has."""
OWED_BY_PURPOSE = {
    "producer_report": ("hand_in_report",),
    "recall_plan": ("hand_in_noticed_plan", "raise_objection", "hand_in_plan"),
    "recall_summary": ("hand_in_interim_summary", "hand_in_summary"),
}
"""What a link of each purpose is for, as obligations of the producer."""


def in_charge_or_all(db: Session, institution_id: int, in_charge_id: int | None, on: date) -> list[Person]:
    """Who is told of what an institution owes in a case: the person in charge (Art. 20) if it is one of its own people.

    Everybody of `people_of` where nobody was named, the account is closed, or the institution is another one.
    """
    person = db.get(Person, in_charge_id) if in_charge_id is not None else None
    if person is not None and person.is_active and person.institution_id == institution_id:
        return [person]
    return people_of(db, [institution_id], on)


def tell_owners(
    db: Session, case: RecallCase, opened: Iterable[Obligation], *, actor: Actor | None, now: datetime
) -> None:
    """Mail what an act has opened to the institutions that owe it, other than the actor's own.

    What a producer owes goes out with the notice and the link, and not from here. The mail does not leave once that
    is done, nor where the same act goes on to lift it.
    """
    own = actor.institution_id if actor is not None else None
    for obligation in opened:
        if obligation.institution_id is None or obligation.institution_id == own:
            continue
        kind = RECALL_OBLIGATIONS[obligation.kind]
        queue(
            db, "case_duty", in_charge_or_all(db, obligation.institution_id, case.in_charge_id, beijing_day(now)),
            now=now, case=case, reminds_of=obligation, link_label=kind.button, link_path=kind.path_of(case.id),
            ask=kind.ask, thing=kind.thing, duty=kind.label, by=actor.name if actor is not None else "生产者",
            article=cited(case.edition, kind.article),
        )  # fmt: skip


def queue_to_producer(
    db: Session, link: ProducerLink, case: RecallCase, *, asked: str, now: datetime, **context: Any
) -> None:
    """Queue the mail that carries a producer's link; its token is made when the mail leaves.

    `asked` says what the link is for; `context` may add to what the template knows. ValueError for a link without a
    mail address, which is handed over instead.
    """
    if not link.email:
        raise ValueError("the link has no mail address")
    owed = [
        {
            "label": RECALL_OBLIGATIONS[one.kind].label,
            "due_at": one.due_at,
            "how_counted": counting_of(db, one),
            "article": cited(case.edition, RECALL_OBLIGATIONS[one.kind].article),
        }
        for one in open_in_case(db, case.id, OWED_BY_PURPOSE[link.purpose])
    ]
    due_at = min((one["due_at"] for one in owed if one["due_at"] is not None), default=None)
    letter = render(
        "producer_link", case=case, recipient=link.recipient, asked=asked, owed=owed, until=link.expires_at,
        due_at=due_at, **context,
    )  # fmt: skip
    db.add(
        OutboxMessage(
            message_id=f"<{uuid.uuid4().hex}@{MESSAGE_ID_DOMAIN}>",
            kind="producer_link",
            recall_case_id=case.id,
            producer_link_id=link.id,
            recipient_name=link.recipient[:40],
            recipient_address=link.email,
            subject=letter.subject,
            text=letter.text,
            link_label="打开填报页面",
            link_path=PRODUCER_PATH,
            created_at=now,
            next_try_at=now,
        )
    )
    db.flush()


def cited(edition: str, article: str | None) -> str:
    """An article of the Workflow with its name: 工作流程第十一条; "" for none."""
    return load_recall_edition(edition).cite_in_full(article) if article is not None else ""
