"""What a producer does on the pages of its links, on a phone."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.documents.recall_samples import drawing
from tests.journeys.recall_pages import fill_annex

if TYPE_CHECKING:
    from tests.journeys.person import Person


def send_off(producer: Person) -> None:
    """Everything once more, and the signature."""
    producer.fill("签署人姓名", "何静")
    producer.press("签署并提交")


def report(producer: Person) -> None:
    """Annex 2, saved on the way, with a photograph."""
    producer.sees("宁市监调查分析〔2026〕1号")
    producer.picture("r03-producer")
    producer.page.get_by_role("link", name=re.compile("提交调查分析报告$")).first.click()
    fill_annex(producer, "producer_report")
    photograph(producer, "appearance_photographs")
    producer.press("保存")
    producer.sees("已保存")
    producer.picture("r04-annex2")
    producer.press("填好了，去核对签署")
    send_off(producer)
    producer.sees("待审查")


def photograph(producer: Person, field: str) -> None:
    """Choose a photograph for a field."""
    picture = {"name": "外观.png", "mimeType": "image/png", "buffer": drawing(240, 180, (70, 90, 120))}
    producer.page.locator(f'input[type=file][name="{field}"]').set_input_files(picture)


def plan(producer: Person) -> None:
    """Annexes 6, 7 and 8; what they share is typed once, and a quantity that differs is named."""
    producer.sees("截止 4月7日（周二）24:00")
    producer.page.get_by_role("link", name=re.compile("报告召回计划$")).first.click()
    for slug, title, changed in (
        ("recall_plan", "消费品召回计划", {}),
        ("press_release", "消费品召回新闻稿", {"begins_on": date(2026, 3, 30), "affected_quantity": 11000}),
        ("recall_statement", "消费品召回事项说明", {}),
    ):
        fill_plan_annex(producer, slug, title, **changed)
    producer.sees("应当一致")
    fill_plan_annex(producer, "press_release", "消费品召回新闻稿", begins_on=date(2026, 3, 30))
    producer.picture("r06-plan")
    producer.follow("去核对签署")
    send_off(producer)
    producer.sees("待审查")


def fill_plan_annex(producer: Person, slug: str, title: str, **changed: object) -> None:
    """One of the three annexes of a plan, and back to them."""
    producer.page.get_by_role("link", name=re.compile(title)).first.click()
    fill_annex(producer, slug, **changed)
    producer.press("核对无误，回到三份附件")


def correct_the_plan(producer: Person) -> None:
    """The words of the review stand above; the rest is as it was."""
    producer.page.reload()
    producer.sees("缺少2025年7月的补产批次")
    producer.page.get_by_role("link", name=re.compile("报告召回计划$")).first.click()
    batches = "BH202501至BH202507（共7个批次）"
    for title in ("消费品召回计划", "消费品召回事项说明"):
        producer.page.get_by_role("link", name=re.compile(title)).first.click()
        producer.page.locator('[name="batches"]').fill(batches)
        producer.press("核对无误，回到三份附件")
    producer.page.get_by_role("link", name=re.compile("消费品召回新闻稿")).first.click()
    producer.press("核对无误，回到三份附件")
    producer.follow("去核对签署")
    send_off(producer)
    producer.sees("待审查")


def read_in_public(producer: Person) -> None:
    """Anybody finds it, with annexes 6 and 7 and nothing else."""
    back = producer.page.url
    producer.page.goto(f"{producer.address}/recalls?q=BH202507")
    producer.follow("儿童安全座椅")
    producer.sees("BH202501至BH202507（共7个批次）")
    producer.sees_not("卡扣供应商2025年1月更换模具")  # annex 8
    producer.picture("r08-public")
    producer.page.goto(back)


def summarise(producer: Person, number: int, until: date) -> None:
    """An interim summary every three months, with what came back through each channel."""
    producer.page.reload()
    producer.page.get_by_role("link", name=re.compile("提交阶段性总结$")).first.click()
    quantity, rate = {1: (4800, 40), 2: (3600, 30)}[number]
    fill_annex(
        producer, "interim_summary", published_on=date(2026, 3, 23), recalled_quantity=quantity, actual_rate=rate,
        new_injuries="no", new_defects="no", complaints=None, new_defects_text="",
        reported_between=(until - timedelta(days=89), until), recalled_between=(date(2026, 3, 30), until),
    )  # fmt: skip
    producer.page.locator("#channel-online_shop").fill("3000")
    producer.press("填好了，去核对签署")
    send_off(producer)
    producer.sees("消费品召回阶段性总结")
