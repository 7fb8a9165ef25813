"""移交清单 in the browser: signed with the password by one side, accepted by the other."""

from collections.abc import Callable
from datetime import timedelta

from portal.models.database import Database
from portal.models.institution import RotationTerm
from portal.rules.dates import end_of_day
from portal.services.standing_duties import open_by_clock
from tests.factories.application import accepted
from tests.factories.world import NOON, World
from tests.support.clock import Clock
from tests.support.surfer import PASSWORD, Surfer

Surf = Callable[..., Surfer]


def test_signed_by_both_sides(surf: Surf, world: World, sqlite_database: Database, clock: Clock) -> None:
    with sqlite_database.write() as db:
        number = accepted(db, world).number or ""
        days = (RotationTerm.starts_on <= NOON.date(), RotationTerm.ends_on >= NOON.date())
        term = db.query(RotationTerm).filter(*days).one()
        page = f"/rotation/terms/{term.id}/handover"
    old = surf("jiangsu-liaison-1")
    assert "起可以签署" in old.get(page).get_data(as_text=True)
    clock.now = end_of_day(term.ends_on) + timedelta(hours=10)
    open_by_clock(sqlite_database, clock.now)
    old, new, other = surf("jiangsu-liaison-1"), surf("zhejiang-liaison-1"), surf("anhui-staff")
    assert "签署轮值移交清单" in old.get("/tasks").get_data(as_text=True)
    assert number in old.get(page).get_data(as_text=True)
    wrong = old.post(f"{page}/sign", {"remark": "两件在催", "password": "wrong"})
    assert wrong.status_code == 422
    assert "两件在催" in wrong.get_data(as_text=True)
    assert old.post(f"{page}/sign", {"remark": "两件在催", "password": PASSWORD}).status_code == 303
    shown = new.get(page).get_data(as_text=True)
    assert "两件在催" in shown
    digest = shown.partition('name="digest" value="')[2].partition('"')[0]
    assert new.post(f"{page}/accept", {"digest": "0" * 64, "password": PASSWORD}).status_code == 409
    assert new.post(f"{page}/accept", {"digest": digest, "password": PASSWORD}).status_code == 303
    assert "不能再改" in old.get(page).get_data(as_text=True)
    seen = other.get(page).get_data(as_text=True)
    assert "清单内容由移交双方查看" in seen
    assert number not in seen
    assert surf("administrator").get(page).status_code == 404
