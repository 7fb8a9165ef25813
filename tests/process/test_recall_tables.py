"""The recall case's tables: complete, without a dead end, walked at random without a step skipped or a limit unset."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from portal.process import consultation, events, permissions
from portal.process.errors import NotAllowed, NotFound, WrongStage
from portal.process.permissions import Actor, Role
from portal.process.recall_case import (
    BEGINNINGS,
    BY_ACT,
    BY_EVENT,
    ENDED,
    OFF_PATH,
    STAGE_LABELS,
    STEPS,
    TRANSITIONS,
    By,
    Stage,
    Transition,
    step_of,
    transition,
)
from portal.process.recall_obligations import RECALL_OBLIGATIONS, Anchor, Owner, RecallObligationKind, opened
from portal.process.recall_permissions import (
    BEGINNING_ROLES,
    PRODUCER_BY_LINK,
    RECALL_GUARD,
    RECALL_PERMISSIONS,
    RecallFacts,
    Relation,
    can_begin,
    relations,
)
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.recall.editions import load_recall_edition
from portal.rules.recall.limits import due_after, interim_due
from portal.rules.working_days import shipped_calendar

EDITION = load_recall_edition("jiangsu-2025")

# The moves of spec/transitions.md, second table, typed from it and not from the code: stage → where it may go.
MOVES = {
    "clue": "review closed investigation filing",
    "review": "closed watched consulting producer_analysis investigation filing",
    "consulting": "review investigation filing",
    "watched": "review closed investigation filing",
    "producer_analysis": "closed plan_due investigation filing",
    "investigation": "closed watched notified investigation filing",
    "notified": "objection plan_review escalated filing",
    "objection": "closed investigation plan_due filing",
    "plan_due": "plan_review escalated filing",
    # The annexes of a producer who has reported by itself are filled in while the plan is in review.
    "plan_review": "plan_due plan_review publication filing",
    "publication": "implementing filing",
    "implementing": "plan_due escalated summary filing",
    "summary": "implementing filing plan_due",
    "escalated": "plan_due plan_review investigation filing",
    "filing": "closed",
    "closed": "review",
}


def targets(line: Transition) -> set[Stage]:
    return {stage for stage in (line.next, *line.alternatives) if stage is not None}


def test_the_table_moves_exactly_as_the_specification() -> None:
    moves = {stage: set().union(*(targets(line) for line in TRANSITIONS if stage in line.stages)) for stage in Stage}
    assert {stage.value: set(going) for stage, going in moves.items()} == {
        stage: set(going.split()) for stage, going in MOVES.items()
    }
    assert {line.next for line in BEGINNINGS} == {Stage.CLUE, Stage.PLAN_REVIEW}


def test_every_stage_is_reached_and_has_a_way_to_an_end() -> None:
    reached = {Stage.CLUE}
    while grown := set().union(*(MOVES[stage].split() for stage in reached)) - reached:
        reached |= {Stage(stage) for stage in grown}
    assert reached == set(Stage)
    ending = set(ENDED)
    while more := {stage for stage in Stage if set(MOVES[stage].split()) & ending} - ending:
        ending |= more
    assert ending == set(Stage)


def test_acts_and_events_are_named_once_also_beside_the_consultations() -> None:
    assert len(BY_ACT) == len(BY_EVENT) == len(TRANSITIONS)
    assert not set(BY_ACT) & set(permissions.PERMISSIONS)
    assert not set(RECALL_PERMISSIONS) & set(permissions.PERMISSIONS)
    assert not set(BY_EVENT) & (set(consultation.BY_EVENT) | set(events.OTHER_EVENTS))
    assert events.event_label("clue_recorded") == "登记缺陷线索"
    placed = [stage for step in STEPS for stage in step.stages]
    assert sorted([*placed, *OFF_PATH]) == sorted(Stage) == sorted(STAGE_LABELS)
    assert step_of(Stage.IMPLEMENTING) == 6
    assert step_of(Stage.ESCALATED) is None
    with pytest.raises(KeyError):
        transition("skip_everything")


def test_articles_and_limits_are_those_of_the_edition() -> None:
    used = set()
    for line in TRANSITIONS:
        assert line.decided or line.article
        assert line.article is None or EDITION.article(line.article)
    for kind in RECALL_OBLIGATIONS.values():
        assert kind.act in BY_ACT
        assert set(kind.closed_by) | set(kind.opened_by) <= set(BY_ACT)
        assert kind.opens_on_entry or kind.opened_by
        assert set(kind.opens_on_entry) <= set(kind.stages)
        assert kind.limit is None or EDITION.value(kind.limit).value > 0
        assert kind.is_dated is (kind.counts_from is Anchor.SET)
        assert EDITION.article(kind.article or "")
        used.add(kind.limit)
    unused = set(EDITION.values) - used
    # Suggested dates, which a person sets; and no limit of time.
    assert unused == {"report_suggested_days", "voluntary_plan_days", "slow_recall_points"}


def test_an_obligation_can_be_met_in_every_stage_in_which_it_is_owed() -> None:
    for kind in RECALL_OBLIGATIONS.values():
        for stage in kind.stages:
            assert any(stage in BY_ACT[act].stages for act in kind.closed_by), (kind.kind, stage)


def test_in_every_open_stage_somebody_owes_something() -> None:
    """Publication to closing: nobody waits for nothing. A plan's way is opened by the service of the notice."""
    for stage in Stage:
        owed = [kind for kind in RECALL_OBLIGATIONS.values() if stage in kind.opens_on_entry]
        assert bool(owed) or stage is Stage.CLOSED or stage is Stage.INVESTIGATION, stage


