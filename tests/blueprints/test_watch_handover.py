"""Continued monitoring and the change of lead in the browser."""

from collections.abc import Callable

import pytest

from portal.models.database import Database
from tests.factories.application import submitted
from tests.factories.meeting_minutes import AFTER, NO_MAJORITY, issued
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]


@pytest.fixture
def later(clock: Clock) -> None:
    """The clock of the pages stands where the story has led."""
    clock.now = AFTER


def text_of(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined]


def test_a_watch_is_continued_ended_and_becomes_a_new_application(
    surf: Surf, world: World, sqlite_database: Database, later: None
) -> None:
    with sqlite_database.write() as db:
        issued(db, world, NO_MAJORITY)
    applicant = surf("shanghai-liaison-1")
    assert "持续关注" in text_of(applicant.get("/consultations/1"))
    address = "/consultations/1/watch"
    empty = applicant.post(address, {"text": "", "next_review_on": "2026-09-01"})
    assert empty.status_code == 422
    assert 'value="2026-09-01"' in text_of(empty)
    assert applicant.post(address, {"text": "新增一起烫伤", "next_review_on": "2026-09-01"}).status_code == 303
    page = text_of(applicant.get(address))
    assert "新增一起烫伤" in page
    assert "2026年9月1日" in page
    assert applicant.get(f"{address}/apply-anew").status_code == 200
    assert surf("jiangsu-liaison-1").get(address).status_code == 403
    assert surf("anhui-liaison-1").get("/consultations/2/watch").status_code == 404
    drafted = applicant.post(f"{address}/apply-anew")
    assert drafted.status_code == 303
    assert 'value="XM-1518D"' in text_of(applicant.get(drafted.location))
    assert applicant.post(f"{address}/end-watch", {"reason": "已召回"}).status_code == 409


def test_the_lead_is_handed_over_by_both_sides(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    with sqlite_database.write() as db:
        submitted(db, world)
    clock.now = AFTER.replace(month=11, day=23)  # the term has turned: Zhejiang leads
    old, new = surf("jiangsu-liaison-1"), surf("zhejiang-liaison-1")
    address = "/consultations/1/handover"
    assert new.get("/consultations/1").status_code in (200, 404)
    assert old.post(f"{address}/hand-over-lead", {"reason": ""}).status_code == 422
    assert old.post(f"{address}/hand-over-lead", {"reason": "轮值期满"}).status_code == 303
    assert "接收牵头" in text_of(new.get("/consultations/1"))
    assert new.get(f"{address}/take-over-lead").status_code in (200, 403, 409)
    assert new.post(f"{address}/accept-lead").status_code == 303
    assert "浙江" in text_of(old.get("/consultations/1"))
