"""One consultation from application to archive, through the pages alone, as those do it who work with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import docx
import pytest
from playwright.sync_api import expect

from tests.journeys.files import report_pdf
from tests.journeys.sheet import fill_in, give_the_password, open_the_sheet
from tests.support.clock import BEIJING
from tests.support.surfer import PASSWORD

if TYPE_CHECKING:
    from tests.journeys.person import Person
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey

Come = Callable[..., "Person"]
PANEL = ("shanghai-expert-1", "jiangsu-expert-1", "zhejiang-expert-1", "anhui-expert-1", "zhejiang-expert-2")
ON_A_PHONE = "anhui-expert-1"
NUMBER = "〔2026〕1号"
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=BEIJING)
WEDNESDAY = datetime(2026, 3, 4, 14, 0, tzinfo=BEIJING)

APPLICATION = {
    "规格": "150 cm × 180 cm",
    "型号": "XM-1518D",
    "品牌/商标": "煦眠",
    "生产者": "苏州煦眠家居用品有限公司",
    "检测依据": "GB 4706.1—2005、GB 4706.8—2008",
    "疑似缺陷描述": "折叠或受压后发热线局部过热，可致低温烫伤或起火",
    "核实人": "顾思远",
    "核实日期": "2026-02-27",
    "核实内容": "抽取同批次样品复测",
    "核实结果": "发热线局部过热，属实",
}


def test_one_consultation_from_application_to_archive(person: Come, clock: Clock) -> None:
    applicant, lead = person("shanghai-liaison-1"), person("jiangsu-liaison-1")
    others = [person("zhejiang-liaison-1"), person("anhui-liaison-2")]
    experts = [person(name, phone=name == ON_A_PHONE) for name in PANEL]
    everybody = [applicant, lead, *others, *experts]

    apply(applicant)
    return_correct_and_accept(applicant, lead)
    form_the_panel([applicant, lead, *others], experts, lead)
    send_the_material(applicant)

    clock.now = TUESDAY
    for someone in everybody:
        someone.log_in()
    analyse(experts)
    agree_on_a_time(applicant, lead, [applicant, lead, *others])

    clock.now = WEDNESDAY
    for someone in everybody:
        someone.log_in()
    hold_the_session(lead)
    vote(lead, experts, person("shanghai-expert-2"))
    count(lead, applicant, others[0])
    issue_the_minutes(lead, [applicant, *others])
    pay_the_experts(applicant, person("shanghai-liaison-2"))
    archive(applicant, lead, experts[0])
    look_at_the_outbox(person("administrator"))


def apply(applicant: Person) -> None:
    """A draft that saves itself; a ground that does not hold is refused, and nothing typed is lost."""
    applicant.picture("01-tasks-empty")
    applicant.follow("提出会诊申请")
    applicant.fill("产品名称", "电热毯")
    applicant.press("保存草稿")
    applicant.sees("草稿已保存。")
    applicant.tick("（一）")
    applicant.choose("生产者注册地", "江苏省")
    applicant.choose("实际生产地", "江苏省")
    applicant.tick("市场购检")
    for label, words in APPLICATION.items():
        applicant.fill(label, words)
    applicant.sees("已保存 09:00")
    applicant.press("提交申请")
    applicant.sees("还不能提交")
    applicant.sees("实际生产地应在注册地以外的")
    applicant.picture("02-application-refused")
    for label, words in APPLICATION.items():
        expect(applicant.field(label)).to_have_value(words)
    applicant.choose("实际生产地", "安徽省")
    applicant.press("提交申请")
    applicant.sees(NUMBER)
    applicant.picture("03-application-submitted")


def return_correct_and_accept(applicant: Person, lead: Person) -> None:
    """The lead returns it with a reason, which the applicant reads, corrects and submits again."""
    lead.take_up("受理或退回会诊申请")
    lead.sees("发热线局部过热，属实")
    lead.picture("04-to-accept")
    lead.follow("退回申请")
    lead.press("退回申请")
    lead.sees("还不能退回申请")
    lead.fill("退回理由", "请补充报告编号")
    lead.press("退回申请")
    lead.sees("申请已退回。")
    applicant.take_up("补正后再次提交申请")
    applicant.picture("05-returned")
    applicant.sees("请补充报告编号")
    applicant.fill("报告编号", "沪检〔2026〕D-0417")
    applicant.press("提交申请")
    applicant.sees("会诊申请已提交")
    lead.take_up("受理或退回会诊申请")
    lead.follow("受理申请")
    lead.press("受理申请")
    lead.sees("申请已受理")
    lead.picture("06-accepted")


def form_the_panel(institutions: list[Person], experts: list[Person], lead: Person) -> None:
    """Each institution chooses from its own register, the experts declare and accept, the lead confirms."""
    wanted = {"sh": ["sh专1"], "ji": ["ji专1"], "zh": ["zh专1", "zh专2"], "an": ["an专1"]}
    for someone in institutions:
        someone.take_up("从本单位专家库选取专家")
        for name in wanted[someone.username[:2]]:
            someone.tick(name)
        someone.picture("07-nominate")
        someone.press("选取并发出邀请")
        someone.sees("选取")
    for expert in experts:
        expert.take_up("答复专家组邀请并声明利益冲突")
        expert.picture("08-invitation")
        expert.press("提交答复")
        expert.sees("处需要填写")
        expert.tick("接受邀请")
        expert.tick("没有")
        expert.press("提交答复")
        expert.sees("已接受邀请")
    lead.take_up("确认专家组")
    lead.picture("09-confirm-panel")
    lead.press("确认专家组")
    lead.sees("确认专家组")
    lead.picture("10-panel-confirmed")


def send_the_material(applicant: Person) -> None:
    """A file that is not what its name says is refused; a report goes to the panel."""
    applicant.take_up("上传并发送会诊材料")
    applicant.picture("11-nothing-to-send")
    applicant.sees("还不能")
    applicant.follow("返回")
    applicant.follow("上传材料")
    report = {"name": "检测报告.pdf", "mimeType": "application/pdf", "buffer": b"not a report"}
    applicant.field("文件").set_input_files(report)
    applicant.choose("种类", "检测报告")
    applicant.fill("材料名称", "电热毯安全性能检测报告")
    applicant.fill("编号", "沪检〔2026〕D-0417")
    applicant.press("上传会诊材料")
    applicant.sees("上传规则")
    applicant.picture("12-upload-refused")
    expect(applicant.field("材料名称")).to_have_value("电热毯安全性能检测报告")
    applicant.field("文件").set_input_files({**report, "buffer": report_pdf()})
    applicant.press("上传会诊材料")
    applicant.sees("已上传。")
    applicant.picture("13-material")
    applicant.follow("发送给专家组")
    applicant.picture("14-send-material")
    applicant.press("发送会诊材料")
    applicant.sees("会诊材料已发送")


def analyse(experts: list[Person]) -> None:
    """Each expert reads the material and writes; the draft saves itself; handed in, it cannot be changed."""
    for expert in experts:
        expert.take_up("完成初步分析")
        expert.sees("电热毯安全性能检测报告")
        expert.fill("危害分析", f"{expert.username}：受压折叠后局部过热，可致低温烫伤")
        expert.sees("已保存 09:00")
        expert.page.reload()
        expect(expert.field("危害分析")).to_have_value(f"{expert.username}：受压折叠后局部过热，可致低温烫伤")
        expert.fill("原因分析", "发热线间距过小，无过热保护")
        expert.choose("伤害的严重程度", "3级　严重" if expert.username != ON_A_PHONE else "2级　一般")
        expert.picture("15-analysis")
        expert.press("提交初步分析")
        expert.sees("初步分析已提交。")
        expert.picture("16-analysis-handed-in")


def agree_on_a_time(applicant: Person, lead: Person, institutions: list[Person]) -> None:
    """The applicant tells the lead, the lead fixes the session, each institution names who comes."""
    applicant.take_up("告知牵头单位专家已回复")
    applicant.picture("17-tell-lead")
    applicant.press("告知牵头单位")
    applicant.sees("已告知牵头单位")
    lead.take_up("组织线上会诊")
    lead.fill("开始时间", "2026-03-12T14:00")
    lead.fill("会议服务", "政务视频会议")
    lead.fill("会议号", "884 201 337")
    lead.press("确定会诊时间")
    lead.sees("超出期限的理由")
    lead.picture("18-session-too-late")
    expect(lead.field("会议号")).to_have_value("884 201 337")
    lead.fill("开始时间", "2026-03-04T14:00")
    lead.press("确定会诊时间")
    lead.sees("会诊时间已确定")
    lead.picture("19-session-fixed")
    for someone in institutions:
        someone.take_up("指派 1—2 名工作人员参加线上会诊")
        someone.picture("20-participants")
        someone.tick(f"{someone.username[:2]}工")
        someone.tick("与该产品生产者无利害关系")
        someone.press("指派")
        someone.sees("参会人员已指派")


def hold_the_session(lead: Person) -> None:
    """The lead ticks who is there, opens, and notes what each expert says."""
    lead.take_up("组织线上会诊")
    lead.picture("21-session-fixed")
    lead.follow("开始会诊")
    lead.picture("22-open-session")
    lead.press("开始会诊")
    lead.sees("会诊开始。")
    lead.sees("有分歧")
    for place in range(len(PANEL)):
        lead.answer("是否普遍存在危及人身", "是")
        lead.fill("危害性和影响程度", f"第 {place + 1} 位发言：受压折叠后局部过热")
        lead.answer("是否建议开展缺陷调查", "是")
        lead.press("记为已发言")
        lead.sees("发言已记录。")
    lead.fill("讨论小结", "专家一致认为发热线布置不当")
    lead.sees("已保存 14:00")
    lead.picture("23-session")


def vote(lead: Person, experts: list[Person], stranger: Person) -> None:
    """Five sheets, filled in alone and signed; the lead sees who has signed and nothing else."""
    lead.take_up("主持会诊并开始表决")
    lead.picture("24-open-vote")
    lead.press("开始表决")
    lead.sees("第 1 轮表决已开始")
    open_the_sheet(experts[0])
    stranger.page.goto(experts[0].page.url)
    stranger.sees("没有找到这一页")
    sign_twice(experts[0])
    depart_from_the_rules(experts[1])
    lead.take_up("结束表决并计票")
    lead.sees("2 / 5 份")
    lead.picture("27-who-has-signed")
    for opinion in ("3级", "建议开展调查", "不采纳", "缺陷消费品判定"):
        lead.sees_not(opinion)
    for expert in experts[2:]:
        open_the_sheet(expert)
        fill_in(expert)
        sign(expert)


def sign_twice(expert: Person) -> None:
    """A sheet that is still open in another window cannot be signed a second time."""
    open_the_sheet(expert)
    expert.picture("25-sheet-empty")
    fill_in(expert)
    expert.sees("已填齐，可以签名")
    expert.picture("26-sheet")
    with expert.another_window():
        expert.take_up("填写会诊表并签名")  # complete as it is, it lies there to be signed
        give_the_password(expert, "三月的风 2026")
        expert.sees("密码不正确")
        give_the_password(expert, PASSWORD)
        expert.sees("已签名。")
    expert.press("核对全文并签名")
    expert.sees("您在本轮已签名")
    expert.picture("28-second-vote")
    expert.tasks()
    expert.sees_not("填写会诊表并签名")


def depart_from_the_rules(expert: Person) -> None:
    """The rules are worked out while one answers: what contradicts is refused, what departs needs its reason."""
    open_the_sheet(expert)
    fill_in(expert, {"该批次产品是否认定": "否", "该批次产品是否建议开展调查": "否"})
    expert.sees("开展调查原则 3：伤害的严重程度 3级 严重，伤害发生的可能性 4级，建议勾选“是”")
    expert.press("核对全文并签名")
    expert.sees("应认定为缺陷消费品")
    expert.picture("29-sheet-contradicts")
    expert.answer("该批次产品是否认定", "是")
    expert.press("核对全文并签名")
    expert.sees("建议开展调查的理由")
    expert.sees("1 处")
    expert.picture("30-sheet-departs")
    expert.page.get_by_label("不采纳规则建议的理由").filter(visible=True).fill("样本太少，宜先扩大抽样")
    sign(expert)


def sign(expert: Person) -> None:
    """Read the whole text, give the password again."""
    while expert.turns():
        pass
    expert.press("核对全文并签名")
    give_the_password(expert, PASSWORD)
    expert.sees("已签名。")
    expert.picture(f"32-signed-{expert.username}")


def count(lead: Person, applicant: Person, other: Person) -> None:
    """The vote is closed; counts for all, the sheets for lead and applicant; the lead concludes."""
    lead.take_up("结束表决并计票")
    lead.sees("5 / 5 份")
    lead.press("结束表决并计票")
    lead.sees("表决已结束并计票。")
    lead.sees("样本太少，宜先扩大抽样")
    lead.picture("33-tally")
    other.page.goto(lead.page.url)
    other.sees("三个问题")
    other.sees_not("样本太少，宜先扩大抽样")
    applicant.page.goto(lead.page.url)
    applicant.sees("样本太少，宜先扩大抽样")
    lead.take_up("确定会诊结论")
    lead.picture("34-conclude")
    lead.press("确定会诊结论")
    lead.sees("会诊结论已确定")


def issue_the_minutes(lead: Person, copied: list[Person]) -> None:
    """The draft is edited, saves itself, is issued; every copy is confirmed; the document says what the page says."""
    lead.take_up("制作并印发会议纪要")
    lead.picture("35-minutes-draft")
    lead.field("后续工作").fill("由申请单位上报，并建议开展缺陷调查。")
    lead.sees("已保存 14:00")
    lead.press("印发会议纪要")
    lead.sees("会议纪要已印发")
    lead.picture("36-minutes")
    number = lead.page.locator("article").first.get_attribute("aria-label") or ""
    words = text_of(lead.download("DOCX"))
    assert number in words
    assert "由申请单位上报，并建议开展缺陷调查。" in words
    for someone in copied:
        someone.take_up("确认收到会议纪要")
        someone.picture("37-receipt")
        someone.press("确认收到会议纪要")
        someone.sees("已确认收到会议纪要。")


def pay_the_experts(applicant: Person, second: Person) -> None:
    """Nobody approves what he or she recorded; another one does, and it is paid."""
    applicant.open_consultation(NUMBER)
    applicant.follow("登记、审核与支付")
    applicant.choose("专家", "sh专1")
    applicant.choose("工作内容", "线上会诊")
    applicant.fill("金额（元）", "八百")
    applicant.press("登记")
    applicant.picture("38-fee-refused")
    expect(applicant.field("金额（元）")).to_have_value("八百")
    applicant.fill("金额（元）", "800")
    applicant.press("登记")
    applicant.sees("劳务费已登记")
    applicant.press("审核通过")
    applicant.sees("另一人")
    second.open_consultation(NUMBER)
    second.follow("登记、审核与支付")
    second.press("审核通过")
    second.sees("劳务费已审核。")
    second.fill("支付凭证", "凭证 17")
    second.press("登记支付")
    second.sees("已登记支付。")
    second.picture("39-fees")


def archive(applicant: Person, lead: Person, expert: Person) -> None:
    """Archived once, kept by both custodians, with the day until which it is kept; the sheet can be taken along."""
    applicant.take_up("归档会诊材料")
    applicant.picture("40-to-archive")
    applicant.press("归档")
    applicant.sees("已归档。")
    applicant.picture("41-archived")
    for custodian in (applicant, lead):
        custodian.open_consultation(NUMBER)
        custodian.follow("清单与保管")
        custodian.sees("2031年12月31日")
        custodian.picture(f"42-archive-{custodian.username}")
    applicant.open_consultation(NUMBER)
    applicant.follow("查看计票")
    applicant.page.get_by_role("link", name="sh专1", exact=True).click()
    applicant.picture("43-signed-sheet")
    assert "折叠受压后局部过热" in text_of(applicant.download("下载 DOCX"))
    expert.open_consultation("电热毯 XM-1518D")
    assert NUMBER in text_of(expert.download("下载 第 1 轮 第 1 版"))


def look_at_the_outbox(administrator: Person) -> None:
    """Every mail is on its way, and the administrator sees to whom, not what it says."""
    administrator.page.goto(f"{administrator.address}/system/outbox")
    administrator.sees("待发送")
    administrator.sees_not("电热毯")
    administrator.picture("44-outbox")


def text_of(document: bytes) -> str:
    """All words of a DOCX, tables included."""
    opened = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in opened.paragraphs), *cells])
