"""What the rules say about a sheet while it is being filled in, in the words of the page. Pure: no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from portal.rules.editions import Edition, load_edition
from portal.rules.problem import Problem
from portal.rules.sheet import (
    Derived,
    Evaluation,
    SheetAnswers,
    contradictions,
    departures,
    evaluate,
    missing,
    rapex_level,
)
from portal.rules.sheet_description import Field, Section
from portal.rules.sheet_rules import Condition, Rule

INVESTIGATE, MONITOR = "investigate", "monitor"
_CHOICES = ("yes_no", "yes_no_uncertain", "level", "ticks")


@dataclass(frozen=True)
class RuleResult:
    """What one rule gives: state 'yes', 'no' or 'open'; `conditions` are the parts that must hold together."""

    question: str
    title: str
    words: str
    state: str
    why: str
    conditions: tuple[tuple[str, bool], ...]
    clauses: tuple[str, ...]
    advice: str  # said beside the question itself; "" where there is nothing to say
    departs: bool  # the opinion is another one, so that a reason is asked for
    contradiction: str  # the opinion is one that a binding rule does not allow


@dataclass(frozen=True)
class Matrix:
    """Severity by likelihood, worked out from the rules themselves."""

    cells: Mapping[int, Mapping[int, str]]
    severities: tuple[tuple[int, str, str], ...]
    likelihoods: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class LiveRules:
    """All that the page shows beside the sheet and that follows from the answers."""

    results: tuple[RuleResult, ...]
    severity: int | None
    likelihood: int | None
    reference: str
    problems: tuple[Problem, ...]
    missing: tuple[tuple[str, str], ...]
    states: Mapping[str, str]  # of each section: 'done', 'part' or 'open'
    done: int
    total: int
    edition_title: str

    @property
    def can_sign(self) -> bool:
        """Whether nothing stands between the sheet and its signature."""
        return not self.problems

    def of(self, question: str) -> RuleResult:
        """The result for one question."""
        return next(result for result in self.results if result.question == question)


def live_rules(answers: SheetAnswers, edition: Edition) -> LiveRules:
    """Work out everything that the page says about these answers."""
    evaluation = evaluate(answers, edition)
    wrong, wanted = contradictions(answers, edition), missing(answers, edition)
    required = [field for field in edition.fields.values() if _is_asked(field, answers)]
    answered = [field for field in required if answers.answer(field.name)]
    level = None
    if answers.severity is not None and answers.likelihood is not None:
        level = rapex_level(answers.severity, answers.likelihood, edition)
    title = edition.rapex.title
    return LiveRules(
        results=tuple(_result(rule, answers, evaluation, wrong, edition) for rule in edition.rules.values()),
        severity=answers.severity,
        likelihood=answers.likelihood,
        reference=f"{edition.rapex.note}：{title} 同格为“{level.label}”" if level else f"{edition.rapex.note}：{title}",
        problems=wrong + wanted,
        missing=tuple((problem.field, _brief(problem.field, edition)) for problem in wrong + wanted),
        states=_states(answers, wrong + wanted, edition),
        done=len(answered),
        total=len(required),
        edition_title=f"{edition.short_title}{edition.issued_on.isoformat()}",
    )


@cache
def matrix(edition_name: str) -> Matrix:
    """The matrix of an edition: which rule each pair of severity and likelihood alone leads to."""
    edition = load_edition(edition_name)
    severities, likelihoods = edition.field("severity"), edition.field("likelihood")
    cells = {
        int(low): {int(up): _cell(int(up), int(low), edition) for up in severities.values} for low in likelihoods.values
    }
    return Matrix(
        cells,
        tuple((int(option.value), level_words(option.prefix), option.label) for option in severities.options),
        tuple((int(option.value), level_words(option.prefix)) for option in likelihoods.options),
    )


def _cell(severity: int, likelihood: int, edition: Edition) -> str:
    advised = evaluate(SheetAnswers(severity=severity, likelihood=likelihood), edition).recommend_investigation
    return INVESTIGATE if advised.answer == "yes" else MONITOR


def level_words(prefix: str) -> str:
    """3级, out of the annex's "3级．"."""
    return prefix.rstrip("．")


def value_words(field: Field, given: object) -> str:
    """An answer in a few words: 是, 3级 严重, 5级, 物理性质伤害; — where there is none."""
    if field.type == "tick":
        return "已勾选" if given else "未勾选"
    if field.type == "ticks":
        ticked = [option.label for option in field.options if isinstance(given, frozenset) and option.value in given]
        return "、".join(ticked) or "未勾选"
    if given is None:
        return "—"
    option = field.option(given)
    if field.type == "level":
        return f"{level_words(option.prefix)} {option.label}" if option.explanation else level_words(option.prefix)
    return option.label


