"""Names of organisations: what counts as the same, and what must not."""

import pytest

from portal.services.conflicts import is_same_organisation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("苏州煦眠家居用品有限公司", "煦眠家居用品（苏州）有限公司"),
        ("苏州煦眠家居用品有限公司", "江苏省苏州市煦眠家居用品股份有限公司"),
        ("美的集团", "广东美的制冷设备有限公司"),
        ("ＴÜＶ莱茵（上海）有限公司", "tüv莱茵有限公司"),
        ("上海电器检验院", "上海电器检验院第二检测室"),
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
