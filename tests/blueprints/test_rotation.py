"""Pages of the rotation and the liaisons: who sees them, what bad input answers, nothing typed lost."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.institution import Liaison, RotationTerm
from portal.services.standing_duties import open_by_clock
from tests.factories.world import KEYS, NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]


def page(answer) -> str:
    return answer.get_data(as_text=True)


def future_terms(database: Database) -> list[RotationTerm]:
    with database.read() as db:
        return list(db.scalars(select(RotationTerm).order_by(RotationTerm.starts_on)))[2:]


def order(world: World, *keys: str) -> dict[str, object]:
    return {f"order-{place}": world.institutions[key] for place, key in enumerate(keys)}


def test_staff_read_the_schedule_and_the_administrator_may_change_it(surf: Surf, world: World) -> None:
    read = surf("anhui-staff").get("/rotation")
    assert read.status_code == 200
    assert "任期第 102 天" in page(read)
    assert "编排轮值" not in page(read)
    assert "/rotation/schedule" in page(surf("administrator").get("/rotation"))


@pytest.mark.parametrize("path", ["/rotation", "/rotation/liaisons", "/rotation/schedule", "/rotation/terms/3"])
@pytest.mark.parametrize("username", ["shanghai-expert-1", "auditor", "security"])
def test_for_others_it_does_not_exist(surf: Surf, world: World, path: str, username: str) -> None:
    assert surf(username).get(path).status_code == 404


def test_staff_cannot_open_what_changes_it(surf: Surf, world: World) -> None:
    assert surf("jiangsu-liaison-1").get("/rotation/schedule").status_code == 404
    assert surf("jiangsu-liaison-1").post("/rotation/schedule", {"start": "2032-11-21"}).status_code == 404


def test_going_on_from_the_proposed_day(surf: Surf, world: World, sqlite_database: Database) -> None:
    surfer = surf("administrator")
    proposed = page(surfer.get("/rotation/schedule"))
    assert 'value="2032-11-21"' in proposed
    answer = surfer.post("/rotation/schedule", {"start": "2032-11-21", "years": "4", **order(world, *KEYS)})
    assert (answer.status_code, answer.location) == (303, "/rotation")
    assert len(future_terms(sqlite_database)) == 10


def test_an_overlap_is_told_at_the_field_and_what_was_typed_stays(
    surf: Surf, world: World, sqlite_database: Database
) -> None:
    answer = surf("administrator").post(
        "/rotation/schedule", {"start": "2026-06-01", "years": "3", **order(world, *reversed(KEYS))}
    )
    assert answer.status_code == 422
    said = page(answer)
    assert "重叠" in said
    assert "第三条" in said
    assert 'id="start-error"' in said
    assert 'value="2026-06-01"' in said
    assert len(future_terms(sqlite_database)) == 6


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"start": "昨天"}, "日期格式"),
        ({"years": ""}, "年数"),
        ({"start": ""}, "开始日期"),
        ({"order-3": "999"}, "请从列出的选项中选择"),
    ],
)
def test_what_has_no_shape_is_told(surf: Surf, world: World, typed: dict[str, str], says: str) -> None:
    fields = {"start": "2032-11-21", "years": "4", **order(world, *KEYS), **typed}
    answer = surf("administrator").post("/rotation/schedule", fields)
    assert (answer.status_code, says in page(answer)) == (422, True)


def test_a_coming_term_is_swapped_and_a_begun_one_is_not(surf: Surf, world: World, sqlite_database: Database) -> None:
    surfer = surf("administrator")
    first, second, *_ = future_terms(sqlite_database)
    assert surfer.get(f"/rotation/terms/{first.id}").status_code == 200
    assert surfer.post(f"/rotation/terms/{first.id}/swap", {"other_term_id": second.id}).status_code == 303
    assert future_terms(sqlite_database)[0].institution_id == second.institution_id
    assert (
        surfer.post(f"/rotation/terms/{first.id}", {"institution_id": world.institutions["jiangsu"]}).status_code == 303
    )
    begun = surfer.post("/rotation/terms/1", {"institution_id": world.institutions["anhui"]})
    assert (begun.status_code, "已经开始" in page(begun)) == (409, True)
    assert surfer.get("/rotation/terms/4711").status_code == 404


def test_everybody_reaches_the_liaisons_and_only_the_own_list_changes(
    surf: Surf, world: World, sqlite_database: Database
) -> None:
    seen = page(surf("anhui-staff").get("/rotation/liaisons"))
    assert "mailto:jiangsu-liaison-2@example.org" in seen
    assert "更换" not in seen
    surfer = surf("jiangsu-liaison-1")
    with sqlite_database.read() as db:
        own = db.scalars(select(Liaison).where(Liaison.institution_id == world.institutions["jiangsu"])).first()
        foreign = db.scalars(select(Liaison).where(Liaison.institution_id == world.institutions["anhui"])).first()
    assert own is not None
    assert foreign is not None
    assert surfer.get(f"/rotation/liaisons/{foreign.id}").status_code == 404
    assert surfer.get(f"/rotation/liaisons/{own.id}").status_code == 200
    staff = world.staff["jiangsu"].person_id
    third = surfer.post("/rotation/liaisons/new", {"person_id": staff, "from_on": "2026-03-02"})
    assert (third.status_code, "1至2名" in page(third), 'id="person_id-error"' in page(third)) == (422, True, True)
    late = surfer.post(f"/rotation/liaisons/{own.id}", {"person_id": staff, "from_on": "2026-03-01"})
    assert (late.status_code, "不能早于今天" in page(late), 'value="2026-03-01"' in page(late)) == (422, True, True)
    done = surfer.post(f"/rotation/liaisons/{own.id}", {"person_id": staff, "from_on": "2026-03-03"})
    assert (done.status_code, done.location) == (303, "/rotation/liaisons")
    assert "待接任" in page(surfer.get("/rotation/liaisons"))


def test_a_task_ends_on_a_day_and_the_list_is_the_liaisons(surf: Surf, world: World) -> None:
    surfer = surf("jiangsu-liaison-1")
    own = re.findall(r'href="(/rotation/liaisons/\d+)"', page(surfer.get("/rotation/liaisons")))[0]
    empty = surfer.post(f"{own}/end", {"until_on": ""})
    assert (empty.status_code, 'id="until_on-error"' in page(empty)) == (422, True)
    assert surfer.post(f"{own}/end", {"until_on": "2026-03-09"}).status_code == 303
    assert "2026年3月9日结束" in page(surfer.get("/rotation/liaisons"))
    refused = surf("jiangsu-staff").post("/rotation/liaisons/new", {"person_id": "1", "from_on": "2026-03-09"})
    assert refused.status_code == 403


def test_an_institution_without_liaison_finds_that_on_the_first_screen(
    surf: Surf, world: World, sqlite_database: Database
) -> None:
    surfer = surf("jiangsu-staff")
    seen = page(surfer.get("/tasks"))
    assert "确定本单位联络员" not in seen
    assert "任期第 102 天" in seen
    with sqlite_database.write() as db:
        for liaison in db.scalars(select(Liaison).where(Liaison.institution_id == world.institutions["jiangsu"])):
            liaison.until_on = date(2026, 3, 1)
    open_by_clock(sqlite_database, NOON)
    assert "确定本单位联络员" in page(surfer.get("/tasks"))
    staff = world.staff["jiangsu"].person_id
    answer = surfer.post("/rotation/liaisons/new", {"person_id": staff, "from_on": "2026-03-02"})
    assert answer.status_code == 303
    assert "确定本单位联络员" not in page(surfer.get("/tasks"))
