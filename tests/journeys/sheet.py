"""The official sheet, as an expert fills it in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.journeys.person import Person

SHEET = {
    "不符合国家标准": "否",
    "1．符合国家标准": "是",
    "2．由于没有标准": "否",
    "伤害的严重程度": "3级",
    "伤害发生的可能性": "4级",
    "1．设计原因": "是",
    "2．制造原因": "否",
    "3．警示原因": "否",
    "存在于同一批次": "是",
    "该批次产品是否认定": "是",
    "该批次产品是否建议开展调查": "是",
    "该批次产品是否建议持续关注": "否",
}
# What turns it into 持续关注: not all of the batch is concerned, and the harm is unlikely (持续关注原则 1(3)).
MONITORS = {
    "伤害发生的可能性": "2级",
    "存在于同一批次": "否",
    "该批次产品是否认定": "否",
    "该批次产品是否建议开展调查": "否",
    "该批次产品是否建议持续关注": "是",
}
# What leaves all open; the answer to 开展调查 departs from the rules as long as the harm is grave and may happen.
NEITHER = {
    "存在于同一批次": "不确定",
    "该批次产品是否认定": "不确定",
}


def open_the_sheet(expert: Person) -> None:
    """From the list of tasks to the official sheet."""
    expert.take_up("填写会诊表并签名")
    expect(expert.page.get_by_role("heading", level=1)).to_have_text("长三角缺陷消费品专家会诊表")


def fill_in(
    expert: Person, changes: dict[str, str] | None = None, *, fault: str = "折叠受压后局部过热", harm: str = "低温烫伤"
) -> None:
    """Answer the whole sheet from top to bottom, turning its sections where it is shown section by section."""
    for question, answer in {**SHEET, **(changes or {})}.items():
        if question == "伤害的严重程度":
            expert.turn_to("发生伤害类型")
            expert.tick("1．物理性质伤害")
            expert.describe("发生伤害类型", harm)
        expert.turn_to(question)
        expert.answer(question, answer)
        if question == "1．符合国家标准":
            expert.describe(question, fault)


def give_the_password(expert: Person, password: str) -> None:
    """Under the text that is going to be signed."""
    expect(expert.page.get_by_role("heading", level=1)).to_have_text("核对全文并签名")
    expert.picture(f"31-to-sign-{expert.username}")
    expert.page.get_by_label(re.compile("^专家签名：")).fill(password)
    expert.press("签名")
