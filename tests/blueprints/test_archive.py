"""Step 8 in the browser: archiving, the custodian's page and list, holds, disposal."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.models.database import Database
from portal.models.material import Material
from tests.factories.meeting_minutes import AFTER, issued
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PAGE = "/consultations/1/archive"
EXPIRED = datetime(2032, 1, 5, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def later(clock: Clock) -> None:
    """The clock of the pages stands where the story has led."""
    clock.now = AFTER


def test_archived_listed_and_kept(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
    custodian = surf("shanghai-liaison-1")
    assert custodian.get(PAGE).status_code == 404
    assert "自归档次年" in custodian.get(f"{PAGE}/archive-consultation").get_data(as_text=True)
    assert custodian.post(f"{PAGE}/archive-consultation").status_code == 303
    page = custodian.get(PAGE).get_data(as_text=True)
    assert "2031年12月31日" in page
    assert "会诊表 第1轮" in page
    assert "会议纪要、会诊记录与计票" not in page  # the lead keeps that
    assert "届满前任何人不得销毁" in page
    assert "会诊表、会诊材料与初步分析" in custodian.get("/consultations/1").get_data(as_text=True)
    early = custodian.post(f"{PAGE}/propose-disposal", {"reason": "没有用了"})
    assert early.status_code == 409
    assert "第九条" in early.get_data(as_text=True)
    found = (
        "/archive",
        "/archive?q=电热毯",
        "/archive?q=〔2026〕1号",
        "/archive?state=kept",
        "/archive?state=x&page=-3",
    )
    listed = {**dict.fromkeys(found, True), "/archive?q=学步车": False, "/archive?state=expired": False}
    for address, is_listed in listed.items():
        assert (PAGE in custodian.get(address).get_data(as_text=True)) is is_listed, address
    assert PAGE not in surf("anhui-staff").get("/archive").get_data(as_text=True)
    assert surf("anhui-staff").get(PAGE).status_code == 404
    assert surf("administrator").get("/archive").status_code == 404


def test_a_hold_stops_disposal_and_two_people_destroy(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock, settings: Settings
) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
    surf("shanghai-liaison-1").post(f"{PAGE}/archive-consultation")
    clock.now = EXPIRED
    first, second = surf("shanghai-liaison-1"), surf("shanghai-liaison-2")
    assert first.post(f"{PAGE}/hold-archive", {"reason": ""}).status_code == 422
    assert first.post(f"{PAGE}/hold-archive", {"reason": "诉讼未结"}).location == PAGE
    assert PAGE in first.get("/archive?state=held").get_data(as_text=True)
    assert first.post(f"{PAGE}/propose-disposal", {"reason": "期满"}).status_code == 409
    assert first.post(f"{PAGE}/lift-hold", {"reason": "诉讼已结"}).status_code == 303
    assert first.post(f"{PAGE}/propose-disposal", {"reason": "期满"}).status_code == 303
    assert first.post(f"{PAGE}/dispose-archive").status_code == 409
    sha256 = _stored_material(sqlite_database, settings)
    assert second.post(f"{PAGE}/dispose-archive").status_code == 303
    assert not sha256.exists()
    page = first.get(PAGE).get_data(as_text=True)
    assert "销毁证明" in page
    assert "会诊表 第1轮" in page


def _stored_material(database: Database, settings: Settings) -> Path:
    with database.read() as db:
        key = db.scalars(select(Material.sha256)).one()
    path = settings.instance / "files" / key[:2] / key
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.7 report")
    return path
