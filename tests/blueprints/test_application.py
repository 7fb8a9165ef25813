"""Step 1 in the browser: nothing typed is lost, gaps are said at their fields, the list and the page follow."""

import re
from collections.abc import Callable

from portal.models.database import Database
from tests.factories.application import submitted
from tests.factories.world import World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
FIELDS = {
    "grounds": "cross_province",
    "registered_province": "jiangsu",
    "manufacturing_province": "anhui",
    "information_source": "market_purchase",
    "product_name": "电热毯",
    "model": "XM-1518D",
    "producer": "苏州煦眠家居用品有限公司",
    "suspected_defect": "折叠后发热线<b>局部</b>过热",
    "checked": "复测",
    "verified_by": "顾思远",
    "verified_on": "2026-02-27",
    "result": "属实",
}


def test_written_submitted_accepted_through_the_pages(surf: Surf, world: World) -> None:
    applicant, lead = surf("shanghai-liaison-1"), surf("jiangsu-liaison-1")
    applicant.get("/consultations/new")
    answer = applicant.post("/consultations/new", {**FIELDS, "submit": "1"})
    assert answer.status_code == 303
    page = applicant.get(answer.location).get_data(as_text=True)
    assert "〔2026〕1号" in page
    assert "折叠后发热线&lt;b&gt;局部" in page
    assert "江苏 受理或退回会诊申请" in page
    assert "受理或退回会诊申请" in lead.get("/tasks").get_data(as_text=True)
    accept = "/consultations/1/application/accept-application"
    assert "受理后" in lead.get(accept).get_data(as_text=True)
    assert lead.post(accept).status_code == 303
    assert lead.post(accept).status_code == 409
    assert "组建专家组" in lead.get("/consultations").get_data(as_text=True)


def test_gaps_are_said_at_their_fields_and_what_was_typed_stays(surf: Surf, world: World) -> None:
    applicant = surf("shanghai-liaison-1")
    wrong = {**FIELDS, "manufacturing_province": "jiangsu", "verified_on": "下周一", "submit": "1"}
    answer = applicant.post("/consultations/new", wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "日期格式应为 2026-11-27" in page
    assert 'value="下周一"' in page
    del wrong["verified_on"]
    answer = applicant.post("/consultations/new", wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "第四条（一）" in page
    assert "第七条" in page
    assert 'value="XM-1518D"' in page
    # It is a draft now: the page goes on at the draft's own address.
    assert 'action="/consultations/1/application"' in page
    saved = applicant.post("/consultations/1/application", {**FIELDS, "version": "1", "submit": "1"})
    assert saved.status_code == 303


def test_autosave_answers_with_the_new_version_and_a_second_writer_is_told(surf: Surf, world: World) -> None:
    first, second = surf("shanghai-liaison-1"), surf("shanghai-liaison-2")
    first.post("/consultations/new", FIELDS)
    htmx = {"HX-Request": "true"}
    saved = first.post("/consultations/1/application", {**FIELDS, "model": "A", "version": "1"}, headers=htmx)
    assert saved.status_code == 200
    assert 'value="2"' in saved.get_data(as_text=True)
    stale = second.post("/consultations/1/application", {**FIELDS, "model": "B", "version": "1"})
    assert stale.status_code == 409
    assert 'value="B"' in stale.get_data(as_text=True)


def test_a_stranger_gets_the_same_404_as_for_nothing(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        submitted(db, world)
    stranger = surf("anhui-liaison-1")
    paths = ("", "/application", "/application/accept-application")
    there = [stranger.get(f"/consultations/1{path}") for path in paths]
    nowhere = [stranger.get(f"/consultations/999{path}") for path in paths]
    assert [answer.status_code for answer in (*there, *nowhere)] == [404] * 6
    strip = lambda answer: answer.get_data(as_text=True).split("<main")[1]  # noqa: E731
    assert strip(there[0]) == strip(nowhere[0])


def test_filters_stay_in_the_address(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        submitted(db, world)
    lead = surf("jiangsu-liaison-1")
    assert "电热毯" in lead.get("/consultations?tab=all&text=煦眠").get_data(as_text=True)
    empty = lead.get("/consultations?tab=all&text=没有").get_data(as_text=True)
    assert "没有符合条件的会诊" in empty
    assert lead.get("/consultations?page=99999999999&year=x&step=%00").status_code in (200, 400)


def test_submitted_from_its_page_returned_corrected_and_withdrawn(surf: Surf, world: World) -> None:
    applicant, lead = surf("shanghai-liaison-1"), surf("jiangsu-liaison-1")
    applicant.post("/consultations/new", FIELDS)
    address = "/consultations/1/application"
    assert "取得编号" in applicant.get(f"{address}/submit-application").get_data(as_text=True)
    assert applicant.post(f"{address}/submit-application").status_code == 303
    silent = lead.post(f"{address}/return-application", {"reason": " "})
    assert silent.status_code == 422
    assert lead.post(f"{address}/return-application", {"reason": "缺检测报告"}).status_code == 303
    assert "缺检测报告" in applicant.get("/consultations/1").get_data(as_text=True)
    assert lead.post(f"{address}/lapse-application", {"reason": "逾期"}).status_code == 409  # not silent long enough
    page = applicant.get(address).get_data(as_text=True)
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    again = applicant.post(address, {**FIELDS, "report_numbers": "沪检 1", "version": version, "submit": "1"})
    assert again.status_code == 303
    assert applicant.post(f"{address}/resubmit-application").status_code == 409  # submitted already
    assert applicant.post(f"{address}/withdraw-application", {"reason": "已主动召回"}).status_code == 303
    assert "已撤回" in applicant.get("/consultations?tab=all").get_data(as_text=True)


def test_a_draft_is_discarded_and_leaves_the_list(surf: Surf, world: World) -> None:
    applicant = surf("shanghai-liaison-1")
    applicant.post("/consultations/new", FIELDS)
    discarded = applicant.post("/consultations/1/application/discard-application")
    assert discarded.status_code == 303
    assert "XM-1518D" not in applicant.get("/consultations?tab=all").get_data(as_text=True)
