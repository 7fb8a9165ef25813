"""Continued monitoring and the change of lead in the browser."""

import io
import re
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


def test_a_watch_takes_findings_and_a_file_and_says_when_to_apply_anew(
    surf: Surf, world: World, sqlite_database: Database, later: None
) -> None:
    with sqlite_database.write() as db:
        issued(db, world, NO_MAJORITY)
    applicant, address = surf("shanghai-liaison-1"), "/consultations/1/watch"
    colleague = world.liaisons["shanghai"][1]
    settings = f"{address}/set-watch"
    assert colleague.name in text_of(applicant.get(settings))
    chosen = {"owner_id": str(colleague.person_id), "reopen_on": ["test"], "reopen_note": "复测不合格"}
    assert applicant.post(settings, {**chosen, "owner_id": "0"}).status_code == 422
    assert applicant.post(settings, chosen).status_code == 303
    page = text_of(applicant.get(address))
    assert colleague.name in page
    assert "新的检测结果；复测不合格" in page
    assert "已出现约定的情形" not in page
    form = {"text": "", "findings": ["test"], "next_review_on": "2026-09-01"}
    content = b"%PDF-1.7 a new test"
    refused = applicant.post(
        address, {**form, "file": (io.BytesIO(content), "复测.pdf")}, content_type="multipart/form-data"
    )
    assert refused.status_code == 422
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', text_of(refused))
    assert applicant.post(address, {**form, "text": "复测不合格", "kept": kept}).status_code == 303
    page = text_of(applicant.get(address))
    assert "已出现约定的情形：新的检测结果" in page
    (link,) = re.findall(rf'href="({address}/files/\d+/download)"', page)
    file = applicant.get(link)
    assert file.data == content
    file.close()
    assert surf("anhui-liaison-1").get(link).status_code == 404


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
