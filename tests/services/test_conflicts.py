"""Names of organisations: what counts as the same, and what must not."""

from datetime import date

import pytest

from portal.models.consultation import ProductInformation
from portal.services.conflicts import Tie, conflicts_among, is_same_organisation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("苏州煦眠家居用品有限公司", "煦眠家居用品（苏州）有限公司"),
        ("苏州煦眠家居用品有限公司", "江苏省苏州市煦眠家居用品股份有限公司"),
        ("美的集团", "广东美的制冷设备有限公司"),
        ("ＴÜＶ莱茵（上海）有限公司", "tüv莱茵有限公司"),
        ("上海电器检验院", "上海电器检验院第二检测室"),
        ("方太", "宁波方太厨具有限公司"),
        ("格力", "珠海格力电器股份有限公司"),
        ("华东理工大学材料学院", "材料学院"),
    ],
)
def test_one_organisation_under_two_names(one: str, other: str) -> None:
    assert is_same_organisation(one, other)
    assert is_same_organisation(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("苏州煦眠家居用品有限公司", "苏州安寝家居用品有限公司"),
        ("上海电器检验院", "上海纺织检验院"),
        ("上海市公司", "上海市工厂"),
        ("", ""),
        ("某", "某某有限公司"),
        ("杭州湖滨医院", ""),
    ],
)
def test_two_organisations(one: str, other: str) -> None:
    assert not is_same_organisation(one, other)
    assert not is_same_organisation(other, one)


def test_what_ended_long_ago_counts_no_more_and_parent_companies_do() -> None:
    today = date(2026, 3, 2)
    product = ProductInformation(
        producer="宁波方太厨具有限公司", brand_owner="", test_laboratory="", parent_company="美的集团"
    )
    ties = [
        Tie("曾任单位", "方太", date(2023, 3, 2)),
        Tie("曾任单位", "方太集团", date(2023, 3, 1)),
        Tie("申报的关系（持股）", "广东美的制冷设备有限公司"),
        Tie("工作单位", "杭州湖滨医院"),
    ]
    found = conflicts_among(ties, product, today)
    assert [(one.organisation, one.role) for one in found] == [
        ("方太", "生产者"),
        ("广东美的制冷设备有限公司", "控股/母公司"),
    ]
    assert "曾任单位“方太”与生产者名称相符" in [one.words for one in found]
