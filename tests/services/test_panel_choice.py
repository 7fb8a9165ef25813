"""The choice of a panel, measured against every panel there is, on a thousand random registers."""

from itertools import combinations
from random import Random
from time import perf_counter

import pytest

from portal.rules.editions import load_edition
from portal.rules.panel import is_odd_panel
from portal.services.consultation.panel_choice import Candidate, choose_panel, worth

FIELDS = [f"field{number}" for number in range(9)]
REGISTERS = 1000
SHARDS = 4


def register_of(random: Random, size: int) -> list[Candidate]:
    return [
        Candidate(
            expert_id=number,
            institution_id=random.randint(1, 4),
            fields=frozenset(random.sample(FIELDS, random.randint(0, 4))),
            load=random.choice([0, 0, 0, 1, 2, 4]),
            employer=random.choice("abcdefgh"),
        )
        for number in range(1, size + 1)
    ]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_choice_is_within_two_percent_of_the_best_there_is(shard: int) -> None:
    for seed in range(shard, REGISTERS, SHARDS):
        random = Random(seed)
        free = register_of(random, random.randint(3, 11))
        sitting = [Candidate(100 + n, random.randint(1, 4), frozenset()) for n in range(random.choice([0, 0, 0, 1, 2]))]
        wanted = frozenset(random.sample(FIELDS, random.randint(0, 5)))
        places = (5 if len(free) >= 5 else 3) - len(sitting)
        chosen = choose_panel(sitting, free, wanted, places)
        best = max(worth([*sitting, *every], wanted) for every in combinations(free, places))
        found = worth([*sitting, *chosen], wanted)
        assert len(set(chosen)) == places
        assert is_odd_panel(len(sitting) + len(chosen), load_edition())
        assert found >= best - 0.02 * abs(best), f"register {seed}: {found} of {best}"


def test_a_large_register_is_no_reason_to_wait() -> None:
    random = Random(7)
    free, wanted = register_of(random, 20_000), frozenset(FIELDS[:5])
    begun = perf_counter()
    chosen = choose_panel([], free, wanted, 5)
    assert perf_counter() - begun < 3
    assert {one.institution_id for one in chosen} == {1, 2, 3, 4}
    assert wanted == frozenset().union(*(one.fields for one in chosen)) & wanted


def test_each_part_of_the_worth_counts() -> None:
    wanted = frozenset({"toys", "law"})
    toys, law = Candidate(1, 1, frozenset({"toys"})), Candidate(2, 2, frozenset({"law"}))
    base = worth([toys, law], wanted)
    assert base > worth([toys, Candidate(2, 2, frozenset())], wanted), "a field less"
    assert base > worth([toys, Candidate(2, 1, frozenset({"law"}))], wanted), "one register only"
    assert base > worth([toys, Candidate(2, 2, frozenset({"law"}), load=2)], wanted), "busy"
    same = worth(
        [Candidate(1, 1, frozenset({"toys"}), 0, "某院"), Candidate(2, 2, frozenset({"law"}), 0, "某院")], wanted
    )
    assert base > same, "one employer"
    with pytest.raises(ValueError, match="more places"):
        choose_panel([], [toys], wanted, 3)
