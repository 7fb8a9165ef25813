"""Step 4 through the pages: a time that suits, a conflict that is found late, a replacement, who takes part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.until_the_session import APPLICATION, NUMBER, accept_the_invitation, hand_in_the_analysis

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.person import Person

HERE = "/consultations/1"
OF_MEMBERS = ("", "/online-session", "/material/1/read", "/material/1/download")
ACTS_OF_MEMBERS = ("/preliminary-analysis/hand-in-analysis", "/sheet")
ASKED = "答复时间征询，选择合适的会诊时间"
TUESDAY, WEDNESDAY, TOO_LATE = "3月3日（周二）14:00", "3月4日（周三）14:00", "3月12日（周四）10:00"
SUITS_WEDNESDAY = {TUESDAY: "不可以", WEDNESDAY: "可以", TOO_LATE: "勉强可以"}
SUITS_ANY = {TUESDAY: "可以", WEDNESDAY: "勉强可以", TOO_LATE: "可以"}


def ask_for_times(applicant: Person, lead: Person) -> None:
    """The applicant tells the lead, who proposes two half-days of these five working days and one too late."""
    applicant.take_up("告知牵头单位专家已回复")
    applicant.press("告知牵头单位")
    applicant.sees("已告知牵头单位")
    lead.take_up("组织线上会诊")
    lead.follow("向专家和各召回技术机构征询时间")
    lead.tick_in("3月4日", "14:00")
    lead.fill("开始时间 1", "2026-03-12T10:00")
    lead.press("发出征询")
    lead.sees("备选时段已发给全体专家和各召回技术机构的联络员。")
    lead.follow("另提备选时段")
    lead.tick_in("3月3日", "14:00")
    lead.tick_in("3月4日", "14:00")
    lead.fill("开始时间 1", "2026-03-12T10:00")
    lead.picture("17-ask-for-times")
    lead.press("发出征询")
    lead.sees("尚未答复")


def answer_from_the_mail(expert: Person, letters: list[str]) -> None:
    """The link in the mail asks for no log-in, and is none; the link of the poll that was given up leads nowhere."""
    found = [link[0] for letter in letters if (link := re.search(r"/poll\?token=[\w-]+", letter))]
    expert.page.context.clear_cookies()
    expert.page.goto(f"{expert.address}{found[0]}")
    expert.sees("链接无效")
    expert.page.goto(f"{expert.address}{found[-1]}")
    expert.sees("答复时间征询")
    expert.sees_not(APPLICATION["型号"])
    expert.picture("18-poll-from-the-mail")
    mark(expert, SUITS_ANY)
    expert.sees("您已于")
    expert.tasks()
    expect(expert.page.get_by_role("heading", level=1)).to_have_text("登录")


def mark(someone: Person, marks: dict[str, str]) -> None:
    """Say of every slot whether it suits."""
    for slot, word in marks.items():
        someone.answer(slot, word)
    someone.press("保存答复")


def agree_on_a_time(lead: Person, asked: list[Person]) -> None:
    """Everybody marks, the portal ranks, the lead takes the best; what was typed beside it is not lost."""
    for someone in asked:
        someone.take_up(ASKED)
        mark(someone, SUITS_WEDNESDAY)
        someone.sees("会诊时间确定前可以修改。")
    lead.open_consultation(NUMBER)
    lead.follow("查看答复，确定时间")
    lead.sees("已答复 9 / 9")
    assert [words.split("—")[0] for words in lead.page.locator(".slotlist h3").all_inner_texts()] == [
        WEDNESDAY, TOO_LATE, TUESDAY,
    ]  # fmt: skip
    lead.sees("超出期限，确定时须写明理由")
    lead.picture("19-slots-ranked")
    lead.page.get_by_role("link", name=re.compile("^定在此时")).first.click()
    expect(lead.field("开始时间")).to_have_value("2026-03-04T14:00")
    lead.fill("会议服务", "政务视频会议")
    lead.press("确定会诊时间")
    lead.sees("还不能确定会诊时间")
    expect(lead.field("会议服务")).to_have_value("政务视频会议")
    lead.fill("会议号", "884 201 337")
    lead.press("确定会诊时间")
    lead.sees("会诊时间已确定")


def find_a_conflict(keeper: Person, name: str) -> None:
    """The institution that keeps the register learns that its expert advises the producer."""
    keeper.page.goto(f"{keeper.address}/experts")
    keeper.follow(name)
    keeper.follow("修改")
    keeper.fill("利益关系", f"{APPLICATION['生产者']}，顾问，2021-03至今")
    keeper.press("保存")
    keeper.sees("已保存。")


def replace_the_member(lead: Person, leaving: Person, come: Callable[..., Person], name: str, other: str) -> Person:
    """The lead sees the conflict and lets the expert step aside; the portal proposes who can come instead."""
    assert [leaving.status_of(f"{HERE}{path}") for path in OF_MEMBERS] == [200] * len(OF_MEMBERS)
    lead.open_consultation(NUMBER)
    lead.sees(f"申报的关系（顾问）“{APPLICATION['生产者']}”与生产者名称相符")
    lead.follow("专家组详情")
    lead.picture("20-conflict")
    lead.follow(f"回避 {name}")
    lead.fill("回避理由", "担任生产者的顾问")
    lead.press("办理回避")
    lead.sees("已办理回避。")
    lead.sees("双数")
    lead.picture("20-recused")
    lead.follow("更换专家")
    lead.sees("接替后专家组 5 人，为单数")
    lead.sees_not(f"{name}　")
    lead.picture("20-replace")
    lead.page.get_by_role("radio", name=re.compile(other)).check()
    lead.fill("更换理由", "原专家回避")
    lead.press("更换专家")
    lead.sees(f"已邀请{other}")
    see_no_more(leaving)
    joining = come("zhejiang-expert-3")
    accept_the_invitation(joining)
    hand_in_the_analysis(joining, "3级　严重", "不确定")
    return joining


def see_no_more(leaving: Person) -> None:
    """Who has stepped aside sees nothing of the consultation any more, and can do nothing in it."""
    assert [leaving.status_of(f"{HERE}{path}") for path in OF_MEMBERS] == [404] * len(OF_MEMBERS)
    assert [leaving.status_of(f"{HERE}{path}") for path in ACTS_OF_MEMBERS] == [403] * len(ACTS_OF_MEMBERS)
    leaving.page.goto(f"{leaving.address}{HERE}")
    leaving.sees("没有找到这一页")


def name_participants(institutions: list[Person]) -> None:
    """Each institution says who comes for it: its liaison."""
    for someone in institutions:
        someone.take_up("指派 1—2 名工作人员参加线上会诊")
        someone.tick(f"{someone.username[:2]}联{someone.username[-1]}")
        someone.tick("与该产品生产者无利害关系")
        someone.press("指派")
        someone.sees("参会人员已指派")
