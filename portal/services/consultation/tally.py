"""Step 6, after the count: another round, or the conclusion (Art. 8(6), 8(7))."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.models.voting import VotingRound
from portal.process.errors import Invalid, Refusal
from portal.process.permissions import Actor
from portal.rules.majority import NO_QUORUM
from portal.rules.sheet_rules import QUESTIONS
from portal.services.consultation.meeting_minutes import draft_minutes
from portal.services.consultation.online_session import reopen_discussion
from portal.services.consultation.voting import WhyNot, refuse_when, rounds_of
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load

ARTICLE_OF_WATCH = "8(7)"


def open_new_round(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Go back into the session, because a question has no majority or there was no quorum.

    The round is kept as it is; the next vote asks the whole sheet again.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_new_round", now=now)
    refuse_when(why_no_new_round(db, loaded, now))
    reopen_discussion(db, loaded, now)
    advance(db, loaded, "open_new_round", actor=actor, now=now, after_round=counted_round(db, consultation_id).number)


def conclude_consultation(
    db: Session, *, actor: Actor, consultation_id: int, reason: str = "", now: datetime
) -> dict[str, str | None]:
    """Settle the final opinion: the majority's answer by question, None where there is none; return it.

    Where a question has no majority the outcome is 持续关注 (Art. 8(7)), and the lead says why the material does not
    suffice: Invalid beside `reason` without it.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="conclude_consultation", now=now)
    refuse_when(why_no_conclusion(db, loaded, now))
    consultation, edition = loaded.consultation, loaded.edition
    opinion = majorities(counted_round(db, consultation_id))
    undecided = [question for question in QUESTIONS if opinion[question] is None]
    if undecided and not reason.strip():
        names = "、".join(f"“{edition.field(question).brief}”" for question in undecided)
        message = f"{names}未形成多数意见。记为“持续关注”，须写明现有材料为何不足以判断"
        raise Invalid.field("reason", f"{message}（{edition.cite(ARTICLE_OF_WATCH)}）。", ARTICLE_OF_WATCH)
    consultation.final_opinion = dict(opinion)
    consultation.outcome = "watch" if undecided else "concluded"
    consultation.conclusion_reason = reason.strip() if undecided else None
    advance(
        db, loaded, "conclude_consultation", actor=actor, now=now,
        outcome=consultation.outcome, opinion=opinion, reason=consultation.conclusion_reason or "",
    )  # fmt: skip
    draft_minutes(db, loaded, actor, now)
    return opinion


def why_no_new_round(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    """Why there is no further round: the panel has decided all three questions."""
    opinion = majorities(counted_round(db, loaded.consultation.id))
    return None if None in opinion.values() else "三个问题均已形成多数意见，不再表决。"


def why_no_conclusion(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    """Why nothing can be concluded: the vote has no quorum and does not count."""
    record = _record(counted_round(db, loaded.consultation.id))
    if all(question["reason"] != NO_QUORUM for question in record["questions"].values()):
        return None
    return (
        f"签署会诊表 {record['signed']} 份，不足 {record['quorum']} 份，表决无效。请组织再次讨论；"
        "确实无法达到的，可以终止会诊。"
    )


WHY_NOT: dict[str, WhyNot] = {
    "open_new_round": why_no_new_round,
    "conclude_consultation": why_no_conclusion,
}


def counted_round(db: Session, consultation_id: int) -> VotingRound:
    """The latest round with a count that holds; a refusal where there is none."""
    for voting_round in rounds_of(db, consultation_id):
        if voting_round.tally is not None and not voting_round.is_void:
            return voting_round
    raise Refusal("还没有计票结果。", article="8(6)")


def majorities(voting_round: VotingRound) -> dict[str, str | None]:
    """The winning answer of each question, None where there is no majority."""
    record = _record(voting_round)
    return {question: record["questions"][question]["answer"] for question in QUESTIONS}


def _record(voting_round: VotingRound) -> dict[str, Any]:
    if voting_round.tally is None:
        raise ValueError("an open round has no count")
    return voting_round.tally
