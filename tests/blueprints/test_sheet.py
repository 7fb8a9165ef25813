"""The expert's sheet in the browser: drafts, live rules, two windows, the signature, and who sees what."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import docx
import pytest
from sqlalchemy import event, select

from portal.documents.sheet_paper import paper, text_of
from portal.models.database import Database
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet
from portal.services.consultation.sheet import own_sheet
from portal.services.consultation.sheet_text import signed_document
from tests.documents.reading import docx_words, html_words, pdf_words, squeeze
from tests.factories.keeping import lift_refusals
from tests.factories.typed_sheet import TYPED_SHEET
from tests.factories.voting import UNANIMOUS, consistent, panel_of, signed, vote_and_close, voting
from tests.factories.world import NOON, World
from tests.support.surfer import PASSWORD, Surfer

Surf = Callable[..., Surfer]
SHEET = "/consultations/1/sheet"
HTMX = {"HX-Request": "true"}
COMPLETE = {**TYPED_SHEET, "danger_despite_standard_description": "折叠受压后<b>局部</b>过热"}


@pytest.fixture
def vote(world: World, sqlite_database: Database) -> None:
    """A vote is open in consultation 1."""
    with sqlite_database.write() as db:
        voting(db, world)


@pytest.fixture
def expert(vote: None, surf: Surf) -> Surfer:
    surfer = surf("shanghai-expert-1")
    surfer.get(SHEET)
    return surfer


def version_of(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def save(surfer: Surfer, fields: dict[str, Any], **more: Any) -> Any:
    version = version_of(surfer.get(SHEET).get_data(as_text=True))
    return surfer.post(f"{SHEET}/save-sheet", {"version": version, **fields}, **more)


def test_every_heading_option_and_explanation_stands_on_the_page(expert: Surfer, world: World) -> None:
    page = expert.get(SHEET).get_data(as_text=True)
    text = re.sub(r"<[^>]*>|\s", "", page)
    for words in (
        "长三角缺陷消费品专家会诊表", "产品及生产信息", "专家信息", "标准符合性问题", "如：钝器伤害、锐器伤害",
        "会导致不可逆转的人体伤害（如疤痕等）", "伤害事件发生的可能性极大", "原理设计错误", "则判定为缺陷消费品。",
        "国内外有同款产品类似问题进行召回的", "又可能引发较大舆情关注时", "该批次产品是否建议持续关注：",
    ):  # fmt: skip
        assert words in text, words
    assert "〔2026〕1号" in page
    assert "还缺 10 项" in page


def test_a_draft_saves_without_a_script_and_comes_back(expert: Surfer) -> None:
    answer = save(expert, {"severity": "3", "injury_types": ["physical"], "injury_physical_description": "<i>烫伤"})
    assert answer.status_code == 303
    page = expert.get(answer.location).get_data(as_text=True)
    assert "已保存" in page
    assert re.search(r'id="severity-3"[^>]*checked', page)
    assert "&lt;i&gt;烫伤" in page


def test_a_draft_saves_itself_and_says_when(expert: Surfer) -> None:
    answer = save(expert, {"severity": "3"}, headers=HTMX)
    assert answer.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d", answer.headers["X-Saved-At"])
    assert 'id="sheet-version" name="version" value="2" hx-swap-oob="true"' in answer.get_data(as_text=True)


def test_the_rules_are_worked_out_from_what_is_typed_and_nothing_is_saved(
    expert: Surfer, sqlite_database: Database, world: World
) -> None:
    fields = {**COMPLETE, "defect_finding": "no", "recommend_investigation": "no"}
    fragment = expert.post(f"{SHEET}/check-sheet", fields, headers=HTMX).get_data(as_text=True)
    assert "<html" not in fragment
    assert "开展调查原则 3" in fragment
    assert "应认定为缺陷消费品" in fragment
    assert "仅供参考" in fragment
    assert 'href="#departure_reasons.recommend_investigation"' in fragment
    assert "不采纳时须写明理由" in fragment
    page = expert.post(f"{SHEET}/check-sheet", fields).get_data(as_text=True)
    assert "还有 2 处" in page
    assert "折叠受压后&lt;b&gt;局部" in page
    with sqlite_database.read() as db:
        own = own_sheet(db, actor=world.experts["shanghai"][0], consultation_id=1, now=NOON)
        assert (own.sheet.version, own.answers.severity) == (1, None)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("severity", "9", "请从列出的选项中选择"), ("public_attention_reason", "长" * 2001, "最多 2000")],
)
def test_what_does_not_fit_is_said_and_the_rest_stays_typed(expert: Surfer, field: str, value: str, said: str) -> None:
    for headers in ({}, HTMX):
        answer = save(expert, {**COMPLETE, field: value}, headers=headers)
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)
        assert f'href="#{field}"' in answer.get_data(as_text=True)
    assert "折叠受压后&lt;b&gt;局部" in save(expert, {**COMPLETE, field: value}).get_data(as_text=True)


def test_the_second_window_sees_what_differs_and_can_go_on(expert: Surfer) -> None:
    stale = version_of(expert.get(SHEET).get_data(as_text=True))
    assert save(expert, {"severity": "2"}).status_code == 303
    mine = {**COMPLETE, "version": stale}
    for headers in ({}, HTMX):
        answer = expert.post(f"{SHEET}/save-sheet", mine, headers=headers)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "2级 一般" in page
        assert "3级 严重" in page
    overwrite = re.search(r'name="overwrite" value="(\d+)"', page)
    assert overwrite
    assert expert.post(f"{SHEET}/save-sheet", {**mine, "overwrite": overwrite[1]}).status_code == 303


def test_the_first_view_is_brought_over_on_request(expert: Surfer, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        member = db.query(PanelMember).filter_by(expert_id=world.experts["shanghai"][0].expert_id).one()
        analysis = db.query(PreliminaryAnalysis).filter_by(member_id=member.id).one()
        lift_refusals(db, PreliminaryAnalysis.__tablename__)
        analysis.first_view = {}
    assert "从初步分析带入" not in expert.get(SHEET).get_data(as_text=True)
    with sqlite_database.write() as db:
        analysis = db.get_one(PreliminaryAnalysis, analysis.id)
        analysis.first_view = {"severity": 2, "prevalence": "yes"}
    page = expert.get(SHEET).get_data(as_text=True)
    assert "初步分析：2级 一般" in page
    answer = expert.post(f"{SHEET}/take-first-view", {"version": version_of(page), "severity": "4"})
    page = expert.get(answer.location).get_data(as_text=True)
    assert "已从初步分析带入：普遍性" in page
    assert re.search(r'id="severity-4"[^>]*checked', page)
    assert re.search(r'id="prevalence-yes"[^>]*checked', page)


def test_signing_asks_for_all_answers_and_the_password(expert: Surfer, surf: Surf) -> None:
    answer = save(expert, {"severity": "3", "then": "sign"})
    answer = expert.get(answer.location)
    assert answer.location.endswith("/sheet?check=1")
    assert "补齐后可以签名" in expert.get(answer.location).get_data(as_text=True)
    answer = save(expert, {**COMPLETE, "then": "sign"})
    page = expert.get(answer.location).get_data(as_text=True)
    assert "☑ 严重" in page
    version = version_of(page)
    wrong = expert.post(f"{SHEET}/sign-sheet", {"version": version, "password": "nope"})
    assert wrong.status_code == 422
    assert "密码不正确" in wrong.get_data(as_text=True)
    done = expert.post(f"{SHEET}/sign-sheet", {"version": version, "password": PASSWORD})
    assert done.status_code == 303
    own = expert.get(done.location).get_data(as_text=True)
    assert "已签名" in own
    link = re.search(r'"(/consultations/1/sheets/\d+)"', own)
    assert link
    assert expert.get(SHEET).location == link[1]
    assert "SHA-256" in expert.get(link[1]).get_data(as_text=True)
    paper = expert.get(f"{link[1]}.docx")
    assert "filename*=UTF-8''" in paper.headers["Content-Disposition"]
    assert any("专家签名" in paragraph.text for paragraph in docx.Document(BytesIO(paper.data)).paragraphs)
    again = expert.post(f"{SHEET}/sign-sheet", {"version": version, "password": PASSWORD})
    assert again.status_code == 409
    for stranger in ("jiangsu-liaison-1", "shanghai-liaison-1", "jiangsu-expert-1", "anhui-staff"):
        assert surf(stranger).get(link[1]).status_code == 404
        assert surf(stranger).get(f"{link[1]}.docx").status_code == 404
        assert surf(stranger).get(f"{link[1]}.pdf").status_code == 404


def test_page_docx_and_pdf_say_the_same(expert: Surfer, sqlite_database: Database) -> None:
    page = expert.get(save(expert, {**COMPLETE, "then": "sign"}).location).get_data(as_text=True)
    expert.post(f"{SHEET}/sign-sheet", {"version": version_of(page), "password": PASSWORD})
    address = expert.get(SHEET).location
    read = expert.get(address).get_data(as_text=True)
    assert read.index(".pdf") < read.index(".docx")
    pdf = expert.get(f"{address}.pdf")
    assert pdf.mimetype == "application/pdf"
    assert "filename*=UTF-8''%E4%BC%9A%E8%AF%8A%E8%A1%A8" in pdf.headers["Content-Disposition"]
    word = docx_words(expert.get(f"{address}.docx").data)
    assert pdf_words(pdf.data) == word
    with sqlite_database.read() as db:
        document = signed_document(db.scalars(select(ConsultationSheet).where(ConsultationSheet.digest != "")).one())
    shown = html_words(read[read.index("<main") :])
    at = 0
    for section in paper(document)[1:-1]:
        assert section.part in shown
        assert section.group in shown
        # The page sets the five values of the expert under their labels, the papers in a row below them.
        lines = [line for cell in section.cells for line in (cell.label, *map(text_of, cell.lines))]
        for said in map(squeeze, (section.title, *lines)):
            assert said in word
            at = shown.index(said, at) + len(said)
    for line in document.foot().lines:
        at = shown.index(squeeze(line), at)
        assert squeeze(line) in word


def test_a_text_that_changed_meanwhile_is_not_signed(expert: Surfer) -> None:
    page = expert.get(save(expert, {**COMPLETE, "then": "sign"}).location).get_data(as_text=True)
    shown = version_of(page)
    save(expert, {**COMPLETE, "severity": "4"})
    answer = expert.post(f"{SHEET}/sign-sheet", {"version": shown, "password": PASSWORD})
    assert answer.status_code == 409


def test_a_vote_after_closing_is_refused(expert: Surfer, world: World, sqlite_database: Database) -> None:
    page = expert.get(save(expert, {**COMPLETE, "then": "sign"}).location).get_data(as_text=True)
    with sqlite_database.write() as db:
        consultation = own_sheet(db, actor=world.experts["shanghai"][0], consultation_id=1, now=NOON).consultation
        vote_and_close(db, world, consultation, [(), *[("yes", "yes", "no")] * 4], reason="一位专家逾期")
    fields = {"version": version_of(page), "password": PASSWORD}
    assert expert.post(f"{SHEET}/sign-sheet", fields).status_code == 409
    assert expert.post(f"{SHEET}/save-sheet", {**COMPLETE, "version": "2"}).status_code == 409
    assert expert.get(SHEET).status_code == 409


def test_taking_back_leads_to_the_sheet_again(expert: Surfer, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        own = own_sheet(db, actor=world.experts["shanghai"][0], consultation_id=1, now=NOON)
        first = signed(db, own.consultation, panel_of(world)[0], consistent(("yes", "yes", "no"), own.consultation))
    assert "办理后" in expert.get(f"{SHEET}/withdraw-signature").get_data(as_text=True)
    assert expert.post(f"{SHEET}/withdraw-signature").status_code == 303
    assert expert.get(SHEET).status_code == 200
    old = expert.get(f"/consultations/1/sheets/{first.id}").get_data(as_text=True)
    assert "这一版已由本人撤回" in old


@pytest.mark.parametrize(
    ("username", "status"),
    [("jiangsu-liaison-1", 403), ("shanghai-liaison-1", 403), ("anhui-expert-4", 404), ("administrator", 404)],
)
def test_the_sheet_is_its_experts_alone(vote: None, surf: Surf, username: str, status: int) -> None:
    """Staff of the consultation know that experts fill in sheets, others do not know of it; neither sees one."""
    stranger = surf(username)
    assert stranger.get(SHEET).status_code == status
    for act in ("save-sheet", "check-sheet", "take-first-view"):
        assert stranger.post(f"{SHEET}/{act}", COMPLETE).status_code == status
        assert stranger.post(f"{SHEET}/{act}", COMPLETE, headers=HTMX).status_code == status
    assert stranger.post(f"{SHEET}/sign-sheet", {"password": PASSWORD}).status_code in (403, 404)


@pytest.mark.parametrize(("act", "limit"), [("", 6), ("check-sheet", 3), ("save-sheet", 6)])
def test_pages_of_the_sheet_ask_the_database_little(
    expert: Surfer, sqlite_database: Database, act: str, limit: int
) -> None:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            said.append(statement)

    event.listen(sqlite_database.engine, "before_cursor_execute", note)
    fields = {**COMPLETE, "version": "1"}
    answer = expert.post(f"{SHEET}/{act}", fields, headers=HTMX) if act else expert.get(SHEET)
    assert answer.status_code == 200
    assert len(said) <= limit, said


def test_what_is_looked_up_stands_beside_the_sheet(expert: Surfer) -> None:
    page = expert.get(SHEET).text
    assert f'hx-get="{SHEET}/reference"' in page
    for headers in ({}, HTMX):
        aside = expert.get(f"{SHEET}/reference", headers=headers).text
        assert ("<html" in aside) == (not headers)
    assert 'href="/consultations/1/material/1/read" target="material" data-view=' in aside
    assert "发热线局部过热，可致烫伤和火灾" in aside
    assert "绝热层在折痕处变薄" in aside
    assert "3级" in aside


def test_checking_is_at_hand_without_scripts_on_every_width(expert: Surfer) -> None:
    """The panel at the side hides its buttons on a phone, so the button stands with the signature."""
    sign = expert.get(SHEET).text.partition('id="sign"')[2]
    assert f'<noscript><button class="btn btn-outline" form="sheet" formaction="{SHEET}/check-sheet">核对' in sign


def test_all_sheets_of_a_counted_round_are_one_pdf(
    vote: None, surf: Surf, sqlite_database: Database, world: World
) -> None:
    address = "/consultations/1/tally/1/sheets.pdf"
    lead = surf("jiangsu-liaison-1")
    assert lead.get(address).status_code == 404
    with sqlite_database.write() as db:
        consultation = own_sheet(db, actor=world.experts["shanghai"][0], consultation_id=1, now=NOON).consultation
        vote_and_close(db, world, consultation, UNANIMOUS)
        documents = [signed_document(sheet) for sheet in db.scalars(select(ConsultationSheet))]
    assert f'href="{address}"' in lead.get("/consultations/1/tally/1").get_data(as_text=True)
    pdf = lead.get(address)
    words = pdf_words(pdf.data)
    assert len(documents) > 1
    assert all(squeeze(f"SHA-256　{document.digest}") in words for document in documents)
    assert words.count("长三角缺陷消费品专家会诊表") == len(documents)
    for stranger in ("shanghai-expert-1", "anhui-staff"):
        assert surf(stranger).get(address).status_code == 404
