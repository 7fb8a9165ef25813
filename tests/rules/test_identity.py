"""Numbers of documents, accounts and telephones: their shape and their check characters."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.identity import (
    check_bank_account,
    check_character,
    check_document_number,
    check_phone,
    is_card_number,
    masked,
)

TODAY = date(2026, 3, 2)
EXAMPLE = "11010519491231002X"  # the example of GB 11643—1999 itself


@pytest.mark.parametrize("number", [EXAMPLE, "440524188001010014"])
def test_the_standards_own_examples_pass(number: str) -> None:
    assert check_document_number("resident_card", number, TODAY) == ()


@pytest.mark.parametrize(
    "number",
    [
        "",
        EXAMPLE[:-1],
        EXAMPLE.lower(),
        EXAMPLE[:-1] + "1",
        "110105194912310021",
        "11010519491331002X",  # month 13
        "110105203001010029",  # not born yet
        "１１０１０５19491231002X",
        "010105194912310029",
    ],
)
def test_a_wrong_number_is_named(number: str) -> None:
    (problem,) = check_document_number("resident_card", number, TODAY)
    assert problem.field == "id_number"
    assert "11643" in problem.article


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place: int, shift: int) -> None:
    digit = str((int(EXAMPLE[place]) + shift) % 10)
    assert check_character(EXAMPLE[:place] + digit + EXAMPLE[place + 1 : 17]) != EXAMPLE[17]


def test_other_documents_have_letters_and_digits() -> None:
    assert check_document_number("passport", "E12345678", TODAY) == ()
    for wrong in ("e1", "E123-45678", ""):
        assert check_document_number("passport", wrong, TODAY)


def test_bank_cards_are_told_from_slips_of_the_pen() -> None:
    assert is_card_number("4111111111111111")
    assert not is_card_number("4111111111111112")
    assert check_bank_account("4111111111111112") == ()  # an account that is no card
    for wrong in ("", "1234567", "41111111x1111111", "1" * 31):
        (problem,) = check_bank_account(wrong)
        assert problem.field == "account"


def test_telephones_of_china() -> None:
    for right in ("13800138000", "+8613800138000", "021-12345678", "05511234567", "021-12345678-801"):
        assert check_phone(right) == ()
    for wrong in ("", "1380013800", "23800138000", "12345678", "021－12345678"):
        assert check_phone(wrong)[0].field == "phone"


def test_a_masked_number_shows_its_end_alone() -> None:
    assert masked("4111111111111111") == "************1111"
    assert masked("12345678") == "********"
    assert masked("") == ""
