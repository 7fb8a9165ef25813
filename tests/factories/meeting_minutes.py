"""Consultations at the stages of step 7: concluded with a draft, issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.consultation import Stage
from portal.rules.sheet_record import as_record
from portal.services.consultation.meeting_minutes import draft_minutes, issue_minutes
from portal.services.consultation.meeting_minutes_draft import PARTS
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import close_discussion
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import load
from tests.factories.online_session import STARTS, session_opened
from tests.factories.world import World
from tests.rules.answers import complete_answers

AFTER = STARTS + timedelta(hours=3)
INVESTIGATE = [("yes", "yes", "no")] * 4 + [("no", "no", "no")]
NO_MAJORITY = [("yes", "yes", "no")] * 2 + [("no", "yes", "no")] * 2 + [("uncertain", "no", "yes")]
QUESTIONS = ("defect_finding", "recommend_investigation", "continued_monitoring")


def concluded(db: Session, world: World, votes: Sequence[tuple[str, str, str]] = INVESTIGATE) -> Consultation:
    """The vote is closed and concluded; the draft of the minutes lies with the lead."""
    consultation = session_opened(db, world)
    loaded = load(db, actor=world.lead, consultation_id=consultation.id, permission="open_vote", now=AFTER)
    close_discussion(db, loaded, AFTER)
    advance(db, loaded, "open_vote", actor=world.lead, now=AFTER)
    voting_round = VotingRound(
        consultation_id=consultation.id, number=1, opened_at=AFTER, opened_by_id=world.lead.person_id, sign_by=AFTER,
        closed_at=AFTER, closed_by_id=world.lead.person_id, panel_size=len(votes), tally={},
    )  # fmt: skip
    db.add(voting_round)
    db.flush()
    for member, opinions in zip(accepted_members(db, consultation.id), votes, strict=True):
        given = dict(zip(QUESTIONS, opinions, strict=True))
        answers = as_record(complete_answers(**given))
        db.add(
            ConsultationSheet(
                round_id=voting_round.id,
                member_id=member.id,
                state="signed",
                saved_at=AFTER,
                signed_at=AFTER,
                signed_on=AFTER.date(),
                signer_name=member.name,
                answers=answers,
                canonical="{}",
                digest="0" * 64,
                **given,
            )
        )
    advance(db, loaded, "close_vote", actor=world.lead, now=AFTER)
    opinion = {}
    for place, question in enumerate(QUESTIONS):
        given = [vote[place] for vote in votes]
        opinion[question] = next((one for one in set(given) if given.count(one) * 2 > len(given)), None)
    consultation.final_opinion = opinion
    consultation.outcome = "watch" if None in opinion.values() else "concluded"
    consultation.conclusion_reason = "现有病例不足以判断" if None in opinion.values() else None
    advance(db, loaded, "conclude_consultation", actor=world.lead, now=AFTER, to=Stage.DRAFTING_MINUTES)
    draft_minutes(db, loaded, world.lead, AFTER)
    return consultation


def minutes_of(db: Session, consultation: Consultation) -> MeetingMinutes:
    """The minutes, drafted or issued, without their corrections."""
    return db.scalars(
        select(MeetingMinutes).where(MeetingMinutes.consultation_id == consultation.id, MeetingMinutes.correction == 0)
    ).one()


def issued(db: Session, world: World, votes: Sequence[tuple[str, str, str]] = INVESTIGATE) -> Consultation:
    """The minutes are issued as they were drafted."""
    consultation = concluded(db, world, votes)
    draft = minutes_of(db, consultation)
    issue_minutes(
        db, actor=world.lead, consultation_id=consultation.id, parts={name: getattr(draft, name) for name in PARTS},
        version=draft.version, now=AFTER,
    )  # fmt: skip
    return consultation
