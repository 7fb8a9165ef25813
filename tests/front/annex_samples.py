"""Annexes as somebody has filled them in: empty, whole, and with everything wrong; for the gallery and the tests."""

from __future__ import annotations

from datetime import date

from werkzeug.datastructures import MultiDict

from portal.rules.credit_code import check_character
from portal.rules.recall.annex_check import COSTS, check_annex
from portal.rules.recall.annex_values import prefilled
from portal.rules.recall.annexes import load_annexes
from portal.rules.recall.editions import load_recall_edition
from portal.web.annex_form import AnnexForm, Photograph

EDITION = load_recall_edition("jiangsu-2025")
ANNEXES = load_annexes("jiangsu-2025")
FACTS: dict[str, object] = {
    "producer.name": "南京安途儿童用品有限公司",
    "producer.credit_code": "91320100MA1MXXXX0" + check_character("91320100MA1MXXXX0"),
    "producer.address": "南京市江宁区秣周东路12号",
    "producer.legal_representative": "顾明远",
    "product.name": "儿童安全座椅",
    "product.kind": "儿童用品",
    "product.brand": "安途",
    "product.model": "AT-ISO2",
    "product.specification": "0—4岁",
    "product.batches": "20250103、20250117、20250206",
    "case.defect": "约束系统的卡扣在低温下可能自行松开，急刹车时不能约束儿童。",
    "case.consequence": "发生碰撞时儿童可能被甩出，造成伤害，严重时危及生命。",
    "case.published_on": date(2026, 3, 20),
    "case.recall_number": "JS2026-018",
    "plan.affected_quantity": 4200,
    "plan.produced_between": (date(2025, 1, 3), date(2025, 2, 28)),
    "notice.number": "宁市监调查分析〔2026〕8号",
}
PICTURES = {
    "appearance_photographs": (
        Photograph("p1", "正面.jpg", 812_345, "#"),
        Photograph("p2", "铭牌及生产批号特写照片（左侧底座下方）.png", 2_412_345, "#"),
    )
}
_STATEMENT = {
    "responsible_name": "周倩", "responsible_position": "质量总监", "responsible_mobile": "13800000001",
    "contact_name": "林岚", "contact_position": "客服经理", "contact_mobile": "13800000002",
    "produced_between-from": "2025-01-03", "produced_between-until": "2025年2月28日",
    "produced_quantity": "5,000", "affected_quantity": "４２００", "origin": "domestic",
    "appearance": "灰色椅身，红色卡扣，底座有 ISOFIX 接口。",
    "cause": "卡扣弹簧材料批次不合格。", "established": "2026年2月，委托检测。", "evidence": "报告编号 JC2026-0112。",
    "incidents": "投诉 3 起，无人员伤亡。", "stop_sale": "2月10日起停产停售。", "tell_dealers": "已书面通知各经销商。",
    "emergency_measures": "停止使用。", "recall_measures": "免费更换卡扣总成。", "recalled_elsewhere": "no",
    "organisation": "设召回办公室，三个月内完成。", "completion_planned_on": "2026-06-30",
    "publication_ways": "官网、电商平台、门店。", "disposal": "统一回收拆解。", "forecast": "预计召回 3,900 件。",
    "product_price": "899", "part_price": "35.50", **dict.fromkeys(COSTS, "0"),
    "repair_cost": "149,100", "logistics_cost": "84000.5", "total_cost": "233,000",
    "sellers-0-seller": "安途官方旗舰店", "sellers-0-area": "全国", "sellers-0-quantity": "3,000",
    "sellers-0-sold_between": "2025年1月至8月", "sellers-0-stock": "120",
    "sellers-4-seller": "苏宁易购南京新街口店", "sellers-4-area": "江苏南京", "sellers-4-quantity": "800",
    "sellers-4-stock": "16",
}  # fmt: skip
_SUMMARY = {
    "recalled_between-from": "2026-03-20", "recalled_between-until": "2026-09-20", "submitted_by": "林岚",
    "contact": "025-8400 0000", "recalled_quantity": "3,675", "expected_rate": "85%", "actual_rate": "90",
    "unit_value": "899", "unit_cost": "55.5", "budget": "233000", "spent": "198,340.20", "target_reached": "yes",
    "sales_channels": ["online_shop", "other"], "sales_channels_other": "母婴连锁店", "design_life": "6 年",
    "publication_channels": ["website", "own_media"], "websites": "www.antu.example", "own_media": "微信公众号",
    "consumer_notices": ["phone", "sms"], "has_team": "yes", "has_training": "yes", "has_budget": "yes",
    "prepared_budget": "233,000元", "has_hotline": "yes", "hotlines": "4", "has_platform": "no",
    "measures": ["exchange"], "new_injuries": "yes", "complaints": "1", "new_defects": "no",
    "assessment": "更换后的卡扣经低温试验合格。",
}  # fmt: skip
WRONG = {
    "investigation_notice": {"report_due_on": "明年三月", "product_name": "座椅" * 101},
    "service_receipt": {
        "documents": ["recall_notice", "other"], "recall_notice_number": "", "served_on": "2026年2月30日",
        "received_on": "2026-03-01",
    },
    "recall_statement": {
        "credit_code": "91320100MA1MXXXX00", "affected_quantity": "约四千", "produced_between-until": "",
        "sellers-4-quantity": "八百", "sellers-4-area": "", "legal_cost": "12.345", "recalled_elsewhere": "yes",
    },
    "recall_summary": {"recalled_quantity": "2000", "unit_cost": "", "measures": ["burn"], "complaints": "一起"},
}  # fmt: skip


def typed(slug: str, **changes: object) -> MultiDict[str, str]:
    """What the browser sends for a whole annex, with `changes`."""
    begun = AnnexForm.of_values(ANNEXES[slug], prefilled(ANNEXES[slug], FACTS)).raw_to_json()
    own: dict[str, object] = {
        "investigation_notice": {"report_due_on": "2026年3月10日"},
        "service_receipt": {
            "documents": ["investigation_notice"], "served_on": "2026-03-02", "servers": "张强、李敏",
            "servers_signed_on": "2026-03-02", "recipient_name": "林岚", "recipient_signature": "林岚",
            "received_on": "2026-03-02",
        },
        "recall_statement": _STATEMENT,
        "recall_summary": _SUMMARY,
    }[slug]  # type: ignore[assignment]  # fmt: skip
    return MultiDict(begun | own | changes)  # type: ignore[operator]


def empty(slug: str) -> AnnexForm:
    """A new annex of which the case knows nothing."""
    return AnnexForm.of_values(ANNEXES[slug], {})


def filled(slug: str) -> AnnexForm:
    """A whole annex, checked: what is left is a warning or an alert."""
    return checked(AnnexForm.typed(ANNEXES[slug], typed(slug), PICTURES))


def wrong(slug: str) -> AnnexForm:
    """The same with mistakes of every kind."""
    return checked(AnnexForm.typed(ANNEXES[slug], typed(slug, **WRONG[slug]), PICTURES))


def checked(form: AnnexForm) -> AnnexForm:
    """The form with what the rules find."""
    form.merge(check_annex(form.annex, form.values, EDITION))
    return form
