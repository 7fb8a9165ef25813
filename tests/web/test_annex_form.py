"""What is typed into an annex is read, or named with its field and rule; nothing of it is lost."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage, MultiDict

from portal.rules.problem import Problem
from portal.rules.recall.annex_check import Findings, check_annex
from portal.rules.recall.annex_values import empty_values, prefilled
from portal.rules.recall.annexes import Annex
from portal.web.annex_controls import Control, Photograph, control_id, controls_of
from portal.web.annex_form import LONGEST, MOST_ROWS, AnnexForm
from portal.web.annex_reading import Unreadable, read_date, read_money, read_number, read_percentage
from portal.web.security import MOST_PARTS
from tests.front.annex_samples import ANNEXES, EDITION, FACTS, PICTURES, filled, typed, wrong

SUMMARY, STATEMENT, RECEIPT = (ANNEXES[slug] for slug in ("recall_summary", "recall_statement", "service_receipt"))
NOTICE, RELEASE = ANNEXES["investigation_notice"], ANNEXES["press_release"]


@pytest.mark.parametrize(
    "words",
    [
        "2026-03-01",
        "2026年3月1日",
        "2026年03月01日",
        "２０２６年３月１日",
        "2026/3/1",
        "2026.3.1",
        " 2026 年 3 月 1 日 ",
    ],
)
def test_a_day_is_read_as_people_write_it(words: str) -> None:
    assert read_date(words) == date(2026, 3, 1)


@pytest.mark.parametrize(
    "words", ["明年三月", "2026-3", "3月1日", "20260301", "2026-02-30", "0026-03-01", "-", "2026-0301"]
)
def test_no_day_is_refused(words: str) -> None:
    with pytest.raises(Unreadable):
        read_date(words)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("0", 0),
        ("1200", 1200),
        ("1,200", 1200),
        ("１，２００", 1200),
        ("1 200", 1200),
        ("4件", 4),
        ("1200.00", 1200),
        ("-5", -5),
        ("−5", -5),
    ],
)
def test_a_whole_number_is_read_as_people_write_it(words: str, number: int) -> None:
    assert read_number(words, "件") == number


@pytest.mark.parametrize("words", ["约四千", "12,00", "1.5", "1e3", "4部", "NaN", "9" * 12, "0" * 50, "--1", "½"])
def test_no_whole_number_is_refused(words: str) -> None:
    with pytest.raises(Unreadable):
        read_number(words, "件")


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("0", "0"),
        ("1,200.50", "1200.5"),
        ("¥1200", "1200"),
        ("￥１２００．５", "1200.5"),
        ("233,000元", "233000"),
        ("0.10", "0.1"),
    ],
)
def test_money_is_read_as_people_write_it(words: str, amount: str) -> None:
    assert read_money(words) == Decimal(amount)


@pytest.mark.parametrize("words", ["12.345", "1.2万", "1,2", "Infinity", "1" * 13, ".5", "元"])
def test_no_money_is_refused(words: str) -> None:
    with pytest.raises(Unreadable):
        read_money(words)


@pytest.mark.parametrize(
    ("words", "rate"), [("87.5", "87.5"), ("87.5%", "87.5"), ("８７．５％", "87.5"), ("100", "100")]
)
def test_a_percentage_is_read_with_and_without_its_sign(words: str, rate: str) -> None:
    assert read_percentage(words) == Decimal(rate)


@pytest.mark.parametrize("words", ["87.555", "八成", "87.5‰", "%"])
def test_no_percentage_is_refused(words: str) -> None:
    with pytest.raises(Unreadable):
        read_percentage(words)


@pytest.mark.parametrize("slug", ["investigation_notice", "service_receipt", "recall_statement", "recall_summary"])
def test_a_whole_annex_is_read_without_a_problem(slug: str) -> None:
    form = filled(slug)
    assert form.problems == []
    assert form.is_readable
    for field in form.annex.fields.values():
        assert not field.required or field.asked_by or form.values[field.name] not in (None, "", ()), field.name


def test_every_type_is_read_as_the_checks_take_it() -> None:
    summary, statement = filled("recall_summary").values, filled("recall_statement").values
    assert summary["recalled_quantity"] == 3675
    assert summary["expected_rate"] == Decimal(85)
    assert summary["spent"] == Decimal("198340.20")
    assert summary["sales_channels"] == ("online_shop", "other")
    assert summary["has_platform"] == "no"
    assert summary["recalled_between"] == (date(2026, 3, 20), date(2026, 9, 20))
    assert statement["produced_between"] == (date(2025, 1, 3), date(2025, 2, 28))
    assert statement["affected_quantity"] == 4200
    assert statement["origin"] == "domestic"
    assert statement["appearance_photographs"] == ("p1", "p2")
    assert statement["sellers"] == (
        {"seller": "安途官方旗舰店", "area": "全国", "quantity": 3000, "sold_between": "2025年1月至8月", "stock": 120},
        {"seller": "苏宁易购南京新街口店", "area": "江苏南京", "quantity": 800, "sold_between": "", "stock": 16},
    )


@pytest.mark.parametrize(
    ("slug", "changes", "field", "words"),
    [
        ("investigation_notice", {"report_due_on": "明年三月"}, "report_due_on", "“报送日期”：请填写日期"),
        ("investigation_notice", {"report_due_on": "2026-02-30"}, "report_due_on", "没有2026年2月30日这一天"),
        ("investigation_notice", {"model": "长" * 201}, "model", "“型号”最多200个字，现有201个"),
        ("investigation_notice", {"defect": "长" * 5001}, "defect", "最多5000个字，现有5001个"),
        ("recall_statement", {"produced_between-until": ""}, "produced_between", "“生产起止日期”：还缺截止日期"),
        ("recall_statement", {"produced_between-from": "x"}, "produced_between", "请填写日期"),
        ("recall_statement", {"affected_quantity": "约四千"}, "affected_quantity", "“涉及数量”：请填写整数"),
        ("recall_statement", {"legal_cost": "12.345"}, "legal_cost", "“总法律成本”：金额最多两位小数"),
        ("recall_statement", {"sellers-4-stock": "十"}, "sellers.1.stock", "第2行的“库存数量”：请填写整数"),
        ("recall_statement", {"sellers-0-area": "长" * 201}, "sellers.0.area", "第1行的“销售地区”最多200个字"),
        ("recall_statement", {"origin": "moon"}, "origin", "“产品生产类型”只能从所列选项中选择"),
        ("recall_summary", {"actual_rate": "九成"}, "actual_rate", "“实际完成率”：请填写百分数"),
        ("recall_summary", {"measures": ["burn", "repair"]}, "measures", "“缺陷产品召回措施”只能从所列选项中选择"),
        ("recall_summary", {"has_team": "maybe"}, "has_team", "只能从所列选项中选择"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_once_with_field_and_annex_and_stays(
    slug: str, changes: dict[str, object], field: str, words: str
) -> None:
    annex = ANNEXES[slug]
    form = AnnexForm.typed(annex, typed(slug, **changes))
    form.merge(check_annex(annex, form.values, EDITION))
    (problem,) = [problem for problem in form.problems if problem.field == field]
    assert words in problem.message
    assert f"（附件{annex.number}）" in problem.message
    assert problem.article == annex.article
    for control, text in changes.items():
        kept = [one for several in form.raw.values() for one in several]
        assert not text or (text if isinstance(text, str) else text[0]) in kept, control  # type: ignore[index]


def test_the_summary_leads_to_the_fields_in_the_order_of_the_page() -> None:
    form = wrong("recall_statement")
    form.add(Problem("", "召回计划已提交。", "13"))
    form.add(Problem("elsewhere", "另一处有误。", "annex8"))
    ids = [one[0] for one in form.summary]
    assert ids[:2] == ["", ""]
    assert ids[2:] == [control_id(name) for name in (
        "credit_code", "produced_between", "affected_quantity", "sellers-1-quantity", "sellers-1-area",
        "recalls_elsewhere", "legal_cost",
    )]  # fmt: skip
    assert [article for _, _, article in form.summary[:2]] == ["", "附件8"]
    assert all(not article for _, _, article in form.summary[2:])


def test_what_the_rules_find_stands_beside_what_could_be_read() -> None:
    form = wrong("recall_summary")
    assert {problem.field for problem in form.problems} >= {"unit_cost", "measures", "complaints", "target_reached"}
    assert len([problem for problem in form.problems if problem.field == "measures"]) == 1
    assert [alert.field for alert in form.alerts] == ["new_injuries"]
    assert [warning.field for warning in filled("recall_summary").warnings] == ["actual_rate"]
    other = filled("recall_summary")
    other.merge(Findings())
    assert other.warnings == other.alerts == ()


def test_what_is_not_asked_for_keeps_its_text_but_is_no_value_and_no_problem() -> None:
    form = AnnexForm.typed(SUMMARY, typed("recall_summary", new_injuries="no", complaints="一起"))
    assert form.raw["complaints"] == ["一起"]
    assert form.values["complaints"] is None
    assert form.problems == []
    again = AnnexForm.typed(SUMMARY, typed("recall_summary", new_injuries="yes", complaints="一起"))
    assert [problem.field for problem in again.problems] == ["complaints"]


def test_rows_lose_their_gaps_and_empty_ones_but_not_their_order() -> None:
    form = AnnexForm.typed(
        STATEMENT,
        MultiDict(
            {"sellers-10-seller": "乙", "sellers-9-seller": "甲", "sellers-3-area": "  ", "sellers-x-seller": "丙",
             "sellers-11-nothing": "丁"}
        ),
    )  # fmt: skip
    assert [row["seller"] for row in form.values["sellers"]] == ["甲", "乙"]  # type: ignore[attr-defined]
    assert form.raw == {"sellers-0-seller": ["甲"], "sellers-1-seller": ["乙"]}
    assert form.rows(STATEMENT.field("sellers")) == 2


def test_the_buttons_of_rows_add_and_remove_without_a_word_about_the_rest() -> None:
    table = STATEMENT.field("sellers")
    more = AnnexForm.typed(STATEMENT, typed("recall_statement", add_row="sellers", affected_quantity="约四千"))
    assert more.rows(table) == 3
    assert more.is_row_change
    assert more.summary == []
    assert more.problems
    assert all(not control.errors for control in controls(more))
    less = AnnexForm.typed(STATEMENT, typed("recall_statement", remove_row="sellers-0"))
    assert [row["seller"] for row in less.values["sellers"]] == ["苏宁易购南京新街口店"]  # type: ignore[attr-defined]
    assert AnnexForm.of_values(STATEMENT, {}).rows(table) == 1
    odd = AnnexForm.typed(STATEMENT, typed("recall_statement", remove_row="produced_between"))
    assert odd.values["produced_between"] == (date(2025, 1, 3), date(2025, 2, 28))


def test_more_rows_than_a_page_can_hold_are_refused_and_kept() -> None:
    rows = {f"sellers-{at}-seller": f"店{at}" for at in range(MOST_ROWS + 1)}
    form = AnnexForm.typed(STATEMENT, MultiDict(rows))
    assert [problem.field for problem in form.problems] == ["sellers"]
    assert "最多500行，现有501行" in form.problems[0].message
    assert len(form.raw) == MOST_ROWS + 1


def test_files_and_foreign_controls_are_left_alone() -> None:
    typed_in = MultiDict(
        {"product_name": FileStorage(), "csrf_token": "t", "appearance_photographs": "x", "model": "M"}
    )
    assert AnnexForm.typed(STATEMENT, typed_in).raw == {"model": ["M"]}


def test_an_unreadable_day_is_shown_as_it_was_typed() -> None:
    """A date control would show nothing at all."""
    (control,) = [c for c in controls(wrong("investigation_notice")) if c.name == "report_due_on"]
    assert (control.typed, control.is_readable) == ("明年三月", False)
    (control,) = [c for c in controls(filled("investigation_notice")) if c.name == "report_due_on"]
    assert (control.typed, control.is_readable) == ("2026-03-10", True)


@pytest.mark.parametrize("slug", ANNEXES)
def test_every_field_stands_on_the_page_once(slug: str) -> None:
    annex = ANNEXES[slug]
    form = AnnexForm.of_values(annex, prefilled(annex, FACTS))
    assert sorted(control.name for control in controls(form) if "-" not in control.name) == sorted(annex.fields)


def test_a_label_that_is_only_a_part_of_a_sentence_explains_the_brief_one() -> None:
    by_name = {control.name: control for control in controls(AnnexForm.of_values(RELEASE, {}))}
    assert (by_name["brand"].words, by_name["brand"].description) == ("品牌", "")
    assert (by_name["begins_on"].words, by_name["begins_on"].description) == ("召回开始日期", "自XXXX年XX月XX日起")


def test_what_the_annex_works_out_follows_from_what_is_typed() -> None:
    statement, summary = filled("recall_statement"), filled("recall_summary")
    assert statement.cost_sum == Decimal("233100.5")
    assert summary.rate == Decimal("87.50")
    assert AnnexForm.of_values(STATEMENT, {}).cost_sum is None
    assert AnnexForm.of_values(SUMMARY, {}).rate is None
    by_name = {control.name: control for control in (*controls(statement), *controls(summary))}
    assert by_name["total_cost"].worked_out == "233,100.50"
    assert by_name["actual_rate"].worked_out == "87.50"


@pytest.mark.parametrize("slug", ["investigation_notice", "service_receipt", "recall_statement", "recall_summary"])
def test_values_shown_again_are_the_same_values(slug: str) -> None:
    values = filled(slug).values
    assert AnnexForm.of_values(ANNEXES[slug], values, PICTURES).values == values


def test_the_reading_page_says_values_in_words_and_leaves_out_what_was_not_asked() -> None:
    rows = {row.label: row for _, rows in filled("recall_summary").read_sections for row in rows}
    assert rows["公告发布时间"].value == "2026年3月20日"
    assert rows["产品销售渠道"].value == "电商；其他"
    assert rows["实际完成率"].value == "90%"
    assert rows["缺陷产品单值"].value == "899元"
    assert rows["实际支出经费"].value == "198,340.20元"
    assert "网络平台名称" not in rows
    (table,) = [row for _, rows in filled("recall_statement").read_sections for row in rows if row.columns]
    assert table.rows[0] == ("安途官方旗舰店", "全国", "3,000", "2025年1月至8月", "120")


ANYTHING = st.text(st.sampled_from("某é𠮷A0,.-%元年月 \n\r\t\x00\x1f\ud800/"), max_size=12) | st.sampled_from(
    ("yes", "no", "other", "2026-03-01", "1,200", "87.5%")
)


def raw_of(annex: Annex) -> st.SearchStrategy[dict[str, list[str]]]:
    """Anything in any control, known or not."""
    known = [control for field in annex.fields.values() for control in controls_of(field)]
    cells = [f"sellers-{at}-{name}" for at in (0, 3, 999999) for name in ("seller", "quantity", "x")]
    names = st.sampled_from([*known, *cells, "csrf_token"])
    return st.dictionaries(names, st.lists(ANYTHING, max_size=3), max_size=10)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(ANNEXES)).flatmap(lambda slug: st.tuples(st.just(ANNEXES[slug]), raw_of(ANNEXES[slug]))))
def test_whatever_is_typed_survives_a_draft(case: tuple[Annex, dict[str, list[str]]]) -> None:
    annex, raw = case
    form = AnnexForm.typed(annex, MultiDict(raw))
    stored = json.loads(json.dumps(form.raw_to_json()).encode("utf-8"))
    again = AnnexForm.from_raw_json(annex, stored)
    assert (again.raw, again.values, again.problems) == (form.raw, form.values, form.problems)
    # Every sign that can be seen is there, in the same controls; only rows move up.
    for field in annex.fields.values():
        for control in controls_of(field):
            if not field.columns:
                visible = [
                    "".join(sign for sign in text if sign.isprintable() or sign == " ") for text in raw.get(control, [])
                ]
                kept = [text.replace("\n", "").replace("\t", "") for text in form.raw.get(control, [])]
                assert kept == visible or not any(kept + visible), control
    assert set(form.values) == set(annex.fields)
    check_annex(annex, form.values, EDITION)


def test_a_draft_of_a_corrected_edition_is_read_as_far_as_it_fits() -> None:
    form = AnnexForm.from_raw_json(NOTICE, {"gone": ["x"], "model": ["M"], "defect": "no list", "batches": [3, "B"]})
    assert form.raw == {"model": ["M"], "batches": ["B"]}
    assert form.values == empty_values(NOTICE.fields.values()) | {"model": "M", "batches": "B"}


def test_photographs_are_values_and_never_text() -> None:
    form = AnnexForm.of_values(
        STATEMENT, {"appearance_photographs": ("p9",)}, {"appearance_photographs": [Photograph("p1", "正面.jpg", 9)]}
    )
    assert form.values["appearance_photographs"] == ("p1",)
    assert form.raw == {}
    assert form.has_photographs
    assert not AnnexForm.of_values(RELEASE, {}).has_photographs


def test_the_limits_of_texts_are_those_of_the_portal() -> None:
    assert LONGEST == {"text": 200, "long_text": 5000}
    assert AnnexForm.typed(RECEIPT, typed("service_receipt", addressee="长" * 200)).problems == []


def test_an_annex_with_its_longest_table_may_be_sent() -> None:
    """A form with files goes as multipart, of which the portal reads so many parts and no more."""
    for annex in ANNEXES.values():
        cells = sum(MOST_ROWS * len(field.columns) for field in annex.fields.values())
        answers = sum(max(len(field.options), len(controls_of(field)), 1) for field in annex.fields.values())
        assert cells + answers + 100 < MOST_PARTS


def controls(form: AnnexForm) -> list[Control]:
    """All controls of a form: those of rows, and those that an answer asks for, as well."""
    found: list[Control] = []

    def take(control: Control) -> None:
        found.append(control)
        for follower in (one for option in control.options for one in option.followers):
            take(follower)
        for cell in (cell for row in control.rows for cell in row.cells):
            take(cell)

    for section in form.sections:
        for block in section.blocks:
            for control in block:
                take(control)
    return found
