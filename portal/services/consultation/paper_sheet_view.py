"""Pages of sheets that are signed on paper: whose is recorded, the sheet to enter it, the scan afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.documents.sheet_paper import TO_SIGN, PaperSection, SheetDocument, paper
from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.errors import Refusal
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.editions import Edition
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_description import Section
from portal.services.consultation.paper_sheet import PERMISSION, member_to_record, why_no_paper_sheet
from portal.services.consultation.sheet import own_sheet
from portal.services.consultation.sheet_rules_view import LiveRules, live_rules
from portal.services.consultation.sheet_text import draft_document
from portal.services.consultation.sheet_view import asked_sections, signed_sheet
from portal.services.consultation.voting import open_round, unsigned_members
from portal.services.kernel.events import record
from portal.services.kernel.loading import Loaded, load


@dataclass(frozen=True)
class PaperSheetsPage:
    """Whose sheet can be recorded; `reason` says why the visitor cannot."""

    loaded: Loaded
    voting_round: VotingRound | None
    waiting: tuple[PanelMember, ...]
    reason: str | None


@dataclass(frozen=True)
class PaperSheetPage:
    """The sheet of one expert, to be entered from paper. What the expert may have drafted online is not in it."""

    loaded: Loaded
    member: PanelMember
    number: str
    answers: SheetAnswers
    filled: Mapping[str, PaperSection]
    sections: tuple[Section, ...]
    rules: LiveRules
    earliest: date  # of the days that the paper can bear
    latest: date

    @property
    def edition(self) -> Edition:
        """The edition of the consultation."""
        return self.loaded.edition


@dataclass(frozen=True)
class Scan:
    """What a download of the scan needs."""

    filename: str
    content_type: str
    sha256: str


def paper_sheets_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> PaperSheetsPage:
    """The experts who have not signed, for the lead."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=PERMISSION, now=now)
    voting_round = open_round(db, consultation_id)
    waiting = unsigned_members(db, voting_round) if voting_round else []
    return PaperSheetsPage(loaded, voting_round, tuple(waiting), why_no_paper_sheet(db, loaded, now))


def paper_sheet_page(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_id: int,
    now: datetime,
    answers: SheetAnswers | None = None,
) -> PaperSheetPage:
    """The sheet of `member_id`, empty or as it was typed. Refused for who has signed, and for who may not record."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=PERMISSION, now=now)
    reason, voting_round = why_no_paper_sheet(db, loaded, now), open_round(db, consultation_id)
    member = member_to_record(db, loaded, member_id)
    if reason is not None or voting_round is None:
        raise Refusal(reason or "本轮表决已结束。")
    given = answers or SheetAnswers()
    document = draft_document(db, loaded.consultation, member, voting_round, 1, given)
    return PaperSheetPage(
        loaded=loaded,
        member=member,
        number=document.number,
        answers=given,
        filled={section.slug: section for section in paper(document)},
        sections=asked_sections(loaded.edition),
        rules=live_rules(given, loaded.edition),
        earliest=beijing_day(voting_round.opened_at),
        latest=beijing_day(now),
    )


def blank_sheets(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> list[SheetDocument]:
    """The sheets of all who have not signed, to be printed: the portal's parts filled in, every box empty."""
    page = paper_sheets_page(db, actor=actor, consultation_id=consultation_id, now=now)
    if page.voting_round is None:
        return []
    return [_blank(db, page.loaded.consultation, member, page.voting_round) for member in page.waiting]


def own_blank_sheet(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> SheetDocument:
    """One's own sheet to be printed and signed by hand."""
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now, with_product=True)
    return _blank(db, own.consultation, own.member, own.voting_round)


def find_scan(db: Session, *, actor: Actor, consultation_id: int, sheet_id: int, now: datetime) -> Scan | None:
    """The scan of a sheet that the actor may read; None where it was not signed on paper. NotFound for others."""
    signed_sheet(db, actor=actor, consultation_id=consultation_id, sheet_id=sheet_id, now=now)
    sheet = db.get_one(ConsultationSheet, sheet_id)
    if sheet.scan_sha256 is None:
        return None
    return Scan(sheet.scan_filename or "", sheet.scan_type or "", sheet.scan_sha256)


def open_scan(db: Session, *, actor: Actor, consultation_id: int, sheet_id: int, now: datetime) -> None:
    """Record that the actor opens the scan."""
    scan = find_scan(db, actor=actor, consultation_id=consultation_id, sheet_id=sheet_id, now=now)
    if scan is not None:
        name = db.get_one(ConsultationSheet, sheet_id).member.name
        record(
            db, "sheet_scan_opened", now=now, actor=actor, consultation_id=consultation_id,
            names=name, scan_sha256=scan.sha256,
        )  # fmt: skip


def _blank(db: Session, consultation: Consultation, member: PanelMember, voting_round: VotingRound) -> SheetDocument:
    document = draft_document(db, consultation, member, voting_round, 1, SheetAnswers())
    return replace(document, unsigned_mark=TO_SIGN)
