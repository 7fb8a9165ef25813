"""Drafts on paper: for those who write them alone, marked, registered nowhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from portal.models.database import Database
from portal.models.event import Event
from portal.models.verification import OfficialFile
from portal.services.consultation.meeting_minutes_draft import PARTS
from portal.services.consultation.sheet import own_sheet, save_sheet
from tests.documents.reading import docx_words, pdf_glyphs, pdf_words, squeeze
from tests.factories.meeting_minutes import AFTER, concluded, minutes_of
from tests.factories.voting import consistent, panel_of, signed, voting
from tests.factories.world import NOON, World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
SHEET = "/consultations/1/sheet/draft"
MINUTES = "/consultations/1/meeting-minutes/draft"


def both(surfer: Surfer, path: str) -> tuple[str, str, bytes]:
    """The words of the DOCX and of the PDF, and the PDF."""
    files: list[Any] = [surfer.get(f"{path}.{ending}") for ending in ("docx", "pdf")]
    for answer in files:
        assert answer.status_code == 200
        assert "%E8%8D%89%E7%A8%BF" in answer.headers["Content-Disposition"]  # 草稿
    return docx_words(files[0].data), pdf_words(files[1].data), files[1].data


def assert_nothing_is_kept(database: Database) -> None:
    with database.read() as db:
        assert db.query(OfficialFile).count() == 0
        assert db.query(Event).filter_by(name="official_file_made").count() == 0


def test_the_own_sheet_as_it_was_saved(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        consultation = voting(db, world)
        expert = panel_of(world)[0]
        own = own_sheet(db, actor=expert, consultation_id=consultation.id, now=NOON)
        answers = consistent(("yes", "yes", "no"), consultation)
        texts = {**answers.texts, "danger_despite_standard_description": "折叠处过热起火"}
        given = {"answers": lambda _edition: replace(answers, texts=texts), "version": own.sheet.version}
        save_sheet(db, actor=expert, consultation_id=consultation.id, now=NOON, **given)
    surfer = surf("shanghai-expert-1")
    word, pdf, content = both(surfer, SHEET)
    assert word == pdf
    assert "折叠处过热起火" in pdf
    assert "SHA-256" not in pdf
    for page in {glyph.page for glyph in pdf_glyphs(content)}:
        said = "".join(glyph.character for glyph in pdf_glyphs(content) if glyph.page == page)
        assert "草稿未签名" in squeeze(said)
    assert f"{SHEET}.pdf" in surfer.get("/consultations/1/sheet").get_data(as_text=True)
    assert_nothing_is_kept(sqlite_database)
    for other in ("jiangsu-liaison-1", "shanghai-staff", "anhui-expert-3"):
        assert surf(other).get(f"{SHEET}.pdf").status_code in (403, 404)


def test_a_signed_sheet_has_no_draft(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        consultation = voting(db, world)
        sheet_id = signed(db, consultation, panel_of(world)[0], consistent(("yes", "yes", "no"), consultation)).id
    surfer = surf("shanghai-expert-1")
    for ending in ("pdf", "docx"):
        answer = surfer.get(f"{SHEET}.{ending}")
        assert (answer.status_code, answer.location) == (303, f"/consultations/1/sheets/{sheet_id}")


def test_the_draft_of_the_minutes_as_it_would_be_issued(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    clock.now = AFTER
    with sqlite_database.write() as db:
        draft = minutes_of(db, concluded(db, world))
        typed = {**{name: getattr(draft, name) for name in PARTS}, "version": "1"}
    lead = surf("jiangsu-liaison-1")
    page = lead.get("/consultations/1/meeting-minutes/edit").get_data(as_text=True)
    assert f"{MINUTES}.pdf" in page
    word, pdf, _content = both(lead, MINUTES)
    assert word == pdf
    assert "尚未印发" in pdf
    assert_nothing_is_kept(sqlite_database)
    for stranger in ("shanghai-staff", "anhui-expert-1"):
        assert surf(stranger).get(f"{MINUTES}.pdf").status_code in (403, 404)
    assert lead.post("/consultations/1/meeting-minutes/issue-minutes", typed).status_code == 303
    assert lead.get(f"{MINUTES}.pdf").status_code == 404
    issued = pdf_words(lead.get("/consultations/1/meeting-minutes/0.pdf").data)
    for text in (typed["discussion"], typed["expert_opinions"]):
        for line in text.split("\n"):
            assert squeeze(line) in issued
            assert squeeze(line) in pdf
    # Everything between the heading and the signature is what will be issued.
    begin, end = "一、产品及申请情况", "附件：会诊表校验值清单"
    assert pdf[pdf.index(begin) : pdf.index(end)] == issued[issued.index(begin) : issued.index(end)]
    assert pdf.count("第1轮") == issued.count("第1轮")
