"""What is published of recalls, as rows: a case with its publications, and many of them at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.models.recall_case import RecallCase
from portal.models.recall_publication import RecallPublication
from portal.process.recall_case import Stage
from portal.rules.recall.annex_values import to_stored
from portal.rules.recall.annexes import load_annexes
from portal.rules.recall.publication_search import searchable
from tests.factories.world import NOON

EDITION = "jiangsu-2025"
AUTHORITY = "南京市市场监督管理局"
_DIVISION = "320100"
_PRODUCTS = ("电热毯", "儿童学步车", "移动电源", "空气炸锅", "儿童餐椅", "智能门锁", "电压力锅", "电动滑板车")
_BRANDS = ("煦眠", "跃宝", "极行", "炊鲜", "贝乐", "恒守", "沸点", "驰途")


def plan_values(product: str = "电热毯", brand: str = "煦眠", model: str = "XM-150") -> dict[str, object]:
    """Annex 6, filled in; typed."""
    return {
        "producer_name": f"南京{brand}电器有限公司",
        "product_name": product,
        "brand": brand,
        "model": model,
        "produced_between": (date(2025, 9, 1), date(2025, 12, 31)),
        "affected_quantity": 12_480,
        "batches": "20250901 至 20251231\n批次代码 A、B、C",
        "description": "双人双控，150 厘米 × 180 厘米，灰色法兰绒面，标签缝于右下角。",
        "defect": "发热线在折叠处受压后绝缘层可能破损",
        "consequence": "局部过热，极端情况下可能起火或触电",
        "emergency_measures": "立即停止使用，拔下插头。",
        "recall_measures": "免费更换新品或全额退款，来回运费由公司承担。",
        "responsible_body": f"南京{brand}电器有限公司售后服务部",
        "contact": "张敏　025-5550 1234",
        "schedule": "2026年3月至5月通知并换货，6月完成销毁。",
    }


def release_values(product: str = "电热毯", brand: str = "煦眠", model: str = "XM-150") -> dict[str, object]:
    """Annex 7, filled in; typed."""
    return {
        "is_extended": "no",
        "is_partial": "yes",
        "is_voluntary": "yes",
        "after_investigation": "no",
        "producer_name": f"南京{brand}电器有限公司",
        "authority": AUTHORITY,
        "begins_on": date(2026, 3, 2),
        "produced_between": (date(2025, 9, 1), date(2025, 12, 31)),
        "brand": brand,
        "model": model,
        "product_name": product,
        "affected_quantity": 12_480,
        "defect": "发热线在折叠处受压后绝缘层可能破损",
        "consequence": "局部过热，极端情况下可能起火或触电",
        "remedy": "免费为客户更换一件全新的符合安全要求的产品，或全额退款",
        "website": "www.xumian.example",
        "hotline": "400-555-0123",
        "authority_phone": "025-5550 0000",
    }


def regulator(db: Session) -> Institution:
    """The regulator of Nanjing."""
    found = db.scalar(select(Institution).where(Institution.division == _DIVISION))
    if found is None:
        said = {"short_name": "南京", "badge": "苏", "province": "jiangsu", "abbreviation": "宁市监"}
        found = Institution(kind="regulator", level="city", name=AUTHORITY, division=_DIVISION, **said)
        db.add(found)
        db.flush()
    return found


def recall_case(db: Session, *, now: datetime = NOON) -> RecallCase:
    """A case whose recall goes on."""
    serial = (db.scalar(select(func.max(RecallCase.serial))) or 0) + 1
    case = RecallCase(**_case_row(regulator(db).id, serial, now))
    db.add(case)
    db.flush()
    return case


def published_recall(db: Session, case: RecallCase | None = None, **said: Any) -> RecallPublication:
    """A published recall of `case` (of a new one); `said` overrides columns, before the search column is made."""
    case = case or recall_case(db, now=said.get("published_at", NOON))
    annexes = load_annexes(EDITION)
    row = {
        **_publication_row(case.id, _next_serial(db), said.get("published_at", NOON)),
        "recall_plan": to_stored(annexes["recall_plan"], plan_values()),
        "press_release": to_stored(annexes["press_release"], release_values()),
        "pictures": [],
        **said,
    }
    one = RecallPublication(**row, searched=_searched(row))
    db.add(one)
    db.flush()
    return one


def public_warning(db: Session, **said: Any) -> RecallPublication:
    """A public warning: no annexes, words of its own."""
    words = (
        "南京某某日用品有限公司销售的儿童餐椅存在锁止装置失效的风险。\n因无法与生产者取得联系，提醒消费者立即停止使用。"
    )
    without = {"recall_plan": None, "press_release": None, "affected_quantity": None, "begins_on": None}
    about = {"title": "关于部分儿童餐椅的消费警示", "product_name": "儿童餐椅", "brand": "", "model": ""}
    return published_recall(db, **{"kind": "warning", "words": words, **without, **about, **said})


def publish_many(db: Session, count: int) -> None:
    """So many publications of as many cases, an hour apart, in few statements."""
    authority, annexes = regulator(db).id, load_annexes(EDITION)
    first = db.scalar(select(func.max(RecallCase.id))) or 0
    serial = _next_serial(db)
    cases, rows = [], []
    for number in range(1, count + 1):
        at = NOON - timedelta(hours=count - number)
        product, brand = _PRODUCTS[number % len(_PRODUCTS)], _BRANDS[number % len(_BRANDS)]
        model = f"M-{number}"
        cases.append({"id": first + number, **_case_row(authority, first + number, at)})
        row = {
            **_publication_row(first + number, serial + number - 1, at),
            "product_name": product,
            "brand": brand,
            "model": model,
            "year": at.year,
            "title": f"南京{brand}电器有限公司召回部分{brand}牌{product}",
            "recall_plan": to_stored(annexes["recall_plan"], plan_values(product, brand, model)),
            "press_release": to_stored(annexes["press_release"], release_values(product, brand, model)),
            "pictures": [],
        }
        rows.append({**row, "searched": _searched(row)})
    for at_once in range(0, count, 2_000):
        db.execute(insert(RecallCase), cases[at_once : at_once + 2_000])
        db.execute(insert(RecallPublication), rows[at_once : at_once + 2_000])


def _next_serial(db: Session) -> int:
    return (db.scalar(select(func.max(RecallPublication.serial))) or 0) + 1


def _case_row(authority_id: int, serial: int, now: datetime) -> dict[str, Any]:
    return {
        "edition": EDITION,
        "stage": Stage.IMPLEMENTING.value,
        "version": 1,
        "province": "jiangsu",
        "year": 2026,
        "serial": serial,
        "area": _DIVISION,
        "authority_id": authority_id,
        "begun_at": now,
        "channel": "consumer_report",
        "found_on": now.date(),
        "is_voluntary": True,
    }


def _publication_row(case_id: int, serial: int, at: datetime) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "kind": "recall",
        "province": "jiangsu",
        "year": 2026,
        "serial": serial,
        "edition": EDITION,
        "authority": AUTHORITY,
        "title": "南京煦眠电器有限公司主动召回部分煦眠牌电热毯",
        "product_name": "电热毯",
        "product_class": "家用电器",
        "brand": "煦眠",
        "model": "XM-150",
        "batches": "20250901 至 20251231",
        "producer": "南京煦眠电器有限公司",
        "affected_quantity": 12_480,
        "begins_on": date(2026, 3, 2),
        "defect": "发热线在折叠处受压后绝缘层可能破损",
        "consequence": "局部过热，极端情况下可能起火或触电",
        "words": "",
        "published_at": at,
    }


def _searched(row: dict[str, Any]) -> str:
    parts = ("title", "product_name", "product_class", "brand", "model", "batches", "producer", "authority")
    return searchable(*(row[name] for name in parts))
