"""我的待办 and 期限证明 of an officer: what the regulator owes, what others owe in its cases, how each was counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from portal.models.database import Database
from portal.models.recall_case import RecallCase
from portal.services.kernel.case_obligations import owe_interim_summary
from tests.factories.recall_case import JIANGSU, NANJING, SUZHOU, begun, build_regulators, investigated
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer
from tests.web.conftest import password_hash

Surf = Callable[..., Surfer]
CITY, OTHER_CITY, PROVINCE = f"officer-{NANJING}-1", f"officer-{SUZHOU}-1", f"officer-{JIANGSU}-1"


@pytest.fixture
def case(world: World, sqlite_database: Database) -> RecallCase:
    with sqlite_database.write() as db:
        regulators = build_regulators(db, password_hash=password_hash())
        found = investigated(db, regulators)
        recalling = begun(db, regulators)
        recalling.stage, recalling.started_on = "implementing", date(2026, 6, 29)
        owe_interim_summary(db, recalling, number=1, now=NOON)
    return found


def test_an_officer_finds_the_duties_of_the_regulator_and_of_the_producer(surf: Surf, case: RecallCase) -> None:
    page = surf(CITY).get("/tasks").get_data(as_text=True)
    own, _, others = page.partition("等待他人")
    assert f'href="/recall/{case.id}/record-service"' in own
    assert "送达通知书并登记送达回执" in own
    assert "南京 召回案件〔2026〕1号" in own
    assert "生产者 提交调查分析报告" in others
    assert f'href="/recall/{case.id}"' in others
    assert "提出会诊申请" not in page


def test_the_province_sees_what_its_cities_owe_and_another_city_nothing(surf: Surf, case: RecallCase) -> None:
    page = surf(PROVINCE).get("/tasks").get_data(as_text=True)
    assert "南京市市场监督管理局 送达通知书并登记送达回执" in page
    assert "生产者" not in page
    assert "召回案件〔" not in surf(OTHER_CITY).get("/tasks").get_data(as_text=True)


def test_the_certificate_cites_the_workflow_and_counts_days_or_months(surf: Surf, case: RecallCase) -> None:
    officer = surf(CITY)
    found = re.findall(r'href="(/tasks/deadlines/\d+)"', officer.get("/tasks").get_data(as_text=True))
    papers = {address: officer.get(address).get_data(as_text=True) for address in found}
    assert all("《江苏省缺陷消费品召回管理工作流程》" in paper for paper in papers.values())
    assert any("第 5 日" in paper and "工作流程未规定时限，平台采用" in paper for paper in papers.values())
    (months,) = [paper for paper in papers.values() if "每 3 个月一次" in paper]
    assert "自召回实施之日2026年6月29日起满3个月为9月29日（周二），末日24:00止。" in months
    assert any("由办理单位指定的时间" in paper for paper in papers.values())
    assert surf(PROVINCE).get(found[0]).status_code == 200
    for stranger in (OTHER_CITY, "jiangsu-liaison-1", "administrator"):
        assert surf(stranger).get(found[0]).status_code == 404
