"""Finding experts in Chinese, on both databases, in a large register and fast."""

from time import perf_counter

import pytest
from sqlalchemy import func, insert, select

from portal.models.account import Person
from portal.models.database import Database
from portal.models.expert import Expert
from portal.services.expert_search import matches, search_text, username_of, write_search_text
from portal.services.experts import register
from tests.factories.world import NOON, build_world


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("单田芳", "shantianfang", "stf"),
        ("仇英", "qiuying", "qy"),
        ("解晓东", "xiexiaodong", "xxd"),
        ("曾国藩", "zengguofan", "zgf"),
        ("区志明", "ouzhiming", "ozm"),
        ("任我行", "renwo", "rw"),
        ("翟志刚", "zhaizhigang", "zzg"),
        ("覃伟", "tanwei", "tw"),
        ("覃伟", "qinwei", "qw"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("吕布", "lvbu", "lb"),
        ("吕布", "lyubu", "lb"),
        ("欧阳修", "ouyangxiu", "oyx"),
    ],
)
def test_a_surname_is_read_as_a_surname(name: str, full: str, initials: str) -> None:
    lines = search_text(name, ()).splitlines()
    assert any(line.startswith(full) for line in lines)
    assert any(line.startswith(initials) for line in lines)


def test_a_user_name_is_made_of_a_name() -> None:
    assert username_of("单小芳") == "shanxiaofang"
    assert username_of("Ada Lovelace") == "adalovelace"
    assert username_of("💡") == "expert"


def test_any_part_of_a_word_is_found_and_wildcards_are_letters(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        expert = db.get_one(Expert, world.experts["anhui"][0].expert_id)
        expert.person.name, expert.employer, expert.title = "单田芳", "杭州湖滨医院", "ＬＥＤ 专家100%"
        write_search_text(expert)
        db.flush()
        for word in (
            "田芳",
            "stf",
            "shantian",
            "湖滨",
            "hzhb",
            "HUBIN",
            "led",
            "家用电器",
            "jydq",
            "电气安",
            "100%",
            "单 医院",
        ):
            assert db.scalar(select(Expert.id).where(*matches(word), Expert.id == expert.id)), word
        for word in ("dantian", "1_0", "%%", "医院 上海", "芳杭"):
            assert not db.scalar(select(Expert.id).where(*matches(word), Expert.id == expert.id)), word


def _person(person_id: int, n: int) -> dict[str, object]:
    return {
        "id": person_id,
        "username": f"many{n}",
        "name": f"第{n}人",
        "email": f"many{n}@example.org",
        "created_at": NOON,
    }


def _expert(person_id: int, n: int, institution_id: int) -> dict[str, object]:
    return {
        "person_id": person_id,
        "institution_id": institution_id,
        "field": "燃气具",
        "employer": "合肥检测站",
        "title": "工程师",
        "search_text": f"第{n}人\nhefeijiancezhan\nhfjcz\n{'电' * 150}",
    }


def test_five_thousand_experts_are_searched_at_once(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        last = db.scalar(select(func.max(Person.id))) or 0
        db.execute(insert(Person), [_person(last + 1 + n, n) for n in range(5000)])
        db.execute(insert(Expert), [_expert(last + 1 + n, n, world.institutions["anhui"]) for n in range(5000)])
    with database.read() as db:
        begun = perf_counter()
        found = register(db, actor=world.staff["anhui"], now=NOON, search="第4999 hfjcz")
        assert perf_counter() - begun < 1, "a page of 5,000 takes a fraction of this"
        assert [row.name for row in found.rows] == ["第4999人"]
