"""Grounds (Art. 4), preliminary verification and product information (Art. 7), credit code."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest

from portal.rules.application import (
    PreliminaryVerification,
    check_preliminary_verification,
    check_product_information,
)
from portal.rules.credit_code import check_credit_code
from portal.rules.editions import load_edition
from portal.rules.grounds import ApplicationGrounds, check_grounds

EDITION = load_edition()


def problems_of(**given: Any) -> list[tuple[str, str]]:
    given["ticked"] = frozenset(given["ticked"])
    return [(problem.field, problem.article) for problem in check_grounds(ApplicationGrounds(**given), EDITION)]


def test_no_ground_is_a_problem() -> None:
    (problem,) = check_grounds(ApplicationGrounds(), EDITION)
    assert (problem.field, problem.article) == ("grounds", "4")
    assert "第四条" in problem.message


def test_an_unknown_ground_is_a_problem() -> None:
    assert problems_of(ticked={"curiosity"}) == [("grounds", "4")]


def test_ground_1_holds_for_two_different_provinces_of_the_alliance_and_no_others() -> None:
    places = ("shanghai", "jiangsu", "zhejiang", "anhui", "guangdong", "")
    alliance = set(places[:4])
    for registered, manufacturing in product(places, places):
        found = problems_of(
            ticked={"cross_province"}, registered_province=registered, manufacturing_province=manufacturing
        )
        holds = registered in alliance and manufacturing in alliance and registered != manufacturing
        assert (found == []) == holds, (registered, manufacturing)
        assert all(article == "4(1)" for _, article in found)


def test_ground_1_says_which_place_is_wrong() -> None:
    given = ApplicationGrounds(frozenset({"cross_province"}), "jiangsu", "guangdong")
    (problem,) = check_grounds(given, EDITION)
    assert problem.field == "manufacturing_province"
    assert problem.message == "实际生产地应在长三角省（市）（上海、江苏、浙江、安徽）之一（第四条（一））"


def test_ground_2_needs_what_and_when() -> None:
    assert problems_of(ticked={"national_arrangement"}) == [("arrangement", "4(2)"), ("arranged_on", "4(2)")]
    assert problems_of(ticked={"national_arrangement"}, arrangement="专项行动", arranged_on=date(2026, 3, 1)) == []


def test_ground_3_needs_the_reason() -> None:
    assert problems_of(ticked={"institution_necessity"}, necessity_reason=" ") == [("necessity_reason", "4(3)")]
    assert problems_of(ticked={"institution_necessity"}, necessity_reason="多起伤害") == []


def test_each_ticked_ground_is_checked() -> None:
    found = problems_of(ticked={"cross_province", "national_arrangement", "institution_necessity"})
    assert {article for _, article in found} == {"4(1)", "4(2)", "4(3)"}


def test_preliminary_verification_is_wanted_whole() -> None:
    problems = check_preliminary_verification(PreliminaryVerification(), EDITION)
    assert [problem.field for problem in problems] == ["checked", "verified_by", "verified_on", "result"]
    assert all(problem.article == "7" and "第七条" in problem.message for problem in problems)
    given = PreliminaryVerification("送检报告", "陈一", date(2026, 3, 2), "疑似存在缺陷")
    assert check_preliminary_verification(given, EDITION) == ()


def test_product_information_names_what_is_missing() -> None:
    problems = check_product_information({}, (), EDITION)
    assert [problem.field for problem in problems] == [
        "information_source",
        "product_name",
        "producer",
        "suspected_defect",
    ]
    assert problems[1].message == "请填写“产品及生产信息”中的“产品名称”（第七条）"


def test_another_information_source_is_to_be_named() -> None:
    values = {"product_name": "电热毯", "producer": "某公司", "suspected_defect": "过热"}
    assert check_product_information(values, ["injury_monitoring"], EDITION) == ()
    (problem,) = check_product_information(values, ["other"], EDITION)
    assert problem.field == "information_source_other"
    assert check_product_information({**values, "information_source_other": "投诉"}, ["other"], EDITION) == ()


# Codes that well-known companies publish, so their check characters were made by the registry, not by this code.
PUBLISHED = ("914403001922038216", "9144030071526726XG", "91330100799655058B", "91110000802100433B")


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_pass(code: str) -> None:
    assert check_credit_code(code) == ()


def test_the_example_of_the_standard() -> None:
    assert check_credit_code("91350100M000100Y43") == ()


def test_every_single_wrong_character_and_swap_of_neighbours_is_found() -> None:
    code = "91350100M000100Y43"
    for place, char in product(range(18), "0123456789ABCDEFGHJKLMNPQRTUWXY"):
        if code[place] != char:
            assert check_credit_code(code[:place] + char + code[place + 1 :])
    for place in range(17):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert bool(check_credit_code(swapped)) == (swapped != code)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "18位"),
        ("91350100M000100Y4", "18位"),
        ("91350100M000100Y433", "18位"),
        ("91350100m000100y43", "字符“m、y”"),
        ("9135010OM000100Y43", "字符“O”"),
        ("９1350100M000100Y43", "字符"),
        ("91350100M000100Y44", "校验位"),
    ],
)
def test_a_wrong_code_says_what_is_wrong(code: str, message: str) -> None:
    (problem,) = check_credit_code(code, "credit_code")
    assert message in problem.message
    assert (problem.field, problem.article) == ("credit_code", "GB 32100-2015")
