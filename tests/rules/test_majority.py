"""Every split of every panel against an oracle; and what one vote or one step would have turned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest

from portal.rules.editions import load_edition
from portal.rules.majority import StepPivot, Tally, Vote, VotePivot, quorum_of, step_pivots, tally, vote_of, vote_pivots
from portal.rules.sheet import SheetAnswers
from tests.rules.answers import complete_answers

EDITION = load_edition()


def splits(signed: int) -> Iterator[tuple[int, int, int]]:
    """Yield every way in which `signed` sheets say yes, no and uncertain."""
    for yes in range(signed + 1):
        for no in range(signed - yes + 1):
            yield yes, no, signed - yes - no


def votes_of(yes: int, no: int, uncertain: int) -> list[Vote]:
    """Return sheets with that split of the finding; the two other questions get yes and the rest no."""
    findings = ["yes"] * yes + ["no"] * no + ["uncertain"] * uncertain
    return [Vote(finding, finding if finding == "yes" else "no", "no") for finding in findings]


def oracle(panel: int, opinions: list[str]) -> tuple[str | None, str | None]:
    """Judge by sorting: the commonest answer must outnumber all other sheets together."""
    if len(opinions) < 3 or len(opinions) <= panel - len(opinions):
        return None, "no_quorum"
    (answer, count), *_ = Counter(opinions).most_common()
    return (answer, None) if count > len(opinions) - count else (None, "no_majority")


@pytest.mark.parametrize("panel", [1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_every_split_with_any_number_of_sheets_missing(panel: int) -> None:
    for signed in range(panel + 1):
        for split in splits(signed):
            votes = votes_of(*split)
            counted = tally(panel, votes, EDITION)
            for question in ("defect_finding", "recommend_investigation", "continued_monitoring"):
                got = counted.of(question)
                opinions = [vote.of(question) for vote in votes]
                assert (got.answer, got.reason) == oracle(panel, opinions), (panel, split, question)
                assert {answer: n for answer, n in got.counts.items() if n} == Counter(opinions)
            assert counted.has_quorum == (oracle(panel, ["yes"] * signed)[1] != "no_quorum")


@pytest.mark.parametrize("panel", [3, 4, 5])
def test_the_questions_are_counted_apart(panel: int) -> None:
    one = [Vote(*opinions) for opinions in product(("yes", "no", "uncertain"), ("yes", "no"), ("yes", "no"))]
    for first, second in product(one, one):
        votes = [first, second, *[first] * (panel - 2)]
        counted = tally(panel, votes, EDITION)
        assert (counted.defect_finding.answer, counted.recommend_investigation.answer) == (
            first.defect_finding,
            first.recommend_investigation,
        )


def test_two_two_one_has_no_majority() -> None:
    got = tally(5, votes_of(2, 2, 1), EDITION).defect_finding
    assert (got.answer, got.reason, dict(got.counts)) == (None, "no_majority", {"yes": 2, "no": 2, "uncertain": 1})


def test_the_quorum_is_more_than_half_and_at_least_three() -> None:
    assert {panel: quorum_of(panel, EDITION) for panel in (1, 3, 4, 5, 6, 7, 9)} == {
        1: 3,
        3: 3,
        4: 3,
        5: 3,
        6: 4,
        7: 4,
        9: 5,
    }


@pytest.mark.parametrize(
    ("panel", "votes"),
    [
        (0, []),
        (-1, []),
        (2, votes_of(3, 0, 0)),
        (3, [Vote("perhaps", "yes", "no")]),
        (3, [Vote("yes", "uncertain", "no")]),
    ],
)
def test_what_is_no_vote_is_refused(panel: int, votes: list[Vote]) -> None:
    with pytest.raises(ValueError, match=r"panel|sheets|answer"):
        tally(panel, votes, EDITION)


def turned(before: Tally, after: Tally, question: str) -> bool:
    return before.of(question).answer != after.of(question).answer


@pytest.mark.parametrize("panel", [3, 4, 5, 7])
def test_vote_pivots_are_exactly_the_changes_that_turn_a_finding(panel: int) -> None:
    for signed in range(3, panel + 1):
        for split in splits(signed):
            votes = votes_of(*split)
            before = tally(panel, votes, EDITION)
            expected = set()
            for index, changed_to in product(range(signed), ("yes", "no", "uncertain")):
                given = votes[index]
                other = Vote(changed_to, given.recommend_investigation, given.continued_monitoring)
                after = tally(panel, [*votes[:index], other, *votes[index + 1 :]], EDITION)
                if turned(before, after, "defect_finding"):
                    result = after.defect_finding.answer
                    expected.add(VotePivot("defect_finding", given.defect_finding, changed_to, result))
            pivots = vote_pivots(panel, votes, EDITION)
            assert {pivot for pivot in pivots if pivot.question == "defect_finding"} == expected
            assert len(set(pivots)) == len(pivots)


def test_three_to_two_turns_by_one_vote_and_four_to_one_does_not() -> None:
    votes = [Vote("yes", "yes", "yes")] * 3 + [Vote("no", "yes", "no"), Vote("no", "no", "no")]
    pivots = vote_pivots(5, votes, EDITION)
    assert {pivot.question for pivot in pivots} == {"defect_finding", "continued_monitoring"}
    assert VotePivot("continued_monitoring", "yes", "no", "no") in pivots
    assert VotePivot("defect_finding", "yes", "uncertain", None) in pivots


def advised(severity: int, likelihood: int, investigate: str, monitor: str) -> SheetAnswers:
    return complete_answers(
        severity=severity,
        likelihood=likelihood,
        recommend_investigation=investigate,
        continued_monitoring=monitor,
    )


def test_a_step_turns_what_followed_the_advice_and_leaves_a_departure() -> None:
    """Sheet 2 stands on the border; the one beside it departed from the advice and stays with its opinion."""
    sheets = [
        advised(3, 5, "yes", "no"),
        advised(3, 6, "yes", "no"),
        advised(2, 3, "no", "yes"),
        advised(2, 3, "yes", "yes"),
        advised(1, 1, "no", "yes"),
    ]
    pivots = step_pivots(5, sheets, EDITION)
    assert set(pivots) == {
        StepPivot(2, "severity", 2, 3, "continued_monitoring", "no"),
        StepPivot(2, "likelihood", 3, 4, "continued_monitoring", "no"),
        StepPivot(3, "severity", 2, 3, "continued_monitoring", "no"),
        StepPivot(3, "likelihood", 3, 4, "continued_monitoring", "no"),
    }


def test_a_step_never_leaves_the_matrix_or_turns_a_clear_result() -> None:
    sheets = [advised(4, 8, "yes", "no")] * 2 + [advised(1, 1, "no", "yes")]
    for pivot in step_pivots(3, sheets, EDITION):
        assert pivot.changed_to in range(1, 9 if pivot.field == "likelihood" else 5)
    assert step_pivots(5, [advised(4, 8, "yes", "no")] * 5, EDITION) == ()


def test_a_sheet_whose_matrix_is_open_has_no_step() -> None:
    sheets = [complete_answers(severity=None, likelihood=None, recommend_investigation="no")] * 3
    assert step_pivots(3, sheets, EDITION) == ()


def test_a_sheet_without_an_opinion_is_no_vote() -> None:
    assert vote_of(complete_answers()) == Vote("yes", "yes", "no")
    with pytest.raises(ValueError, match="no vote"):
        vote_of(complete_answers(continued_monitoring=None))
