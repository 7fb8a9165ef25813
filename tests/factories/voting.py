"""Panels in session, votes in every state, signed sheets: step 6 through its services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.permissions import Actor
from portal.rules.sheet import SheetAnswers, evaluate
from portal.services.consultation.application import edition_of
from portal.services.consultation.members import accepted_members
from portal.services.consultation.panel import recuse_member
from portal.services.consultation.sheet import own_sheet, save_sheet, sign_sheet
from portal.services.consultation.voting import close_vote, open_vote
from tests.factories.online_session import PLAN, session_opened
from tests.factories.world import KEYS, NOON, World
from tests.rules.answers import complete_answers
from tests.support.scenes import scene

LATER = NOON + timedelta(hours=3)


def panel_of(world: World, size: int = 5) -> list[Actor]:
    """The experts of the panel: one of each institution in turn."""
    return [world.experts[KEYS[seat % len(KEYS)]][seat // len(KEYS)] for seat in range(size)]


@scene
def in_session(db: Session, world: World, *, size: int = 5, consultation: Consultation | None = None) -> Consultation:
    """A consultation whose session is open, with `size` members; an even number is one that a recusal left."""
    seats = [(KEYS[seat % len(KEYS)], seat // len(KEYS)) for seat in range(size + (size + 1) % 2)]
    soon = replace(PLAN, starts_at=NOON + timedelta(minutes=30), ends_at=NOON + timedelta(hours=2))
    consultation = session_opened(db, world, experts=tuple(seats), plan=soon, consultation=consultation, now=NOON)
    for member in accepted_members(db, consultation.id)[size:]:
        recuse_member(
            db,
            actor=world.lead,
            consultation_id=consultation.id,
            member_id=member.id,
            reason="与生产者有往来",
            now=NOON,
        )
    return consultation


@scene
def voting(db: Session, world: World, *, size: int = 5, consultation: Consultation | None = None) -> Consultation:
    """A consultation whose first round is open."""
    consultation = in_session(db, world, size=size, consultation=consultation)
    open_vote(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
    return consultation


def consistent(opinions: Sequence[str], consultation: Consultation) -> SheetAnswers:
    """A sheet with these three opinions that can be signed: it gives reasons where it departs from the rules."""
    finding, investigate, monitoring = opinions
    answers = complete_answers(
        defect_finding=finding,
        recommend_investigation=investigate,
        continued_monitoring=monitoring,
        prevalence="yes" if finding == "yes" else "no",
    )
    advised = evaluate(answers, edition_of(consultation))
    reasons = {
        question: "个案情况特殊"
        for question in ("recommend_investigation", "continued_monitoring")
        if getattr(answers, question) != advised.of(question).answer
    }
    return replace(answers, departure_reasons=reasons)


def signed(db: Session, consultation: Consultation, expert: Actor, answers: SheetAnswers) -> ConsultationSheet:
    """Fill in an expert's sheet and sign it."""
    draft = own_sheet(db, actor=expert, consultation_id=consultation.id, now=NOON).sheet
    saved = save_sheet(
        db, actor=expert, consultation_id=consultation.id, answers=answers, version=draft.version, now=NOON
    )
    return sign_sheet(
        db, actor=expert, consultation_id=consultation.id, version=saved.version, reauthenticated_at=LATER, now=LATER
    )


@scene
def tallied(
    db: Session,
    world: World,
    votes: Sequence[Sequence[str]],
    *,
    consultation: Consultation | None = None,
    **closing: Any,
) -> Consultation:
    """A counted first round in which each member gave these three opinions."""
    consultation = voting(db, world, size=len(votes), consultation=consultation)
    vote_and_close(db, world, consultation, votes, **closing)
    return consultation


@scene
def vote_and_close(
    db: Session, world: World, consultation: Consultation, votes: Sequence[Sequence[str]], **closing: Any
) -> VotingRound:
    """All members sign these opinions in the open round, and the lead closes it."""
    for expert, opinions in zip(panel_of(world, len(votes)), votes, strict=True):
        if opinions:
            signed(db, consultation, expert, consistent(opinions, consultation))
    return close_vote(db, actor=world.lead, consultation_id=consultation.id, now=LATER, **closing)


UNANIMOUS = [("yes", "yes", "no")] * 5
SPLIT_2_2_1 = [
    ("yes", "yes", "no"),
    ("yes", "yes", "no"),
    ("no", "yes", "yes"),
    ("no", "yes", "yes"),
    ("uncertain", "no", "yes"),
]
