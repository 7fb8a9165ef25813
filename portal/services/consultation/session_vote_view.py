"""What the session's page says of the vote: that it goes on and who has signed, or where its count is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.voting import VotingRound
from portal.process.consultation import Stage
from portal.process.permissions import Relation
from portal.services.consultation.members import own_place
from portal.services.consultation.voting import Signer, rounds_of, signers, unsigned_members
from portal.services.kernel.loading import Loaded


@dataclass(frozen=True)
class SessionVote:
    """The latest round. `signers` is empty once it is closed; nobody learns more than who has signed before."""

    number: int
    is_open: bool
    sign_by: datetime
    signers: tuple[Signer, ...]
    has_own_sheet: bool  # the actor is to sign, or has signed
    has_signed: bool
    counted: str  # the permission under which the count may be read; "" while there is none, or for nobody

    @property
    def signed(self) -> int:
        """How many have signed."""
        return sum(one.has_signed for one in self.signers)


def session_vote(db: Session, loaded: Loaded) -> SessionVote | None:
    """The latest round as far as the actor may know of it; None before the first."""
    latest = next(iter(rounds_of(db, loaded.consultation.id)), None)
    if latest is None:
        return None
    is_open = loaded.stage is Stage.VOTING and latest.closed_at is None
    who = tuple(signers(db, latest)) if is_open else ()
    is_member = Relation.MEMBER in loaded.relations
    readable = next((name for name in ("view_counts", "view_earlier_rounds") if loaded.may(name)), "")
    return SessionVote(
        number=latest.number,
        is_open=is_open,
        sign_by=latest.sign_by,
        signers=who,
        has_own_sheet=is_open and is_member,
        has_signed=is_open and is_member and own_place(db, loaded).id not in _unsigned(db, latest),
        counted=readable if latest.has_tally else "",
    )


def _unsigned(db: Session, voting_round: VotingRound) -> set[int]:
    return {member.id for member in unsigned_members(db, voting_round)}
