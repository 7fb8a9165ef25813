"""A recall from a city's clue to the complete file, through the pages alone; the producer has nothing but its links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.documents.recall_samples import SAMPLES
from tests.factories.recall_story import PRODUCT, RecallWorld, build_recall_world
from tests.journeys.consultation_of_a_case import PANEL, confer
from tests.journeys.person import DESKTOP, PHONE, Person
from tests.journeys.producer_pages import correct_the_plan, plan, read_in_public, report, send_off, summarise
from tests.journeys.recall_pages import act, attach, begin, fill_annex, issue, open_case, serve
from tests.support.clock import BEIJING
from tests.web.conftest import password_hash

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.models.database import Database
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey

CASE = "〔2026〕1号"
CLUE = {
    "产品名称": "儿童安全座椅", "产品类型": "儿童用品", "商标": "贝护", "型号": "BH-C1", "规格": "76厘米至150厘米",
    "批次": "BH202501至BH202506", "生产者名称": PRODUCT["producer"], "统一社会信用代码": PRODUCT["credit_code"],
    "生产者地址": PRODUCT["address"], "法定代表人": "周启明", "可能存在的缺陷描述": PRODUCT["defect"],
    "缺陷可能导致的后果": PRODUCT["consequence"],
}  # fmt: skip
Letters = Callable[[str], list[str]]


@pytest.fixture
def world(sqlite_database: Database) -> RecallWorld:
    """Regulators with officers, technical institutions, experts; no case yet."""
    with sqlite_database.write() as db:
        return build_recall_world(db, password_hash=password_hash())


@pytest.fixture
def producer(chromium: Browser, address: str, pictures: object) -> Iterator[Person]:
    """Somebody without an account, on a phone."""
    window = chromium.new_context(viewport=PHONE, has_touch=True, locale="zh-CN")
    someone = Person("producer", window.new_page(), address, pictures)  # type: ignore[arg-type]
    yield someone
    window.close()
    assert someone.troubles == []


def on(clock: Clock, people: list[Person], day: date, hour: int = 9) -> None:
    """Another day: everybody logs in anew."""
    for one in people:
        one.leave()
    clock.now = datetime(day.year, day.month, day.day, hour, tzinfo=BEIJING)
    for one in people:
        one.log_in()


def test_a_recall_from_the_clue_to_the_complete_file(
    person: Callable[..., Person],
    producer: Person,
    clock: Clock,
    mailbox: Letters,
) -> None:
    city, institution = person("officer-320100"), person("jiangsu-liaison-1")

    record_and_verify(city)
    ask_for_consultation(city, person("jiangsu-liaison-2"))  # whom another has to accept it from, where Jiangsu leads
    others = [person(name) for name in ("shanghai-liaison-1", "zhejiang-liaison-1", "anhui-liaison-1")]
    confer(institution, others, [person(name) for name in PANEL], clock)
    on(clock, [city, institution], date(2026, 3, 3))
    ask_the_producer(city, clock)
    open_link(city, producer, mailbox, "提交调查分析报告")
    report(producer)

    on(clock, [city, institution], date(2026, 3, 10))
    investigate(city, institution)
    on(clock, [city], date(2026, 3, 23))
    find_the_defect(city)
    open_link(city, producer, mailbox, "报告召回计划")
    plan(producer)
    return_the_plan(city)
    correct_the_plan(producer)
    accept_and_publish(city)
    read_in_public(producer)

    on(clock, [city], date(2026, 4, 20))
    open_link(city, producer, mailbox, "提交阶段性总结")
    for number, day in enumerate((date(2026, 6, 29), date(2026, 9, 28)), start=1):
        on(clock, [city], day)
        summarise(producer, number, until=day - timedelta(days=1))
    open_case(city, CASE)
    city.sees("召回完成情况")
    city.picture("r14-effect")
    finish(producer, city, clock, mailbox)
    complete_the_file(city)


def record_and_verify(city: Person) -> None:
    """The city records a clue; a wrong check digit is named, and nothing typed is lost."""
    city.page.goto(f"{city.address}/recall")
    city.follow("登记线索")
    city.choose("线索来源", "监督抽查")
    city.choose("生产者所在地", "江苏省南京市")
    for label, words in CLUE.items():
        city.fill(label, words)
    city.fill("统一社会信用代码", "91320100MA1W3K7L2X")
    attach(city, "抽查检验报告.pdf")
    city.press("登记线索")
    city.sees("校验位不符")
    expect(city.field("产品名称")).to_have_value("儿童安全座椅")
    city.fill("统一社会信用代码", PRODUCT["credit_code"])
    city.press("登记线索")
    city.sees("线索已登记。")
    city.picture("r01-clue")
    act(city, "核实线索", 核实情况="已到生产者和经销商处核实，型号和批次属实")
    city.sees("线索已核实")


def ask_for_consultation(city: Person, institution: Person) -> None:
    """The clue becomes the draft of an application, which the institution completes."""
    act(city, "申请专家会诊", 请专家会诊的理由="产品在四省（市）销售，需要专家判定缺陷")
    city.sees("专家会诊中")
    institution.page.goto(f"{institution.address}/consultations?tab=all")
    institution.follow("草稿")
    institution.follow("继续填写申请")
    expect(institution.field("产品名称")).to_have_value("儿童安全座椅")
    expect(institution.field("生产者")).to_have_value(PRODUCT["producer"])
    institution.tick("（一）")
    institution.choose("实际生产地", "安徽省")
    for label, words in {
        "检测依据": "GB 27887—2024", "核实人": "徐静", "核实日期": "2026-02-27", "核实内容": "抽取同批次样品复测",
        "核实结果": "卡扣可能自行脱开，属实", "品牌/商标": "贝护",
    }.items():  # fmt: skip
        institution.fill(label, words)
    institution.press("提交申请")
    institution.sees("〔2026〕1号")


def ask_the_producer(city: Person, clock: Clock) -> None:
    """The consultation advised an investigation; the city decides, and has three working days for annex 1."""
    open_case(city, CASE)
    city.sees("专家会诊")
    assert city.download("下载会议纪要").startswith(b"%PDF")
    act(city, "接收会诊结果")
    city.sees("会诊结果已接收。")
    begin(city, "作出研判决定")
    city.tick("可能存在缺陷")
    city.fill("研判依据", "专家组多数意见认定为缺陷消费品，建议开展缺陷调查")
    city.press("作出研判决定")
    city.sees("剩 3 个工作日")
    issue(city, "通知调查分析", "investigation_notice", report_due_on=date(2026, 3, 20))
    city.sees("宁市监调查分析〔2026〕1号")
    serve(city, on="2026-03-03")
    city.picture("r02-asked")


def open_link(city: Person, producer: Person, mailbox: Letters, purpose: str) -> None:
    """The city sends a link; the producer opens it from the mail."""
    open_case(city, CASE)
    begin(city, "发送填报链接")
    city.tick(purpose)
    city.fill("接收人", "何静")
    city.fill("电子邮箱", "hejing@example.cn")
    city.press("发送填报链接")
    city.sees("填报链接已发出")
    found = re.findall(r"/producer\?token=[\w-]+", mailbox("hejing")[-1])
    producer.page.goto(f"{producer.address}{found[-1]}")


def investigate(city: Person, institution: Person) -> None:
    """The report does not convince; the technical institution investigates."""
    open_case(city, CASE)
    city.sees("审查生产者调查分析报告")
    issue(city, "启动缺陷调查", "defect_investigation_notice", reason="not_convincing", notice_number="")
    city.sees("宁市监缺陷调查〔2026〕1号")
    serve(city, on="2026-03-10")
    begin(city, "请技术机构参与")
    city.fill("需要的技术支撑", "复测并提出缺陷调查报告")
    city.fill("提交报告的日期", "2026-03-20")
    city.press("请技术机构参与")
    city.sees("已请召回技术机构参与。")
    institution.take_up("提交缺陷调查报告")
    institution.fill("缺陷调查报告的结论", "卡扣锁舌尺寸超差，动态冲击下可能自行脱开，构成缺陷")
    attach(institution, "缺陷调查报告.pdf")
    institution.press("提交缺陷调查报告")
    institution.sees("缺陷调查报告已提交。")


def find_the_defect(city: Person) -> None:
    """Annex 4; the ten working days run from the receipt."""
    open_case(city, CASE)
    issue(city, "通知召回", "recall_notice", investigated_between=(date(2026, 3, 10), date(2026, 3, 20)))
    city.sees("宁市监召回通知〔2026〕1号")
    serve(city, on="2026-03-23")
    city.sees("截止 4月7日（周二）24:00")
    city.picture("r05-notified")


def return_the_plan(city: Person) -> None:
    """The batches are not exact: returned with words and a new date."""
    open_case(city, CASE)
    begin(city, "退回召回计划")
    for point in ("数量真实", "内容完整", "措施可行"):
        city.answer(point, "符合")
    city.answer("批次准确", "不符合")
    city.page.locator("#batches_words").fill("缺少2025年7月的补产批次，请核对后补充。")
    city.fill("重新报告的日期", "2026-03-27")
    city.press("退回召回计划")
    city.sees("召回计划已退回。")


def accept_and_publish(city: Person) -> None:
    """All four points are met; annexes 6 and 7 go public."""
    open_case(city, CASE)
    begin(city, "接受召回计划")
    for point in ("批次准确", "数量真实", "内容完整", "措施可行"):
        city.answer(point, "符合")
    city.press("接受召回计划")
    city.sees("召回计划审查通过")
    act(city, "公示召回信息")
    city.sees("召回信息已公示。")
    city.picture("r07-published")


def finish(producer: Person, city: Person, clock: Clock, mailbox: Letters) -> None:
    """The plan is completed; the summary follows, and its effect is assessed."""
    on(clock, [city], date(2026, 10, 26))
    producer.page.reload()
    producer.sees("已经过期")  # a link works for half a year
    open_link(city, producer, mailbox, "提交阶段性总结")
    producer.page.get_by_role("link", name=re.compile("报告召回已完成$")).first.click()
    producer.fill("召回完成日期", "2026-10-23")
    send_off(producer)
    producer.page.get_by_role("link", name=re.compile("提交召回总结$")).first.click()
    fill_annex(
        producer, "recall_summary", published_on=date(2026, 3, 23), recalled_quantity=14400,
        recalled_between=(date(2026, 3, 30), date(2026, 10, 23)),
    )  # fmt: skip
    producer.press("填好了，去核对签署")
    producer.sees("召回数量")
    fill_annex(
        producer, "recall_summary", published_on=date(2026, 3, 23), recalled_quantity=10200,
        recalled_between=(date(2026, 3, 30), date(2026, 10, 23)), actual_rate=85, target_reached="yes",
        shortfall_reasons=(), waiting_time="", conditions="", shortfall_other="",
    )  # fmt: skip
    producer.press("填好了，去核对签署")
    send_off(producer)
    producer.sees("待审查")
    open_case(city, CASE)
    act(city, "认可召回效果", 召回效果评估="抽查更换后的产品全部合格，完成率85%，达到预期")
    city.sees("召回总结已认可。")


def complete_the_file(city: Person) -> None:
    """Every annex as a file; what is not uploaded yet is explained; the case is closed."""
    open_case(city, CASE)
    made = {}
    for link in city.page.get_by_role("link", name=re.compile("^PDF")).all():
        with city.page.expect_download() as coming:
            link.click()
        name = coming.value.suggested_filename
        made[name] = coming.value.path().read_bytes()
    titles = {name.partition("（")[0] for name in made}
    assert len(titles) == len(SAMPLES), titles
    assert all(content.startswith(b"%PDF") for content in made.values())
    if city.pictures is not None:
        for place, (name, content) in enumerate(made.items()):
            (city.pictures / f"annex-{place:02}-{name}").write_bytes(content)
    city.follow("案卷清单和下载")
    city.sees("5 / 5")
    city.picture("r15-file")
    with city.page.expect_download() as coming:
        city.page.get_by_role("link", name=re.compile("^供上传至江苏省")).click()
    assert coming.value.path().read_bytes().startswith(b"PK")
    open_case(city, CASE)
    begin(city, "案卷归档")
    for box in city.page.locator("textarea").all():
        box.fill("业务系统维护，下周补传")
    city.press("案卷归档")
    city.sees("案卷已归档，案件办结。")
    city.sees("召回完成")
    city.picture("r16-closed")
    city.page.set_viewport_size(DESKTOP)
