"""What the pages of step 3 show of the analyses: one's own with the material, and all of them side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.institution import Institution
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.permissions import Actor, authorise
from portal.rules.editions import Edition
from portal.services.consultation.material_view import MaterialRow, material_rows
from portal.services.consultation.members import handed_in, members_of, own_place
from portal.services.consultation.preliminary_analysis import FIRST_VIEW
from portal.services.consultation.sheet_rules_view import level_words
from portal.services.kernel.loading import Loaded, find, load
from portal.services.kernel.obligations import open_obligations


@dataclass(frozen=True)
class OwnAnalysis:
    """The expert's second screen: the analysis, and the material beside it."""

    consultation: Consultation
    loaded: Loaded
    analysis: PreliminaryAnalysis | None
    items: tuple[MaterialRow, ...]
    due_at: datetime | None
    since_at: datetime | None
    is_provisional: bool

    @property
    def is_handed_in(self) -> bool:
        """Whether it can no longer change."""
        return self.analysis is not None and self.analysis.handed_in_at is not None

    @property
    def can_write(self) -> bool:
        """Whether the page is a form."""
        return self.loaded.may("edit_analysis") and not self.is_handed_in


def own_analysis(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> OwnAnalysis:
    """The member's own analysis, from the sending of the material on."""
    loaded = find(db, actor=actor, consultation_id=consultation_id, now=now)
    if not loaded.may("view_own_analysis"):
        authorise("hand_in_analysis", loaded.relations, loaded.stage)
    member = own_place(db, loaded)
    owed = open_obligations(db, consultation_id, kinds=("hand_in_analysis",), person_id=actor.person_id)
    return OwnAnalysis(
        consultation=loaded.consultation,
        loaded=loaded,
        analysis=db.scalar(select(PreliminaryAnalysis).where(PreliminaryAnalysis.member_id == member.id)),
        items=material_rows(db, loaded),
        due_at=owed[0].due_at if owed else None,
        since_at=owed[0].since_at if owed else None,
        is_provisional=bool(owed and owed[0].is_provisional),
    )


@dataclass(frozen=True)
class AnalysisRow:
    """One member's analysis as others read it; `analysis` None while it is not handed in."""

    member: PanelMember
    institution: Institution
    analysis: PreliminaryAnalysis | None
    first_view: tuple[tuple[str, str], ...]  # what the question is called, and the answer in words


@dataclass(frozen=True)
class AnalysisSummary:
    """Step 3's analyses, on the consultation's page and on their own."""

    loaded: Loaded
    rows: tuple[AnalysisRow, ...]
    differing: tuple[str, ...]  # questions on which the first views differ
    is_own: bool  # a member before the session: only where to write
    own_handed_in_at: datetime | None
    sees_all: bool

    @property
    def handed_in(self) -> int:
        """How many are in."""
        return sum(row.analysis is not None for row in self.rows)


def summary(db: Session, loaded: Loaded, now: datetime) -> AnalysisSummary | None:
    """Where the analyses stand; None before the material is sent and for those who may not see any."""
    if loaded.consultation.material_sent_at is None:
        return None
    sees_all = loaded.may("view_analyses")
    is_member = loaded.may("view_own_analysis")
    if not (sees_all or is_member):
        return None
    own = None
    if is_member:
        place = own_place(db, loaded)
        own = db.scalar(select(PreliminaryAnalysis.handed_in_at).where(PreliminaryAnalysis.member_id == place.id))
    rows = _rows(db, loaded) if sees_all else ()
    return AnalysisSummary(loaded, rows, _differing(rows), is_member, own, sees_all)


def analyses(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> AnalysisSummary:
    """All analyses that were handed in: for applicant and lead, in the session also for panel and participants."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_analyses", now=now)
    rows = _rows(db, loaded)
    return AnalysisSummary(loaded, rows, _differing(rows), is_own=False, own_handed_in_at=None, sees_all=True)


def _rows(db: Session, loaded: Loaded) -> tuple[AnalysisRow, ...]:
    kept = handed_in(db, loaded.consultation.id)
    rows = []
    for member in members_of(db, loaded.consultation.id):
        analysis = kept.get(member.id)
        if analysis is not None and analysis.handed_in_at is None:
            analysis = None  # a draft is its author's alone
        if member.state == "accepted" or (analysis is not None and member.state == "removed"):
            words = first_view_words(analysis, loaded.edition) if analysis else ()
            rows.append(AnalysisRow(member, member.institution, analysis, words))
    return tuple(sorted(rows, key=lambda row: row.member.seat or 0))


def first_view_words(analysis: PreliminaryAnalysis, edition: Edition) -> tuple[tuple[str, str], ...]:
    """The first view in the sheet's own words, in the sheet's order."""
    return tuple(
        (edition.field(name).brief, answer_words(name, analysis.first_view[name], edition))
        for name in FIRST_VIEW
        if name in analysis.first_view
    )


def answer_words(name: str, value: str | int, edition: Edition) -> str:
    """One answer of the sheet in words: 3级　严重."""
    option = edition.field(name).option(value)
    return f"{level_words(option.prefix)}　{option.label}" if option.prefix else option.label


def _differing(rows: tuple[AnalysisRow, ...]) -> tuple[str, ...]:
    answers: dict[str, set[str]] = {}
    for row in rows:
        for question, words in row.first_view:
            answers.setdefault(question, set()).add(words)
    return tuple(question for question, found in answers.items() if len(found) > 1)
