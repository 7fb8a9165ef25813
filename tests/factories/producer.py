"""A producer with a link: what a browser sends for an annex, and where the link leads."""

from __future__ import annotations

from typing import Any

from portal.models.case_document import ProducerLink
from portal.models.database import Database
from portal.rules.recall.annexes import load_annexes
from portal.services.recall.producer_links import send_producer_link
from portal.services.recall.producer_tokens import give_producer_token
from portal.web.annex_form import AnnexForm
from tests.documents.recall_samples import SAMPLES
from tests.factories.recall_story import Story

EDITION = "jiangsu-2025"


def link_for(story: Story, purpose: str, *, email: str = "") -> tuple[ProducerLink, str]:
    """A link of a purpose with its token."""
    link = send_producer_link(
        story.db, actor=story.made.city, case_id=story.case_id, purpose=purpose, recipient="周启明", email=email,
        now=story.now,
    )  # fmt: skip
    return link, give_producer_token(story.db, link, story.now)


def sent(slug: str, **changed: Any) -> dict[str, Any]:
    """A sample annex as a browser sends it; `changed` are controls."""
    form = AnnexForm.of_values(load_annexes(EDITION)[slug], SAMPLES[slug])
    return {**form.raw, **changed}


def revoke(database: Database, link_id: int, story: Story) -> None:
    """The authority revokes a link."""
    with database.write() as db:
        db.get_one(ProducerLink, link_id).revoked_at = story.now
