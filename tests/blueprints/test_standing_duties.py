"""我的待办 with what is owed beside the consultations: in the one list, with one button to the very spot."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.obligation import Obligation
from portal.rules.dates import BEIJING
from portal.services.kernel.obligations import oblige_for
from portal.services.standing_duties import open_by_clock
from tests.factories.application import submitted
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]


@pytest.fixture
def november(world: World, sqlite_database: Database, clock: Clock) -> World:
    clock.now = datetime(2026, 11, 2, 10, tzinfo=BEIJING)
    with sqlite_database.write() as db:
        submitted(db, world, now=clock.now)
    open_by_clock(sqlite_database, clock.now)
    return world


def shown(surfer: Surfer) -> tuple[str, list[str]]:
    """The page, and where the buttons of the own list lead."""
    page = surfer.get("/tasks").get_data(as_text=True)
    return page, re.findall(r'class="btn btn-(?:primary|outline)" href="([^"]+)"', page)


def test_the_administrator_sees_the_missing_year_and_no_business_data(surf: Surf, november: World) -> None:
    administrator = surf("administrator")
    page, buttons = shown(administrator)
    assert buttons == ["/calendar/load"]
    assert administrator.get(buttons[0]).status_code == 200
    assert "载入年度工作日历" in page
    assert "2027年" in page
    assert "12月31日（周四）24:00" in page
    assert not re.search("电热毯|会诊申请|江苏|沪|〔2026〕", page)
    (paper,) = re.findall(r'href="(/tasks/deadlines/\d+)"', page)
    assert "系统管理员" in administrator.get(paper).get_data(as_text=True)
    for stranger in ("jiangsu-liaison-1", "security", "shanghai-expert-1"):
        assert surf(stranger).get(paper).status_code == 404


def test_the_old_lead_finds_its_pack_in_the_list(surf: Surf, november: World, sqlite_database: Database) -> None:
    with sqlite_database.read() as db:
        owed = db.scalars(select(Obligation).where(Obligation.kind == "sign_term_handover")).all()
    (term_id,) = {one.term_id for one in owed if one.institution_id == november.institutions["jiangsu"]}
    liaison = surf("jiangsu-liaison-1")
    page, buttons = shown(liaison)
    assert f"/rotation/terms/{term_id}/handover" in buttons
    assert "江苏牵头任期（至2026年11月20日）" in page
    assert liaison.get(f"/rotation/terms/{term_id}/handover").status_code == 200


def test_what_is_provisional_says_so(surf: Surf, november: World, sqlite_database: Database, clock: Clock) -> None:
    with sqlite_database.write() as db:
        anhui = november.institutions["anhui"]
        clock.now = datetime(2026, 12, 30, 10, tzinfo=BEIJING)
        oblige_for(db, "hold_custody_drill", since_at=clock.now, working_days=3, institution_id=anhui)
    page, buttons = shown(surf("anhui-liaison-1"))
    assert "/archive/drills" in buttons
    assert "暂定" in page
    (paper,) = re.findall(r'href="(/tasks/deadlines/\d+)"', page)
    assert "2027 年的安排尚未载入" in surf("anhui-staff").get(paper).get_data(as_text=True)
