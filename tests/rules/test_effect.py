"""How far a recall has come, worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from portal.rules.recall.effect import Period, effect_of

START, PLANNED = date(2026, 5, 6), date(2026, 11, 2)  # 180 days
FIRST = Period(date(2026, 8, 4), 6000, {"online_shop": 4000, "": 2000}, Decimal(60))  # day 90
SECOND = Period(date(2026, 11, 2), 3600, {"online_shop": 1000, "specialist_shop": 2600}, Decimal(25))


def test_before_any_report_nothing_is_done_and_the_plan_is_a_line_to_its_day() -> None:
    effect = effect_of(12000, START, PLANNED, [])
    assert (effect.recalled, effect.rate) == (0, 0)
    assert effect.expected_on(date(2026, 8, 4)) == 50
    assert effect.expected_on(date(2026, 4, 1)) == 0
    assert effect.expected_on(date(2027, 1, 1)) == 100
    assert effect.shortfall_on(date(2026, 8, 4)) == 50


def test_reports_make_the_curve_and_correct_the_plan() -> None:
    effect = effect_of(12000, START, PLANNED, [SECOND, FIRST])
    assert [point.rate for point in effect.actual] == [0, 50, 80]
    assert [(point.on, point.rate) for point in effect.planned] == [(START, 0), (FIRST.until, 60), (SECOND.until, 85)]
    assert effect.channels == {"online_shop": 5000, "specialist_shop": 2600, "": 2000}
    assert effect.recalled == 9600
    assert effect.shortfall_on(date(2027, 3, 1)) == 5  # measured on the last day reported: 85 against 80


def test_the_summary_of_the_whole_is_not_added_to_what_came_before() -> None:
    whole = Period(SECOND.until, 3600, {}, Decimal(85), is_whole=True)
    assert effect_of(12000, START, None, [FIRST, whole]).planned[-1].rate == 85
    assert effect_of(12000, START, None, [FIRST, FIRST, whole]).planned[-1].rate == 85
    beyond = Period(SECOND.until, 0, {}, Decimal(70))
    assert effect_of(12000, START, None, [FIRST, beyond]).planned[-1].rate == 100


def test_between_two_points_the_plan_is_the_line_between_them() -> None:
    effect = effect_of(12000, START, PLANNED, [FIRST])
    assert effect.expected_on(date(2026, 9, 18)) == 80  # half of the way from 60 to 100
    assert effect.shortfall_on(date(2026, 9, 18)) == 10


def test_more_than_all_is_all_and_no_product_is_no_recall() -> None:
    effect = effect_of(100, START, None, [Period(PLANNED, 130, {"": 130})])
    assert effect.rate == 100
    assert effect.recalled == 130
    assert effect.expected_on(PLANNED) == 0  # nobody planned anything
    with pytest.raises(ValueError, match="at least one"):
        effect_of(0, START, PLANNED, [])