def _result(
    rule: Rule, answers: SheetAnswers, evaluation: Evaluation, wrong: tuple[Problem, ...], edition: Edition
) -> RuleResult:
    derived = evaluation.of(rule.question)
    departed = next((d for d in departures(answers, edition) if d.question == rule.question), None)
    contradiction = next((problem.message for problem in wrong if problem.field == rule.question), "")
    question = edition.field(rule.question)
    yes, no = question.option("yes").label, question.option("no").label
    conditions: tuple[tuple[str, bool], ...] = ()
    if rule.binding:
        conditions = tuple(_parts(rule.conditions[0], answers, edition))
        words, state = (yes, "yes") if derived.answer else ("条件未齐", "open")
        why = f"满足{'、'.join(derived.clauses)}，应认定为缺陷消费品" if derived.answer else ""
        advice = why
        if departed:
            advice = f"未满足{rule.title}而勾选“{question.option(departed.given).label}”，须写明理由。"
    else:
        words, state, why = _advice_words(rule, derived, answers, edition, yes, no)
        advice = f"{why}，建议勾选“{words}”。" if state != "open" else ""
        if departed:
            advice = f"{why}，建议勾选“{words}”。不采纳时须写明理由，理由载入计票和会议纪要。"
    return RuleResult(
        rule.question, question.brief, words, state, why, conditions, derived.clauses, contradiction or advice,
        departs=departed is not None, contradiction=contradiction,
    )  # fmt: skip


def _advice_words(
    rule: Rule, derived: Derived, answers: SheetAnswers, edition: Edition, yes: str, no: str
) -> tuple[str, str, str]:
    if derived.answer == "yes":
        holding = [condition for condition in rule.conditions if condition.clause in derived.clauses]
        said = "；".join(f"{one.clause}：{_deciding_words(one, answers, edition)}" for one in holding)
        return yes, "yes", said
    # Without an injury the matrix may stay silent, but only a sheet that has got that far says so.
    is_silent = answers.severity is None or answers.likelihood is None
    if is_silent and (answers.injury_types or answers.prevalence is None):
        return "条件未齐", "open", "勾选严重程度和可能性后得出"
    return no, "no", "各项条件均不满足"


def _deciding_words(condition: Condition, answers: SheetAnswers, edition: Edition) -> str:
    words = []
    for names in ([name for name, values in group if answers.answer(name) in values] for group in condition.groups):
        for name in names:
            field = edition.field(name)
            said = value_words(field, answers.answer(name)) if field.type != "tick" else ""
            words.append(f"{field.brief} {said}".strip())
    return "，".join(words)


def _parts(condition: Condition, answers: SheetAnswers, edition: Edition) -> Iterator[tuple[str, bool]]:
    """The parts that must hold together, by the heading that their fields stand under."""
    headings = {field.name: section.group for section in edition.sections for field in section.fields}
    for group in condition.groups:
        yield headings[group[0][0]], any(answers.answer(name) in values for name, values in group)


def _is_asked(field: Field, answers: SheetAnswers) -> bool:
    """Whether this sheet has to answer the field: always, or because of an injury that is ticked."""
    if field.is_filled_by_portal or field.type not in _CHOICES:
        return False
    is_brought = bool(field.required_with and answers.answer(field.required_with))
    return field.required or is_brought or bool(answers.answer(field.name))


def _states(answers: SheetAnswers, problems: tuple[Problem, ...], edition: Edition) -> dict[str, str]:
    open_fields = {problem.field.removeprefix("departure_reasons.") for problem in problems}
    return {section.slug: _state(section, answers, open_fields) for section in edition.sections}


def _state(section: Section, answers: SheetAnswers, open_fields: set[str]) -> str:
    if not any(field.name in open_fields for field in section.fields):
        fields = [field for field in section.fields if not field.is_filled_by_portal]
        is_touched = any(answers.answer(field.name) for field in fields if field.type in _CHOICES)
        return "done" if is_touched or any(field.required for field in fields) else "open"
    has_any = any(answers.answer(field.name) for field in section.fields if not field.asked_by)
    return "part" if has_any else "open"


def _brief(field: str, edition: Edition) -> str:
    question = field.removeprefix("departure_reasons.")
    brief = edition.field(question).brief
    return f"{brief}的理由" if question != field else brief
