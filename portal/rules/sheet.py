"""An expert's answers on the 会诊表 and what the annex's rules make of them.

Evaluating never asks for completeness: a rule sees the answers that are there. What is still missing,
contradictory or a departure from the rules is told apart here as well, for the page and for signing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.rules.editions import Edition, RapexLevel
from portal.rules.problem import Problem
from portal.rules.sheet_description import Field, Section
from portal.rules.sheet_rules import Facts, Rule

PRODUCER_CAUSES = ("design", "manufacturing", "warning")


@dataclass(frozen=True, slots=True)
class SheetAnswers:
    """What one expert has answered so far; None is not answered yet.

    Yes and no are "yes" and "no", uncertain is "uncertain". `texts` holds the descriptions by field name,
    `departure_reasons` the written reasons by question.
    """

    standard_nonconformity: str | None = None
    danger_despite_standard: str | None = None
    danger_without_standard: str | None = None
    injury_types: frozenset[str] = frozenset()
    severity: int | None = None
    likelihood: int | None = None
    producer_causes: Mapping[str, str | None] = field(default_factory=lambda: dict.fromkeys(PRODUCER_CAUSES))
    prevalence: str | None = None
    defect_finding: str | None = None
    same_product_recalled: bool = False
    public_attention: bool = False
    recommend_investigation: str | None = None
    continued_monitoring: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    departure_reasons: Mapping[str, str] = field(default_factory=dict)

    def answer(self, name: str) -> object:
        """Return the answer to a field of the sheet; a text that is not given is ""."""
        facts = _facts(self)
        return facts[name] if name in facts else self.texts.get(name, "")


@dataclass(frozen=True, slots=True)
class Derived:
    """A rule's answer to one question and the clauses of the conditions that hold."""

    answer: str | None
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the three rules say about one sheet."""

    defect_finding: Derived
    recommend_investigation: Derived
    continued_monitoring: Derived

    def of(self, question: str) -> Derived:
        """Return what the rules say to one of the three questions."""
        derived: Derived = getattr(self, question)
        return derived


@dataclass(frozen=True, slots=True)
class Departure:
    """An opinion other than the rule's; `proposed` is None where rule 1 proposes nothing."""

    question: str
    proposed: str | None
    given: str
    clauses: tuple[str, ...]
    reason: str


def evaluate(answers: SheetAnswers, edition: Edition) -> Evaluation:
    """Work out the three derived answers with their clauses (annex, 专家意见)."""
    facts = _facts(answers)
    rules = edition.rules
    return Evaluation(
        _derive(rules["defect_finding"], facts),
        _derive(rules["recommend_investigation"], facts),
        _derive(rules["continued_monitoring"], facts),
    )


def rapex_level(severity: int, likelihood: int, edition: Edition) -> RapexLevel:
    """Return the European guidelines' level of a cell, for reference only; off the matrix, a KeyError."""
    return edition.rapex.cells[severity, likelihood]


def missing(answers: SheetAnswers, edition: Edition) -> tuple[Problem, ...]:
    """Return what is still missing before the sheet can be signed, in the sheet's order.

    Asked for: every required choice, severity and likelihood once an injury is ticked (decided), the
    description beside each tick that has one, and the reason of each departure from the rules.
    """
    problems = _unanswered(answers, edition)
    for departure in departures(answers, edition):
        if not departure.reason:
            problems.append(_reason_wanted(departure, edition))
    return tuple(problems)


def contradictions(answers: SheetAnswers, edition: Edition) -> tuple[Problem, ...]:
    """Return each opinion that a binding rule does not allow, naming the ticks that decide (判定规则)."""
    facts = _facts(answers)
    problems = []
    for rule in edition.rules.values():
        given = facts[rule.question]
        if not rule.binding or given is None or given == "yes":
            continue
        for condition in rule.conditions:
            if condition.holds(facts):
                ticks = _name_ticks(condition.deciding(facts), facts, edition)
                message = f"{condition.clause}：已勾选{ticks}，应认定为缺陷消费品"
                problems.append(Problem(rule.question, message, "annex"))
    return tuple(problems)


def departures(answers: SheetAnswers, edition: Edition) -> tuple[Departure, ...]:
    """Return the opinions that differ from what the rules give; each needs a written reason (decided).

    Where an answer that the rule needs is still missing, a "no" of the rule is not known yet and nothing
    departs from it. A binding rule that holds leaves no choice: that is a contradiction, not a departure.
    """
    facts = _facts(answers)
    open_fields = {problem.field for problem in _unanswered(answers, edition)}
    found = []
    for rule in edition.rules.values():
        derived = _derive(rule, facts)
        given = facts[rule.question]
        if not isinstance(given, str) or given == derived.answer:
            continue
        if derived.answer != "yes" and rule.fields & open_fields:
            continue
        # Rule 1 speaks only where it holds, and then leaves no choice; elsewhere only a yes needs a reason.
        if rule.binding and (derived.answer is not None or given != "yes"):
            continue
        reason = answers.departure_reasons.get(rule.question, "").strip()
        found.append(Departure(rule.question, derived.answer, given, derived.clauses, reason))
    return tuple(found)


