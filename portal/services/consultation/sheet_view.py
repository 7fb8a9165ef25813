"""Pages of a sheet: filled in by its expert, about to be signed, and read once it is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.documents.foot import Foot
from portal.documents.sheet_paper import PaperSection, SheetDocument, paper
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor
from portal.rules.editions import Edition
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_description import Field, Section
from portal.services.consultation.material_view import MaterialRow, material_rows
from portal.services.consultation.members import handed_in
from portal.services.consultation.preliminary_analysis_view import first_view_words
from portal.services.consultation.sheet import (
    OwnSheet,
    final_answers,
    first_view,
    own_sheet,
    require_draft,
    require_version,
)
from portal.services.consultation.sheet_rules_view import LiveRules, live_rules, value_words
from portal.services.consultation.sheet_text import draft_document, full_number, signed_document
from portal.services.kernel.loading import Loaded, load


@dataclass(frozen=True)
class SheetPage:
    """The sheet as its expert fills it in."""

    own: OwnSheet
    number: str
    product_name: str
    answers: SheetAnswers
    filled: Mapping[str, PaperSection]  # what the portal has filled in, by slug
    sections: tuple[Section, ...]  # what the expert fills in
    earlier: Mapping[str, str]  # the first view of the preliminary analysis, in words by field
    rules: LiveRules

    @property
    def edition(self) -> Edition:
        """The edition of the consultation."""
        return self.own.edition

    @property
    def has_something_to_take(self) -> bool:
        """Whether the first view answers a question that is still open here."""
        return any(self.answers.answer(name) is None for name in self.earlier)


@dataclass(frozen=True)
class Reference:
    """What an expert looks up while filling in: the own preliminary analysis (None: not handed in), the material."""

    loaded: Loaded
    analysis: PreliminaryAnalysis | None
    first_view: tuple[tuple[str, str], ...]
    items: tuple[MaterialRow, ...]


@dataclass(frozen=True)
class Difference:
    """Where what was typed differs from what is saved: the field, and both in words."""

    field: str
    brief: str
    saved: str
    typed: str


@dataclass(frozen=True)
class SignPage:
    """The final text, as it will be signed."""

    own: OwnSheet
    number: str
    sections: tuple[PaperSection, ...]
    rules: LiveRules


@dataclass(frozen=True)
class SignedSheet:
    """A sheet as it was signed, with what became of it."""

    consultation_id: int
    short_number: str
    member_name: str
    state: str
    left_reason: str
    left_at: datetime | None
    document: SheetDocument
    sections: tuple[PaperSection, ...]
    foot: Foot
    recorded_at: datetime | None  # when a sheet signed on paper was recorded; None for one signed online

    @property
    def file_name(self) -> str:
        """What a downloaded file is called, without its ending."""
        return f"会诊表{self.short_number}{self.member_name}"


def sheet_page(
    db: Session, *, actor: Actor, consultation_id: int, now: datetime, answers: SheetAnswers | None = None
) -> SheetPage:
    """Load the sheet to fill in; with `answers`, the page shows these instead of what is saved."""
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now, with_product=True)
    shown, edition = answers or own.answers, own.edition
    document = draft_document(db, own.consultation, own.member, own.voting_round, own.sheet.revision, shown)
    filled = {section.slug: section for section in paper(document)}
    # A new round asks the whole sheet again, so the first view stands beside the first round only.
    view = first_view(db, own.member.id, edition) if own.voting_round.number == 1 else {}
    return SheetPage(
        own=own,
        number=document.number,
        product_name=own.consultation.product.product_name,
        answers=shown,
        filled=filled,
        sections=asked_sections(edition),
        earlier={name: value_words(edition.field(name), value) for name, value in view.items()},
        rules=live_rules(shown, edition),
    )


def reference(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Reference:
    """What stands beside the own sheet; authorised as the sheet itself."""
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    analysis = handed_in(db, consultation_id).get(own.member.id)
    if analysis is not None and analysis.handed_in_at is None:
        analysis = None
    words = first_view_words(analysis, own.edition) if analysis else ()
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_material", now=now)
    return Reference(loaded, analysis, words, material_rows(db, loaded))


def sheet_edition(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Edition:
    """The edition to read typed answers with; authorised as the sheet itself."""
    return own_sheet(db, actor=actor, consultation_id=consultation_id, now=now).edition


def differences(
    db: Session, *, actor: Actor, consultation_id: int, typed: SheetAnswers, now: datetime
) -> tuple[int, list[Difference]]:
    """The version that is saved, and where what was typed differs from it: for the second of two windows."""
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    saved, found = own.answers, []
    for section in asked_sections(own.edition):
        for field in section.fields:
            before, after = saved.answer(field.name), typed.answer(field.name)
            if before != after:
                found.append(Difference(field.name, field.brief, _words(field, before), _words(field, after)))
    return own.sheet.version, found


def sign_page(
    db: Session, *, actor: Actor, consultation_id: int, now: datetime, version: int | None = None
) -> SignPage:
    """The final text. Invalid while something stands in the way; Stale when `version` is not the present one."""
    load(db, actor=actor, consultation_id=consultation_id, permission="sign_sheet", now=now)
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    require_draft(own)
    if version is not None:
        require_version(own.sheet, version)
    answers = final_answers(own.answers, own.edition)
    rules = live_rules(answers, own.edition)
    if not rules.can_sign:
        raise Invalid(rules.problems)
    document = draft_document(db, own.consultation, own.member, own.voting_round, own.sheet.revision, answers)
    return SignPage(own, full_number(own.consultation, own.edition), paper(document), rules)


@dataclass(frozen=True)
class DraftSheet:
    """One's own sheet as it was saved last; `document` is None once it is signed."""

    sheet_id: int
    file_name: str
    document: SheetDocument | None


