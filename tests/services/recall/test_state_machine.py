"""Random walks of a recall case through its services: after every act, done or refused, what has to hold holds.

RECALL_RUNS and RECALL_ACTS say how many walks of how many acts; by default what takes some seconds.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument
from portal.models.database import Database
from portal.models.event import Event
from portal.models.obligation import Obligation
from portal.process.errors import NotAllowed, NotFound, Refusal, WrongStage
from portal.process.permissions import Actor
from portal.process.recall_case import Stage, Transition
from portal.process.recall_obligations import RECALL_OBLIGATIONS, Owner
from portal.rules.regions import covers
from portal.services.kernel.case_loading import area_of, load_case
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall.listing import CaseFilter, list_cases
from tests.factories.recall_story import RecallWorld, build_recall_world
from tests.factories.recall_walk import Walk
from tests.factories.world import NOON

RUNS, ACTS = int(os.environ.get("RECALL_RUNS", "12")), int(os.environ.get("RECALL_ACTS", "50"))
FIRST_SEED = int(os.environ.get("RECALL_SEED", "0"))
_NUMBER = re.compile(r"(.+〔\d{4}〕)(\d+)号")


@pytest.fixture
def walking(sqlite_database: Database) -> Iterator[tuple[Session, RecallWorld]]:
    with sqlite_database.write() as db:
        yield db, build_recall_world(db)


def test_what_has_to_hold_holds_on_every_walk(walking: tuple[Session, RecallWorld]) -> None:
    db, made = walking
    reached: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + RUNS):
        point = db.begin_nested()
        walk = Walk(db, made, seed, NOON)
        watcher, trail = Watcher(walk), []
        try:
            for _ in range(ACTS):
                walk.pass_time()
                if walk.stage is Stage.CONSULTING and walk.chance.random() < 0.5:
                    walk.discard_consultation()
                line, actor = walk.choose()
                before, state = walk.stage, watcher.state()
                trail.append(f"{before} {line.act} by {actor.name if actor else 'link'} at {walk.now:%m-%d %H:%M}")
                refused = walk.try_act(line, actor)
                trail[-1] += f": {refused.message}" if refused else ""
                watcher.check(line, before, state, refused)
                reached[walk.stage] += 1
                done[line.act] += refused is None
        except Exception as broken:
            broken.add_note(f"seed {seed}:\n" + "\n".join(trail))
            raise
        point.rollback()
        db.expunge_all()
    if RUNS >= 25:
        assert set(reached) == set(Stage), set(Stage) - set(reached)
        assert len(done) > 40
    print(f"{RUNS} walks of {ACTS} acts; done: {dict(done.most_common())}; stages: {dict(reached)}")


class Watcher:
    """What holds of a case at any time, and between two moments."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.db = walk, walk.db
        self.settled: dict[int, tuple[Any, ...]] = {}
        self.seen: dict[tuple[Any, ...], bool] = {}

    def state(self) -> tuple[Any, ...]:
        """All that an act may change, in short."""
        db, case_id = self.db, self.walk.case_id
        obligations = db.execute(
            select(Obligation.id, Obligation.due_at, Obligation.closed_at, Obligation.institution_id)
            .where(Obligation.recall_case_id == case_id)
            .order_by(Obligation.id)
        ).all()
        documents = db.execute(
            select(CaseDocument.id, CaseDocument.state, CaseDocument.version)
            .where(CaseDocument.case_id == case_id)
            .order_by(CaseDocument.id)
        ).all()
        events = db.scalar(select(func.count(Event.id)).where(Event.recall_case_id == case_id))
        case = self.walk.case
        return (case.stage, case.version, case.authority_id, case.area, obligations, documents, events)

    def check(self, line: Transition, before: Stage, state: tuple[Any, ...], refused: Refusal | None) -> None:
        """After an act that was tried in the stage `before`."""
        if refused is not None:
            assert self.state() == state, "a refused act changes nothing"
            if before not in line.stages:
                assert isinstance(refused, WrongStage | NotAllowed | NotFound), "out of turn"
            return
        assert before in line.stages, "no act out of turn"
        ways = {line.next or before, *line.alternatives}
        assert self.walk.stage in (ways if line.next or line.alternatives else {before}), "as the table says"
        self._obligations()
        self._documents()
        self._numbers()
        self._visibility()

    def _obligations(self) -> None:
        case, stage = self.walk.case, self.walk.stage
        owed = open_in_case(self.db, case.id)
        for one in owed:
            kind = RECALL_OBLIGATIONS[one.kind]
            assert stage in kind.stages, f"{one.kind} is not owed in {stage}"
            assert one.due_at is not None or not kind.has_deadline, f"no limit of {one.kind}"
            if kind.owner is Owner.AUTHORITY:
                assert one.institution_id == case.authority_id, f"{one.kind} is the authority's"
        assert len({(one.kind, one.institution_id) for one in owed}) == len(owed), "owed once"
        assert owed or stage is Stage.CLOSED, f"nothing is owed in {stage}"
        dues = [one.due_at for one in owed if one.due_at is not None]
        assert case.next_due_at == min(dues, default=None), "the next deadline"
        assert (case.closed_at is not None) is (stage is Stage.CLOSED) is (case.outcome is not None)

    def _documents(self) -> None:
        query = select(CaseDocument).where(CaseDocument.case_id == self.walk.case_id, CaseDocument.state != "draft")
        for one in self.db.scalars(query.execution_options(populate_existing=True)):
            text = (one.annex, one.revision, one.number, repr(one.stored_values), one.settled_at, one.dated_on,
                    one.signed_by, one.due_at, one.is_late, one.made_by)  # fmt: skip
            assert self.settled.setdefault(one.id, text) == text, "what is settled stays"

    def _numbers(self) -> None:
        serials: dict[str, list[int]] = defaultdict(list)
        for number in self.db.scalars(select(CaseDocument.number).where(CaseDocument.number != "")):
            found = _NUMBER.fullmatch(number)
            assert found is not None, number
            serials[found[1]].append(int(found[2]))
        for series, given in serials.items():
            assert sorted(given) == list(range(1, len(given) + 1)), f"{series} has a gap"

    def _visibility(self) -> None:
        """List and page agree for everybody, and nobody sees what is neither in the area nor asked of them."""
        case = self.walk.case
        takes_part = frozenset((one.institution_id, one.role) for one in self._participants())
        for actor in self.walk.people:
            key = (actor.person_id, case.authority_id, case.area, takes_part)
            if key in self.seen:
                continue
            self.seen[key] = can_open = self._can_open(actor)
            assert can_open is self._is_listed(actor), f"list and page disagree for {actor.name}"
            if can_open:
                area = area_of(self.db, actor)
                is_inside = area is not None and (covers(area, case.area) or actor.institution_id == case.authority_id)
                is_asked = any(actor.institution_id == one for one, _ in takes_part)
                assert is_inside or is_asked, f"{actor.name} sees what is outside the area"

    def _participants(self) -> list[Any]:
        self.db.expire(self.walk.case, ["participants"])
        return list(self.walk.case.participants)

    def _can_open(self, actor: Actor) -> bool:
        try:
            load_case(self.db, actor=actor, case_id=self.walk.case_id, permission="view_case", now=self.walk.now)
        except NotFound:
            return False
        return True

    def _is_listed(self, actor: Actor) -> bool:
        try:
            page = list_cases(self.db, actor=actor, wanted=CaseFilter(tab="all"), now=self.walk.now)
        except NotAllowed:
            return False
        return self.walk.case_id in {one.id for one in page.cases}
