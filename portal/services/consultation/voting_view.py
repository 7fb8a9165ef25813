"""Pages of the vote for the lead: before it is opened, and while it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.models.voting import VotingRound
from portal.process.permissions import Actor
from portal.services.consultation.members import accepted_members
from portal.services.consultation.voting import (
    Signer,
    required_open_round,
    rounds_of,
    signers,
    usual_sign_by,
)
from portal.services.kernel.loading import load


@dataclass(frozen=True)
class OpeningPage:
    """What opening the next round will do."""

    number: int
    names: tuple[str, ...]
    usual_sign_by: datetime


@dataclass(frozen=True)
class ClosingPage:
    """Who has signed in the open round and who has not."""

    voting_round: VotingRound
    signers: tuple[tuple[Signer, Institution], ...]
    unsigned: tuple[str, ...]


def opening_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> OpeningPage:
    """Load the page on which the lead opens the vote."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_vote", now=now)
    return OpeningPage(
        number=len(rounds_of(db, consultation_id)) + 1,
        names=tuple(member.name for member in accepted_members(db, consultation_id)),
        usual_sign_by=usual_sign_by(db, loaded.edition, now),
    )


def closing_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> ClosingPage:
    """Load the page on which the lead closes the vote."""
    load(db, actor=actor, consultation_id=consultation_id, permission="close_vote", now=now)
    voting_round = required_open_round(db, consultation_id)
    found = signers(db, voting_round)
    institutions = {one.institution_id: one.institution for one in accepted_members(db, consultation_id)}
    return ClosingPage(
        voting_round,
        tuple((signer, institutions[signer.institution_id]) for signer in found),
        tuple(signer.name for signer in found if not signer.has_signed),
    )
