"""A producer that keeps silent after the recall notice: ordered recall and credit record, through the pages alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.factories.recall_story import RecallWorld, Story, build_recall_world
from tests.journeys.recall_pages import attach, begin, open_case, serve
from tests.support.clock import BEIJING
from tests.web.conftest import password_hash

if TYPE_CHECKING:
    from portal.models.database import Database
    from tests.journeys.person import Person
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey

NUMBER = "〔2026〕1号"
NOTIFIED_ON = datetime(2026, 3, 16, 9, 0, tzinfo=BEIJING)


@pytest.fixture
def world(sqlite_database: Database, clock: Clock) -> RecallWorld:
    """Nanjing has found a defect and issued the recall notice; it is not served yet."""
    with sqlite_database.write() as db:
        made = build_recall_world(db, password_hash=password_hash())
        story = Story(db, made, now=NOTIFIED_ON - timedelta(days=14)).to_notified()
        assert story.now < NOTIFIED_ON
    clock.now = NOTIFIED_ON
    return made


def test_silence_leads_to_an_order_and_refusal_to_the_credit_record(
    person: Callable[..., Person], world: RecallWorld, clock: Clock
) -> None:
    city, province = person("officer-320100"), person("officer-320000")

    open_case(city, NUMBER)
    city.sees("南京 送达通知书并登记送达回执")
    city.open_up("更多操作")
    city.sees("召回通知书还没有登记送达，生产者的十个工作日没有起算")
    serve(city, on="2026-03-16")
    city.sees("截止 3月30日（周一）24:00")  # ten working days after the 16th, which is not counted
    city.open_up("更多操作")
    city.sees("还没有届满")
    city.picture("r20-notified")

    clock.now = datetime(2026, 3, 31, 9, 0, tzinfo=BEIJING)
    for officer in (city, province):
        officer.leave()
        officer.log_in()
    open_case(city, NUMBER)
    begin(city, "登记逾期未报告")
    city.press("登记逾期未报告")
    city.sees("请填写情况说明")
    city.fill("情况说明", "至3月30日24:00既未报告召回计划，也未提出异议，电话催告两次无人答复。")
    city.press("登记逾期未报告")
    city.sees("已登记逾期未报告。")
    city.take_up("提交责令召回的书面材料")
    city.fill("情况说明", "报请责令召回：缺陷认定、通知和送达、逾期情况见附件。")
    attach(city, "责令召回书面材料.pdf")
    city.press("提交书面材料")
    city.sees("书面材料已提交省市场监管局。")
    city.picture("r21-escalated")

    province.take_up("将责令召回材料上报总局")
    province.fill("上报情况", "已审核，上报国家市场监督管理总局。")
    province.press("上报总局")
    province.sees("已上报国家市场监督管理总局。")

    # Sanctions are another thing (Art. 19): the stage stays.
    open_case(city, NUMBER)
    begin(city, "登记惩戒措施")
    city.tick("拒不配合调查")
    for measure in ("行政约谈", "纳入信用档案", "向社会公布"):
        city.tick(measure)
    city.fill("事实和措施的说明", "该公司收到召回通知书后拒不配合，已纳入信用档案。")
    city.press("登记惩戒措施")
    city.sees("惩戒措施已登记。")
    city.sees("报请责令召回")

    province.take_up("登记国家市场监督管理总局的决定")
    province.fill("责令召回的文号和内容", "责令召回通知书〔2026〕5号")
    province.fill("报告召回计划的日期", "2026-04-15")
    province.press("登记责令召回")
    province.sees("责令召回已登记。")
    province.sees("生产者 报告或修改召回计划")
    province.picture("r22-ordered")

    anybody = province.page.context.browser.new_context(locale="zh-CN").new_page()
    anybody.goto(f"{province.address}/recalls")
    anybody.get_by_role("link", name="儿童安全座椅").first.click()
    anybody.get_by_role("heading", name="关于南京贝护儿童用品有限公司拒不配合调查的公告").wait_for()
    assert "已纳入信用档案" in anybody.locator("main").inner_text()
    assert "电话催告" not in anybody.content()
    anybody.context.close()
