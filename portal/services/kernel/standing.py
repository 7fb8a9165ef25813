"""What is owed because of how things stand, and not by an act of a consultation: worked out, and kept in step.

A kind says what of it is owed now (`Standing`); `keep` compares that with what is open, opens what is missing, moves
what has another date and closes what is owed no more. It can be called at any time, as often as liked: by the act
that ends or begins it, and by the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.obligation import OWNERS, SUBJECTS, Obligation
from portal.services.kernel.obligations import move, oblige_for

_ALL: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that is owed, by one of OWNERS, about one of SUBJECTS or nothing."""

    since_at: datetime
    due_at: datetime | None = None
    institution_id: int | None = None
    role: str | None = None
    consultation_id: int | None = None
    term_id: int | None = None
    year: int | None = None

    @property
    def parts(self) -> dict[str, Any]:
        """The columns that say who owes it and what it is about."""
        given = {name: getattr(self, name, None) for name in (*OWNERS, *SUBJECTS)}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def slot(self) -> str:
        """What tells it from all others of its kind."""
        return " ".join(f"{name}:{value}" for name, value in self.parts.items())

    def is_of(self, parts: Mapping[str, int]) -> bool:
        """Whether it has all of `parts`."""
        return parts.items() <= self.parts.items()


@dataclass(frozen=True, slots=True)
class Changes:
    """What `keep` has to do, or did."""

    opened: list[Standing] = field(default_factory=list)
    moved: list[tuple[Obligation, Standing]] = field(default_factory=list)
    closed: list[Obligation] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.opened or self.moved or self.closed)


def changes(db: Session, kind: str, wanted: Iterable[Standing], *, only: Mapping[str, int] = _ALL) -> Changes:
    """How what is open of a kind differs from what is owed; of all, or of what has the parts `only`."""
    owed = {one.slot: one for one in wanted if one.is_of(only)}
    query = select(Obligation).where(
        Obligation.kind == kind, Obligation.closed_at.is_(None), Obligation.slot.is_not(None)
    )
    for name, value in only.items():
        query = query.where(getattr(Obligation, name) == value)
    found = {one.slot: one for one in db.scalars(query.order_by(Obligation.id))}
    return Changes(
        [one for slot, one in owed.items() if slot not in found],
        [(found[slot], one) for slot, one in owed.items() if slot in found and found[slot].due_at != one.due_at],
        [one for slot, one in found.items() if slot not in owed],
    )


def keep(
    db: Session,
    kind: str,
    wanted: Iterable[Standing],
    *,
    now: datetime,
    met: bool = False,
    only: Mapping[str, int] = _ALL,
) -> Changes:
    """Bring what is open of a kind in step with what is owed. `met`: what is owed no more was done, not lifted."""
    db.flush()
    done = changes(db, kind, wanted, only=only)
    for obligation in done.closed:
        obligation.closed_at, obligation.is_met = now, met
    for obligation, one in done.moved:
        move(obligation, due_at=one.due_at, now=now)
    db.flush()
    for one in done.opened:
        oblige_for(db, kind, since_at=one.since_at, due_at=one.due_at, slot=one.slot, **one.parts)
    return done
