"""What is searched and what is searched for meet, however either was typed."""

import pytest

from portal.rules.recall.publication_search import LONGEST_SEARCH, MOST_TERMS, is_cut, search_terms, searchable


@pytest.mark.parametrize(
    "typed", ["xm-150", "ＸＭ－150", "XM‐150", "Xm–150", "  XM-150\t电热毯 ", "电热毯\u3000ｘｍ－１５０"]
)
def test_case_width_and_dashes_do_not_matter(typed: str) -> None:
    stored = searchable("南京煦眠 电热毯", "XM-150")
    assert search_terms(typed)
    assert all(term in stored for term in search_terms(typed))


def test_every_part_is_a_line_of_its_own_and_empty_ones_are_none() -> None:
    assert searchable("电热毯", "", " \n ", "煦眠  A\nB", "电热毯") == "电热毯\n煦眠 a b"


def test_a_search_is_limited_and_says_so() -> None:
    many = " ".join(f"词{number}" for number in range(MOST_TERMS + 1))
    assert len(search_terms(many)) == MOST_TERMS
    assert is_cut(many)
    assert search_terms("长" * (LONGEST_SEARCH + 5)) == ("长" * LONGEST_SEARCH,)
    assert is_cut("长" * (LONGEST_SEARCH + 1))
    assert not is_cut("长" * LONGEST_SEARCH)
    assert not is_cut("同 " * MOST_TERMS * 2)


@pytest.mark.parametrize("typed", ["", "  ", "\u3000", "\x00"])
def test_nothing_typed_searches_nothing(typed: str) -> None:
    assert search_terms(typed) == ()
