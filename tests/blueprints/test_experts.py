"""The expert register in the browser: one's own, and nobody else's."""

from collections.abc import Callable

from portal.models.account import Person, PersonRole
from portal.models.database import Database
from tests.factories.panel import confirmed
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
ENTRY = {"field": "烧伤急诊", "employer": "杭州湖滨医院", "title": "主任医师", "relations": "", "is_available": "y"}


def text(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined,no-any-return]


def test_the_own_register_with_load_and_history(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        confirmed(db, world)
    staff = surf("anhui-staff")
    page = text(staff.get("/experts"))
    assert page.count('href="/experts/') - page.count('href="/experts/new"') == 4
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
    assert staff.post(edit, {**ENTRY, "title": " "}).status_code == 422
    without = {key: value for key, value in ENTRY.items() if key != "is_available"}
    assert staff.post(edit, {**without, "title": "副主任医师"}).status_code == 303
    page = text(staff.get(added.location))
    assert "副主任医师" in page
    assert "暂不参加" in page


def test_only_staff_have_a_register(surf: Surf, world: World) -> None:
    for username in ("anhui-expert-1", "administrator", "security", "auditor"):
        assert surf(username).get("/experts").status_code == 404
        assert surf(username).get("/experts/new").status_code == 404
