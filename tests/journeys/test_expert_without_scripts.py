"""The expert's sheet where no script runs, and the portal where no mouse is at hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.factories.application import submitted
from tests.factories.voting import voting
from tests.factories.world import NOON
from tests.journeys.sheet import fill_in, give_the_password, open_the_sheet
from tests.support.surfer import PASSWORD

if TYPE_CHECKING:
    from portal.models.database import Database
    from tests.factories.world import World
    from tests.journeys.person import Person
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey

Come = Callable[..., "Person"]


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_sheet_is_filled_in_checked_and_signed_without_scripts(
    person: Come, world: World, sqlite_database: Database, clock: Clock, phone: bool
) -> None:
    with sqlite_database.write() as db:
        voting(db, world)
    clock.now = NOON + timedelta(hours=1)
    expert = person("shanghai-expert-1", phone=phone, java_script_enabled=False)
    open_the_sheet(expert)
    expert.press("核对")
    expert.sees("还有 10 处，补齐后可以签名")
    fill_in(expert, {"该批次产品是否建议持续关注": "是"})
    expert.press("核对")
    expert.sees("还有 1 处，补齐后可以签名")
    expert.answer("该批次产品是否建议持续关注", "否")
    expert.press("保存草稿")
    expert.sees("已保存 13:00")
    expert.press("核对全文并签名")
    give_the_password(expert, PASSWORD)
    expert.sees("已签名，回执已发到您的邮箱。")


def test_log_in_and_an_act_with_the_keyboard_alone(
    person: Come, world: World, sqlite_database: Database, clock: Clock
) -> None:
    with sqlite_database.write() as db:
        submitted(db, world)
    clock.now = NOON
    lead = person("jiangsu-liaison-1", with_keyboard=True)
    lead.reach("去审核")
    lead.keys("Enter")
    lead.reach("受理申请")
    lead.keys("Enter")
    expect(lead.page.get_by_role("heading", level=1)).to_have_text("受理申请")
    lead.reach("受理申请")
    lead.keys("Enter")
    lead.sees("申请已受理")
