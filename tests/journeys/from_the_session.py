"""Steps 5 to 8 through the pages: the session, the vote, the minutes, the fees, the archive."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import docx
from playwright.sync_api import expect

from tests.journeys.sheet import fill_in, give_the_password, open_the_sheet
from tests.journeys.until_the_session import NUMBER
from tests.support.surfer import PASSWORD

if TYPE_CHECKING:
    from tests.journeys.person import Person


def hold_the_session(lead: Person, experts: int) -> None:
    """The lead ticks who is there, opens, and notes what each expert says."""
    lead.take_up("组织线上会诊")
    lead.picture("21-session-fixed")
    lead.follow("开始会诊")
    lead.picture("22-open-session")
    lead.press("开始会诊")
    lead.sees("会诊开始。")
    lead.sees("有分歧")
    for place in range(experts):
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
    lead.sees("到会专家均已发言")
    lead.follow("开始表决")
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
        expert.sees("已签名，回执已发到您的邮箱。")
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
    expert.sees("已签名，回执已发到您的邮箱。")
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
    applicant.fill("税前金额（元）", "八百")
    applicant.press("登记")
    applicant.picture("38-fee-refused")
    expect(applicant.field("税前金额（元）")).to_have_value("八百")
    applicant.fill("税前金额（元）", "1800")
    applicant.press("登记")
    applicant.sees("劳务费已登记")
    applicant.sees("请本单位另一人审核")
    applicant.sees_not("审核通过")
    second.open_consultation(NUMBER)
    second.follow("登记、审核与支付")
    second.press("审核通过")
    second.sees("劳务费已审核。")
    second.fill("支付日期", "2026-03-04")
    second.fill("支付凭证", "凭证 17")
    second.press("登记支付")
    second.sees("已登记支付。")
    second.sees("1,600.00")
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
    assert NUMBER in text_of(expert.download("DOCX 第 1 轮 第 1 版"))
    assert expert.download("PDF 第 1 轮 第 1 版").startswith(b"%PDF-")


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
