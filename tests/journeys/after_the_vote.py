"""Steps 7 and 8 through the pages: the minutes, their copies, the archive."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import docx

from tests.journeys.until_the_session import NUMBER

if TYPE_CHECKING:
    from tests.journeys.person import Person


def issue_the_minutes(lead: Person, copied: list[Person]) -> None:
    """The draft is edited, saves itself, is issued; every copy is confirmed; the document says what the page says."""
    lead.take_up("制作并印发会议纪要")
    lead.picture("35-minutes-draft")
    lead.field("后续工作").fill("由申请单位上报，并建议开展缺陷调查。")
    lead.sees("已保存 14:00")
    lead.press("印发会议纪要")
    lead.sees("会议纪要已印发")
    lead.picture("36-minutes")
    number = lead.page.locator("article").first.get_attribute("aria-label") or ""
    words = text_of(lead.download("DOCX"))
    assert number in words
    assert "由申请单位上报，并建议开展缺陷调查。" in words
    for number in (1, 2):
        assert f"第{number}轮表决" in words
        lead.sees(f"第{number}轮表决")
    for someone in copied:
        someone.take_up("确认收到会议纪要")
        someone.picture("37-receipt")
        someone.press("确认收到会议纪要")
        someone.sees("已确认收到会议纪要。")


def archive(applicant: Person, lead: Person, expert: Person) -> None:
    """Archived once, kept by both custodians, with the day until which it is kept; the sheet can be taken along."""
    applicant.take_up("归档会诊材料")
    applicant.picture("40-to-archive")
    applicant.press("归档")
    applicant.sees("已归档。")
    applicant.picture("41-archived")
    for custodian in (applicant, lead):
        custodian.open_consultation(NUMBER)
        custodian.follow("清单与保管")
        custodian.sees("2031年12月31日")
        custodian.picture(f"42-archive-{custodian.username}")
    applicant.open_consultation(NUMBER)
    applicant.follow("查看计票")
    applicant.page.get_by_role("link", name="sh专1", exact=True).click()
    applicant.picture("43-signed-sheet")
    assert "折叠受压后局部过热" in text_of(applicant.download("下载 DOCX"))
    expert.open_consultation("电热毯 XM-1518D")
    assert NUMBER in text_of(expert.download("DOCX 第 1 轮 第 1 版"))
    assert expert.download("PDF 第 1 轮 第 1 版").startswith(b"%PDF-")


def text_of(document: bytes) -> str:
    """All words of a DOCX, tables included."""
    opened = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in opened.paragraphs), *cells])
