"""An annex as somebody goes on filling it in: the draft, or what it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, CaseFile
from portal.models.recall_case import RecallCase
from portal.process.permissions import Actor
from portal.rules.recall.annexes import Annex
from portal.services.kernel.case_loading import load_case
from portal.services.recall.case_documents import annex_of, beginning_of, draft_of, latest, values_of


@dataclass(frozen=True)
class AnnexToFill:
    """An annex to be filled in: `raw` is the draft as it was typed, None where there is none yet.

    `returned` is the version that the authority has returned, with what it said; the draft begins with it and its
    files. `producers` is, for an officer who records paper, the draft that the producer is filling in by its link.
    """

    annex: Annex
    values: dict[str, object]
    raw: Mapping[str, Any] | None
    version: int | None
    document_id: int | None
    files: tuple[CaseFile, ...] = ()
    returned: CaseDocument | None = None
    producers: CaseDocument | None = None


def annex_to_fill(db: Session, *, actor: Actor, case_id: int, act: str, annex: str, now: datetime) -> AnnexToFill:
    """The annex of an act for an officer, authorised for the act."""
    return to_fill(db, load_case(db, actor=actor, case_id=case_id, permission=act, now=now).case, annex, "authority")


def to_fill(db: Session, case: RecallCase, slug: str, typed_by: str) -> AnnexToFill:
    """The draft of the authority or of the producer (`typed_by`), or what it begins with."""
    annex, draft, returned = annex_of(case, slug), draft_of(db, case.id, slug, typed_by), returned_of(db, case.id, slug)
    producers = draft_of(db, case.id, slug, "producer") if typed_by == "authority" else None
    if draft is None:
        files, values = tuple(returned.files) if returned is not None else (), beginning_of(db, case, slug, typed_by)
        return AnnexToFill(annex, values, None, None, None, files, returned, producers)
    return AnnexToFill(
        annex, values_of(case, draft), draft.raw, draft.version, draft.id, tuple(draft.files), returned, producers
    )  # fmt: skip


def returned_of(db: Session, case_id: int, slug: str) -> CaseDocument | None:
    """The latest version, where the authority has returned it."""
    found = latest(db, case_id, slug)
    return found if found is not None and found.state == "returned" else None
