"""Names of organisations: what counts as the same, and what must not."""

from datetime import date

import pytest

from portal.models.consultation import ProductInformation
from portal.models.database import Database
from portal.process.errors import Invalid, NotAllowed, NotFound
from portal.services.conflicts import Involved, Tie, conflicts_among, involved_in, is_same_organisation, other_names
from portal.services.organisation_aliases import add_alias, alias_page, remove_alias
from tests.factories.world import NOON, build_world


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
    involved = (Involved("生产者", "宁波方太厨具有限公司"), Involved("控股/母公司", "美的集团"))
    ties = [
        Tie("曾任单位", "方太", date(2023, 3, 2)),
        Tie("曾任单位", "方太集团", date(2023, 3, 1)),
        Tie("申报的关系（持股）", "广东美的制冷设备有限公司"),
        Tie("工作单位", "杭州湖滨医院"),
    ]
    found = conflicts_among(ties, involved, today)
    assert [(one.organisation, one.role) for one in found] == [
        ("方太", "生产者"),
        ("广东美的制冷设备有限公司", "控股/母公司"),
    ]
    assert "曾任单位“方太”与生产者名称相符" in [one.words for one in found]


def test_names_are_tied_over_any_number_of_pairs() -> None:
    pairs = [("博西华电器（江苏）有限公司", "博西家电"), ("博西家电", "西门子家电"), ("方太", "米博")]
    assert other_names("江苏博西华电器有限公司", pairs) == ("博西家电", "西门子家电")
    assert other_names("西门子家电（中国）", pairs) == ("博西家电", "博西华电器（江苏）有限公司")
    assert other_names("苏泊尔", pairs) == ()


def test_an_alias_finds_what_the_name_does_not_and_is_named(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        product = ProductInformation(
            producer="博西华电器（江苏）有限公司", brand_owner="", test_laboratory="", parent_company=""
        )
        ties = [Tie("曾任单位", "西门子家电有限公司", NOON.date())]
        assert conflicts_among(ties, involved_in(db, product), NOON.date()) == ()
        add_alias(
            db, actor=world.lead, name="博西华电器有限公司", alias="西门子家电", source="公司网站", now=NOON
        )  # fmt: skip
        found = conflicts_among(ties, involved_in(db, product), NOON.date())
        assert [one.words for one in found] == ["曾任单位“西门子家电有限公司”与生产者的别名“西门子家电”相符"]


@pytest.mark.parametrize(
    ("name", "alias", "source", "field"),
    [
        ("", "西门子家电", "公司网站", "name"),
        ("博西华电器有限公司", "上海市", "公司网站", "alias"),
        ("博西华电器有限公司", "江苏博西华电器", "公司网站", "alias"),
        ("博西华电器有限公司", "西门子家电", " ", "source"),
        ("西门子家电有限公司", "博西家电", "公司网站", "alias"),
    ],
)
def test_an_alias_that_says_nothing_is_refused_at_its_field(
    sqlite_database: Database, name: str, alias: str, source: str, field: str
) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        add_alias(db, actor=world.lead, name="博西家电", alias="西门子家电", source="公司网站", now=NOON)
        with pytest.raises(Invalid) as refused:
            add_alias(db, actor=world.lead, name=name, alias=alias, source=source, now=NOON)
        assert field in [problem.field for problem in refused.value.problems]


def test_who_added_an_alias_removes_it(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        row = add_alias(db, actor=world.lead, name="博西家电", alias="西门子家电", source="公司网站", now=NOON)
        db.flush()
        page = alias_page(db, actor=world.applicant, search="西门", now=NOON)
        assert [(one.alias.alias, one.is_own) for one in page.rows] == [("西门子家电", False)]
        with pytest.raises(NotAllowed):
            remove_alias(db, actor=world.applicant, alias_id=row.id, now=NOON)
        remove_alias(db, actor=world.lead, alias_id=row.id, now=NOON)
        assert alias_page(db, actor=world.lead, now=NOON).total == 0
        with pytest.raises(NotFound):
            alias_page(db, actor=world.experts["jiangsu"][0], now=NOON)
