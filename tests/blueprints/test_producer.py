"""The producer's link in the browser: what is asked, filling in, files, signing off, and every way in that is none."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.models.case_document import CaseDocument, CaseFile, ProducerLink, ProducerSending
from portal.models.database import Database
from portal.models.recall_case import RecallCase
from portal.rules.dates import BEIJING
from portal.services.recall import producer_sendings
from portal.services.recall.case_documents import PLAN_ANNEXES, documents_of
from tests.documents.recall_samples import drawing
from tests.factories.producer import link_for, sent
from tests.factories.recall_story import NANJING, Story, build_recall_world
from tests.support.clock import Clock
from tests.support.surfer import Surfer
from tests.web.conftest import password_hash

PNG = drawing(40, 30, (13, 88, 114))
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
Tell = Callable[[str], "Told"]
BEFORE: dict[str, Callable[[Story], object]] = {
    "producer_report": Story.to_analysis,
    "recall_plan": lambda story: story.to_notified().serve(),
    "recall_summary": Story.to_implementing,
}


class Told:
    """A browser with a link, and the case that it is about."""

    def __init__(self, app: Flask, story: Story, link_id: int, token: str) -> None:
        self.app, self.browser, self.case_id = app, Surfer(app), story.case_id
        self.link_id, self.token = link_id, token
        self.made, self.now = story.made, story.now

    def url(self, page: str = "") -> str:
        return f"/producer{page}?token={self.token}"

    def open(self, page: str = "", status: int = 200) -> str:
        answer = self.browser.get(self.url(page))
        assert answer.status_code == status, answer.get_data(as_text=True)[-2000:]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        return answer.get_data(as_text=True)

    def send(self, page: str, fields: dict[str, object], status: int = 303) -> str:
        answer = self.browser.post(self.url(page), fields)
        assert answer.status_code == status, answer.get_data(as_text=True)[-3000:]
        return answer.get_data(as_text=True)


@pytest.fixture
def tell(app: Flask, sqlite_database: Database, clock: Clock) -> Tell:
    """A case in the stage in which a purpose is open, with its link."""

    def made(purpose: str) -> Told:
        with sqlite_database.write() as db:
            story = Story(db, build_recall_world(db, password_hash=password_hash()))
            BEFORE[purpose](story)
            link, token = link_for(story, purpose)
            told = Told(app, story, link.id, token)
        clock.now = told.now
        return told

    return made


def documents(database: Database, case_id: int, annex: str) -> list[CaseDocument]:
    with database.read() as db:
        return documents_of(db, case_id, annex)


def test_the_page_says_what_is_asked_and_shows_nothing_else_of_the_case(tell: Tell, sqlite_database: Database) -> None:
    told = tell("producer_report")
    page = told.open()
    for words in (
        "提交调查分析报告",
        "南京市市场监督管理局",
        "儿童安全座椅",
        "宁市监调查分析〔2026〕1号",
        "周启明",
        "附件1",
    ):
        assert words in page
    for hidden in ("技术会商", "线索", "现场核实", "3件样品2件脱开", "officer", "南京员"):
        assert hidden not in page
    with sqlite_database.read() as db:
        link = db.get_one(ProducerLink, told.link_id)
        assert link.first_opened_at == link.last_opened_at == told.now


def test_the_notice_that_was_served_is_read_and_downloaded(tell: Tell, sqlite_database: Database) -> None:
    told = tell("producer_report")
    (notice,) = documents(sqlite_database, told.case_id, "investigation_notice")
    (receipt,) = documents(sqlite_database, told.case_id, "service_receipt")
    assert "宁市监调查分析〔2026〕1号" in told.open(f"/documents/{notice.id}")
    paper = told.browser.get(told.url(f"/documents/{notice.id}/pdf"))
    assert (paper.status_code, paper.data[:5]) == (200, b"%PDF-")
    told.open(f"/documents/{receipt.id}", 404)
    told.open(f"/documents/{receipt.id}/pdf", 404)


def test_a_report_is_filled_in_kept_signed_off_and_handed_in(tell: Tell, sqlite_database: Database) -> None:
    told = tell("producer_report")
    told.open("/hand-in-report")
    fields = sent("producer_report", affected_quantity="一万二") | {
        "appearance_photographs": [(io.BytesIO(PNG), "座椅.png"), (io.BytesIO(PDF), "不是照片.pdf")],
        "proof": (io.BytesIO(PDF), "检测报告.pdf"),
        "do": "1",
    }
    refused = told.send("/hand-in-report", fields, 422)
    assert "一万二" in refused
    assert "不是照片.pdf" in refused
    assert "座椅.png" in refused
    assert "检测报告.pdf" in refused
    back = told.open("/hand-in-report")
    assert 'value="一万二"' in back
    assert "座椅.png" in back
    told.open("/hand-in-report/sign", 303)
    version = _version(back)
    told.send("/hand-in-report", {**sent("producer_report"), "version": version, "do": "1"})
    sign = told.open("/hand-in-report/sign")
    assert "座椅.png" in sign
    assert "签署人姓名" in sign
    unsigned = told.send("/hand-in-report/sign", {"version": _versions(sign)}, 422)
    assert "请填写签署人姓名" in unsigned
    told.send("/hand-in-report/sign", {"version": _versions(sign), "signed_by": "周启明"})
    (report,) = documents(sqlite_database, told.case_id, "producer_report")
    assert (report.state, report.signed_by, report.is_late) == ("handed_in", "周启明", False)
    with sqlite_database.read() as db:
        files = db.scalars(select(CaseFile).where(CaseFile.document_id == report.id)).all()
        assert {(file.field, file.filename, file.link_id) for file in files} == {
            ("appearance_photographs", "座椅.png", told.link_id), ("", "检测报告.pdf", told.link_id)
        }  # fmt: skip
        assert report.stored_values["appearance_photographs"] == [file.sha256 for file in files if file.field]
        photograph = next(file.id for file in files if file.field)
    assert "待审查" in told.open()
    with told.browser.get(told.url(f"/files/{photograph}")) as picture:
        assert picture.data == PNG
    assert "座椅.png" in told.open(f"/documents/{report.id}")


def test_a_photograph_is_taken_off_a_draft_and_then_removed(tell: Tell, sqlite_database: Database) -> None:
    told = tell("producer_report")
    told.open("/hand-in-report")
    told.send("/hand-in-report", {"product_name": "座椅", "appearance_photographs": (io.BytesIO(PNG), "一.png")})
    with sqlite_database.read() as db:
        (key,) = db.scalars(select(CaseFile.sha256).where(CaseFile.field != "")).all()
    page = told.open("/hand-in-report")
    told.send("/hand-in-report", {"product_name": "座椅", "version": _version(page), "remove_photograph": key})
    with sqlite_database.read() as db:
        assert not db.scalars(select(CaseFile).where(CaseFile.field != "")).all()
        (draft,) = db.scalars(select(CaseDocument).where(CaseDocument.state == "draft")).all()
        assert "appearance_photographs" not in draft.stored_values


def test_a_plan_is_three_annexes_that_agree(tell: Tell, sqlite_database: Database) -> None:
    told = tell("recall_plan")
    assert told.open("/hand-in-plan").count("还没有填写") == 3
    told.open("/hand-in-plan/recall-plan")
    told.send("/hand-in-plan/recall-plan", {**sent("recall_plan"), "do": "1"})
    release = told.open("/hand-in-plan/press-release")
    assert 'value="12000"' in release  # annex 6 says it already
    told.send("/hand-in-plan/press-release", {**sent("press_release", affected_quantity="11000"), "do": "1"})
    told.send("/hand-in-plan/recall-statement", {**sent("recall_statement"), "do": "1"})
    hub = told.open("/hand-in-plan")
    assert "附件6的涉及数量为12000，附件7为11000，应当一致" in hub
    told.open("/hand-in-plan/sign", 303)
    page = told.open("/hand-in-plan/press-release")
    told.send("/hand-in-plan/press-release", {**sent("press_release"), "version": _version(page), "do": "1"})
    sign = told.open("/hand-in-plan/sign")
    told.send("/hand-in-plan/sign", {"version": _versions(sign), "signed_by": "周启明"})
    assert [documents(sqlite_database, told.case_id, slug)[0].state for slug in PLAN_ANNEXES] == ["handed_in"] * 3
    home = told.open()
    assert "召回计划正在审查" in home
    told.open("/hand-in-plan/recall-plan", 200)
    with sqlite_database.read() as db:
        assert db.get_one(RecallCase, told.case_id).stage == "plan_review"


def test_an_officer_sees_the_draft_and_records_paper_beside_it(tell: Tell) -> None:
    told = tell("producer_report")
    told.open("/hand-in-report")
    told.send("/hand-in-report", sent("producer_report", product_name="链接中填写的名称"))
    officer = Surfer(told.app)
    officer.log_in(f"officer-{NANJING}")
    paper = f"/recall/{told.case_id}/hand-in-report"
    page = officer.get(paper).get_data(as_text=True)
    assert "生产者正在通过链接填报这份附件" in page
    assert "<dd>链接中填写的名称</dd>" in page
    assert 'value="链接中填写的名称"' not in page
    assert officer.post(paper, sent("producer_report", product_name="书面所写的名称")).status_code == 303
    own = told.open("/hand-in-report")
    assert 'value="链接中填写的名称"' in own
    assert "书面所写的名称" not in own


def test_a_flood_through_a_link_is_told_when_to_try_again(
    tell: Tell, clock: Clock, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer_sendings, "SENDINGS_PER_LINK", 2)
    told = tell("producer_report")
    told.open("/hand-in-report")
    told.send("/hand-in-report", sent("producer_report"))
    page = told.open("/hand-in-report")
    told.send("/hand-in-report", {**sent("producer_report"), "version": _version(page)})
    page = told.open("/hand-in-report")
    more = {**sent("producer_report", product_name="第三次填写的名称"), "version": _version(page)}
    with_file = more | {"proof": (io.BytesIO(PNG), "单据.png")}
    refused = told.send("/hand-in-report", with_file, 429)
    again = f"{(told.now + timedelta(minutes=11)).astimezone(BEIJING):%H:%M}以后再试"
    assert again in refused
    assert 'value="第三次填写的名称"' in refused
    with sqlite_database.read() as db:
        assert db.scalar(select(func.count()).select_from(CaseFile).where(CaseFile.filename == "单据.png")) == 0
        assert db.scalar(select(func.count()).select_from(ProducerSending)) == 2
    signing = told.open("/hand-in-report/sign")
    signed = told.send("/hand-in-report/sign", {"version": _versions(signing), "signed_by": "周启明"}, 429)
    assert again in signed
    assert 'value="周启明"' in signed
    clock.now = told.now + timedelta(minutes=11)
    told.send("/hand-in-report", {**more, "version": _version(told.open("/hand-in-report"))})
    with sqlite_database.read() as db:
        assert db.scalar(select(func.count()).select_from(ProducerSending)) == 1


def test_the_limit_of_an_address_counts_all_its_links(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_sendings, "SENDINGS_PER_ADDRESS", 1)
    told = tell("recall_plan")
    told.open("/raise-objection")
    told.send("/raise-objection", {"words": "检测方法与标准不符", "save": "1"})
    page = told.send("/raise-objection", {"words": "另外，样品并非本公司产品", "save": "1", "version": "1"}, 429)
    assert "操作过于频繁" in page
    assert "另外，样品并非本公司产品" in page


def test_what_was_changed_meanwhile_is_not_signed_unseen(tell: Tell) -> None:
    told = tell("producer_report")
    told.open("/hand-in-report")
    told.send("/hand-in-report", {**sent("producer_report"), "do": "1"})
    sign = told.open("/hand-in-report/sign")
    page = told.open("/hand-in-report")
    told.send("/hand-in-report", {**sent("producer_report"), "version": _version(page)})
    assert "刚刚有改动" in told.send("/hand-in-report/sign", {"version": _versions(sign), "signed_by": "周启明"}, 409)
    stale = told.send("/hand-in-report", {"product_name": "另一个窗口", "version": "1"}, 409)
    assert "另一个窗口" in stale


def test_what_is_late_is_taken_and_a_late_objection_is_not(tell: Tell, clock: Clock, sqlite_database: Database) -> None:
    told = tell("recall_plan")
    told.open("/raise-objection")
    clock.now = told.now + timedelta(days=40)
    assert "仍可提交，会注明逾期收到" in told.open()
    told.open("/raise-objection")
    objection = {"words": "检测方法有误", "signed_by": "周启明", "do": "1"}
    late = told.send("/raise-objection", objection, 409)
    assert "逾期视为放弃权利" in late
    assert "附件4" in late
    assert "检测方法有误" in told.open("/raise-objection")
    for slug in PLAN_ANNEXES:
        page = f"/hand-in-plan/{slug.replace('_', '-')}"
        told.open(page)
        told.send(page, {**sent(slug), "do": "1"})
    sign = told.open("/hand-in-plan/sign")
    assert "会注明逾期收到" in sign
    told.send("/hand-in-plan/sign", {"version": _versions(sign), "signed_by": "周启明"})
    assert documents(sqlite_database, told.case_id, "recall_plan")[0].is_late
    assert "逾期收到" in told.open()


def test_an_objection_in_time_with_proof(tell: Tell, sqlite_database: Database) -> None:
    told = tell("recall_plan")
    told.open("/raise-objection")
    told.send("/raise-objection", {"words": "检测", "save": "1", "proof": (io.BytesIO(PDF), "鉴定.pdf")})
    page = told.open("/raise-objection")
    assert "鉴定.pdf" in page
    objection = {"words": "检测方法有误", "do": "1", "version": _version(page)}
    unsigned = told.send("/raise-objection", objection, 422)
    assert "请填写签署人姓名" in unsigned
    objection |= {"signed_by": "周启明", "version": _version(unsigned)}
    told.send("/raise-objection", objection)
    (objection,) = documents(sqlite_database, told.case_id, "objection")
    assert objection.stored_values == {"words": "检测方法有误"}
    page = told.open(f"/documents/{objection.id}")
    assert "检测方法有误" in page
    assert "鉴定.pdf" in page


def test_the_recall_is_reported_on_until_its_end(tell: Tell, sqlite_database: Database, clock: Clock) -> None:
    told = tell("recall_summary")
    assert "提交阶段性总结" in told.open()
    told.open("/record-producer-publication")
    told.send("/record-producer-publication", {"place": "", "published_on": "", "signed_by": "周"}, 422)
    day = told.now.date().isoformat()
    told.send("/record-producer-publication", {"place": "官网", "published_on": day, "signed_by": "周启明"})
    told.send("/record-recall-number", {"number": "2026-0137", "signed_by": "周启明"})
    clock.now = told.now + timedelta(days=80)
    told.open("/hand-in-interim-summary")
    fields = {**sent("interim_summary"), "channel-online_shop": "很多", "do": "1"}
    wrong = told.send("/hand-in-interim-summary", fields, 422)
    assert "应当是整数" in wrong
    assert 'value="很多"' in wrong
    version = _version(wrong)
    told.send("/hand-in-interim-summary", {**fields, "channel-online_shop": "10", "version": version})
    sign = told.open("/hand-in-interim-summary/sign")
    told.send("/hand-in-interim-summary/sign", {"version": _versions(sign), "signed_by": "周启明"})
    assert len(documents(sqlite_database, told.case_id, "interim_summary")) == 1
    told.send("/record-completion", {"completed_on": "", "signed_by": "周启明"}, 422)
    completed = (told.now + timedelta(days=79)).date().isoformat()
    told.send("/record-completion", {"completed_on": completed, "signed_by": "周启明"})
    assert "提交召回总结" in told.open()


def test_a_link_that_is_none_or_was_ended_opens_nothing(tell: Tell, sqlite_database: Database, clock: Clock) -> None:
    told = tell("producer_report")
    stranger = told.browser
    assert stranger.get("/producer").status_code == 303
    assert stranger.get("/producer?token=x").status_code == 404
    clock.now = told.now + timedelta(days=181)
    assert "已经过期" in told.open(status=403)
    clock.now = told.now
    with sqlite_database.write() as db:
        db.get_one(ProducerLink, told.link_id).revoked_at = told.now
    for page in ("", "/hand-in-report", "/hand-in-report/sign"):
        assert "已被撤销" in told.open(page, 403)
    before = documents(sqlite_database, told.case_id, "producer_report")
    told.send("/hand-in-report", {**sent("producer_report"), "do": "1"}, 403)
    assert documents(sqlite_database, told.case_id, "producer_report") == before == []


def test_a_link_is_for_one_purpose_and_one_case(tell: Tell, sqlite_database: Database) -> None:
    told = tell("producer_report")
    for page in ("/hand-in-plan", "/raise-objection", "/hand-in-summary"):
        assert "不能用于" in told.open(page, 403)
    told.send("/hand-in-plan/recall-plan", sent("recall_plan"), 403)
    with sqlite_database.write() as db:
        other = Story(db, told.made, now=told.now).to_analysis()
        other.report()
        foreign, file = other.documents("producer_report")[0].id, other.documents("producer_report")[0].files[0].id
        own = db.scalars(select(CaseFile.id).where(CaseFile.case_id == told.case_id)).first()
    told.open(f"/documents/{foreign}", 404)
    told.open(f"/files/{file}", 404)
    told.open(f"/files/{own}", 404)  # of the clue


def test_a_form_without_its_token_and_one_that_is_too_large(tell: Tell, app: Flask) -> None:
    told = tell("producer_report")
    assert app.test_client().post(told.url("/hand-in-report"), data={}).status_code == 400
    told.open("/hand-in-report")
    large = b"\x89PNG\r\n\x1a\n" + b"\x00" * (3 * 1024 * 1024)
    parts = {"csrf_token": told.browser.token.encode(), 'appearance_photographs"; filename="a.png': large}
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), part)
                    for name, part in parts.items()) + b"--x--\r\n"  # fmt: skip
    form = {"data": body, "content_type": "multipart/form-data; boundary=x"}
    assert told.browser.client.post("/producer/hand-in-report?token=x", **form).status_code == 413
    assert told.browser.client.post(told.url("/hand-in-report"), **form).status_code == 303


def _version(page: str) -> str:
    return page.partition('id="annex-version" name="version" value="')[2].partition('"')[0]


def _versions(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('type="hidden" name="version" value="')[1:]]
