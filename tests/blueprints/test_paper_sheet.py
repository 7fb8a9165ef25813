"""Print, sign, scan in the browser: the empty sheet, recording it, the marks on pages and papers, the scan."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.documents.verification_code import code_of
from portal.models.archive import StorageRemoval
from portal.models.database import Database
from portal.models.voting import ConsultationSheet
from portal.rules.dates import beijing_day
from portal.services.consultation.members import accepted_members
from portal.services.consultation.voting import close_vote
from portal.storage.local import Storage
from tests.documents.reading import docx_words, pdf_glyphs, pdf_words, squeeze
from tests.factories.paper_sheet import SCAN, keep_scan, recorded
from tests.factories.typed_sheet import TYPED_SHEET
from tests.factories.voting import LATER, voting
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
HOME = "/consultations/1"
ACT = f"{HOME}/sheets/record-paper-sheet"
SECRET = "折叠受压后局部过热"
MARK = "线下签名，扫描件"
COMPLETE = {**TYPED_SHEET, "danger_despite_standard_description": SECRET, "signed_on": beijing_day(NOON).isoformat()}


@pytest.fixture
def member_id(world: World, sqlite_database: Database) -> int:
    """The first seat's place; a vote is open in consultation 1."""
    with sqlite_database.write() as db:
        return accepted_members(db, voting(db, world).id)[0].id


@pytest.fixture
def lead(member_id: int, surf: Surf) -> Surfer:
    return surf("jiangsu-liaison-1")


