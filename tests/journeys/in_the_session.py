"""Steps 5 and 6 through the pages: the session as it goes on, a vote without a majority, another with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.before_the_session import see_no_more
from tests.journeys.sheet import MONITORS, NEITHER, fill_in, give_the_password, open_the_sheet
from tests.support.surfer import PASSWORD

if TYPE_CHECKING:
    from tests.journeys.person import Person

AGENDA = ["缺陷消费品判定", "伤害的严重程度", "普遍性"]
PAGE = "/consultations/1/online-session"
WHY = "样本太少，宜先扩大抽样"


def come_together(lead: Person, experts: list[Person], staff: list[Person], agenda: list[str] = AGENDA) -> None:
    """All have the page open before it begins and say that they are there; nobody reloads from here on."""
    for expert in experts:
        expert.pick_up("参加线上会诊")
    for someone in staff:
        someone.page.goto(f"{someone.address}{PAGE}")
    for someone in [*experts[:-1], *staff]:
        someone.press("我已到会")
        someone.sees("您已报到，待主持人确认")
    lead.pick_up("组织线上会诊")
    lead.follow("开始会诊")
    lead.picture("21-open-session")
    lead.press("开始会诊")
    lead.sees("会诊开始。")
    late = experts[-1]
    late.press("我已到会")
    lead.press("确认 1 人到会")
    lead.sees(f"{lead.username[:2]}联1（已到会）")
    for someone in [late, *staff]:
        someone.sees("专家 5 / 5 人")
        assert someone.page.locator(".agenda b").all_inner_texts() == agenda


def discuss(lead: Person, names: list[str], watching: list[Person]) -> None:
    """The lead asks one after the other, notes what is said, and who sits elsewhere sees it at once."""
    lead.press(f"请 {names[0]} 发言")
    for someone in watching:
        someone.sees(f"{names[0]} 正在发言")
    lead.open_up(f"记录讨论 {AGENDA[0]}")
    lead.fill(f"谁说了什么：{AGENDA[0]}", "两位认为样本不足，不能认定")
    for someone in watching:
        someone.sees("两位认为样本不足，不能认定")
    lead.picture("22-session")
    watching[0].picture("23-session-elsewhere")
    lead.answer("是否普遍存在危及人身", "是")
    lead.answer("是否建议开展缺陷调查", "不确定")
    for name in names:
        lead.sees(f"记录发言：{name}")
        lead.fill("危害性和影响程度", f"{name}：受压折叠后局部过热")
        # What the page says of the one before stands there too: only the next page tells that it is done.
        with lead.page.expect_navigation():
            lead.press("记为已发言")
        lead.sees("发言已记录。")
    lead.fill("讨论小结", "专家一致认为发热线布置不当")
    lead.sees("已保存 14:00")


def open_the_vote(lead: Person, number: int, waiting: list[Person]) -> None:
    """From the session's page; it is there on every other page without a reload."""
    lead.follow("开始表决")
    lead.press("开始表决")
    lead.sees(f"第 {number} 轮表决已开始")
    for someone in waiting:
        someone.sees(f"第 {number} 轮表决已开始")


def vote_without_majority(lead: Person, experts: list[Person], leaving: Person) -> None:
    """Two find a defect, two would watch, one does neither; the lead sees who has signed and nothing else."""
    experts[0].picture("24-vote-open")
    for expert in experts:
        expert.follow("填写会诊表并签名")
    see_no_more(leaving)
    sign_twice(experts[0])
    depart_from_the_rules(experts[-1])
    lead.take_up("结束表决并计票")
    lead.sees("2 / 5 份")
    lead.picture("27-who-has-signed")
    for opinion in ("3级", "建议开展调查", "不采纳", "缺陷消费品判定"):
        lead.sees_not(opinion)
    for expert, changes in zip(experts[1:-1], ({}, MONITORS, MONITORS), strict=True):
        fill_in(expert, changes)
        sign(expert)


def sign_twice(expert: Person) -> None:
    """A sheet that is still open in another window cannot be signed a second time."""
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
    expert.tasks()
    expert.sees_not("填写会诊表并签名")


def depart_from_the_rules(expert: Person) -> None:
    """The rules are worked out while one answers: what contradicts is refused, what departs needs its reason."""
    fill_in(expert, {"该批次产品是否认定": "否", "该批次产品是否建议开展调查": "否"})
    expert.sees("开展调查原则 3：伤害的严重程度 3级 严重，伤害发生的可能性 4级，建议勾选“是”")
    expert.press("核对全文并签名")
    expert.sees("应认定为缺陷消费品")
    expert.picture("29-sheet-contradicts")
    for question, answer in NEITHER.items():
        expert.answer(question, answer)
    expert.press("核对全文并签名")
    expert.sees("建议开展调查的理由")
    expert.sees("1 处")
    expert.picture("30-sheet-departs")
    expert.page.get_by_label("不采纳规则建议的理由").filter(visible=True).fill(WHY)
    sign(expert)


def sign(expert: Person) -> None:
    """Read the whole text, give the password again."""
    while expert.turns():
        pass
    expert.press("核对全文并签名")
    give_the_password(expert, PASSWORD)
    expert.sees("已签名，回执已发到您的邮箱。")


def count_without_majority(lead: Person, applicant: Person, others: list[Person]) -> None:
    """2–2–1: no majority on the finding. Counts for all, the sheets for lead and applicant; another round."""
    close(lead)
    lead.sees("未形成多数意见，请选择")
    first = lead.page.locator(".verdict").first
    expect(first).to_contain_text("未形成多数意见")
    assert first.locator(".n").all_inner_texts() == ["2 票", "2 票", "1 票"]
    lead.sees(WHY)
    lead.picture("33-tally-without-majority")
    for other in others:
        other.follow("查看第 1 轮计票")
        other.sees("三个问题")
        other.sees_not(WHY)
    applicant.follow("查看第 1 轮计票")
    applicant.sees(WHY)
    lead.follow("组织再次讨论")
    lead.press("组织再次讨论")
    lead.sees("已回到线上会诊")


def vote_again(lead: Person, experts: list[Person]) -> None:
    """After another discussion the experts see the first round's sheets, and four of five agree."""
    lead.take_up("主持会诊并开始表决")
    lead.fill("发言要点", "扩大抽样后仍有同样过热，改为建议开展调查")
    lead.press("记为已发言")
    lead.sees("发言已记录。")
    open_the_vote(lead, 2, [])
    experts[0].page.goto(f"{experts[0].address}{PAGE}")
    experts[0].open_consultation("电热毯 XM-1518D")
    experts[0].follow("查看本轮各份会诊表")
    experts[0].sees("第 1 轮计票")
    for expert, changes in zip(experts, ({}, {}, {}, {}, MONITORS), strict=True):
        open_the_sheet(expert)
        fill_in(expert, changes)
        sign(expert)


def conclude(lead: Person) -> None:
    """The majority is the conclusion; the round without one stays beside it."""
    close(lead)
    lead.sees("三个问题均已形成多数意见")
    lead.picture("34-tally")
    lead.follow("第 1 轮")
    lead.sees(WHY)
    lead.sees("未形成多数意见")
    lead.take_up("确定会诊结论")
    lead.press("确定会诊结论")
    lead.sees("会诊结论已确定")


def close(lead: Person) -> None:
    """All have signed."""
    lead.take_up("结束表决并计票")
    lead.sees("5 / 5 份")
    lead.press("结束表决并计票")
    lead.sees("表决已结束并计票。")
