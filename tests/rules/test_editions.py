"""The edition says what the official file says, word for word, and every value stands on an article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from portal.rules.editions import CURRENT_EDITION, UnknownEditionError, edition_names, load_edition
from portal.rules.sheet_rules import QUESTIONS

EDITION = load_edition()
SOURCE = Path(__file__).parent / "sources" / "consultation-standard-2024.zh.txt"


def squeeze(text: str) -> str:
    """Without white space, and without the "(" that stands for a box in the published file."""
    return re.sub(r"[\s(]", "", text)


OFFICIAL = squeeze(SOURCE.read_text(encoding="utf-8"))


def wordings() -> Iterator[str]:
    """Yield everything the sheet prints, headings with what stands under them."""
    for section in EDITION.sections:
        yield section.part
        yield section.group
        yield section.title
        if section.rule:
            yield section.rule.title + section.rule.lead_in
            yield section.rule.wording
            yield "".join(c.number + c.text for c in section.rule.conditions)
        for field in section.fields:
            yield field.label
            for option in field.options:
                yield option.prefix + option.label + option.explanation


def test_every_article_stands_in_the_source_in_order() -> None:
    position = 0
    for article in EDITION.articles.values():
        marker = re.sub(r"^第.+条(?=（)", "", article.label)
        found = OFFICIAL.find(squeeze(marker + ("：" if article.number == "annex" else "") + article.text), position)
        assert found >= position, article.number
        position = found


def test_the_articles_are_the_whole_of_the_standard() -> None:
    start, end = OFFICIAL.index("第一条为贯彻"), OFFICIAL.index("附件：")
    told = "".join(
        re.sub(r"^第.+条(?=（)", "", article.label) + article.text
        for article in EDITION.articles.values()
        if article.number != "annex"
    )
    assert squeeze(told) == OFFICIAL[start:end]


@pytest.mark.parametrize("wording", sorted({squeeze(text) for text in wordings()} - {""}))
def test_every_wording_of_the_sheet_stands_in_the_annex(wording: str) -> None:
    assert wording in OFFICIAL[OFFICIAL.rindex("附件") :]


def test_the_sheet_keeps_the_annexs_order() -> None:
    """From 缺陷消费品会诊信息 on, each wording follows the one before it."""
    position = OFFICIAL.index("缺陷消费品会诊信息")
    for section in EDITION.sections:
        if section.part != "缺陷消费品会诊信息":
            continue
        for field in section.fields:
            if field.type in {"yes_no", "yes_no_uncertain", "tick"}:
                found = OFFICIAL.find(squeeze(field.label), position)
                assert found > position, field.name
                position = found
            elif field.options:
                for option in field.options:
                    found = OFFICIAL.find(squeeze(option.prefix + option.label), position)
                    assert found > position, (field.name, option.value)
                    position = found


def test_nothing_of_the_annexs_table_is_left_out() -> None:
    """Take every wording out of the annex: only blanks, dates and repeated words may remain."""
    rest = OFFICIAL[OFFICIAL.index("召回技术机构：时间") : OFFICIAL.rindex("上海市市场监督管理局办公室")]
    for wording in sorted({squeeze(text) for text in wordings()} - {""}, key=len, reverse=True):
        rest = rest.replace(wording, "")
    assert set(rest) <= set("年月日") | set("（如：）")


@pytest.mark.parametrize("value", EDITION.values.values(), ids=lambda value: value.name)
def test_every_value_stands_on_an_article(value: object) -> None:
    article = EDITION.article(value.article)  # type: ignore[attr-defined]
    if value.decided:  # type: ignore[attr-defined]
        assert value.text.endswith("。")  # type: ignore[attr-defined]
    else:
        assert value.text in article.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "number", "article", "decided"),
    [
        ("lead_answer_days", 2, "6", True),
        ("nomination_days", 2, "8(1)", True),
        ("invitation_answer_days", 2, "8(1)", True),
        ("undertaking_years", 1, "10", True),
        ("preliminary_analysis_days", 3, "8(2)", False),
        ("session_days", 5, "8(3)", False),
        ("vote_signing_days", 2, "8(6)", True),
        ("meeting_minutes_days", 3, "8(7)", True),
        ("archive_by_itself_days", 10, "9", True),
        ("applicant_silent_lapse_days", 20, "6", True),
        ("lead_silent_take_over_days", 3, "3", True),
        ("panel_minimum", 3, "8(1)", True),
        ("liaisons_minimum", 1, "3", False),
        ("liaisons_maximum", 2, "3", False),
        ("session_staff_minimum", 1, "8(4)", False),
        ("session_staff_maximum", 2, "8(4)", False),
        ("quorum_minimum", 3, "8(6)", True),
        ("retention_years_sheet", 5, "9(1)", False),
        ("retention_years_meeting_minutes", 5, "9(2)", False),
        ("rotation_term_years", 1, "3", False),
    ],
)
def test_the_values_are_those_of_standard_and_specification(
    name: str, number: int, article: str, decided: bool
) -> None:
    value = EDITION.value(name)
    assert (value.value, value.article, value.decided) == (number, article, decided)


def test_articles_are_cited_as_the_standard_numbers_them() -> None:
    assert EDITION.cite("8(2)") == "第八条（二）"
    assert EDITION.cite("11") == "第十一条"
    assert EDITION.article("8(2)").text.endswith("在三个工作日内完成初步分析。")


def test_the_rotation_starts_with_the_standard() -> None:
    assert EDITION.rotation.first_start == EDITION.in_force_from == date(2024, 11, 21)
    assert EDITION.rotation.order == tuple(member.key for member in EDITION.alliance.members)
    regulators = "".join(member.regulator for member in EDITION.alliance.members)
    assert squeeze(regulators) in OFFICIAL


def test_grounds_are_the_three_of_article_4() -> None:
    assert [ground.article for ground in EDITION.grounds] == ["4(1)", "4(2)", "4(3)"]
    assert all(ground.text == EDITION.article(ground.article).text for ground in EDITION.grounds)


def test_every_condition_looks_at_fields_and_answers_of_the_sheet() -> None:
    for rule in EDITION.rules.values():
        for condition in rule.conditions:
            for group in condition.groups:
                for name, values in group:
                    field = EDITION.field(name)
                    allowed = {True} if field.type == "tick" else set(field.values)
                    assert values <= allowed, (condition.clause, name)


def test_every_asked_text_belongs_to_an_answer_of_its_section() -> None:
    for section in EDITION.sections:
        for field in section.fields:
            if field.asked_by:
                asking = EDITION.field(field.asked_by)
                assert asking in section.fields
                assert section.asked(field.asked_by, field.asked_when) == field
                assert asking.type == "tick" or field.asked_when in asking.values
    assert EDITION.sections[0].asked("", "") is None


def test_each_question_has_its_section_and_rule() -> None:
    by_slug = {section.slug: section for section in EDITION.sections}
    for question in QUESTIONS:
        assert by_slug[question].rule is EDITION.rules[question]
        assert by_slug[question].title == EDITION.rules[question].title


def test_an_option_is_found_by_its_value_and_type() -> None:
    assert EDITION.field("severity").option(3).label == "严重"
    with pytest.raises(KeyError):
        EDITION.field("severity").option(True)


def test_the_current_edition_is_loaded_once_and_by_name_only() -> None:
    assert load_edition(CURRENT_EDITION) is load_edition(CURRENT_EDITION)
    assert CURRENT_EDITION in edition_names()
    for name in ("standard-1999-01-01", "../editions/standard-2024-11-21", ""):
        with pytest.raises(UnknownEditionError):
            load_edition(name)