def read(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def record(surfer: Surfer, member_id: int, *, scan: bytes = SCAN, name: str = "签名页.pdf", **other: str) -> Any:
    surfer.get(f"{ACT}?member={member_id}")
    return surfer.post(ACT, {**COMPLETE, "member": str(member_id), "file": (BytesIO(scan), name), **other})


def sheet_of(database: Database) -> ConsultationSheet:
    with database.read() as db:
        return db.scalars(select(ConsultationSheet).where(ConsultationSheet.signed_with == "paper_scan")).one()


def test_the_lead_records_a_sheet_and_sees_it_no_more(
    lead: Surfer, member_id: int, sqlite_database: Database, settings: Settings
) -> None:
    page = read(lead.get(ACT))
    assert page.count("录入<span") == 5
    answer = record(lead, member_id)
    assert (answer.status_code, answer.location) == (303, HOME)
    sheet = sheet_of(sqlite_database)
    assert sheet.answers["texts"]["danger_despite_standard_description"] == SECRET
    with Storage(settings.files_folder).open(sheet.scan_sha256 or "") as file:
        assert file.read() == SCAN
    assert read(lead.get(ACT)).count("录入<span") == 4
    home = read(lead.get(HOME))
    assert "登记线下签名的会诊表" in home
    assert "登记人因录入而知悉这一份的意见" in home
    # Until the round is closed, it is open to nobody but its expert, on no address.
    for address in (
        f"/sheets/{sheet.id}",
        f"/sheets/{sheet.id}.pdf",
        f"/sheets/{sheet.id}.docx",
        f"/sheets/{sheet.id}/scan",
    ):
        assert lead.get(HOME + address).status_code == 404
    for address in ("", "/tally", "/sheets/record-paper-sheet", "/session"):
        assert SECRET not in read(lead.get(HOME + address))


def test_what_is_missing_is_named_and_nothing_typed_is_lost(
    lead: Surfer, member_id: int, sqlite_database: Database, settings: Settings
) -> None:
    answer = record(lead, member_id, severity="")
    page = read(answer)
    assert answer.status_code == 422
    assert 'href="#severity"' in page
    assert SECRET in page
    assert 'value="yes" checked' in page
    assert "已上传，不必重新选择" in page
    with sqlite_database.read() as db:  # it goes when the form does not come again
        assert db.query(StorageRemoval).count() == 1
    for name, scan, words in (
        ("签名页.docx", SCAN, "DOCX"),
        ("签名页.png", SCAN, "PNG"),
        ("片.mp4", b"....ftypmp42", "只能上传"),
    ):
        refused = record(lead, member_id, scan=scan, name=name)
        assert refused.status_code == 422
        assert words in read(refused)
    assert record(lead, member_id, signed_on="").status_code == 422
    assert "签名日期应在" in read(record(lead, member_id, signed_on="2020-01-01"))
    assert lead.post(ACT).status_code == 422
    with sqlite_database.read() as db:
        assert db.scalars(select(ConsultationSheet).where(ConsultationSheet.state != "draft")).first() is None


def test_who_has_signed_is_refused_and_staff_are_told_why(lead: Surfer, member_id: int, surf: Surf) -> None:
    assert record(lead, member_id).status_code == 303
    assert lead.get(f"{ACT}?member={member_id}").status_code == 409
    again = lead.post(ACT, {**COMPLETE, "member": str(member_id), "file": (BytesIO(SCAN), "签名页.pdf")})
    assert again.status_code == 409
    assert "每位专家一票" in read(again)
    staff = surf("jiangsu-staff")
    page = read(staff.get(ACT))
    assert "由牵头单位的联络员登记" in page
    assert "录入<span" not in page
    assert surf("shanghai-liaison-1").get(ACT).status_code == 403


def test_the_empty_sheet_is_printed_with_its_mark(lead: Surfer, surf: Surf) -> None:
    own = surf("shanghai-expert-1").get(f"{HOME}/sheet/blank.pdf").data
    everyone = lead.get(f"{HOME}/sheets/blank.pdf").data
    for content, sheets in ((own, 1), (everyone, 5)):
        glyphs, words = pdf_glyphs(content), pdf_words(content)
        for page in {glyph.page for glyph in glyphs}:
            assert "未签名（供线下签名）" in squeeze("".join(one.character for one in glyphs if one.page == page))
        assert words.count("专家签名") == sheets
        assert "☑" not in re.sub(r"☑(总局转办|监督抽查|市场购检|境外召回|风险监测|伤害监测|其他)", "", words)
        assert "SHA-256" not in words
    assert "电热毯" in pdf_words(own)


@pytest.fixture
def sheet(world: World, sqlite_database: Database, settings: Settings) -> ConsultationSheet:
    """Of the first seat, recorded from paper; the vote is open."""
    keep_scan(Storage(settings.files_folder))
    with sqlite_database.write() as db:
        return recorded(db, world, voting(db, world))


def test_the_expert_reads_opens_and_takes_back(sheet: ConsultationSheet, surf: Surf) -> None:
    expert, address = surf("shanghai-expert-1"), f"{HOME}/sheets/{sheet.id}"
    for page in (read(expert.get(address)), read(expert.get(f"{address}/receipt"))):
        assert MARK in page
        assert f"{address}/scan" in page
    assert MARK in pdf_words(expert.get(f"{address}.pdf").data)
    assert MARK in docx_words(expert.get(f"{address}.docx").data)
    with expert.get(f"{address}/scan") as scan:
        assert (scan.data, scan.mimetype) == (SCAN, "application/pdf")
        assert "attachment" in scan.headers["Content-Disposition"]
    act = f"{HOME}/sheet/withdraw-signature"
    expert.get(act)
    assert expert.post(act).status_code == 303
    assert "已由本人撤回" in read(expert.get(address))


def test_the_marks_stand_on_tally_and_verification(
    sheet: ConsultationSheet, world: World, sqlite_database: Database, surf: Surf
) -> None:
    lead, stranger = surf("jiangsu-liaison-1"), surf()
    verified = read(stranger.get(f"/verify/{code_of(sheet.digest or '')}"))
    assert MARK in verified
    assert "登记时间" in verified
    with sqlite_database.write() as db:
        close_vote(db, actor=world.lead, consultation_id=1, reason="其余专家未回复", now=LATER)
    assert f"（{MARK}）" in read(lead.get(f"{HOME}/tally/1"))
    assert MARK in read(lead.get(f"{HOME}/sheets/{sheet.id}"))
    with lead.get(f"{HOME}/sheets/{sheet.id}/scan") as scan:
        assert scan.data == SCAN
    assert surf("anhui-liaison-1").get(f"{HOME}/sheets/{sheet.id}/scan").status_code == 404
