"""The tax withheld from one payment, against a table worked out by hand; and which class a title counts as."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.fees import (
    REFERENCE,
    TITLE_CLASS_LABELS,
    WORKS,
    NoWithholdingRule,
    title_class_of,
    withholding_on,
    withholdings,
    yuan,
)

RULE = withholding_on(date(2026, 3, 2))
MOST = 10**9  # fen

# Gross and tax in yuan, by hand from 公告2018年第61号, art. 8 and its table: up to 4,000 yuan 800 are deducted, above
# it 20 %; of what is left 20 %, from 20,000 yuan 30 % less 2,000, from 50,000 yuan 40 % less 7,000; half a fen upwards.
BY_HAND = [
    ("0", "0"),
    ("0.01", "0"),
    ("799.99", "0"),
    ("800", "0"),
    ("800.01", "0"),  # 0.01 × 20 % = 0.002
    ("800.02", "0"),  # 0.004
    ("800.03", "0.01"),  # 0.006
    ("1000", "40"),
    ("2000", "240"),
    ("3999.99", "640"),  # 3,199.99 × 20 % = 639.998
    ("4000", "640"),
    ("4000.01", "640"),  # 3,200.008 × 20 % = 640.0016
    ("4000.04", "640.01"),  # 3,200.032 × 20 % = 640.0064
    ("5000", "800"),
    ("20000", "3200"),
    ("24999.99", "4000"),  # 19,999.992 × 20 % = 3,999.9984
    ("25000", "4000"),
    ("25000.01", "4000"),  # 20,000.008 × 30 % − 2,000 = 4,000.0024
    ("25000.03", "4000.01"),  # 20,000.024 × 30 % − 2,000 = 4,000.0072
    ("30000", "5200"),
    ("62499.99", "13000"),  # 49,999.992 × 30 % − 2,000 = 12,999.9976
    ("62500", "13000"),
    ("62500.01", "13000"),  # 50,000.008 × 40 % − 7,000 = 13,000.0032
    ("62500.02", "13000.01"),  # 50,000.016 × 40 % − 7,000 = 13,000.0064
    ("100000", "25000"),
]


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


@pytest.mark.parametrize(("gross", "tax"), BY_HAND)
def test_the_tax_is_what_a_hand_works_out(gross: str, tax: str) -> None:
    assert RULE.tax(fen(gross)) == fen(tax)
    assert RULE.net(fen(gross)) == fen(gross) - fen(tax)


@pytest.mark.parametrize("above", [80_000, 400_001, 2_500_001, 6_250_001])
def test_no_amount_ends_on_half_a_fen(above: int) -> None:
    """The shares taken are 20, 16, 24 and 32 % of whole fen, so that 25 amounts in a row show all that can happen."""
    exact = [RULE.taxable(gross) * rate_of(gross) for gross in range(above, above + 25)]
    assert all(tax % 1 != Decimal("0.5") for tax in exact)
    assert [RULE.tax(gross) for gross in range(above, above + 25)] == sorted(
        RULE.tax(gross) for gross in range(above, above + 25)
    )


def rate_of(gross: int) -> Decimal:
    taxable = RULE.taxable(gross)
    return next(line.rate for line in RULE.brackets if line.up_to is None or taxable <= line.up_to)


@given(st.integers(0, MOST))
def test_more_before_tax_is_never_less_after_it(gross: int) -> None:
    assert 0 <= RULE.tax(gross) <= gross
    assert RULE.net(gross + 1) - RULE.net(gross) in (0, 1)


@given(st.integers(0, MOST))
def test_every_net_amount_has_its_smallest_gross(net: int) -> None:
    gross = RULE.gross_for(net)
    assert RULE.net(gross) == net
    assert gross == 0 or RULE.net(gross - 1) < net


@given(st.integers(max_value=-1))
def test_below_nothing_there_is_no_payment(amount: int) -> None:
    with pytest.raises(ValueError, match="below 0"):
        RULE.tax(amount)
    with pytest.raises(ValueError, match="below 0"):
        RULE.gross_for(amount)


def test_the_brackets_meet_without_a_step() -> None:
    for lower, upper in zip(RULE.brackets, RULE.brackets[1:], strict=False):
        assert lower.up_to is not None
        below = lower.up_to * lower.rate - lower.quick_deduction
        assert below == lower.up_to * upper.rate - upper.quick_deduction
    assert RULE.small_income * RULE.deducted_share == RULE.flat_deduction
    assert RULE.brackets[-1].up_to is None


def test_rules_are_dated_and_name_their_sources() -> None:
    assert [rule.in_force_from for rule in withholdings()] == sorted({rule.in_force_from for rule in withholdings()})
    assert withholding_on(date(2019, 1, 1)).name == "labour-2019-01-01"
    with pytest.raises(NoWithholdingRule):
        withholding_on(date(2018, 12, 31))
    assert any("2018年第61号" in source for source in RULE.sources)
    assert any("第十四条" in source for source in RULE.sources)


@pytest.mark.parametrize(
    ("title", "title_class"),
    [
        ("中国工程院院士、教授", "eminent"),
        ("正高级工程师", "senior"),
        ("高级工程师", "senior"),
        ("副教授", "senior"),
        ("副研究员", "senior"),
        ("主任医师", "senior"),
        ("助理研究员", "other"),
        ("工程师", "other"),
        ("律师", "other"),
        ("", "other"),
    ],
)
def test_a_title_suggests_its_class(title: str, title_class: str) -> None:
    assert title_class_of(title) == title_class


def test_words_and_sums_are_said() -> None:
    assert WORKS == {"preliminary_analysis": "初步分析", "session": "线上会诊", "other": "其他"}
    assert list(TITLE_CLASS_LABELS) == ["eminent", "senior", "other"]
    assert "财科教〔2017〕128号" in REFERENCE.source
    assert [yuan(amount) for amount in (0, 5, 180_050, 123_456_789)] == ["0.00", "0.05", "1,800.50", "1,234,567.89"]
