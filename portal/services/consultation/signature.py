"""Fixing a sheet: its canonical text, its SHA-256, and how the signature was given (电子签名法 Art. 13)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.rules.dates import beijing_day
from portal.rules.editions import load_edition
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_record import as_record
from portal.rules.sheet_rules import QUESTIONS
from portal.services.consultation.sheet_text import PAPER_SCAN, PASSWORD, filled_values, full_number
from portal.services.kernel.canonical import canonical_json, digest_of_text

if TYPE_CHECKING:
    from portal.services.consultation.material import UploadedFile


@dataclass(frozen=True)
class PaperSignature:
    """A signature on paper: its day, its scan, and who entered the sheet into the portal."""

    signed_on: date
    scan: UploadedFile
    recorded_by: str
    recorded_by_id: int  # of the person


@dataclass(frozen=True)
class Signature:
    """Who signed, from which network address it reached the portal, and what there is on paper (None: nothing)."""

    signer: str
    signer_id: int  # of the person
    address: str
    paper: PaperSignature | None = None

    @property
    def factors(self) -> str:
        """How the signer proved to be the signer."""
        return PAPER_SCAN if self.paper else PASSWORD


def write_answers(sheet: ConsultationSheet, answers: SheetAnswers, now: datetime) -> None:
    """Put answers into a draft, gaps included."""
    sheet.answers = as_record(answers)
    sheet.severity, sheet.likelihood = answers.severity, answers.likelihood
    for question in QUESTIONS:
        setattr(sheet, question, getattr(answers, question))
    sheet.saved_at = now


def fix_sheet(
    db: Session,
    consultation: Consultation,
    member: PanelMember,
    voting_round: VotingRound,
    sheet: ConsultationSheet,
    answers: SheetAnswers,
    signature: Signature,
    now: datetime,
) -> None:
    """Make a draft a signed sheet. The answers are complete: the rules were asked before."""
    edition = load_edition(consultation.edition)
    canonical = canonical_json(
        {
            "edition": edition.name,
            "consultation": full_number(consultation, edition),
            "round": voting_round.number,
            "revision": sheet.revision,
            "filled": filled_values(db, consultation, member),
            "answers": as_record(answers),
            "signer": signature.signer,
            "signer_person": signature.signer_id,
            "signed_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
            "signed_from": signature.address,
            "signed_with": signature.factors,
            "version": sheet.version,
            # The ticks alone could be guessed from a digest; with the salt it tells nothing while the vote is open.
            "salt": secrets.token_hex(16),
            **_on_paper(signature.paper),
        }
    )
    # The database takes a signed sheet only when all of this is there, so it is written in one go.
    write_answers(sheet, answers, now)
    sheet.state, sheet.signed_at, sheet.signed_on = "signed", now, beijing_day(now)
    sheet.signer_name, sheet.signed_from, sheet.signed_with = signature.signer, signature.address, signature.factors
    if signature.paper is not None:
        paper = signature.paper
        sheet.signed_on, sheet.recorded_by_id = paper.signed_on, paper.recorded_by_id
        sheet.scan_sha256, sheet.scan_size = paper.scan.sha256, paper.scan.size
        sheet.scan_filename, sheet.scan_type = paper.scan.filename, paper.scan.content_type
    sheet.canonical, sheet.digest = canonical, digest_of_text(canonical)
    db.flush()


def _on_paper(paper: PaperSignature | None) -> dict[str, Any]:
    if paper is None:
        return {}
    return {
        "paper": {
            "signed_on": paper.signed_on.isoformat(),
            "recorded_by": paper.recorded_by,
            "recorded_by_person": paper.recorded_by_id,
            "scan_sha256": paper.scan.sha256,
            "scan_size": paper.scan.size,
        }
    }
