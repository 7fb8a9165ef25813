"""我的通知, 门户发给我的, the calendar address, and the pages about mail that came back."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from tests.factories import time_poll
from tests.factories.application import submitted
from tests.factories.world import World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
CHOSEN = {
    "digest": "daily", "digest_hour": "9", "digest_weekday": "0", "has_quiet_hours": "y",
    "quiet_from": "22", "quiet_until": "7", "wanted": ["minutes_issued"],
}  # fmt: skip


def page(answer) -> str:
    return answer.get_data(as_text=True)


@pytest.fixture
def mail(world: World, sqlite_database: Database) -> int:
    """The id of a message to the first liaison of Jiangsu, who leads."""
    with sqlite_database.write() as db:
        submitted(db, world)
        return db.scalars(select(OutboxMessage.id)).first() or 0


def test_preferences_are_saved_and_shown_again(surf: Surf, world: World) -> None:
    surfer = surf("jiangsu-liaison-1")
    assert surfer.post("/account/notices", CHOSEN).status_code == 303
    seen = page(surfer.get("/account/notices"))
    assert re.search(r'value="minutes_issued" checked', seen)
    assert not re.search(r'value="lead_changed" checked', seen)
    assert re.search(r'value="daily" checked', seen)
    assert "请签署会诊表" in seen  # always on


def test_a_contradiction_stands_beside_its_field_and_loses_nothing(surf: Surf, world: World) -> None:
    surfer = surf("jiangsu-liaison-1")
    answer = surfer.post("/account/notices", {**CHOSEN, "digest_hour": "23"})
    assert answer.status_code == 422
    assert 'href="#digest_hour"' in page(answer)
    assert re.search(r'value="daily" checked', page(answer))
    assert surfer.post("/account/notices", {**CHOSEN, "wanted": ["please_sign"]}).status_code == 422


def test_everybody_reads_the_own_messages_alone(surf: Surf, world: World, mail: int) -> None:
    owner, other = surf("jiangsu-liaison-1"), surf("anhui-liaison-1")
    assert "电热毯" in page(owner.get("/account/messages"))
    shown = page(owner.get(f"/account/messages/{mail}"))
    assert "3月4日（周三）24:00" in shown
    assert 'href="/consultations/1"' in shown
    assert "没有通知" in page(other.get("/account/messages"))
    assert other.get(f"/account/messages/{mail}").status_code == 404
    assert "没有通知" in page(owner.get("/account/messages?group=undelivered&page=7"))


def test_a_secret_link_is_not_repeated(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        time_poll.time_poll_opened(db, world)
        person = world.liaisons["anhui"][0].person_id
        found = select(OutboxMessage.id).where(OutboxMessage.person_id == person, OutboxMessage.kind == "time_poll")
        number = db.scalars(found).one()
    shown = page(surf("anhui-liaison-1").get(f"/account/messages/{number}"))
    assert "此处不再重复" in shown
    assert "/poll" not in shown


def test_the_calendar_address_is_shown_once_and_dies_when_revoked(surf: Surf, world: World, mail: int) -> None:
    owner = surf("jiangsu-liaison-1")
    made = owner.post("/account/notices/calendar")
    (path,) = re.findall(r'value="http[^"]*?(/calendar/feed\.ics\?token=[^"]+)"', page(made))
    assert "token=" not in page(owner.get("/account/notices"))
    anybody = Surfer(owner.client.application)
    answer = anybody.client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert "private" in answer.headers["Cache-Control"]
    again = anybody.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert owner.post("/account/notices/calendar/revoke").status_code == 303
    assert anybody.client.get(path).status_code == 404
    assert anybody.client.get("/calendar/feed.ics?token=x").status_code == 404


def test_the_administrator_records_what_came_back(
    surf: Surf, world: World, mail: int, sqlite_database: Database
) -> None:
    with sqlite_database.write() as db:
        db.get_one(OutboxMessage, mail).state = "uncertain"
    surfer = surf("administrator")
    assert "登记为已发送" in page(surfer.get(f"/system/outbox/{mail}"))
    refused = surfer.post(f"/system/outbox/{mail}/bounce", {"reason": " "})
    assert (refused.status_code, 'href="#reason"' in page(refused)) == (422, True)
    assert surfer.post(f"/system/outbox/{mail}/delivered").status_code == 303
    assert surfer.post(f"/system/outbox/{mail}/bounce", {"reason": "550 用户不存在"}).status_code == 303
    assert "被退回" in page(surfer.get("/system/outbox?state=bounced"))
    liaison = surf("jiangsu-liaison-2")
    assert "1 人的邮箱收不到邮件" in page(liaison.get("/tasks"))
    assert "550 用户不存在" in page(liaison.get("/account/unreachable"))
    security = surf("security")
    assert "失效邮箱 1 个" in page(security.get("/accounts"))
    assert f"/accounts/{world.lead.person_id}" in page(security.get("/account/unreachable"))
    assert "没有失效的邮箱" in page(surf("anhui-liaison-1").get("/account/unreachable"))
    assert surf("anhui-staff").get("/account/unreachable").status_code == 404
