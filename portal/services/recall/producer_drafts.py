"""An annex as somebody goes on filling it in: the draft, or what it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.models.recall_case import RecallCase
from portal.process.permissions import Actor
from portal.rules.recall.annexes import Annex
from portal.services.kernel.case_loading import load_case
from portal.services.recall.case_documents import annex_of, beginning_of, draft_of, values_of


@dataclass(frozen=True)
class AnnexToFill:
    """An annex to be filled in: `raw` is the draft as it was typed, None where there is none yet."""

    annex: Annex
    values: dict[str, object]
    raw: Mapping[str, Any] | None
    version: int | None
    document_id: int | None


def annex_to_fill(db: Session, *, actor: Actor, case_id: int, act: str, annex: str, now: datetime) -> AnnexToFill:
    """The annex of an act for an officer, authorised for the act."""
    return to_fill(db, load_case(db, actor=actor, case_id=case_id, permission=act, now=now).case, annex)


def to_fill(db: Session, case: RecallCase, slug: str) -> AnnexToFill:
    """The draft of an annex, or what it begins with."""
    annex, draft = annex_of(case, slug), draft_of(db, case.id, slug)
    if draft is None:
        return AnnexToFill(annex, beginning_of(db, case, slug), None, None, None)
    return AnnexToFill(annex, values_of(case, draft), draft.raw, draft.version, draft.id)
