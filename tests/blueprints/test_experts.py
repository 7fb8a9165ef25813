"""The expert register in the browser: one's own, and nobody else's."""

import re
from collections.abc import Callable
from io import BytesIO

from portal.models.account import Person, PersonRole
from portal.models.database import Database
from portal.models.expert import Expert
from portal.services.expert_import import read_waiting
from tests.factories.panel import confirmed
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
ENTRY = {
    "field": "烧伤急诊",
    "fields": [],
    "disciplines": ["clinical_medicine"],
    "employer": "杭州湖滨医院",
    "title": "主任医师",
    "relations": "",
    "is_available": "y",
}


def text(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined,no-any-return]


def test_the_own_register_with_load_and_history(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        confirmed(db, world)
    staff = surf("anhui-staff")
    page = text(staff.get("/experts"))
    assert len(re.findall(r'href="/experts/\d+"', page)) == 4
    assert "共 <b>4</b>" in page
    first, other = world.experts["anhui"][0].expert_id, world.experts["jiangsu"][0].expert_id
    shown = text(staff.get(f"/experts/{first}"))
    assert "〔2026〕1号" in shown
    assert "已接受" in shown
    assert staff.get(f"/experts/{other}").status_code == 404
    assert staff.get(f"/experts/{other}/edit").status_code == 404
    assert "没有符合条件的专家" in text(staff.get("/experts?search=不存在"))
    assert staff.get("/experts?page=99&field=x&state=y").status_code == 200


def test_adding_and_changing_an_expert(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        db.add(
            Person(
                username="fang", name="方志成", email="fang@example.org", password_hash="!", password_changed_at=NOON,
                created_at=NOON, roles=[PersonRole(role="expert")],
            )
        )  # fmt: skip
    staff = surf("zhejiang-staff")
    staff.get("/experts/new")
    for username in ("nobody", "auditor", "anhui-expert-1"):
        refused = staff.post("/experts/new", {**ENTRY, "username": username})
        assert refused.status_code == 422
        assert 'href="#username"' in text(refused)
        assert 'value="杭州湖滨医院"' in text(refused)
    added = staff.post("/experts/new", {**ENTRY, "username": "fang"})
    assert added.status_code == 303
    assert "方志成" in text(staff.get(added.location))
    edit = f"{added.location}/edit"
    for wrong in ({"title": " "}, {"disciplines": []}, {"relations": "某公司，亲密"}, {"away_until": "2026-05-01"}):
        refused = staff.post(edit, {**ENTRY, **wrong})
        assert refused.status_code == 422
        assert f'href="#{"fields" if "disciplines" in wrong else next(iter(wrong))}"' in text(refused)
    without = {key: value for key, value in ENTRY.items() if key != "is_available"}
    changed = {
        "title": "副主任医师",
        "former_employers": "浙江某公司，2010-07至2024-12",
        "relations": "某某集团，持股，2020年至今",
        "away_until": "2026-05-01",
    }
    assert staff.post(edit, {**without, **changed}).status_code == 303
    page = text(staff.get(added.location))
    assert "副主任医师" in page
    assert "暂不参加，至 2026年5月1日" in page
    assert "浙江某公司，2010-07-01至2024-12-31" in page
    assert "某某集团，持股，2020-01-01至今" in page
    assert "2024-12-31" in text(staff.get(edit))


def test_only_staff_have_a_register(surf: Surf, world: World) -> None:
    for username in ("anhui-expert-1", "administrator", "security", "auditor"):
        assert surf(username).get("/experts").status_code == 404
        assert surf(username).get("/experts/new").status_code == 404


def test_the_list_is_searched_in_pinyin_and_filtered(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        confirmed(db, world)
        expert = db.get_one(Expert, world.experts["anhui"][3].expert_id)
        expert.is_available = False
    staff = surf("anhui-staff")
    for query, count in (
        ("search=电器", 4), ("search=gaojigongchengshi", 4), ("search=GJGCS", 4), ("search=dqaq+专2", 1),
        ("field=household_appliances", 4), ("field=toys", 0), ("state=away", 1), ("state=pending", 0),
        ("state=busy", 1), ("state=free", 2), ("search=%25", 0), ("search=_", 0),
    ):  # fmt: skip
        assert f"共 <b>{count}</b> 人" in text(staff.get(f"/experts?{query}")), query


def test_an_expert_without_an_account_gets_one_from_the_security_administrator(
    surf: Surf, world: World, read_mail: Callable[[], list[str]]
) -> None:
    staff, security = surf("zhejiang-staff"), surf("security")
    given = {**ENTRY, "username": "", "name": "单小芳", "email": "dan@example.org"}
    staff.get("/experts/new")
    assert 'href="#email"' in text(staff.post("/experts/new", {**given, "email": "x"}))
    shown = staff.post("/experts/new", given).location
    assert "待开通账号" in text(staff.get(shown))
    again = staff.post("/experts/new", given)
    assert again.status_code == 422
    assert "已有使用该邮箱的单小芳" in text(again)
    page = text(security.get("/accounts/requests"))
    assert "shanxiaofang" in page
    (person_id,) = re.findall(r'name="persons" value="(\d+)"', page)
    assert "还不能使用" in text(security.get(f"/accounts/{person_id}"))
    assert security.post(f"/accounts/{person_id}/enable").status_code == 409
    assert security.post("/accounts/requests", {"persons": []}).status_code == 422
    assert security.post("/accounts/requests", {"persons": person_id}).status_code == 303
    assert len(read_mail()) == 1
    assert "没有待开通的账号" in text(security.get("/accounts/requests"))
    assert "待开通账号" not in text(staff.get(shown)).partition("</dl>")[0].rpartition("<dl")[2]
    assert staff.post(f"{shown}/withdraw").status_code == 409


def test_an_entry_is_withdrawn_before_its_account_is_opened(surf: Surf, world: World) -> None:
    staff = surf("zhejiang-staff")
    staff.get("/experts/new")
    shown = staff.post("/experts/new", {**ENTRY, "name": "解晓东", "email": "xie@example.org"}).location
    assert surf("anhui-staff").post(f"{shown}/withdraw").status_code == 404
    assert staff.post(f"{shown}/withdraw").status_code == 303
    assert staff.get(shown).status_code == 404
    assert "没有待开通的账号" in text(surf("security").get("/accounts/requests"))
    assert surf("anhui-staff").get("/accounts/requests").status_code == 404


def test_a_list_is_uploaded_looked_at_and_taken_over(surf: Surf, world: World, sqlite_database: Database) -> None:
    staff = surf("anhui-staff")
    assert staff.get("/experts/template.xlsx").data.startswith(b"PK")
    staff.get("/experts/imports")
    assert staff.post("/experts/imports").status_code == 422
    assert "只能导入" in text(staff.post("/experts/imports", {"file": (BytesIO(b"x"), "a.txt")}))
    rows = "甲一,a@example.org,玩具,合肥某院,工程师\r\n乙二,b,玩具,合肥某院,工程师"
    content = f"姓名,邮箱,专业领域,工作单位,职务/职称\r\n{rows}".encode("gbk")
    sent = staff.post("/experts/imports", {"file": (BytesIO(content), "名单.csv")})
    assert sent.status_code == 303
    shown = sent.location
    waiting = text(staff.get(shown))
    assert "<progress" in waiting
    assert "every 1s" in waiting
    assert "刷新进度" in waiting
    assert staff.post(f"{shown}/confirm").status_code == 409
    read_waiting(sqlite_database, NOON)
    preview = text(staff.get(shown))
    assert "导入 1 位专家" in preview
    assert "第 3 行" in preview
    assert "every 1s" not in preview
    part = text(staff.get(shown, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="import">')
    assert staff.get(f"{shown}/problems.xlsx").data.startswith(b"PK")
    for path in (shown, f"{shown}/problems.xlsx"):
        assert surf("jiangsu-staff").get(path).status_code == 404
    done = staff.post(f"{shown}/confirm")
    assert done.status_code == 303
    assert "甲一" in text(staff.get(done.location))
    assert "已导入" in text(staff.get(shown))
    assert staff.post(f"{shown}/discard").status_code == 409
    assert staff.post("/experts/export").data.startswith(b"PK")
    assert "名单.csv" in text(staff.get("/experts/imports"))


def test_an_alias_is_added_seen_by_all_and_removed_by_who_added_it(surf: Surf, world: World) -> None:
    own, other = surf("jiangsu-staff"), surf("anhui-staff")
    own.get("/experts/aliases")
    given = {"name": "博西华电器（江苏）有限公司", "alias": "博西华电器", "source": "公司网站"}
    refused = own.post("/experts/aliases", given)
    assert refused.status_code == 422
    assert "本来就会视为同一单位" in refused.text
    assert 'value="公司网站"' in refused.text
    assert own.post("/experts/aliases", {**given, "alias": "西门子家电"}).status_code == 303
    page = other.get("/experts/aliases?search=西门子").text
    assert "西门子家电" in page
    assert "由登记单位删除" in page
    assert other.post("/experts/aliases/1/remove").status_code == 403
    own.get("/experts/aliases")
    assert own.post("/experts/aliases/1/remove").status_code == 303
    assert "没有登记的别名" in own.get("/experts/aliases").text