def draft_sheet(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> DraftSheet:
    """The own sheet of the open round, to print or to show to nobody but its expert."""
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now, with_product=True)
    name = f"会诊表草稿{own.consultation.number or ''}{own.member.name}"
    if own.sheet.state != "draft":
        return DraftSheet(own.sheet.id, name, None)
    document = draft_document(db, own.consultation, own.member, own.voting_round, own.sheet.revision, own.answers)
    return DraftSheet(own.sheet.id, name, document)


def signed_sheet(db: Session, *, actor: Actor, consultation_id: int, sheet_id: int, now: datetime) -> SignedSheet:
    """A signed sheet: one's own at any time, others' only once their round is closed. NotFound otherwise."""
    permission = "view_signed_sheet"
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=permission, now=now)
    sheet = db.get(
        ConsultationSheet,
        sheet_id,
        options=[
            joinedload(ConsultationSheet.round),
            joinedload(ConsultationSheet.member).joinedload(PanelMember.expert),
        ],
    )
    if sheet is None or sheet.round.consultation_id != consultation_id or sheet.canonical is None:
        raise NotFound
    is_own = _is_own(sheet, actor)
    is_shown = is_disclosed(sheet.round, sheet) and (loaded.may("view_sheets") or loaded.may("view_earlier_rounds"))
    if not is_shown and not (is_own and loaded.may("view_own_sheet")):
        raise NotFound
    document = signed_document(sheet)
    return SignedSheet(
        consultation_id, loaded.consultation.number or "", sheet.member.name, sheet.state, sheet.left_reason,
        sheet.left_at, document, paper(document), document.foot(), sheet.signed_at if document.on_paper else None,
    )  # fmt: skip


def counted_sheets(db: Session, *, actor: Actor, consultation_id: int, number: int, now: datetime) -> tuple[int, str]:
    """The round whose sheets make one file, and what the file is called without its ending.

    NotFound for a round that is open, broken off or disposed of.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_sheets", now=now)
    query = select(VotingRound.id).where(VotingRound.consultation_id == consultation_id, VotingRound.number == number)
    round_id = db.scalar(query)
    if round_id is None or not disclosed_sheets(db, round_id):
        raise NotFound
    return round_id, f"会诊表{loaded.consultation.number or ''}第{number}轮"


def disclosed_sheets(db: Session, round_id: int) -> list[ConsultationSheet]:
    """All sheets that were counted in a round, by seat; none of a round that is open or disposed of."""
    query = (
        select(ConsultationSheet)
        .join(PanelMember, PanelMember.id == ConsultationSheet.member_id)
        .where(ConsultationSheet.round_id == round_id)
        .options(joinedload(ConsultationSheet.round))
        .order_by(PanelMember.seat, PanelMember.id)
    )
    return [sheet for sheet in db.scalars(query) if is_disclosed(sheet.round, sheet)]


def own_signed_sheet(db: Session, *, actor: Actor, consultation_id: int, sheet_id: int, now: datetime) -> SignedSheet:
    """A signed sheet for its signer alone; NotFound for everybody else, also for who may read it."""
    load(db, actor=actor, consultation_id=consultation_id, permission="view_own_sheet", now=now)
    found = signed_sheet(db, actor=actor, consultation_id=consultation_id, sheet_id=sheet_id, now=now)
    if not _is_own(db.get_one(ConsultationSheet, sheet_id), actor):
        raise NotFound
    return found


def _is_own(sheet: ConsultationSheet, actor: Actor) -> bool:
    return actor.expert_id is not None and sheet.member.expert_id == actor.expert_id


def is_disclosed(voting_round: VotingRound, sheet: ConsultationSheet) -> bool:
    """Whether a sheet may be seen by others: its round was counted, and it stood when it was."""
    return voting_round.tally is not None and sheet.state == "signed"


def _words(field: Field, given: object) -> str:
    return str(given) or "—" if field.type == "text" else value_words(field, given)


def asked_sections(edition: Edition) -> tuple[Section, ...]:
    """The sections that the expert fills in."""
    return tuple(
        section for section in edition.sections if any(not field.is_filled_by_portal for field in section.fields)
    )
