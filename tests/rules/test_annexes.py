"""The annexes are described in the form's words, nothing of them left out, and what contradicts itself is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.credit_code import check_character
from portal.rules.recall.annex_check import COSTS, check_annex, check_plan_agrees, completion_rate
from portal.rules.recall.annexes import FACTS, Annex, load_annexes
from portal.rules.recall.editions import load_recall_edition
from portal.rules.sheet_description import Field

EDITION = load_recall_edition("jiangsu-2025")
ANNEXES = load_annexes("jiangsu-2025")
SOURCE = Path(__file__).parent / "sources" / "jiangsu-recall-workflow-2025.zh.txt"

# Blanks of dates and numbers, and headings that stand over cells of a description which has no heading.
SMALL_WORDS = set("年月日：（）/是否元部起。，如有文号送达材料名称完成率评估产品描述及基本信息本阶段")


def squeeze(text: str) -> str:
    """Without tags, brackets of addresses, white space; punctuation full width."""
    text = re.sub(r"</?(?:p|input)[^>]*>", "", text).translate(str.maketrans(",;:()", "，；：（）"))
    return re.sub(r"[\s<>]", "", text)


def printed(number: int) -> str:
    """The squeezed text of one annex."""
    text = SOURCE.read_text(encoding="utf-8")
    start = re.search(rf"(?m)^附件{number}$", text)
    end = re.search(rf"(?m)^附件{number + 1}$", text)
    assert start
    return squeeze(text[start.end() : end.start() if end else len(text)])


def wordings(annex: Annex) -> Iterator[str]:
    yield annex.title
    yield from (*annex.notes, *annex.closing)
    for section in annex.sections:
        yield from (section.title, *section.notes)
        for field in (*section.fields, *(column for table in section.fields for column in table.columns)):
            yield field.label
            if annex.number != 3:
                yield from (option.label for option in field.options)


@pytest.mark.parametrize("slug", ANNEXES)
def test_every_wording_stands_in_the_annex(slug: str) -> None:
    annex = ANNEXES[slug]
    text = printed(annex.number)
    own = {"reason", "is_extended", "is_partial", "is_voluntary", "after_investigation"}
    names = {squeeze(field.label) for field in annex.fields.values() if field.name in own}
    for wording in {squeeze(words) for words in wordings(annex)} - names - {"是", "否", "国产", "进口"}:
        inside = wording in text
        assert inside or wording.endswith("签名日期"), (slug, wording)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 8, 9, 10])
def test_every_label_of_the_printed_tables_is_described(number: int) -> None:
    """Cell by cell: what the description does not say may only be blanks, dates and signs."""
    annex = next(annex for annex in ANNEXES.values() if annex.number == number)
    text = SOURCE.read_text(encoding="utf-8")
    start = re.search(rf"(?m)^附件{number}$", text)
    end = re.search(rf"(?m)^附件{number + 1}$", text)
    assert start
    lines = text[start.end() : end.start() if end else len(text)].splitlines()
    cells = [squeeze(cell) for line in lines if "\t" in line for cell in line.split("\t")]
    assert len(cells) > 5
    told = sorted({squeeze(words).rstrip("：") for words in wordings(annex)} - {""}, key=len, reverse=True)
    for cell in cells:
        rest = cell
        for words in told:
            rest = rest.replace(words, "")
        assert set(rest) <= SMALL_WORDS, (number, cell, rest)


@pytest.mark.parametrize("slug", ANNEXES)
def test_an_annex_is_whole_and_depends_on_answers_that_exist(slug: str) -> None:
    annex = ANNEXES[slug]
    assert annex.title == EDITION.article(annex.article).text
    assert not annex.series or annex.series in EDITION.document_series
    assert annex.filled_by in {"authority", "producer"}
    for field in annex.fields.values():
        assert not field.prefilled_from or field.prefilled_from in FACTS, field.name
        assert not field.asked_by or field.asked_when in annex.field(field.asked_by).values, field.name
        assert (field.type in {"choice", "ticks", "yes_no"}) is bool(field.options), field.name
    known = {*annex.fields, *EDITION.values, "authority", "notice", "producer"}
    assert set(re.findall(r"\{(\w+)\}", annex.opening + annex.salutation)) <= known


def test_the_ten_in_order_and_two_are_public() -> None:
    assert [annex.number for annex in ANNEXES.values()] == list(range(1, 11))
    assert [annex.number for annex in ANNEXES.values() if annex.is_public] == [6, 7]
    assert len(ANNEXES["recall_summary"].field("shortfall_reasons").options) == 9


def filled(field: Field) -> object:
    return {
        "text": "某", "long_text": "某", "date": date(2026, 3, 2), "date_range": (date(2025, 1, 1), date(2025, 6, 30)),
        "number": 10, "money": Decimal(10), "percentage": Decimal(100), "photographs": ("图",),
    }.get(field.type) or (
        [{column.name: filled(column) for column in field.columns}] if field.columns
        else (field.values[0],) if field.type == "ticks" else field.values[-1]
    )  # fmt: skip


def whole(slug: str) -> dict[str, object]:
    values = {field.name: filled(field) for field in ANNEXES[slug].fields.values()}
    values["shortfall_reasons"], values["target_reached"] = (), "yes"
    code = "91320100MA1MXXXX0"
    if "credit_code" in values:
        values["credit_code"] = code + check_character(code)
    if "total_cost" in values:
        values["total_cost"] = Decimal(10 * len(COSTS))
    return values


@pytest.mark.parametrize("slug", ANNEXES)
def test_a_whole_annex_is_accepted_and_each_gap_is_named_with_its_annex(slug: str) -> None:
    annex, values = ANNEXES[slug], whole(slug)
    findings = check_annex(annex, values, EDITION)
    assert findings.problems == findings.warnings == findings.alerts == ()
    for field in annex.fields.values():
        if field.required and not field.asked_by:
            gap = check_annex(annex, values | {field.name: None}, EDITION).problems
            assert any(p.field == field.name and EDITION.cite(annex.article) in p.message for p in gap), field.name


@pytest.mark.parametrize(
    ("slug", "typed", "field", "article"),
    [
        ("recall_statement", {"affected_quantity": 11, "budget_quantity": 11}, "affected_quantity", "14"),
        ("recall_statement", {"budget_quantity": 9}, "budget_quantity", "14"),
        ("recall_statement", {"affected_quantity": 9, "budget_quantity": 9}, "sellers", "14"),
        ("recall_statement", {"sellers": [{"seller": "某"}]}, "sellers.0.area", "annex8"),
        ("recall_statement", {"repair_cost": Decimal(-1)}, "repair_cost", "annex8"),
        ("recall_statement", {"recalled_elsewhere": "yes", "recalls_elsewhere": " "}, "recalls_elsewhere", "annex8"),
        ("recall_statement", {"credit_code": "91320100MA1MXXXX00"}, "credit_code", "GB 32100-2015"),
        ("recall_summary", {"recalled_quantity": 11}, "recalled_quantity", "14"),
        ("recall_summary", {"recalled_quantity": 5}, "shortfall_reasons", "annex9"),
        ("recall_summary", {"recalled_quantity": 5}, "target_reached", "annex9"),
        ("recall_summary", {"shortfall_reasons": ("scrapped",)}, "shortfall_reasons", "annex9"),
        ("recall_summary", {"measures": ("burn",)}, "measures", "annex9"),
        ("recall_summary", {"measures": ("other",), "measures_other": ""}, "measures_other", "annex9"),
        ("interim_summary", {"expected_rate": Decimal(101)}, "expected_rate", "annex10"),
        ("recall_plan", {"produced_between": (date(2026, 2, 1), date(2026, 1, 1))}, "produced_between", "annex6"),
        ("press_release", {"is_extended": "yes", "total_quantity": 9}, "total_quantity", "14"),
        ("press_release", {"begins_on": date(2024, 1, 1)}, "begins_on", "annex7"),
        ("service_receipt", {"received_on": date(2026, 3, 1)}, "received_on", "annex5"),
    ],
)
def test_what_contradicts_itself_is_refused_by_field_and_article(
    slug: str, typed: dict[str, object], field: str, article: str
) -> None:
    problems = check_annex(ANNEXES[slug], whole(slug) | typed, EDITION).problems
    assert (field, article) in {(problem.field, problem.article) for problem in problems}


def test_a_sum_that_does_not_add_up_and_a_rate_that_was_typed_otherwise_only_warn() -> None:
    statement = check_annex(
        ANNEXES["recall_statement"], whole("recall_statement") | {"total_cost": Decimal(81)}, EDITION
    )
    assert [problem.field for problem in statement.warnings] == ["total_cost"]
    assert not statement.problems
    summary = check_annex(ANNEXES["recall_summary"], whole("recall_summary") | {"actual_rate": Decimal(90)}, EDITION)
    assert [problem.field for problem in summary.warnings] == ["actual_rate"]


@pytest.mark.parametrize("slug", ["recall_summary", "interim_summary"])
def test_new_injuries_and_new_defects_alert_the_supervisor(slug: str) -> None:
    typed = {"new_injuries": "yes", "complaints": 1, "new_defects": "yes", "new_defects_text": "某"}
    findings = check_annex(ANNEXES[slug], whole(slug) | typed, EDITION)
    assert [(alert.field, alert.article) for alert in findings.alerts] == [
        ("new_injuries", "17"),
        ("new_defects", "17"),
    ]
    assert not findings.problems


def test_the_plans_three_annexes_name_one_quantity() -> None:
    plan, release, statement = ({"affected_quantity": quantity} for quantity in (10, 10, 11))
    assert [problem.article for problem in check_plan_agrees(plan, release, statement, EDITION)] == ["14"]
    assert check_plan_agrees(plan, release, plan, EDITION) == ()


@given(st.integers(1, 10**7), st.data())
def test_the_completion_rate_lies_between_none_and_all(affected: int, data: st.DataObject) -> None:
    recalled = data.draw(st.integers(0, affected))
    rate = completion_rate(recalled, affected)
    assert 0 <= rate <= 100
    assert abs(rate * affected - 100 * recalled) <= Decimal("0.005") * affected
    with pytest.raises(ValueError, match="between"):
        completion_rate(affected + 1, affected)


TYPED = st.one_of(st.none(), st.text(max_size=3), st.integers(-2, 200), st.decimals(-1, 200, places=1), st.just(()))


@given(st.sampled_from(sorted(ANNEXES)), st.data())
def test_whatever_is_typed_the_check_answers_with_fields_of_the_annex(slug: str, data: st.DataObject) -> None:
    annex = ANNEXES[slug]
    values = {name: data.draw(TYPED) for name in data.draw(st.sets(st.sampled_from(sorted(annex.fields)), max_size=8))}
    findings = check_annex(annex, values, EDITION)
    for problem in (*findings.problems, *findings.warnings, *findings.alerts):
        assert problem.field.split(".")[0] in annex.fields
        assert problem.article == "GB 32100-2015" or EDITION.article(problem.article)
