"""What the vote contributes to the consultation's page: who has signed, the counts, one's own sheets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.permissions import Relation
from portal.services.consultation.tally_view import CountedQuestion, counted_questions
from portal.services.consultation.voting import Signer, rounds_of, signers
from portal.services.kernel.loading import Loaded

SHEET_STATES = {"draft": "未签名", "signed": "已签名", "withdrawn": "已撤回", "void": "已作废"}


@dataclass(frozen=True)
class RoundSummary:
    """One round: who has signed while it is open; the counts, for those who may see them, when it is closed."""

    voting_round: VotingRound
    signers: tuple[Signer, ...]
    questions: tuple[CountedQuestion, ...]

    @property
    def unsigned(self) -> int:
        """How many have not signed."""
        return sum(not signer.has_signed for signer in self.signers)


@dataclass(frozen=True)
class OwnLine:
    """One version of the actor's own sheet."""

    sheet_id: int
    round_number: int
    revision: int
    state: str
    state_words: str
    signed_at: datetime | None
    digest: str


@dataclass(frozen=True)
class VotingSummary:
    """The vote on the consultation's page."""

    rounds: tuple[RoundSummary, ...]
    own: tuple[OwnLine, ...]
    sees_counts: bool
    sees_earlier_rounds: bool


def summary(db: Session, loaded: Loaded, _now: datetime) -> VotingSummary | None:
    """The rounds as far as the actor may see them, the latest first; None before the first vote."""
    rounds = rounds_of(db, loaded.consultation.id)
    if not rounds:
        return None
    sees_earlier = loaded.may("view_earlier_rounds")
    sees_counts = loaded.may("view_counts")
    return VotingSummary(
        rounds=tuple(_round(db, loaded, one, sees_counts=sees_counts or sees_earlier) for one in rounds),
        own=tuple(_own(db, loaded)) if loaded.may("view_own_sheet") else (),
        sees_counts=sees_counts,
        sees_earlier_rounds=sees_earlier,
    )


def _round(db: Session, loaded: Loaded, voting_round: VotingRound, *, sees_counts: bool) -> RoundSummary:
    if voting_round.closed_at is None:
        sees_signers = sees_counts or Relation.MEMBER in loaded.relations
        return RoundSummary(voting_round, tuple(signers(db, voting_round)) if sees_signers else (), ())
    is_shown = sees_counts and voting_round.has_tally
    return RoundSummary(voting_round, (), counted_questions(voting_round, loaded.edition) if is_shown else ())


def _own(db: Session, loaded: Loaded) -> list[OwnLine]:
    sheets = db.scalars(
        select(ConsultationSheet)
        .join(PanelMember, PanelMember.id == ConsultationSheet.member_id)
        .where(PanelMember.consultation_id == loaded.consultation.id, PanelMember.expert_id == loaded.actor.expert_id)
        .options(joinedload(ConsultationSheet.round))
        .order_by(ConsultationSheet.id.desc())
    )
    return [
        OwnLine(
            sheet.id, sheet.round.number, sheet.revision, sheet.state, SHEET_STATES[sheet.state], sheet.signed_at,
            sheet.digest or "",
        )
        for sheet in sheets
    ]  # fmt: skip