def signing_problems(answers: SheetAnswers, edition: Edition) -> tuple[Problem, ...]:
    """Return all that stands between the sheet and its signature: contradictions, then what is missing."""
    return contradictions(answers, edition) + missing(answers, edition)


def _facts(answers: SheetAnswers) -> dict[str, object]:
    """Flatten the answers under the field names that the conditions and the sheet use."""
    causes = answers.producer_causes
    return {
        "standard_nonconformity": answers.standard_nonconformity,
        "danger_despite_standard": answers.danger_despite_standard,
        "danger_without_standard": answers.danger_without_standard,
        "injury_types": answers.injury_types,
        "severity": answers.severity,
        "likelihood": answers.likelihood,
        "producer_causes.design": causes.get("design"),
        "producer_causes.manufacturing": causes.get("manufacturing"),
        "producer_causes.warning": causes.get("warning"),
        "prevalence": answers.prevalence,
        "defect_finding": answers.defect_finding,
        "same_product_recalled": answers.same_product_recalled,
        "public_attention": answers.public_attention,
        "recommend_investigation": answers.recommend_investigation,
        "continued_monitoring": answers.continued_monitoring,
    }


def _derive(rule: Rule, facts: Facts) -> Derived:
    clauses = tuple([condition.clause for condition in rule.conditions if condition.holds(facts)])
    return Derived("yes" if clauses else rule.otherwise, clauses)


def _unanswered(answers: SheetAnswers, edition: Edition) -> list[Problem]:
    facts = _facts(answers)
    return [
        _wanting(entry, section, facts, edition)
        for section in edition.sections
        for entry in section.fields
        if not entry.is_filled_by_portal and _is_wanting(entry, facts, answers.texts)
    ]


def _is_wanting(entry: Field, facts: Facts, texts: Mapping[str, str]) -> bool:
    if entry.asked_by:
        given = facts[entry.asked_by]
        asked = entry.asked_when in given if isinstance(given, frozenset) else given == entry.asked_when
        return asked and not texts.get(entry.name, "").strip()
    is_required = entry.required or bool(entry.required_with and facts[entry.required_with])
    return is_required and facts[entry.name] is None


def _wanting(entry: Field, section: Section, facts: Facts, edition: Edition) -> Problem:
    verb = "填写" if entry.type == "text" else "勾选"
    why = ""
    if entry.asked_by:
        why = f"已勾选{_name_ticks((entry.asked_by,), {**facts, entry.asked_by: entry.asked_when}, edition)}，"
    elif entry.required_with:
        why = f"已勾选“{edition.field(entry.required_with).brief}”，"
    message = f"{why}请{verb}“{entry.brief}”（{edition.cite(section.article)}，会诊表）"
    return Problem(entry.name, message, section.article)


def _name_ticks(names: tuple[str, ...], facts: Facts, edition: Edition) -> str:
    """Name ticks as the annex does: “设计原因”; with the answer where the field has three: “普遍性”“是”."""
    parts = []
    for name in names:
        entry = edition.field(name)
        given = facts[name]
        if entry.type == "yes_no_uncertain":
            parts.append(f"{entry.brief}“{entry.option(given).label}”")
        elif entry.type == "ticks":
            parts.append(f"“{entry.option(given).label}”")
        else:
            parts.append(f"“{entry.brief}”")
    quoted = "".join(part for part in parts if part.startswith("“"))
    plain = "".join(part for part in parts if not part.startswith("“"))
    return "和".join(part for part in (quoted, plain) if part)


def _reason_wanted(departure: Departure, edition: Edition) -> Problem:
    entry = edition.field(departure.question)
    given = entry.option(departure.given).label
    if departure.proposed is None:
        why = f"不满足判定规则而勾选“{given}”"
    else:
        clauses = f"（{'、'.join(departure.clauses)}）" if departure.clauses else ""
        why = f"按规则建议为“{entry.option(departure.proposed).label}”{clauses}，勾选了“{given}”"
    title = edition.rules[departure.question].title
    message = f"{title}：{why}，须写明理由（{edition.cite('annex')}，会诊表）"
    return Problem(f"departure_reasons.{departure.question}", message, "annex")
