"""少数服从多数: what the signed sheets decide (Art. 8(6)), and how near the result was to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal.rules.editions import Edition
from portal.rules.sheet import SheetAnswers, evaluate
from portal.rules.sheet_rules import QUESTIONS

NO_MAJORITY = "no_majority"
NO_QUORUM = "no_quorum"


@dataclass(frozen=True, slots=True)
class Vote:
    """The three opinions of one signed sheet."""

    defect_finding: str
    recommend_investigation: str
    continued_monitoring: str

    def of(self, question: str) -> str:
        """Return the opinion on one of the three questions."""
        opinion: str = getattr(self, question)
        return opinion


@dataclass(frozen=True, slots=True)
class QuestionTally:
    """The count of one question: votes by answer, in the sheet's order; the winner or why there is none."""

    counts: Mapping[str, int]
    answer: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of one voting round. `quorum` is the number of sheets that a quorum needs."""

    panel: int
    signed: int
    quorum: int
    defect_finding: QuestionTally
    recommend_investigation: QuestionTally
    continued_monitoring: QuestionTally

    @property
    def has_quorum(self) -> bool:
        """Whether enough sheets are signed for the vote to count."""
        return self.signed >= self.quorum

    def of(self, question: str) -> QuestionTally:
        """Return the count of one of the three questions."""
        counted: QuestionTally = getattr(self, question)
        return counted


@dataclass(frozen=True, slots=True)
class VotePivot:
    """One vote on `question`, `given` changed to `changed_to`, would have made the result `result`."""

    question: str
    given: str
    changed_to: str
    result: str | None


@dataclass(frozen=True, slots=True)
class StepPivot:
    """One step of severity or likelihood on sheet `sheet` (from 0) would have made the result `result`."""

    sheet: int
    field: str
    given: int
    changed_to: int
    question: str
    result: str | None


def quorum_of(panel: int, edition: Edition) -> int:
    """Return how many signed sheets a panel needs: more than half of it, and at least three (decided)."""
    more_than_half = panel // edition.value("quorum_divisor").value + 1
    return max(more_than_half, edition.value("quorum_minimum").value)


def tally(panel: int, votes: Sequence[Vote], edition: Edition) -> Tally:
    """Count the signed sheets of a panel of `panel` members (recused ones not counted).

    An answer wins with more than half of the signed sheets (Art. 8(6)). Without a quorum nothing is
    decided. Raises ValueError for a panel below one member, for more sheets than members, and for an
    answer off the sheet.
    """
    if panel < 1:
        raise ValueError("panel must have a member")
    if len(votes) > panel:
        raise ValueError("more sheets than members")
    quorum = quorum_of(panel, edition)
    counted = (_count(question, votes, quorum, edition) for question in QUESTIONS)
    return Tally(panel, len(votes), quorum, *counted)


def tally_as_record(counted: Tally) -> dict[str, Any]:
    """The count as JSON, as it is kept with the round."""
    return {
        "panel": counted.panel,
        "signed": counted.signed,
        "quorum": counted.quorum,
        "questions": {
            question: {
                "counts": dict(counted.of(question).counts),
                "answer": counted.of(question).answer,
                "reason": counted.of(question).reason,
            }
            for question in QUESTIONS
        },
    }


def vote_pivots(panel: int, votes: Sequence[Vote], edition: Edition) -> tuple[VotePivot, ...]:
    """Return every change of one vote that would have turned a result, each once, in the sheet's order."""
    before = tally(panel, votes, edition)
    found: dict[VotePivot, None] = {}
    for question in QUESTIONS:
        allowed = _answers(question, edition)
        for given in allowed:
            index = next((i for i, vote in enumerate(votes) if vote.of(question) == given), None)
            if index is None:
                continue
            for changed_to in allowed:
                changed = _with(votes, index, replace(votes[index], **{question: changed_to}))
                result = tally(panel, changed, edition).of(question).answer
                if result != before.of(question).answer:
                    found[VotePivot(question, given, changed_to, result)] = None
    return tuple(found)


def step_pivots(panel: int, sheets: Sequence[SheetAnswers], edition: Edition) -> tuple[StepPivot, ...]:
    """Return every single step of one expert's severity or likelihood that would have turned a result.

    An opinion that followed the rules' advice is taken to follow it after the step as well; one that
    departed from it, with its written reason, is taken to stay. `sheets` are signed, so all three
    opinions are given.
    """
    votes = [vote_of(sheet) for sheet in sheets]
    before = tally(panel, votes, edition)
    found = []
    for index, sheet in enumerate(sheets):
        for field, given, changed_to, stepped in _steps(sheet, edition):
            vote = _follow(sheet, stepped, edition)
            after = tally(panel, _with(votes, index, vote), edition)
            for question in QUESTIONS:
                if after.of(question).answer != before.of(question).answer:
                    result = after.of(question).answer
                    found.append(StepPivot(index, field, given, changed_to, question, result))
    return tuple(found)


def vote_of(sheet: SheetAnswers) -> Vote:
    """Return the three opinions of a complete sheet. A missing opinion is a ValueError."""
    opinions = [getattr(sheet, question) for question in QUESTIONS]
    if None in opinions:
        raise ValueError("a sheet without all three opinions is no vote")
    return Vote(*opinions)


def _answers(question: str, edition: Edition) -> tuple[str, ...]:
    return tuple(str(value) for value in edition.field(question).values)


def _count(question: str, votes: Sequence[Vote], quorum: int, edition: Edition) -> QuestionTally:
    counts = dict.fromkeys(_answers(question, edition), 0)
    for vote in votes:
        if vote.of(question) not in counts:
            raise ValueError(f"{question}: not an answer of the sheet")
        counts[vote.of(question)] += 1
    if len(votes) < quorum:
        return QuestionTally(counts, None, NO_QUORUM)
    divisor = edition.value("majority_divisor").value
    winner = next((answer for answer, count in counts.items() if count * divisor > len(votes)), None)
    return QuestionTally(counts, winner, None if winner else NO_MAJORITY)


def _steps(sheet: SheetAnswers, edition: Edition) -> Iterator[tuple[str, int, int, SheetAnswers]]:
    for field, given in (("severity", sheet.severity), ("likelihood", sheet.likelihood)):
        if given is None:
            continue
        for changed_to in (given - 1, given + 1):
            if changed_to not in edition.field(field).values:
                continue
            if field == "severity":
                yield field, given, changed_to, replace(sheet, severity=changed_to)
            else:
                yield field, given, changed_to, replace(sheet, likelihood=changed_to)


def _follow(sheet: SheetAnswers, stepped: SheetAnswers, edition: Edition) -> Vote:
    """Return the vote after a step, each opinion that followed the advice following it still."""
    advised, advised_now = evaluate(sheet, edition), evaluate(stepped, edition)
    opinions = []
    for question in QUESTIONS:
        given = getattr(sheet, question)
        now = advised_now.of(question).answer
        opinions.append(now if now is not None and given == advised.of(question).answer else given)
    return Vote(*opinions)


def _with(votes: Sequence[Vote], index: int, vote: Vote) -> list[Vote]:
    return [*votes[:index], vote, *votes[index + 1 :]]
