"""Step 7 in the browser: the draft, issuing, the paper, receipts, corrections, the DOCX."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from docx import Document
from sqlalchemy import select

from portal.models.database import Database
from portal.models.voting import ConsultationSheet
from portal.services.consultation.meeting_minutes_draft import PARTS
from tests.documents.reading import docx_words, html_words, pdf_words
from tests.factories.meeting_minutes import AFTER, concluded, issued, minutes_of
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PAGE = "/consultations/1/meeting-minutes"


@pytest.fixture(autouse=True)
def later(clock: Clock) -> None:
    """The clock of the pages stands where the story has led."""
    clock.now = AFTER


def test_written_issued_and_received_through_the_pages(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        draft = minutes_of(db, concluded(db, world))
        typed = {**{name: getattr(draft, name) for name in PARTS}, "version": "1"}
    lead, second = surf("jiangsu-liaison-1"), surf("jiangsu-liaison-2")
    assert "专家组5人到会" in lead.get(f"{PAGE}/edit").get_data(as_text=True)
    assert surf("shanghai-liaison-1").get(f"{PAGE}/edit").status_code == 404
    saved = lead.post(f"{PAGE}/edit", {**typed, "conclusion": "改<了>"}, headers={"HX-Request": "true"})
    assert saved.status_code == 200
    assert 'value="2"' in saved.get_data(as_text=True)
    stale = second.post(f"{PAGE}/edit", {**typed, "conclusion": "另一人的改动"})
    assert stale.status_code == 409
    assert "另一人的改动" in stale.get_data(as_text=True)
    gap = lead.post(f"{PAGE}/issue-minutes", {**typed, "version": "2", "conclusion": ""})
    assert gap.status_code == 422
    assert "会诊结论" in gap.get_data(as_text=True)
    done = lead.post(f"{PAGE}/issue-minutes", {**typed, "version": "2", "conclusion": "改<了>"})
    assert (done.status_code, done.location) == (303, PAGE)
    paper = lead.get(PAGE).get_data(as_text=True)
    assert "长三角会诊纪要〔2026〕1号" in paper
    assert "<h3>四、会诊结论</h3>" in paper
    assert "改&lt;了&gt;" in paper
    assert "0 / 3 已确认" in paper
    copied = surf("anhui-staff")
    assert "确认收到会议纪要" in copied.get(PAGE).get_data(as_text=True)
    assert copied.post(f"{PAGE}/confirm-receipt").location == PAGE
    assert "1 / 3 已确认" in copied.get(PAGE).get_data(as_text=True)
    assert copied.post(f"{PAGE}/confirm-receipt").status_code == 409


def test_a_correction_stands_above_what_it_corrects(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
    lead = surf("jiangsu-liaison-1")
    assert lead.get(f"{PAGE}/correct-minutes").status_code == 200
    refused = lead.post(f"{PAGE}/correct-minutes", {"corrects": "第一条批次"})
    assert refused.status_code == 422
    assert 'value="第一条批次"' in refused.get_data(as_text=True)
    assert lead.post(f"{PAGE}/correct-minutes", {"corrects": "批次", "text": "应为2509A"}).status_code == 303
    page = lead.get(PAGE).get_data(as_text=True)
    assert page.index("应为2509A") < page.index("四、会诊结论")
    assert "本件更正长三角会诊纪要〔2026〕1号：批次" in page


def test_the_docx_says_what_the_page_says(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        minutes = minutes_of(db, issued(db, world))
    lead = surf("zhejiang-staff")
    answer = lead.get(f"{PAGE}/0.docx")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    word = Document(BytesIO(answer.get_data()))
    said = [paragraph.text for paragraph in word.paragraphs]
    assert said[:2] == ["长三角缺陷消费品专家会诊会议纪要", "长三角会诊纪要〔2026〕1号"]
    headings = [text for text in said if text[1:2] == "、"]
    assert headings == ["一、产品及申请情况", "二、会诊讨论情况", "三、专家意见", "四、会诊结论", "五、后续工作"]
    for name in PARTS:
        for line in getattr(minutes, name).split("\n"):
            assert line.strip() in said
    rows = [[cell.text for cell in row.cells] for row in word.tables[0].rows]
    assert rows[1][:4] == ["缺陷消费品判定", "4", "1", "0"]
    assert minutes.digest is not None
    (foot,) = [table for table in word.tables if "SHA-256　" in table.cell(0, 0).text]
    assert minutes.digest in foot.cell(0, 0).text
    assert lead.get(f"{PAGE}/1.docx").status_code == 404
    assert lead.get(f"{PAGE}/1.pdf").status_code == 404


def test_page_docx_and_pdf_say_the_same(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
    lead = surf("jiangsu-liaison-1")
    lead.post(f"{PAGE}/correct-minutes", {"corrects": "批次", "text": "应为2509A"})
    page = lead.get(PAGE).get_data(as_text=True)
    assert page.index("0.pdf") < page.index("0.docx")
    # The correction stands above what it corrects.
    papers = re.findall(r"<article.*?</article>", page, re.DOTALL)
    for correction, paper in zip((1, 0), papers, strict=True):
        pdf = lead.get(f"{PAGE}/{correction}.pdf")
        assert pdf.mimetype == "application/pdf"
        assert "filename*=UTF-8''%E9%95%BF%E4%B8%89" in pdf.headers["Content-Disposition"]
        words = docx_words(lead.get(f"{PAGE}/{correction}.docx").data)
        assert pdf_words(pdf.data) == words
        assert html_words(paper) == words


def test_the_annex_lists_the_digests_that_were_counted(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
        counted = db.scalars(select(ConsultationSheet.digest).where(ConsultationSheet.state == "signed")).all()
    words = pdf_words(surf("jiangsu-liaison-1").get(f"{PAGE}/0.pdf").data)
    assert counted
    assert all(digest in words for digest in counted if digest)
    assert re.search("出席：sh专1", words)
    assert "主持：ji联1" in words


def test_before_issue_nobody_else_sees_minutes(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        concluded(db, world)
    for stranger in ("anhui-staff", "shanghai-liaison-1", "jiangsu-liaison-1", "shanghai-expert-1", "auditor"):
        assert surf(stranger).get(PAGE).status_code == 404, stranger
