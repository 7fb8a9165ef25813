"""The sheet's rules against an oracle that is written from the annex's text as plain if-chains."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from portal.rules.editions import load_edition
from portal.rules.sheet import (
    SheetAnswers,
    contradictions,
    departures,
    evaluate,
    missing,
    rapex_level,
    signing_problems,
)
from tests.rules.answers import complete_answers

EDITION = load_edition()
YES_NO = ("yes", "no")
THREE = ("yes", "no", "uncertain")
PAIRS = [*product((1, 2, 3, 4), (8, 7, 6, 5, 4, 3, 2, 1)), (None, None), (2, None), (None, 5)]


def oracle_finding(a: SheetAnswers) -> tuple[str | None, tuple[str, ...]]:
    safety = [a.standard_nonconformity, a.danger_despite_standard, a.danger_without_standard]
    if safety.count("yes") == 0:
        return None, ()
    if "yes" not in a.producer_causes.values():
        return None, ()
    if a.prevalence == "yes":
        return "yes", ("判定规则",)
    return None, ()


def oracle_investigate(a: SheetAnswers) -> tuple[str, tuple[str, ...]]:
    clauses = []
    if a.severity is not None and a.likelihood is not None:
        if a.severity == 1 and a.likelihood >= 6:
            clauses.append("开展调查原则 1")
        if a.severity == 2 and a.likelihood >= 4:
            clauses.append("开展调查原则 2")
        if a.severity == 3 and a.likelihood >= 3:
            clauses.append("开展调查原则 3")
        if a.severity == 4 and a.likelihood >= 2:
            clauses.append("开展调查原则 4")
    if a.same_product_recalled:
        clauses.append("开展调查原则 5")
    return ("yes" if clauses else "no"), tuple(clauses)


def oracle_monitor(a: SheetAnswers) -> tuple[str, tuple[str, ...]]:
    clauses = []
    if a.severity is not None and a.likelihood is not None:
        highest = {1: 5, 2: 3, 3: 2, 4: 1}
        if a.likelihood <= highest[a.severity]:
            clauses.append(f"持续关注原则 1({a.severity})")
    if a.defect_finding == "uncertain" and a.public_attention:
        clauses.append("持续关注原则 2")
    return ("yes" if clauses else "no"), tuple(clauses)


def assert_as_oracle(answers: SheetAnswers) -> None:
    got = evaluate(answers, EDITION)
    assert (got.defect_finding.answer, got.defect_finding.clauses) == oracle_finding(answers)
    assert (got.recommend_investigation.answer, got.recommend_investigation.clauses) == oracle_investigate(answers)
    assert (got.continued_monitoring.answer, got.continued_monitoring.clauses) == oracle_monitor(answers)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_every_pair_with_all_ticks_gives_what_the_oracle_gives(pair: tuple[int | None, int | None]) -> None:
    ticks = product(YES_NO, YES_NO, YES_NO, YES_NO, YES_NO, YES_NO, THREE, (*THREE, None), (True, False), (True, False))
    for a, b, c, design, manufacturing, warning, prevalence, finding, recalled, attention in ticks:
        assert_as_oracle(
            SheetAnswers(
                standard_nonconformity=a,
                danger_despite_standard=b,
                danger_without_standard=c,
                severity=pair[0],
                likelihood=pair[1],
                producer_causes={"design": design, "manufacturing": manufacturing, "warning": warning},
                prevalence=prevalence,
                defect_finding=finding,
                same_product_recalled=recalled,
                public_attention=attention,
            )
        )


@pytest.mark.parametrize(
    "injuries",
    [
        frozenset(),
        *map(frozenset, ({"physical"}, {"chemical", "biological"}, {"physical", "chemical", "biological"})),
    ],
    ids=lambda ticked: "+".join(sorted(ticked)) or "none",
)
def test_injury_types_alone_derive_nothing(injuries: frozenset[str]) -> None:
    answers = complete_answers()
    assert evaluate(replace(answers, injury_types=injuries), EDITION) == evaluate(answers, EDITION)


def test_an_empty_draft_derives_nothing() -> None:
    assert_as_oracle(SheetAnswers())


def test_each_cell_falls_in_exactly_one_of_investigate_and_monitor() -> None:
    for severity, likelihood in product((1, 2, 3, 4), range(1, 9)):
        got = evaluate(SheetAnswers(severity=severity, likelihood=likelihood), EDITION)
        assert {got.recommend_investigation.answer, got.continued_monitoring.answer} == {"yes", "no"}


def test_rapex_medium_and_above_are_exactly_the_cells_of_investigate() -> None:
    for severity, likelihood in product((1, 2, 3, 4), range(1, 9)):
        advised = evaluate(SheetAnswers(severity=severity, likelihood=likelihood), EDITION)
        is_medium = rapex_level(severity, likelihood, EDITION).level in {"medium", "high", "serious"}
        assert is_medium == (advised.recommend_investigation.answer == "yes"), (severity, likelihood)


def test_rapex_levels_as_the_specification_lists_them() -> None:
    letters = {"serious": "S", "high": "H", "medium": "M", "low": "L"}
    rows = {
        severity: "".join(letters[rapex_level(severity, n, EDITION).level] for n in range(8, 0, -1))
        for severity in (1, 2, 3, 4)
    }
    assert rows == {1: "HMMLLLLL", 2: "SSSHMLLL", 3: "SSSSHMLL", 4: "SSSSSHML"}
    with pytest.raises(KeyError):
        rapex_level(5, 1, EDITION)


def fields(problems: tuple[Any, ...]) -> list[str]:
    return [problem.field for problem in problems]


def test_a_complete_sheet_has_nothing_missing() -> None:
    assert signing_problems(complete_answers(), EDITION) == ()


def test_an_empty_sheet_misses_every_required_choice_in_the_sheets_order() -> None:
    problems = missing(SheetAnswers(), EDITION)
    assert fields(problems) == [
        "standard_nonconformity",
        "danger_despite_standard",
        "danger_without_standard",
        "producer_causes.design",
        "producer_causes.manufacturing",
        "producer_causes.warning",
        "prevalence",
        "defect_finding",
        "recommend_investigation",
        "continued_monitoring",
    ]
    assert problems[0].message == "请勾选“标准符合性问题”（第八条（六），会诊表）"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"standard_nonconformity": "yes"}, "standard_nonconformity_description"),
        ({"danger_without_standard": "yes"}, "danger_without_standard_description"),
        ({"injury_types": frozenset({"physical", "chemical"})}, "injury_chemical_description"),
        ({"injury_types": frozenset({"physical", "biological"})}, "injury_biological_description"),
        ({"severity": None}, "severity"),
        ({"likelihood": None}, "likelihood"),
        ({"same_product_recalled": True}, "same_product_recalled_description"),
        ({"public_attention": True}, "public_attention_reason"),
    ],
)
def test_a_tick_asks_for_what_belongs_to_it(changed: dict[str, Any], field: str) -> None:
    assert fields(missing(complete_answers(**changed), EDITION)) == [field]


def test_a_description_of_blanks_is_no_description() -> None:
    texts = {**complete_answers().texts, "injury_physical_description": " \u3000\n"}
    assert fields(missing(complete_answers(texts=texts), EDITION)) == ["injury_physical_description"]


def test_without_an_injury_severity_and_likelihood_can_be_left_open() -> None:
    answers = complete_answers(injury_types=frozenset(), severity=None, likelihood=None, recommend_investigation="no")
    assert signing_problems(answers, EDITION) == ()


@pytest.mark.parametrize("finding", ["no", "uncertain"])
def test_a_finding_against_rule_1_is_a_contradiction_that_names_the_ticks(finding: str) -> None:
    answers = complete_answers(
        defect_finding=finding,
        standard_nonconformity="yes",
        danger_despite_standard="no",
        departure_reasons={"defect_finding": "仍有疑问"},
    )
    (problem,) = contradictions(answers, EDITION)
    assert problem.field == "defect_finding"
    assert problem.message == "判定规则：已勾选“标准符合性问题”“设计原因”和普遍性“是”，应认定为缺陷消费品"
    assert departures(answers, EDITION) == ()


def test_rule_1_contradicts_nothing_where_it_does_not_hold() -> None:
    for prevalence, finding in product(("no", "uncertain"), THREE):
        answers = complete_answers(prevalence=prevalence, defect_finding=finding)
        assert contradictions(answers, EDITION) == ()


def test_a_finding_without_rule_1_is_a_departure_that_needs_a_reason() -> None:
    answers = complete_answers(prevalence="uncertain")
    (departure,) = departures(answers, EDITION)
    assert (departure.question, departure.proposed, departure.given) == ("defect_finding", None, "yes")
    (problem,) = missing(answers, EDITION)
    assert problem.field == "departure_reasons.defect_finding"
    assert "须写明理由" in problem.message
    reasoned = replace(answers, departure_reasons={"defect_finding": "同批次均有"})
    assert signing_problems(reasoned, EDITION) == ()
    assert departures(reasoned, EDITION)[0].reason == "同批次均有"


def test_no_and_uncertain_without_rule_1_need_no_reason() -> None:
    for finding in ("no", "uncertain"):
        assert departures(complete_answers(prevalence="no", defect_finding=finding), EDITION) == ()


@pytest.mark.parametrize(
    ("changed", "question", "proposed", "clauses"),
    [
        ({"recommend_investigation": "no"}, "recommend_investigation", "yes", ("开展调查原则 3",)),
        ({"continued_monitoring": "yes"}, "continued_monitoring", "no", ()),
        (
            {"likelihood": 2, "continued_monitoring": "yes"},
            "recommend_investigation",
            "no",
            (),
        ),
    ],
)
def test_an_opinion_against_the_advice_is_a_departure(
    changed: dict[str, Any], question: str, proposed: str, clauses: tuple[str, ...]
) -> None:
    answers = complete_answers(**changed)
    (departure,) = departures(answers, EDITION)
    assert (departure.question, departure.proposed, departure.clauses) == (question, proposed, clauses)
    assert fields(missing(answers, EDITION)) == [f"departure_reasons.{question}"]


def test_nothing_departs_from_a_rule_whose_inputs_are_still_open() -> None:
    answers = complete_answers(severity=None, recommend_investigation="yes", continued_monitoring="yes")
    assert departures(answers, EDITION) == ()
    assert fields(missing(answers, EDITION)) == ["severity"]


def test_answers_are_read_by_field_name() -> None:
    answers = complete_answers()
    assert answers.answer("producer_causes.design") == "yes"
    assert answers.answer("injury_physical_description") == "低温烫伤4起"
    assert answers.answer("injury_chemical_description") == ""


def test_a_yes_of_the_rules_stands_whatever_is_still_open() -> None:
    texts = {**complete_answers().texts, "same_product_recalled_description": "2025年境外召回"}
    answers = complete_answers(severity=None, same_product_recalled=True, recommend_investigation="no", texts=texts)
    (departure,) = departures(answers, EDITION)
    assert (departure.question, departure.clauses) == ("recommend_investigation", ("开展调查原则 5",))
    assert fields(missing(answers, EDITION)) == ["severity", "departure_reasons.recommend_investigation"]
