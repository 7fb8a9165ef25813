"""The verification page for strangers, official files that stay as they were made, the receipt."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.documents.verification_code import code_of
from portal.models.database import Database
from portal.models.verification import OfficialFile, VerificationRequest
from portal.models.voting import ConsultationSheet
from portal.services.verification import REQUESTS_PER_ADDRESS, note_request
from tests.documents.reading import docx_words, html_words, pdf_words
from tests.factories.meeting_minutes import issued, minutes_of
from tests.factories.voting import LATER, consistent, panel_of, signed, voting
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer, without_token

Surf = Callable[..., Surfer]
UNKNOWN = "0000-0000-0000-0000"


@pytest.fixture
def sheet(world: World, sqlite_database: Database) -> ConsultationSheet:
    """The first expert has signed, and the round is open."""
    with sqlite_database.write() as db:
        consultation = voting(db, world)
        return signed(db, consultation, panel_of(world)[0], consistent(("yes", "yes", "no"), consultation))


def read(answer: Any) -> str:
    assert answer.status_code == 200
    return without_token(answer.get_data(as_text=True))


def plain(text: str) -> str:
    """Without hyphens: one at the end of a line is read back as another sign."""
    return re.sub(r"[-\u00ad\ufffe\x02]", "", text)


def send(surfer: Surfer, content: bytes, name: str = "a.pdf") -> str:
    surfer.get("/verify")
    return read(surfer.post("/verify", {"code": "", "file": (BytesIO(content), name)}))


def test_a_stranger_types_the_code_from_paper(sheet: ConsultationSheet, surf: Surf) -> None:
    stranger = surf()
    assert "校验文件" in read(stranger.get("/verify"))
    code = code_of(sheet.digest or "")
    asked = stranger.post("/verify", {"code": code.lower().replace("0", "O").replace("-", "")})
    assert asked.status_code == 303
    page = read(stranger.get(asked.location))
    for said in (code, sheet.digest, sheet.signer_name, "长三角会诊〔2026〕1号", "第 1 轮表决，第 1 版", "有效"):
        assert said is not None
        assert said in page
    for secret in ("电热毯", "煦眠", "判定", "缺陷消费品：", "局部过热", "192.0.2", f"/sheets/{sheet.id}"):
        assert secret not in page


def test_unknown_codes_answer_alike(sheet: ConsultationSheet, surf: Surf) -> None:
    stranger = surf()
    pages = {
        read(stranger.get(f"/verify/{code}")).replace(code, "") for code in (UNKNOWN, "ZZZZ-ZZZZ-ZZZZ-ZZZZ", "0123-ABC")
    }
    assert len(pages) == 1
    assert "没有查到这个校验码" in pages.pop()


@pytest.mark.parametrize("typed", ["", "1234", "不是码"])
def test_what_is_no_code_is_said_beside_the_field(world: World, surf: Surf, typed: str) -> None:
    stranger = surf()
    stranger.get("/verify")
    answer = stranger.post("/verify", {"code": typed})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="code-error"' in page
    assert f'value="{typed}"' in page or not typed


def test_the_file_itself_is_compared_byte_by_byte(
    sheet: ConsultationSheet, surf: Surf, sqlite_database: Database
) -> None:
    expert, stranger = surf("shanghai-expert-1"), surf()
    address = f"/consultations/1/sheets/{sheet.id}"
    for ending in ("pdf", "docx"):
        content = expert.get(f"{address}.{ending}").data
        assert expert.get(f"{address}.{ending}").data == content
        assert "文件未被改动" in send(stranger, content)
        marked = send(stranger, changed(content, ending))
        assert "不是平台发出的原文件" in marked
        assert code_of(sheet.digest or "") in marked
    assert "原文未被改动" in send(stranger, (sheet.canonical or "").encode(), "sheet.json")
    assert "平台没有登记过这个文件" in send(stranger, b"%PDF-1.7 of somebody else")
    with sqlite_database.read() as db:
        kept = db.scalars(select(OfficialFile).order_by(OfficialFile.format)).all()
        assert [(one.kind, one.subject_id, one.format) for one in kept] == [
            ("sheet", sheet.id, "docx"),
            ("sheet", sheet.id, "pdf"),
        ]


def changed(content: bytes, ending: str) -> bytes:
    """One byte of the drawing is another one; where a ZIP would break, what follows its end."""
    if ending == "docx":
        return content + b"\x00"
    at = content.index(b"stream") + 40
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_an_official_file_stays_as_it_was_made(
    sheet: ConsultationSheet, surf: Surf, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a new release of the portal would set it otherwise."""
    expert = surf("shanghai-expert-1")
    address = f"/consultations/1/sheets/{sheet.id}.pdf"
    content = expert.get(address).data
    monkeypatch.setattr("portal.services.official_making.sheet_pdf", lambda *_given, **_options: b"%PDF another")
    assert expert.get(address).data == content


