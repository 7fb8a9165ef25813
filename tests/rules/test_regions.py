"""Division codes: built as the standard builds them, unique, and each area under the one it belongs to."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.editions import load_edition
from portal.rules.regions import (
    covers,
    is_division_code,
    is_municipality,
    level_of,
    parent_of,
    shipped_areas,
)

AREAS = shipped_areas()
CODES = st.from_regex(r"[1-9][0-9](?:0000|(?:0[1-9]|[1-9][0-9])(?:00|0[1-9]|[1-9][0-9]))", fullmatch=True)


def test_the_region_has_41_cities() -> None:
    levels = Counter((area.province, area.level) for area in AREAS.values())
    cities = {province: count for (province, level), count in levels.items() if level == "city"}
    assert cities == {"jiangsu": 13, "zhejiang": 11, "anhui": 16}
    assert is_municipality("310000")
    assert sum(cities.values()) + 1 == 41
    assert levels["shanghai", "county"] == 16


def test_each_code_has_the_prefix_of_its_province_and_an_own_name() -> None:
    provinces = {area.province: area.code for area in AREAS.values() if area.level == "province"}
    for code, area in AREAS.items():
        assert area.code == code
        assert is_division_code(code)
        assert code[:2] == provinces[area.province][:2]
        assert area.parent is None or area.parent in AREAS
        if area.level != "county":
            assert code.endswith("00")
            assert area.name[-1] in "市省"
    assert len({area.name for area in AREAS.values()}) == len(AREAS)


def test_no_two_regulators_number_their_documents_alike() -> None:
    abbreviations = [area.abbreviation for area in AREAS.values() if area.level != "county"]
    assert all(abbreviations)
    assert len(set(abbreviations)) == len(abbreviations)
    assert AREAS["320100"].abbreviation == "宁市监"
    assert not AREAS["320100"].decided


def test_the_provinces_are_the_members_of_the_alliance() -> None:
    members = {(member.key, member.province) for member in load_edition().alliance.members}
    assert {(area.province, area.name) for area in AREAS.values() if area.level == "province"} == members


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("320000", "province", None),
        ("320100", "city", "320000"),
        ("320115", "county", "320100"),
        ("310115", "county", "310000"),
        ("310100", "city", "310000"),
        ("500233", "county", "500000"),
        ("429004", "county", "420000"),
    ],
)
def test_level_and_parent_follow_from_the_code(code: str, level: str, parent: str | None) -> None:
    assert (level_of(code), parent_of(code)) == (level, parent)


@pytest.mark.parametrize("code", ["", "32", "000000", "320001", "32010a", "3201000", "３２０１００", "020100"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert not is_division_code(code)
    for function in (level_of, parent_of):
        with pytest.raises(ValueError, match="行政区划代码"):
            function(code)
    with pytest.raises(ValueError, match="行政区划代码"):
        covers(code, "320100")
    with pytest.raises(ValueError, match="行政区划代码"):
        covers("320000", code)


@pytest.mark.parametrize(
    ("area", "of", "is_covered"),
    [
        ("320000", "320115", True),
        ("320100", "320115", True),
        ("320115", "320115", True),
        ("310000", "310115", True),
        ("320115", "320100", False),
        ("320200", "320115", False),
        ("330000", "320115", False),
        ("310115", "310000", False),
    ],
)
def test_an_area_covers_itself_and_what_lies_below(area: str, of: str, is_covered: bool) -> None:
    assert covers(area, of) is is_covered


@given(CODES, CODES, CODES)
def test_covering_is_an_order(one: str, two: str, three: str) -> None:
    assert covers(one, one)
    assert not (covers(one, two) and covers(two, one)) or one == two
    assert not (covers(one, two) and covers(two, three)) or covers(one, three)


@given(CODES)
def test_every_code_climbs_to_its_province(code: str) -> None:
    here, steps = code, 0
    while (above := parent_of(here)) is not None:
        assert covers(above, code)
        assert not covers(code, above)
        here, steps = above, steps + 1
    assert here == f"{code[:2]}0000"
    assert steps <= 2
