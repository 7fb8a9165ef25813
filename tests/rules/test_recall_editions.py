"""The recall workflow's edition says what the official file says, and is in force from day to day as it says."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.dates import BEIJING, add_months
from portal.rules.document_numbers import parse_document_number
from portal.rules.editions import UnknownEditionError, load_edition
from portal.rules.recall.editions import (
    NoEditionInForce,
    edition_for,
    load_recall_edition,
    read_recall_editions,
    shipped_recall_editions,
)
from portal.rules.recall.limits import due_after, interim_due, is_in_months, is_late
from portal.rules.recall.numbers import number_series, recall_document_number
from portal.rules.regions import Area, shipped_areas
from portal.rules.working_days import shipped_calendar

EDITION = load_recall_edition("jiangsu-2025")
SOURCE = Path(__file__).parent / "sources" / "jiangsu-recall-workflow-2025.zh.txt"


def squeeze(text: str) -> str:
    """Without white space, punctuation full width, and 工作流程 where the file lost the word."""
    text = text.replace("workflows", "工作流程").translate(str.maketrans(",;:()", "，；：（）"))
    return re.sub(r"\s", "", text)


OFFICIAL = squeeze(SOURCE.read_text(encoding="utf-8"))


def test_the_articles_are_the_whole_of_the_workflow() -> None:
    start, end = OFFICIAL.index("第一条为加强"), OFFICIAL.index("-附件：1.")
    told = "".join(
        re.sub(r"^第.+条(?=（)", "", article.label) + article.text
        for article in EDITION.articles.values()
        if not article.number.startswith("annex")
    )
    assert squeeze(told) == OFFICIAL[start:end]
    assert {number for number in EDITION.articles if number.isdigit()} == {str(number) for number in range(1, 24)}


def test_the_ten_annexes_are_called_as_the_workflow_lists_them() -> None:
    listed = OFFICIAL[OFFICIAL.index("-附件：1.") :]
    for number in range(1, 11):
        article = EDITION.article(f"annex{number}")
        assert article.label == f"附件{number}"
        assert f"{number}.{article.text}" in listed


def test_dates_and_number_are_those_of_the_notice() -> None:
    assert EDITION.document_number in OFFICIAL
    assert f"{EDITION.issued_on.year}年{EDITION.issued_on.month}月{EDITION.issued_on.day}日" in OFFICIAL
    first, last = EDITION.in_force_from, EDITION.in_force_until
    words = f"自{first.year}年{first.month}月{first.day}日起施行，有效期至{last.year}年{last.month}月{last.day}日"
    assert words in EDITION.article("23").text


@pytest.mark.parametrize("name", EDITION.values)
def test_a_value_quotes_its_article_or_is_marked_as_decided(name: str) -> None:
    value = EDITION.value(name)
    article = EDITION.article(value.article)
    assert value.value > 0
    assert value.text
    if not value.decided:
        assert squeeze(value.text) in OFFICIAL
        assert article.number.startswith("annex") or squeeze(value.text) in article.text


@pytest.mark.parametrize(
    ("name", "number", "article", "in_months"),
    [
        ("investigation_notice_days", 3, "11", False),
        ("plan_days", 10, "annex4", False),
        ("objection_days", 10, "annex4", False),
        ("final_summary_days", 15, "16", False),
        ("interim_summary_months", 3, "16", True),
    ],
)
def test_the_limits_of_the_workflow(name: str, number: int, article: str, in_months: bool) -> None:
    value = EDITION.value(name)
    assert (value.value, value.article, value.decided) == (number, article, False)
    assert is_in_months(value) is in_months


def test_every_choice_has_its_article_and_the_workflows_words_unless_decided() -> None:
    for kind, choices in EDITION.choices.items():
        assert len({choice.name for choice in choices}) == len(choices), kind
        for choice in choices:
            assert EDITION.article(choice.article)
            words = re.sub(r"（\{notice\}）", "（通知标题和文号）", choice.label)
            assert choice.decided or squeeze(words) in OFFICIAL, choice
    assert [choice.decided for choice in EDITION.choices["investigation_reasons"]] == [False, False, False, True]
    with pytest.raises(KeyError):
        EDITION.choice("sanctions", "prison")


def test_the_ten_channels_of_article_8_in_order_and_mapped_to_the_sheets_sources() -> None:
    sources = set(load_edition().field("information_source").values)
    stated = [channel for channel in EDITION.channels.values() if not channel.decided]
    assert "、".join(channel.label for channel in stated) + "等多渠道" in EDITION.article("8").text
    assert len(stated) == 10
    assert {channel.information_source for channel in EDITION.channels.values()} == sources


def test_document_series_stand_in_the_annexes() -> None:
    for series in EDITION.document_series.values():
        assert f"（发文单位）{series.series}〔〕号" in OFFICIAL
        assert EDITION.article(series.article)


@pytest.mark.parametrize("day", [date(2026, 1, 31), date(2031, 2, 1), date.min, date.max])
def test_a_case_outside_the_dates_of_validity_is_refused_with_article_and_dates(day: date) -> None:
    with pytest.raises(NoEditionInForce) as refused:
        edition_for(day)
    problem = refused.value.problem
    assert problem.article == "23"
    assert problem.field == "begun_on"
    for words in ("2026年2月1日", "2031年1月31日", "第二十三条", f"{day.year}年{day.month}月{day.day}日不在有效期内"):
        assert words in problem.message


@pytest.mark.parametrize("day", [date(2026, 2, 1), date(2031, 1, 31)])
@pytest.mark.parametrize("province", ["jiangsu", "zhejiang"])
def test_the_first_and_the_last_day_are_within_and_other_provinces_borrow(day: date, province: str) -> None:
    edition = edition_for(day, province)
    assert edition is EDITION
    assert edition.is_borrowed_by(province) is (province != "jiangsu")


def test_a_running_case_keeps_its_edition_by_name() -> None:
    assert load_recall_edition("jiangsu-2025") is EDITION
    with pytest.raises(UnknownEditionError):
        load_recall_edition("../editions/jiangsu-2025")


def test_another_provinces_edition_is_a_folder_beside_it(tmp_path: Path) -> None:
    shipped = files("portal.rules.recall").joinpath("editions", "jiangsu-2025")
    shutil.copytree(str(shipped), tmp_path / "jiangsu-2025")
    shutil.copytree(str(shipped), tmp_path / "zhejiang-2027")
    table = tmp_path / "zhejiang-2027" / "edition.toml"
    words = table.read_text(encoding="utf-8").replace('province = "jiangsu"', 'province = "zhejiang"')
    table.write_text(words.replace("in_force_from = 2026-02-01", "in_force_from = 2027-07-01"), encoding="utf-8")
    editions = read_recall_editions(tmp_path)
    assert [edition.name for edition in editions] == ["jiangsu-2025", "zhejiang-2027"]
    assert edition_for(date(2027, 7, 1), "zhejiang", editions).name == "zhejiang-2027"
    assert edition_for(date(2027, 6, 30), "zhejiang", editions).name == "jiangsu-2025"
    assert edition_for(date(2027, 7, 1), "jiangsu", editions).name == "jiangsu-2025"
    assert edition_for(date(2027, 7, 1), "anhui", editions).name == "jiangsu-2025"
    assert len(shipped_recall_editions()) == 1


@pytest.mark.parametrize("kind", EDITION.document_series)
def test_numbers_are_printed_and_read_back(kind: str) -> None:
    for area in shipped_areas().values():
        if not area.abbreviation:
            continue
        number = recall_document_number(area, kind, 2026, 8, EDITION)
        assert parse_document_number(str(number)) == number
    nanjing = recall_document_number(shipped_areas()["320100"], "investigation_notice", 2026, 8, EDITION)
    assert str(nanjing) == "宁市监调查分析〔2026〕8号"


@pytest.mark.parametrize("abbreviation", ["", " ", "宁 市监", "宁〔市〕监"])
def test_an_abbreviation_that_could_not_be_read_back_is_refused(abbreviation: str) -> None:
    with pytest.raises(ValueError, match=r"文号|机关代字"):
        number_series(abbreviation, "recall_notice", EDITION)


def test_a_document_without_series_and_a_serial_below_one_have_no_number() -> None:
    area = Area("320100", "南京市", "jiangsu", "宁市监")
    with pytest.raises(KeyError):
        recall_document_number(area, "service_receipt", 2026, 1, EDITION)
    with pytest.raises(ValueError, match="1号"):
        recall_document_number(area, "recall_notice", 2026, 0, EDITION)


def test_ten_working_days_from_receipt_end_at_midnight_in_beijing() -> None:
    receipt = datetime(2026, 3, 2, 9, tzinfo=BEIJING)
    due = due_after(EDITION.value("plan_days"), receipt, shipped_calendar())
    assert (due.last_day, due.provisional) == (date(2026, 3, 16), False)
    assert due.due_at == datetime(2026, 3, 17, tzinfo=BEIJING)
    assert is_late(due.due_at, due)
    assert not is_late(datetime(2026, 3, 16, 23, 59, tzinfo=BEIJING), due)


def test_interim_summaries_are_counted_from_the_beginning_and_move_off_holidays() -> None:
    calendar = shipped_calendar()
    assert interim_due(EDITION, date(2026, 3, 12), 1, calendar).last_day == date(2026, 6, 12)
    # 2026-10-01 is National Day; the limit ends on the first day worked, the one after it is not moved.
    assert interim_due(EDITION, date(2026, 7, 1), 1, calendar).last_day == date(2026, 10, 8)
    assert interim_due(EDITION, date(2026, 7, 1), 2, calendar).last_day.month == 1
    with pytest.raises(ValueError, match="from 1"):
        interim_due(EDITION, date(2026, 7, 1), 0, calendar)


@given(st.dates(date(2026, 2, 1), date(2031, 1, 31)), st.integers(1, 12))
def test_an_interim_summary_is_due_on_a_worked_day_not_before_its_months_are_over(start: date, number: int) -> None:
    calendar = shipped_calendar()
    due = interim_due(EDITION, start, number, calendar)
    assert due.last_day >= add_months(start, 3 * number)
    assert calendar.mark(due.last_day, strict=False).counted
    first = due_after(
        EDITION.value("interim_summary_months"), datetime(*start.timetuple()[:3], tzinfo=BEIJING), calendar
    )
    assert first == interim_due(EDITION, start, 1, calendar)