def test_foot_and_code_stand_on_page_and_papers(sheet: ConsultationSheet, surf: Surf) -> None:
    expert = surf("shanghai-expert-1")
    address = f"/consultations/1/sheets/{sheet.id}"
    code = code_of(sheet.digest or "")
    assert code in read(expert.get(address))
    assert code in pdf_words(expert.get(f"{address}.pdf").data)
    assert code in docx_words(expert.get(f"{address}.docx").data)


def test_minutes_carry_code_and_annex_and_verify(world: World, surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        minutes = minutes_of(db, issued(db, world))
        digests = list(db.scalars(select(ConsultationSheet.digest).where(ConsultationSheet.state == "signed")))
    lead, stranger = surf("jiangsu-liaison-1"), surf()
    page = html_words(read(lead.get("/consultations/1/meeting-minutes")))
    address = "/consultations/1/meeting-minutes/0"
    pdf, word = lead.get(f"{address}.pdf").data, lead.get(f"{address}.docx").data
    for shown in (page, pdf_words(pdf), docx_words(word)):
        for code in (code_of(minutes.digest or ""), *(code_of(digest or "") for digest in digests)):
            assert plain(code) in plain(shown)
    assert "文件未被改动" in send(stranger, pdf)
    told = send(stranger, changed(word, "docx"), "a.docx")
    assert "不是平台发出的原文件" in told
    assert "会议纪要" in told
    assert code_of(minutes.digest or "") in told
    found = read(lead.get(f"/verify/{code_of(minutes.digest or '')}"))
    assert 'href="/consultations/1/meeting-minutes"' in found
    assert "电热毯" not in found


def test_who_may_read_the_document_finds_the_way_to_it(sheet: ConsultationSheet, surf: Surf) -> None:
    address, code = f"/consultations/1/sheets/{sheet.id}", code_of(sheet.digest or "")
    assert f'href="{address}"' in read(surf("shanghai-expert-1").get(f"/verify/{code}"))
    for other in ("jiangsu-liaison-1", "jiangsu-expert-1", "administrator"):
        assert address not in read(surf(other).get(f"/verify/{code}"))


def test_a_flood_of_questions_ends_with_429_and_writes_nothing_more(
    world: World, surf: Surf, sqlite_database: Database
) -> None:
    with sqlite_database.write() as db:
        for _ in range(REQUESTS_PER_ADDRESS - 1):
            note_request(db, address="127.0.0.1", now=NOON)
    stranger = surf()
    stranger.get("/verify")
    assert stranger.get(f"/verify/{UNKNOWN}").status_code == 200
    assert stranger.get(f"/verify/{UNKNOWN}").status_code == 429
    assert stranger.post("/verify", {"code": UNKNOWN}).status_code == 429
    with sqlite_database.read() as db:
        assert db.scalar(select(func.count()).select_from(VerificationRequest)) == REQUESTS_PER_ADDRESS


def test_a_large_file_is_refused_and_nothing_is_kept(world: World, surf: Surf, sqlite_database: Database) -> None:
    stranger = surf()
    stranger.get("/verify")
    answer = stranger.client.post("/verify", data=b"0" * 3_000_000, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413
    with sqlite_database.read() as db:
        assert db.scalar(select(OfficialFile.id)) is None


def test_the_receipt_is_the_signers_own(sheet: ConsultationSheet, surf: Surf) -> None:
    address = f"/consultations/1/sheets/{sheet.id}/receipt"
    page = read(surf("shanghai-expert-1").get(address))
    for said in (sheet.digest, code_of(sheet.digest or ""), "第 1 轮", "第 1 版", "长三角会诊〔2026〕1号", "签名回执"):
        assert said is not None
        assert said in page
    assert not re.search(r"判定|☑|严重|严重程度", page)
    for other in ("jiangsu-expert-1", "jiangsu-liaison-1", "shanghai-liaison-1", "administrator"):
        assert surf(other).get(address).status_code == 404
    assert LATER > NOON
