"""The session's page in Chromium: a host and two who take part need no reload, and nothing typed is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from portal.models.database import Database
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import open_session
from tests.factories.online_session import STARTS, participants_named
from tests.factories.world import World
from tests.journeys.person import Person
from tests.support.clock import Clock

SOON = 3_000  # milliseconds in which a change is seen
PAGE = "/consultations/1/online-session"


@pytest.mark.journey
def test_everybody_sees_what_happens_and_nothing_typed_is_lost(
    person: Callable[..., Person], world: World, sqlite_database: Database, clock: Clock
) -> None:
    clock.now = STARTS
    with sqlite_database.write() as db:
        consultation = participants_named(db, world)
        members = accepted_members(db, consultation.id)
        open_session(
            db, actor=world.lead, consultation_id=consultation.id, member_ids=[one.id for one in members[1:]],
            participant_ids=[], now=STARTS,
        )  # fmt: skip
    host = person("jiangsu-liaison-1")
    expert = person("shanghai-expert-1", phone=True)
    staff = person("anhui-staff")
    for someone in (host, expert, staff):
        someone.page.goto(someone.address + PAGE)

    expert.press("我已到会")
    expert.sees("您已报到，待主持人确认")
    expect(host.page.get_by_role("button", name="确认 1 人到会")).to_be_visible(timeout=SOON)
    # The host is writing: whatever comes in leaves the words and the caret where they are.
    host.open_up("记录讨论 伤害的严重程度")
    words = host.page.get_by_label("谁说了什么：伤害的严重程度")
    words.fill("甲认为三级")
    words.press("ArrowLeft")
    staff.press("我已到会")
    expect(host.page.get_by_role("button", name="确认 2 人到会")).to_be_visible(timeout=SOON)
    expect(words).to_be_focused()
    host.page.keyboard.type("第")
    expect(words).to_have_value("甲认为三第级")
    host.press("确认 2 人到会")
    expect(staff.page.get_by_text("已到会").first).to_be_visible(timeout=SOON)
    expect(staff.page.get_by_text("甲认为三第级")).to_be_visible(timeout=SOON)
    expect(words).to_have_value("甲认为三第级")

    first = members[0].name
    host.open_up("登记到会、调整发言顺序和时间")
    expect(host.page.get_by_role("checkbox", name=first)).to_be_checked(timeout=SOON)  # the form has followed as well
    host.press(f"请 {first} 发言")
    expect(expert.page.get_by_text(f"{first} 正在发言")).to_be_visible(timeout=SOON)
    expect(host.page.get_by_role("heading", name=f"记录发言：{first}")).to_be_visible(timeout=SOON)
    host.picture("50-session-live")
    expert.picture("51-session-live-expert")

    # A connection that is lost says so, comes back by itself, and what has happened meanwhile is there.
    staff.page.evaluate("window.scrollTo(0, 400)")
    staff.page.context.set_offline(True)
    expect(staff.page.get_by_text("连接中断，正在重试")).to_be_visible(timeout=8_000)
    host.press("停止计时")
    staff.page.context.set_offline(False)
    expect(staff.page.get_by_text("连接中断，正在重试")).to_be_hidden(timeout=SOON)
    expect(staff.page.get_by_text(f"{first} 正在发言")).to_be_hidden(timeout=SOON)
    staff.page.reload()
    assert staff.page.evaluate("window.scrollY") > 300
    staff.troubles.clear()  # the browser noted that it was offline

    host.follow("开始表决")
    host.press("开始表决")
    expect(expert.page.get_by_role("link", name="填写会诊表并签名")).to_be_visible(timeout=SOON)
    expect(staff.page.get_by_text("第 1 轮表决已开始")).to_be_visible(timeout=SOON)
    expect(staff.page.get_by_role("link", name="填写会诊表并签名")).to_have_count(0)
    expert.picture("52-session-voting-expert")
    host.take_up("结束表决并计票")
    host.fill("结束表决的理由", "到会人员临时离会")
    host.press("结束表决并计票")
    expect(staff.page.get_by_role("link", name="查看第 1 轮计票")).to_be_visible(timeout=SOON)
    expect(expert.page.get_by_role("link", name="查看第 1 轮计票")).to_be_visible(timeout=SOON)
