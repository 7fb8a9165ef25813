"""Random walks of a recall case through its services: after every act, done or refused, what has to hold holds.

RECALL_RUNS and RECALL_ACTS say how many walks of how many acts; by default what takes some seconds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.process.recall_case import Stage
from tests.factories.recall_story import RecallWorld, build_recall_world
from tests.factories.recall_walk import ACTS, Walk
from tests.factories.world import NOON
from tests.support.recall_watcher import Watcher

RUNS, LENGTH = int(os.environ.get("RECALL_RUNS", "8")), int(os.environ.get("RECALL_ACTS", "50"))
FIRST_SEED = int(os.environ.get("RECALL_SEED", "0"))
ENOUGH = 200
"""Walks in which every act is done and refused, in every stage; in fewer, most are."""


@pytest.fixture
def walking(sqlite_database: Database) -> Iterator[tuple[Session, RecallWorld]]:
    with sqlite_database.write() as db:
        yield db, build_recall_world(db)


def test_what_has_to_hold_holds_on_every_walk(walking: tuple[Session, RecallWorld]) -> None:
    db, made = walking
    reached, done, refused = Counter[str](), Counter[str](), Counter[str]()
    for seed in range(FIRST_SEED, FIRST_SEED + RUNS):
        point = db.begin_nested()
        walk_once(db, made, seed, reached, done, refused)
        point.rollback()
        db.expunge_all()
    every = {line.act for line in ACTS}
    share = done.total() / (done.total() + refused.total())
    print(f"{RUNS} walks of {LENGTH} acts from seed {FIRST_SEED}, {share:.0%} done")
    print(f"done: {dict(done.most_common())}\nrefused: {dict(refused.most_common())}\nstages: {dict(reached)}")
    assert share >= 0.55
    if RUNS * LENGTH >= ENOUGH * 50:
        assert (set(done), set(refused), set(reached)) == (every, every, set(Stage))
    else:
        assert len(done) >= len(every) * 3 / 5
        assert len(reached) >= len(Stage) * 3 / 4


def walk_once(
    db: Session, made: RecallWorld, seed: int, reached: Counter[str], done: Counter[str], refused: Counter[str]
) -> None:
    """One walk; what breaks is raised with all that was done before."""
    walk = Walk(db, made, seed, NOON)
    watcher, trail = Watcher(walk), list[str]()
    try:
        for _ in range(LENGTH):
            walk.pass_time()
            attempt, before = walk.choose(), walk.stage
            if before is Stage.CONSULTING:  # where the consultation goes on as well
                watcher.look()
            why_not = walk.try_act(attempt)
            trail.append(f"{before} {attempt.line.act} by {attempt.by} at {walk.now:%m-%d %H:%M}")
            trail[-1] += f" {'(astray)' if walk.is_astray else ''}: {why_not.message}" if why_not else ""
            watcher.check(attempt, before, why_not)
            reached[walk.stage] += 1
            (done if why_not is None else refused)[attempt.line.act] += 1
        watcher.finish()
    except Exception as broken:
        broken.add_note(f"seed {seed}:\n" + "\n".join(trail))
        raise