class Walk:
    """A case as the table lets it go: its stage, what is owed with its date, and what was done."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = datetime(2026, 2, 2, 9, tzinfo=BEIJING)
        self.owed: dict[str, datetime | None] = {}
        self.passed: list[Stage] = []
        begun = self.dice.choice(BEGINNINGS)
        assert begun.next is not None
        self.stage = begun.next
        self.enter(begun.act, begun.next)

    def enter(self, act: str, entered: Stage | None) -> None:
        if entered is not None:
            self.passed.append(entered)
            self.owed = {name: due for name, due in self.owed.items() if entered in RECALL_OBLIGATIONS[name].stages}
        for kind in opened(act, self.stage, entered):
            self.owed[kind.kind] = self.due(kind)

    def due(self, kind: RecallObligationKind) -> datetime | None:
        calendar = shipped_calendar()
        if kind.counts_from is Anchor.SET:
            return self.now + timedelta(days=self.dice.randint(1, 90))
        if kind.limit is None:
            return None
        if kind.counts_from is Anchor.STARTED:
            return interim_due(EDITION, beijing_day(self.now), 1, calendar).due_at
        return due_after(EDITION.value(kind.limit), self.now, calendar).due_at

    def step(self) -> None:
        before = self.stage
        line = self.dice.choice([line for line in TRANSITIONS if self.stage in line.stages])
        self.now += timedelta(hours=self.dice.randint(1, 100))
        self.owed = {name: due for name, due in self.owed.items() if line.act not in RECALL_OBLIGATIONS[name].closed_by}
        choices = [line.next, *line.alternatives] if line.alternatives else [line.next]
        entered = self.dice.choice(choices)
        self.stage = entered or before
        self.enter(line.act, entered)
        assert entered is None or entered.value in MOVES[before].split()


def test_two_thousand_random_runs_skip_no_step_and_leave_no_limit_unset() -> None:
    needed = {
        Stage.NOTIFIED: {Stage.INVESTIGATION},
        Stage.OBJECTION: {Stage.NOTIFIED},
        Stage.PUBLICATION: {Stage.PLAN_REVIEW},
        Stage.IMPLEMENTING: {Stage.PUBLICATION, Stage.SUMMARY},
        Stage.SUMMARY: {Stage.IMPLEMENTING},
        Stage.CONSULTING: {Stage.REVIEW},
        Stage.PRODUCER_ANALYSIS: {Stage.REVIEW},
        Stage.ESCALATED: {Stage.NOTIFIED, Stage.PLAN_DUE, Stage.IMPLEMENTING},
    }
    visited = set()
    for seed in range(2000):
        walk = Walk(seed)
        for _ in range(50):
            walk.step()
            for name, due in walk.owed.items():
                kind = RECALL_OBLIGATIONS[name]
                assert walk.stage in kind.stages
                assert (due is not None) is kind.has_deadline, name
        for earlier, later in zip(walk.passed, walk.passed[1:], strict=False):
            assert earlier in needed.get(later, {earlier}), (seed, earlier, later)
        visited |= set(walk.passed)
    assert visited == set(Stage)


def test_no_day_of_the_producers_runs_before_the_receipt_and_only_the_objection_lapses() -> None:
    counted = {kind.kind for kind in RECALL_OBLIGATIONS.values() if kind.counts_from is Anchor.RECEIPT}
    assert counted == {"raise_objection", "hand_in_noticed_plan"}
    assert not counted & {kind.kind for kind in opened("issue_recall_notice", Stage.NOTIFIED, Stage.NOTIFIED)}
    assert counted == {kind.kind for kind in opened("record_service", Stage.NOTIFIED, None)}
    assert [kind.kind for kind in RECALL_OBLIGATIONS.values() if kind.lapses] == ["raise_objection"]
    assert {kind.owner for kind in RECALL_OBLIGATIONS.values() if kind.is_producers} == {Owner.PRODUCER}


NANJING = {"area": "320115", "authority_area": "320100", "authority_institution_id": 10}


def officer(institution_id: int) -> Actor:
    return Actor(9, "监管人员", institution_id, frozenset({Role.OFFICER}))


@pytest.mark.parametrize(
    ("institution_id", "area", "held"),
    [
        (10, "320100", {Relation.AUTHORITY, Relation.CITY, Relation.ABOVE}),
        (1, "320000", {Relation.PROVINCE, Relation.ABOVE}),
        (11, "320115", {Relation.ABOVE}),
        (12, "320116", set()),
        (20, "320200", set()),
        (2, "330000", set()),
    ],
)
def test_officers_see_the_own_area_and_below(institution_id: int, area: str, held: set[Relation]) -> None:
    facts = RecallFacts(Stage.REVIEW, actor_area=area, **NANJING)
    assert relations(officer(institution_id), facts) == held
    assert RECALL_GUARD.may("view_case", frozenset(held), Stage.REVIEW) is bool(held)


def test_a_county_helps_only_where_it_was_asked_and_a_province_that_took_the_case_is_no_city() -> None:
    asked = RecallFacts(Stage.IMPLEMENTING, actor_area="320116", county_institution_ids=frozenset({12}), **NANJING)
    assert relations(officer(12), asked) == {Relation.COUNTY}
    taken = RecallFacts(Stage.INVESTIGATION, "320115", "320000", 1, actor_area="320000")
    assert relations(officer(1), taken) == {Relation.AUTHORITY, Relation.PROVINCE, Relation.ABOVE}
    shanghai = RecallFacts(Stage.REVIEW, "310115", "310000", 3, actor_area="310000")
    assert Relation.CITY in relations(officer(3), shanghai)


def test_technical_institutions_take_part_where_asked_and_others_have_no_relation() -> None:
    facts = RecallFacts(Stage.INVESTIGATION, technical_institution_ids=frozenset({30}), **NANJING)
    assert relations(Actor(1, "某人", 30, frozenset({Role.STAFF})), facts) == {Relation.TECHNICAL}
    assert relations(Actor(1, "某人", 31, frozenset({Role.STAFF})), facts) == frozenset()
    for role in (Role.EXPERT, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR):
        at_the_authority = RecallFacts(Stage.INVESTIGATION, actor_area="320100", **NANJING)
        assert relations(Actor(1, "某人", 10, frozenset({role})), at_the_authority) == frozenset()


@pytest.mark.parametrize(
    ("act", "held", "stage", "refusal"),
    [
        ("issue_recall_notice", {Relation.AUTHORITY}, Stage.INVESTIGATION, None),
        ("issue_recall_notice", {Relation.AUTHORITY}, Stage.REVIEW, WrongStage),
        ("issue_recall_notice", {Relation.COUNTY}, Stage.INVESTIGATION, NotAllowed),
        ("issue_recall_notice", set(), Stage.INVESTIGATION, NotFound),
        ("view_case_file", {Relation.TECHNICAL}, Stage.INVESTIGATION, NotFound),
        ("record_service", {Relation.COUNTY}, Stage.NOTIFIED, None),
        ("take_case", {Relation.CITY, Relation.AUTHORITY, Relation.ABOVE}, Stage.REVIEW, NotAllowed),
    ],
)
def test_the_refusal_fits_who_asks(
    act: str, held: set[Relation], stage: Stage, refusal: type[Exception] | None
) -> None:
    if refusal is None:
        RECALL_GUARD.authorise(act, frozenset(held), stage)
        return
    with pytest.raises(refusal) as refused:
        RECALL_GUARD.authorise(act, frozenset(held), stage)
    assert refused.value.article == (None if refusal is NotFound else BY_ACT[act].article)


def test_a_link_gives_the_producers_acts_and_no_sight_of_the_case() -> None:
    granted = {
        name for name in RECALL_PERMISSIONS if any(RECALL_GUARD.may(name, PRODUCER_BY_LINK, stage) for stage in Stage)
    }
    assert granted == {line.act for line in TRANSITIONS if By.PRODUCER in line.by} | {"view_own_request"}


def test_cases_are_begun_by_officers_and_clues_by_staff_too() -> None:
    assert set(BEGINNING_ROLES) == {line.act for line in BEGINNINGS}
    assert can_begin("record_clue", Actor(1, "某人", 30, frozenset({Role.STAFF})))
    assert not can_begin("receive_voluntary_plan", Actor(1, "某人", 30, frozenset({Role.STAFF})))
    assert not can_begin("record_clue", Actor(1, "某人", None, frozenset({Role.OFFICER})))
