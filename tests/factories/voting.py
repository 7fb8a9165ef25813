"""Panels in session, votes in every state, signed sheets: step 6 through its services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.consultation import Stage
from portal.process.permissions import Actor
from portal.rules.sheet import SheetAnswers, evaluate
from portal.services.consultation.application import add_party, edition_of
from portal.services.consultation.sheet import own_sheet, save_sheet, sign_sheet
from portal.services.consultation.voting import close_vote, open_vote
from portal.services.kernel.obligations import enter_stage
from tests.factories.application import accepted
from tests.factories.world import KEYS, NOON, World
from tests.rules.answers import complete_answers

LATER = NOON + timedelta(hours=3)


def panel_of(world: World, size: int = 5) -> list[Actor]:
    """The experts of the panel: one of each institution in turn."""
    return [world.experts[KEYS[seat % len(KEYS)]][seat // len(KEYS)] for seat in range(size)]


def in_session(db: Session, world: World, *, size: int = 5) -> Consultation:
    """A consultation in session, with an accepted panel of `size`."""
    consultation = accepted(db, world)
    for seat, expert in enumerate(panel_of(world, size), start=1):
        add_member(db, world, consultation, expert, seat)
    consultation.stage = Stage.IN_SESSION
    enter_stage(db, consultation, Stage.IN_SESSION, now=NOON)
    db.flush()
    return consultation


def add_member(db: Session, world: World, consultation: Consultation, expert: Actor, seat: int) -> PanelMember:
    """Give an expert an accepted place in the panel."""
    institution_id = world.institutions[KEYS[(seat - 1) % len(KEYS)]]
    member = PanelMember(
        consultation_id=consultation.id, expert_id=expert.expert_id, institution_id=institution_id,
        nominated_by_id=world.lead.person_id, nominated_at=NOON, state="accepted", seat=seat, declaration="none",
        name=expert.name, field="家用电器安全", employer="检验院", title="高级工程师",
    )  # fmt: skip
    db.add(member)
    add_party(db, consultation, institution_id)
    return member


def voting(db: Session, world: World, *, size: int = 5) -> Consultation:
    """A consultation whose first round is open."""
    consultation = in_session(db, world, size=size)
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
    draft = own_sheet(db, actor=expert, consultation_id=consultation.id).sheet
    saved = save_sheet(
        db, actor=expert, consultation_id=consultation.id, answers=answers, version=draft.version, now=NOON
    )
    return sign_sheet(
        db, actor=expert, consultation_id=consultation.id, version=saved.version, reauthenticated_at=LATER, now=LATER
    )


def tallied(db: Session, world: World, votes: Sequence[Sequence[str]], **closing: Any) -> Consultation:
    """A counted first round in which each member gave these three opinions."""
    consultation = voting(db, world, size=len(votes))
    vote_and_close(db, world, consultation, votes, **closing)
    return consultation


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
