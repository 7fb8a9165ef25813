"""What the pages of the minutes show: the draft, or what was issued, read from the text that was fixed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.minutes_paper import CountRow, Counts, MinutesDocument, SheetDigest
from portal.documents.verification_code import code_of
from portal.models.institution import Institution
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.obligation import Obligation
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.services.consultation.meeting_minutes import TITLE, copy_recipients, issued_minutes
from portal.services.consultation.meeting_minutes_draft import (
    PART_LABELS,
    PARTS,
    RoundCount,
    closed_rounds,
    count_rounds,
)
from portal.services.consultation.meeting_minutes_record import fixed_record
from portal.services.consultation.sheet_text import FACTOR_LABELS
from portal.services.kernel.loading import Loaded, load
from portal.services.official_files import seals_of


@dataclass(frozen=True)
class MinutesPage:
    """All that stands on the page of issued minutes."""

    loaded: Loaded
    documents: tuple[MinutesDocument, ...]
    minutes: tuple[MeetingMinutes, ...]
    owed: Obligation | None  # the deadline that the issuing met
    may_confirm: bool
    seals: tuple[tuple[str, Mapping[str, Any]], ...]  # of the PDFs that were made: number, and what is known


@dataclass(frozen=True)
class DraftPage:
    """The draft with what surrounds it."""

    loaded: Loaded
    draft: MeetingMinutes
    rounds: tuple[Counts, ...]
    copies: tuple[Institution, ...]
    owed: Obligation | None


def minutes_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> MinutesPage:
    """The issued minutes with their corrections, copies and receipts. NotFound once they were destroyed."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_minutes", now=now)
    minutes = issued_minutes(db, consultation_id)
    if not minutes:
        raise NotFound
    waiting = any(
        copy.institution_id == actor.institution_id and copy.received_at is None
        for one in minutes
        for copy in one.copies
    )
    documents = tuple(document_of(one) for one in minutes)
    may_confirm = waiting and loaded.may("confirm_receipt")
    known = seals_of(db, minutes_ids=[one.id for one in minutes])
    seals = tuple(
        (document.number, known[one.id]) for one, document in zip(minutes, documents, strict=True) if one.id in known
    )
    return MinutesPage(loaded, documents, tuple(minutes), _owed(db, consultation_id), may_confirm, seals)


def draft_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> DraftPage:
    """The draft, for the lead."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="edit_minutes", now=now)
    draft = db.scalars(
        select(MeetingMinutes).where(
            MeetingMinutes.consultation_id == consultation_id, MeetingMinutes.issued_at.is_(None)
        )
    ).one()
    counted = count_rounds(closed_rounds(db, consultation_id), loaded.edition)
    copies = copy_recipients(db, loaded.consultation, loaded.consultation.lead_institution_id or 0)
    return DraftPage(loaded, draft, tuple(map(_counts, counted)), tuple(copies), _owed(db, consultation_id))


def document_of(minutes: MeetingMinutes) -> MinutesDocument:
    """Issued minutes as they are printed: out of the very text that the digest stands for."""
    return _document(minutes, json.loads(minutes.canonical or "{}"))


def draft_document(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> tuple[str, MinutesDocument]:
    """The draft as it was saved last, on paper as it would be issued now; with the consultation's short number."""
    page = draft_page(db, actor=actor, consultation_id=consultation_id, now=now)
    draft, consultation = page.draft, page.loaded.consultation
    lead = consultation.lead_institution
    said = {
        "number": "",
        "issuer": lead.name if lead else "",
        "parts": {name: getattr(draft, name) for name in PARTS},
        **fixed_record(db, consultation, page.loaded.edition),
        "copies": [institution.name for institution in page.copies],
    }
    return consultation.number or "", _document(draft, said)


def _document(minutes: MeetingMinutes, said: dict[str, Any]) -> MinutesDocument:
    attendance = said["attendance"] or {"host": "", "present": (), "excused": (), "attending": ()}
    return MinutesDocument(
        title=TITLE,
        number=said["number"],
        issuer=said["issuer"],
        issued_on=minutes.issued_on,
        correction=minutes.correction,
        corrects=minutes.corrects,
        opening=said["parts"]["opening"],
        parts=tuple((PART_LABELS[name], said["parts"][name]) for name in PARTS[1:] if said["parts"][name]),
        rounds=tuple(
            Counts(
                one["number"],
                tuple(
                    CountRow(
                        question["label"],
                        tuple((count["answer"], count["votes"]) for count in question["counts"]),
                        question["answer"],
                    )
                    for question in one["questions"]
                ),
            )
            for one in said["rounds"]
        ),
        copies=tuple(said["copies"]),
        digest=minutes.digest or "",
        host=attendance["host"],
        present=tuple(attendance["present"]),
        excused=tuple(attendance["excused"]),
        attending=tuple(attendance["attending"]),
        saved_on=beijing_day(minutes.saved_at),
        annex=tuple(
            SheetDigest(one["round"], str(one["seat"] or ""), _signer(one), one["digest"], code_of(one["digest"]))
            for one in said["sheets"]
        ),
    )


def _signer(fixed: Mapping[str, Any]) -> str:
    factors = fixed.get("signed_with")
    return f"{fixed['signer']}（{FACTOR_LABELS[factors]}）" if factors else str(fixed["signer"])


def issued_document(
    db: Session, *, actor: Actor, consultation_id: int, correction: int, now: datetime
) -> tuple[int, MinutesDocument]:
    """One issued document with its id, for the download. NotFound for a correction that there is not."""
    page = minutes_page(db, actor=actor, consultation_id=consultation_id, now=now)
    for minutes, document in zip(page.minutes, page.documents, strict=True):
        if document.correction == correction:
            return minutes.id, document
    raise NotFound


@dataclass(frozen=True)
class MinutesSummary:
    """What the consultation's page shows of the minutes."""

    minutes: tuple[MeetingMinutes, ...]
    numbers: tuple[str, ...]
    received: int
    copied: int
    is_draft: bool


def summary(db: Session, loaded: Loaded, now: datetime) -> MinutesSummary | None:
    """The minutes on the consultation's page; None before there are any to be seen."""
    if loaded.may("view_minutes_draft"):
        return MinutesSummary((), (), 0, 0, is_draft=True)
    minutes = issued_minutes(db, loaded.consultation.id) if loaded.may("view_minutes") else []
    if not minutes:
        return None
    copies = [copy for one in minutes for copy in one.copies]
    received = sum(copy.received_at is not None for copy in copies)
    numbers = tuple(document_of(one).number for one in minutes)
    return MinutesSummary(tuple(minutes), numbers, received, len(copies), is_draft=False)


def _counts(counted: RoundCount) -> Counts:
    rows = (CountRow(one.label, tuple(one.counts.items()), one.answer) for one in counted.questions)
    return Counts(counted.number, tuple(rows))


def _owed(db: Session, consultation_id: int) -> Obligation | None:
    return db.scalar(
        select(Obligation)
        .where(Obligation.consultation_id == consultation_id, Obligation.kind == "issue_minutes")
        .order_by(Obligation.id.desc())
        .limit(1)
    )
