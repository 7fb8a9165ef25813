"""The annex's three rules as data: conditions compiled from an edition's rules.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The three questions the panel decides, in the annex's order.
QUESTIONS = ("defect_finding", "recommend_investigation", "continued_monitoring")

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule, with the annex's clause, number and words.

    `groups` is an "and" of "or"s: it holds when in every group some field has one of the listed answers.
    """

    clause: str
    number: str
    text: str
    groups: tuple[tuple[tuple[str, frozenset[object]], ...], ...]

    def holds(self, facts: Facts) -> bool:
        """Tell whether the answers satisfy the condition."""
        for group in self.groups:
            for field, values in group:
                if facts[field] in values:
                    break
            else:
                return False
        return True

    def deciding(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of the fields whose answers make the condition hold, in the annex's order."""
        return tuple(field for group in self.groups for field, values in group if facts[field] in values)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the annex.

    `binding` tells 则判定为 (the answer follows) from 建议 (advice); `otherwise` is the derived answer
    where no condition holds, None where the rule then says nothing.
    """

    question: str
    title: str
    lead_in: str
    wording: str
    binding: bool
    otherwise: str | None
    conditions: tuple[Condition, ...]

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields the rule looks at."""
        return frozenset(field for c in self.conditions for group in c.groups for field, _ in group)


def read_rules(table: Mapping[str, Any]) -> dict[str, Rule]:
    """Compile the parsed rules.toml; the result is keyed by question. A missing key is a KeyError."""
    return {question: _read_rule(question, table[question]) for question in QUESTIONS}


def _read_rule(question: str, table: Mapping[str, Any]) -> Rule:
    return Rule(
        question=question,
        title=table["title"],
        lead_in=table["lead_in"],
        wording=table["question"],
        binding=table["binding"],
        otherwise=table["otherwise"] or None,
        conditions=tuple(_read_condition(entry) for entry in table["conditions"]),
    )


def _read_condition(entry: Mapping[str, Any]) -> Condition:
    groups = tuple(tuple((line["field"], frozenset(line["is"])) for line in group) for group in entry["all_of"])
    return Condition(entry["clause"], entry["number"], entry["text"], groups)
