"""校验码: 80 bits of a digest, printed in groups, understood however they are typed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.documents.verification_code import ALPHABET, beginning_of, code_of, codes_in

DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(DIGESTS)
def test_a_code_is_the_first_80_bits(digest: str) -> None:
    code = code_of(digest)
    assert [len(part) for part in code.split("-")] == [4, 4, 4, 4]
    assert beginning_of(code) == digest[:20]


def test_a_known_code_stays_as_it_was_printed() -> None:
    """Codes stand on paper: whoever changes the way they are made breaks every sheet that was printed."""
    assert code_of(hashlib.sha256("会诊表".encode()).hexdigest()) == "H126-JYBV-XJ8V-JQDS"
    assert code_of("ff" * 32) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert code_of("") == ""


@pytest.mark.parametrize(
    "typed",
    [
        "0123-4567-89AB-CDEF",
        "0l23456789abcdef",
        "O1 23 45 67 89 ab CD ef",
        "０１２３－４５６７－８９ＡＢ－ＣＤＥＦ",
        " oi23—4567—89AB—CDEF",
    ],
)
def test_what_readers_type_is_understood(typed: str) -> None:
    assert beginning_of(typed) == beginning_of("0123-4567-89AB-CDEF") != ""


@pytest.mark.parametrize(
    "typed", ["", "0123", "0123-4567-89AB-CDEU", "0123-4567-89AB-CDEF-0", "会诊", "%00", "9" * 500]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert beginning_of(typed) == ""


def test_codes_are_found_in_a_text_and_their_alphabet_cannot_be_misread() -> None:
    text = "校验码　0123-4567-89AB-CDEF　第 0123-4567-89AB-CDEF 与 AAAA-BBBB-CCCC-DDDD，非码 X0123-4567-89AB-CDEF"
    assert list(codes_in(text)) == ["0123-4567-89AB-CDEF", "AAAA-BBBB-CCCC-DDDD"]
    assert not set("ILOU") & set(ALPHABET)
