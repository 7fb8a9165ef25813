"""What a good panel is worth, and how to find one: fitting, spread, free, odd (Art. 8(1)).

The worth of a panel is the sum of
  + COVERAGE, shared out over the fields that the product asks for, for each that somebody is at home in;
  + FIT for each such field of each expert, three at most: two who know the matter see more than one;
  + SPREAD for each institution that is represented;
  - CROWD for each pair from one register, and SAME_EMPLOYER for each pair of one employer;
  - LOAD for each open panel of each expert, BUSIEST at most.
Conflicts are no matter of weighing: who has one is no candidate. The size is settled before, and always odd.

Found by greedy choices from several beginnings, each bettered by exchanges of one and two until none
helps; measured against every possible panel of 1,000 random registers in the tests. The same candidates always give
the same panel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

COVERAGE = 400
FIT = 10
SPREAD = 60
CROWD = 15
SAME_EMPLOYER = 40
LOAD = 8
MOST_FITTING = 3
BUSIEST = 5
_BEGINNINGS = 10
_PER_REGISTER = 12  # experts of one register that are looked at closely
_PER_FIELD = 3  # and of one field in it
_IN_PAIRS = 30  # of the shortlist, for exchanges of two


@dataclass(frozen=True)
class Candidate:
    """An expert as the choice sees one; `fields` are keys of the list."""

    expert_id: int
    institution_id: int
    fields: frozenset[str]
    load: int = 0
    employer: str = ""


def worth(panel: Collection[Candidate], wanted: frozenset[str]) -> float:
    """What a panel is worth, in points, for a product that asks for the fields `wanted`."""
    points, covered, institutions = 0.0, set[str](), set[int]()
    for one in panel:
        fitting = one.fields & wanted
        covered |= fitting
        institutions.add(one.institution_id)
        points += FIT * min(len(fitting), MOST_FITTING) - LOAD * min(one.load, BUSIEST)
    for one, other in combinations(panel, 2):
        if one.institution_id == other.institution_id:
            points -= CROWD
        if one.employer and one.employer == other.employer:
            points -= SAME_EMPLOYER
    if wanted:
        points += COVERAGE * len(covered) / len(wanted)
    return points + SPREAD * len(institutions)


def choose_panel(
    sitting: Sequence[Candidate], free: Sequence[Candidate], wanted: frozenset[str], places: int
) -> tuple[Candidate, ...]:
    """The best found `places` of `free` beside those who sit already, by id; ValueError for more than there are."""
    if places > len(free):
        raise ValueError("more places than candidates")
    if not places:
        return ()
    near = _shortlist(free, wanted, places)
    first = sorted(near, key=lambda one: (-worth([*sitting, one], wanted), one.expert_id))[:_BEGINNINGS]
    tried = [_bettered(sitting, _greedy(sitting, one, near, wanted, places), near, wanted) for one in first]
    best = max(tried, key=lambda found: (worth([*sitting, *found], wanted), [-one.expert_id for one in found]))
    while (better := _pair_exchanged(sitting, best, near[:_IN_PAIRS], wanted)) is not None:
        best = _bettered(sitting, better, near, wanted)
    return tuple(best)


def _greedy(
    sitting: Sequence[Candidate], first: Candidate, near: Sequence[Candidate], wanted: frozenset[str], places: int
) -> list[Candidate]:
    chosen = [first]
    while len(chosen) < places:
        panel = [*sitting, *chosen]
        rest = (one for one in near if one not in chosen)
        chosen.append(max(rest, key=lambda one: (worth([*panel, one], wanted), -one.expert_id)))
    return chosen


def _bettered(
    sitting: Sequence[Candidate], chosen: list[Candidate], near: Sequence[Candidate], wanted: frozenset[str]
) -> list[Candidate]:
    """Exchange one for another as long as that is worth more."""
    present, is_better = worth([*sitting, *chosen], wanted), True
    while is_better:
        is_better = False
        for place in range(len(chosen)):
            others = [*sitting, *chosen[:place], *chosen[place + 1 :]]
            rest = (one for one in near if one not in chosen)
            best = max(rest, key=lambda one: (worth([*others, one], wanted), -one.expert_id), default=None)
            if best is not None and worth([*others, best], wanted) > present:
                chosen = [*chosen[:place], best, *chosen[place + 1 :]]
                present, is_better = worth([*sitting, *chosen], wanted), True
    return sorted(chosen, key=lambda one: one.expert_id)


def _pair_exchanged(
    sitting: Sequence[Candidate], chosen: list[Candidate], near: Sequence[Candidate], wanted: frozenset[str]
) -> list[Candidate] | None:
    """The best exchange of two for two others; None when none is worth more. Leads out of where single ones end."""
    present, best = worth([*sitting, *chosen], wanted), None
    others = [one for one in near if one not in chosen]
    for leaving in combinations(chosen, 2):
        staying = [one for one in chosen if one not in leaving]
        for coming in combinations(others, 2):
            value = worth([*sitting, *staying, *coming], wanted)
            if value > present:
                present, best = value, [*staying, *coming]
    return best


def _shortlist(free: Iterable[Candidate], wanted: frozenset[str], places: int) -> list[Candidate]:
    """Those of each register who can be in a best panel: the fittest, and the fittest of each field."""
    kept: list[Candidate] = []
    taken: dict[tuple[int, str], int] = {}
    ranked = sorted(
        free, key=lambda one: (-min(len(one.fields & wanted), MOST_FITTING) * FIT + LOAD * one.load, one.expert_id)
    )
    for one in ranked:
        keys = [(one.institution_id, key) for key in sorted(one.fields & wanted)]
        room = taken.get((one.institution_id, ""), 0) < max(_PER_REGISTER, places)
        if room or any(taken.get(key, 0) < _PER_FIELD for key in keys):
            kept.append(one)
            for key in ((one.institution_id, ""), *keys):
                taken[key] = taken.get(key, 0) + 1
    return kept
