"""The tables themselves: complete, without a dead end, in step with the edition."""

import pytest

from portal.process.consultation import BY_ACT, BY_EVENT, ENDED, OFF_PATH, STAGE_LABELS, STEPS, TRANSITIONS, By, Stage
from portal.process.errors import NotAllowed, NotFound, WrongStage
from portal.process.obligations import OBLIGATIONS
from portal.process.outlook import OUTLOOK
from portal.process.permissions import (
    PERMISSIONS,
    Actor,
    ConsultationFacts,
    Relation,
    Role,
    authorise,
    holds,
    relations,
)
from portal.rules.editions import load_edition


def leads_to() -> dict[Stage, set[Stage]]:
    """Where each stage can go."""
    found: dict[Stage, set[Stage]] = {stage: set() for stage in Stage}
    for line in TRANSITIONS:
        for stage in line.stages:
            found[stage] |= {target for target in (line.next, *line.alternatives) if target is not None}
    return found


def test_every_stage_is_reached_and_has_a_way_to_an_end() -> None:
    ways = leads_to()
    reached, front = {Stage.DRAFT}, {Stage.DRAFT}
    while front:
        front = set().union(*(ways[stage] for stage in front)) - reached
        reached |= front
    assert reached == set(Stage)
    ending = set(ENDED)
    while grown := {stage for stage in Stage if ways[stage] & ending} - ending:
        ending |= grown
    assert ending == set(Stage)


def test_acts_and_events_are_named_once_and_every_stage_belongs_somewhere() -> None:
    assert len(BY_ACT) == len(BY_EVENT) == len(TRANSITIONS)
    placed = [stage for step in STEPS for stage in step.stages]
    assert sorted([*placed, *OFF_PATH]) == sorted(Stage)
    assert set(STAGE_LABELS) == set(Stage)


def test_articles_limits_and_words_are_those_of_the_edition() -> None:
    edition = load_edition()
    for line in TRANSITIONS:
        assert line.decided or line.article
        assert line.article is None or edition.article(line.article)
    for kind in OBLIGATIONS.values():
        assert kind.act in PERMISSIONS
        assert set(kind.closed_by) <= set(BY_ACT)
        assert kind.limit is None or edition.value(kind.limit).value > 0
        assert kind.article is None or edition.article(kind.article)
    values = {name: value.value for name, value in edition.values.items()}
    for words in OUTLOOK.values():
        assert "{" not in words.format(**values)


def test_every_act_has_a_permission_for_exactly_those_of_the_table() -> None:
    for line in TRANSITIONS:
        permission = PERMISSIONS[line.act]
        assert permission.stages == frozenset(line.stages)
        assert permission.relations or line.by == (By.CLOCK,)


FACTS = {
    "applicant_institution_id": 1,
    "lead_institution_id": 2,
    "next_lead_institution_id": None,
    "alliance_institution_ids": frozenset({1, 2, 3, 4}),
    "party_institution_ids": frozenset({1, 2, 3}),
}


def staff(institution_id: int) -> Actor:
    return Actor(9, "工作人员", institution_id, frozenset({Role.STAFF}))


@pytest.mark.parametrize(
    ("institution_id", "stage", "refusal"),
    [
        (2, Stage.SUBMITTED, None),
        (2, Stage.PANEL, WrongStage),
        (1, Stage.SUBMITTED, NotAllowed),
        (3, Stage.SUBMITTED, NotAllowed),
        (4, Stage.SUBMITTED, NotFound),
        (2, Stage.DRAFT, NotFound),
    ],
)
def test_the_refusal_fits_who_asks(institution_id: int, stage: Stage, refusal: type[Exception] | None) -> None:
    held = relations(staff(institution_id), ConsultationFacts(stage=stage, **FACTS))
    if refusal is None:
        authorise("accept_application", held, stage)
        return
    with pytest.raises(refusal):
        authorise("accept_application", held, stage)


def test_a_draft_exists_for_the_applicant_alone_and_roles_without_relation_see_nothing() -> None:
    facts = ConsultationFacts(stage=Stage.DRAFT, **FACTS)
    assert relations(staff(1), facts) == {Relation.APPLICANT, Relation.PARTY}
    assert relations(staff(2), facts) == frozenset()
    for role in (Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR, Role.OFFICER):
        actor = Actor(9, "某人", 1, frozenset({role}))
        for stage in Stage:
            assert relations(actor, ConsultationFacts(stage=stage, **FACTS)) == frozenset()


@pytest.mark.parametrize("state", ["nominated", "declined"])
def test_an_expert_who_is_not_invited_or_has_declined_is_a_stranger(state: str) -> None:
    actor = Actor(9, "专家", None, frozenset({Role.EXPERT}), expert_id=5)
    facts = ConsultationFacts(stage=Stage.PANEL, member_state=state, **FACTS)
    assert relations(actor, facts) == frozenset()


def test_before_the_vote_is_closed_no_permission_shows_choices() -> None:
    everyone = frozenset(Relation)
    for name in ("view_sheets", "view_counts", "view_minutes"):
        for stage in (Stage.PANEL, Stage.MATERIAL, Stage.PRELIMINARY_ANALYSIS, Stage.SCHEDULING, Stage.SCHEDULED):
            assert not holds(PERMISSIONS[name], everyone, stage), (name, stage)
