"""Panel and staff numbers, the session's time, rotation, retention, document numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.dates import BEIJING
from portal.rules.document_numbers import DocumentNumber, parse_document_number
from portal.rules.editions import load_edition
from portal.rules.panel import check_liaisons, check_panel, check_session_staff, is_odd_panel
from portal.rules.retention import KINDS, has_expired, retain_until
from portal.rules.rotation import Term, check_terms, generate_terms, next_in_rotation, term_on
from portal.rules.session import check_session_time

EDITION = load_edition()
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("size", "reason", "wrong"),
    [
        (0, "", ["members", "even_reason"]),
        (1, "", ["members"]),
        (2, "", ["members", "even_reason"]),
        (2, "专家不足", ["members"]),
        (3, "", []),
        (4, "", ["even_reason"]),
        (4, " \n", ["even_reason"]),
        (4, "一名专家临时回避", []),
        (5, "", []),
        (9, "", []),
    ],
)
def test_a_panel_is_odd_or_reasoned_and_at_least_three(size: int, reason: str, wrong: list[str]) -> None:
    problems = check_panel(size, reason, EDITION)
    assert [problem.field for problem in problems] == wrong
    assert all(problem.article == "8(1)" and "第八条（一）" in problem.message for problem in problems)
    assert is_odd_panel(size, EDITION) == (size in {1, 3, 5, 9})


@pytest.mark.parametrize(("count", "is_right"), [(0, False), (1, True), (2, True), (3, False)])
def test_one_or_two_liaisons_and_session_staff(count: int, is_right: bool) -> None:
    assert (check_liaisons(count, EDITION) == ()) == is_right
    assert (check_session_staff(count, EDITION) == ()) == is_right


def test_a_third_liaison_is_refused_with_the_article() -> None:
    (problem,) = check_liaisons(3, EDITION)
    assert (problem.message, problem.article) == ("联络员应为1至2名，现为3名（第三条）", "3")
    assert check_session_staff(3, EDITION)[0].article == "8(4)"


def test_a_session_after_the_fifth_working_day_needs_a_reason() -> None:
    now = datetime(2026, 11, 24, 9, tzinfo=BEIJING)
    due_at = datetime(2026, 12, 2, tzinfo=BEIJING)

    def fields(starts_at: datetime, reason: str = "") -> list[str]:
        problems = check_session_time(starts_at, now=now, due_at=due_at, late_reason=reason, edition=EDITION)
        assert all(problem.article == "8(3)" for problem in problems)
        return [problem.field for problem in problems]

    assert fields(due_at - timedelta(minutes=1)) == []
    assert fields(due_at) == ["late_reason"]
    assert fields(due_at, " ") == ["late_reason"]
    assert fields(due_at, "专家出差") == []
    assert fields(now) == ["starts_at"]


ORDER = EDITION.rotation.order


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(1, 12))
def test_generated_terms_have_neither_gap_nor_overlap(start: date, years: int) -> None:
    terms = generate_terms(start, ORDER, years, EDITION)
    assert check_terms(terms, EDITION) == ()
    assert len(terms) == years
    assert [term.institution for term in terms] == [ORDER[n % 4] for n in range(years)]
    day = terms[0].starts_on
    assert day == start
    while day <= terms[-1].ends_on:
        assert sum(term.starts_on <= day <= term.ends_on for term in terms) == 1
        day += timedelta(days=13)


def test_the_first_terms_of_the_standard() -> None:
    terms = generate_terms(EDITION.rotation.first_start, ORDER, 4, EDITION)
    assert terms[0] == Term("shanghai", date(2024, 11, 21), date(2025, 11, 20))
    assert terms[2] == Term("zhejiang", date(2026, 11, 21), date(2027, 11, 20))
    assert term_on(terms, date(2026, 11, 20)) == terms[1]
    assert term_on(terms, date(2024, 11, 20)) is None


def test_a_start_on_leap_day_comes_back_to_it() -> None:
    terms = generate_terms(date(2028, 2, 29), ORDER, 5, EDITION)
    assert [term.starts_on for term in terms] == [
        date(2028, 2, 29),
        date(2029, 2, 28),
        date(2030, 2, 28),
        date(2031, 2, 28),
        date(2032, 2, 29),
    ]


@pytest.mark.parametrize(
    ("shift_start", "shift_end", "message"),
    [(-1, 0, "重叠"), (1, 0, "无轮值召回技术机构"), (0, -1, "无轮值召回技术机构"), (0, 1, "重叠"), (0, -400, "早于")],
)
def test_a_changed_term_that_leaves_a_gap_or_overlap_is_told(shift_start: int, shift_end: int, message: str) -> None:
    first, second, third = generate_terms(date(2026, 1, 1), ORDER, 3, EDITION)
    changed = Term(second.institution, second.starts_on + shift_start * ONE_DAY, second.ends_on + shift_end * ONE_DAY)
    problems = check_terms([third, changed, first], EDITION)
    assert any(message in problem.message for problem in problems)
    assert all(problem.article == "3" for problem in problems)


@pytest.mark.parametrize(("order", "years"), [((), 1), (("a", "a"), 1), (("a",), 0)])
def test_a_schedule_that_cannot_be_is_refused(order: tuple[str, ...], years: int) -> None:
    with pytest.raises(ValueError, match=r"order|schedule"):
        generate_terms(date(2026, 1, 1), order, years, EDITION)


def test_the_next_in_rotation() -> None:
    assert next_in_rotation(ORDER, "shanghai") == "jiangsu"
    assert next_in_rotation(ORDER, "anhui") == "shanghai"


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_kept_five_years_from_the_next_new_year(kind: str) -> None:
    assert retain_until(date(2026, 3, 5), EDITION, kind) == date(2031, 12, 31)
    assert retain_until(date(2026, 1, 1), EDITION, kind) == date(2031, 12, 31)
    assert retain_until(date(2026, 12, 31), EDITION, kind) == date(2031, 12, 31)


def test_retention_is_over_the_day_after() -> None:
    assert not has_expired(date(2031, 12, 31), date(2031, 12, 31))
    assert has_expired(date(2031, 12, 31), date(2032, 1, 1))


@given(st.integers(2000, 9999), st.integers(1, 10**6))
def test_a_document_number_is_read_as_it_is_printed(year: int, serial: int) -> None:
    number = DocumentNumber(EDITION.document_series["consultation"], year, serial)
    assert parse_document_number(str(number)) == number


def test_the_form_of_a_document_number() -> None:
    assert str(DocumentNumber("长三角会诊", 2026, 12)) == "长三角会诊〔2026〕12号"


@pytest.mark.parametrize(
    "text",
    [
        "长三角会诊[2026]12号",
        "长三角会诊〔2026〕012号",
        "长三角会诊〔2026〕0号",
        "〔2026〕1号",
        "长三角会诊〔26〕1号",
        "长三角会诊〔2026〕1",
        "长三角会诊〔２０２６〕1号",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="文号"):
        parse_document_number(text)
