"""The consultation that a recall case asks for, over four provinces and through the pages, in the shortest way.

All the turns that it can take (a refusal, a poll, a replacement, another round) are in test_one_consultation.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.journeys.in_the_session import close, come_together, open_the_vote, sign
from tests.journeys.sheet import fill_in, open_the_sheet
from tests.journeys.until_the_session import NUMBER, form_the_panel
from tests.support.clock import BEIJING

if TYPE_CHECKING:
    from tests.journeys.person import Person
    from tests.support.clock import Clock

PANEL = ("shanghai-expert-1", "jiangsu-expert-1", "zhejiang-expert-1", "anhui-expert-1", "zhejiang-expert-2")
AFTERNOON = datetime(2026, 3, 2, 14, 0, tzinfo=BEIJING)
UNANIMOUS = ["伤害的严重程度", "普遍性", "缺陷消费品判定"]
"""The agenda where nobody differs: in the order of the sheet."""
FAULT = "安全带卡扣锁舌与锁体配合间隙过大，正面碰撞时可能自行脱开"
HARM = "儿童失去约束，碰撞受伤"


def confer(lead: Person, others: list[Person], experts: list[Person], clock: Clock) -> None:
    """Jiangsu leads and applied: from accepting the application to the minutes that advise an investigation."""
    lead.take_up("受理或退回会诊申请")
    lead.follow("受理申请")
    lead.press("受理申请")
    lead.sees("申请已受理")
    form_the_panel([lead, *others], experts, lead)
    lead.take_up("上传并发送会诊材料")
    lead.press("发送会诊材料")
    lead.sees("会诊材料已发送")
    for expert in experts:
        analyse(expert)
    prepare([lead, *others], lead)
    for someone in (lead, *others, *experts):
        someone.leave()
    clock.now = AFTERNOON
    for someone in (lead, *others, *experts):
        someone.log_in()
    come_together(lead, experts, others, UNANIMOUS)
    discuss(lead)
    open_the_vote(lead, 1, experts)
    for expert in experts:
        open_the_sheet(expert)
        fill_in(expert, fault=FAULT, harm=HARM)
        sign(expert)
    conclude(lead)


def analyse(expert: Person) -> None:
    """The preliminary analysis, in which all see the same."""
    expert.take_up("完成初步分析")
    expert.fill("危害分析", f"{FAULT}，{HARM}")
    expert.fill("原因分析", "锁舌尺寸超差")
    expert.choose("伤害的严重程度", "3级　严重")
    expert.choose("普遍性", "是")
    expert.choose("缺陷消费品判定", "是")
    expert.press("提交初步分析")
    expert.sees("初步分析已提交。")


def prepare(institutions: list[Person], lead: Person) -> None:
    """A time is fixed without a poll, and each institution says who comes."""
    lead.take_up("告知牵头单位专家已回复")
    lead.press("告知牵头单位")
    lead.sees("已告知牵头单位")
    lead.take_up("组织线上会诊")
    lead.fill("开始时间", f"{AFTERNOON:%Y-%m-%dT%H:%M}")
    lead.fill("会议服务", "政务视频会议")
    lead.fill("会议号", "884 201 337")
    lead.press("确定会诊时间")
    lead.sees("会诊时间已确定")
    for someone in institutions:
        someone.take_up("指派 1—2 名工作人员参加线上会诊")
        someone.tick(f"{someone.username[:2]}联{someone.username[-1]}")
        someone.tick("与该产品生产者无利害关系")
        someone.press("指派")
        someone.sees("参会人员已指派")


def discuss(lead: Person) -> None:
    """Each expert is heard, and what was said is noted."""
    for _ in PANEL:
        for question in ("是否普遍存在危及人身", "是否建议开展缺陷调查"):
            lead.answer(question, "是")
        lead.fill("危害性和影响程度", FAULT)
        with lead.page.expect_navigation():
            lead.press("记为已发言")
        lead.sees("发言已记录。")
    lead.fill("讨论小结", f"专家一致认为{FAULT}")
    lead.sees("已保存 14:00")


def conclude(lead: Person) -> None:
    """All find a defect and advise an investigation; the minutes go to everybody."""
    close(lead)
    lead.sees("三个问题均已形成多数意见")
    lead.picture("r01-tally")
    lead.take_up("确定会诊结论")
    lead.press("确定会诊结论")
    lead.sees("会诊结论已确定")
    lead.take_up("制作并印发会议纪要")
    lead.press("印发会议纪要")
    lead.sees("会议纪要已印发")
    lead.sees(NUMBER)
    lead.picture("r01-minutes")
