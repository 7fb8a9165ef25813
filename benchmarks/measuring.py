"""Measuring one call: the least CPU time out of many, statements, bytes.

Wall times swing with what else the machine does, so the CPU time of this process decides; the least of many
calls is the one that nobody disturbed. What a database server computes for us is in the wall time only.
"""

from __future__ import annotations

import gc
import gzip
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

CALLS = 200
Call = Callable[[], bytes]
"""Does the work once and returns the answer's body (empty where there is none)."""


@dataclass
class Cost:
    """What one call costs; seconds, statements as sent to the database, bytes of the body."""

    cpu: float = float("inf")
    wall: float = float("inf")
    statements: int = 0
    raw: int = 0
    compressed: int = 0

    def note(self, cpu: float, wall: float) -> None:
        """Keep the least."""
        self.cpu, self.wall = min(self.cpu, cpu), min(self.wall, wall)


@dataclass
class Statements:
    """The statements that went to the database while they were counted."""

    texts: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)


@contextmanager
def counted(engine: Engine) -> Iterator[Statements]:
    """Count what is sent to the database, without BEGIN and the pool's ping."""
    found = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            found.texts.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def measure(
    calls: Sequence[Call],
    engines: Sequence[Engine],
    *,
    times: int = CALLS,
    before: Callable[[], None] = lambda: None,
) -> list[Cost]:
    """The cost of each call, by turns in one run, so that all meet the same machine.

    `before` is done ahead of each call and not measured.
    """
    costs = [_first(call, engine, before) for call, engine in zip(calls, engines, strict=True)]
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            for call, cost in zip(calls, costs, strict=True):
                before()
                cpu, wall = time.process_time(), time.perf_counter()
                call()
                cost.note(time.process_time() - cpu, time.perf_counter() - wall)
            gc.collect(0)
    finally:
        gc.enable()
    return costs


def _first(call: Call, engine: Engine, before: Callable[[], None]) -> Cost:
    """Call twice, to fill caches and then to count."""
    before()
    call()
    before()
    with counted(engine) as statements:
        body = call()
    return Cost(statements=len(statements), raw=len(body), compressed=len(gzip.compress(body, 6)) if body else 0)
