"""Step 3 in the browser: uploading, sending, opening, adding, extending."""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from portal.documents.docx import new_document, to_bytes
from portal.models.archive import StorageRemoval
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.material import Material, MaterialOpening
from portal.services.kernel.storage_removal import remove_queued
from portal.storage.local import Storage
from portal.web.acting import Wiring
from tests.factories.material import CONTENT, keep_files, sent
from tests.factories.panel import confirmed
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
BASE = "/consultations/1"
UPLOAD = f"{BASE}/material/edit-material"
FIELDS = {"kind": "test_report", "title": "安全性能检测报告", "report_number": "沪检〔2026〕D-0417", "number": ""}


def text(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined,no-any-return]


def upload(surfer: Surfer, url: str, content: bytes, filename: str = "检测 报告.pdf", **fields: str) -> object:
    form = {**FIELDS, **fields, "file": (io.BytesIO(content), filename)}
    return surfer.post(url, form, content_type="multipart/form-data")


@pytest.fixture
def at(app: Flask, sqlite_database: Database, world: World) -> Callable[..., None]:
    """Bring consultation 1 to a state with a factory; the factory's file lies in the storage."""
    wiring: Wiring = app.extensions["portal"]
    keep_files(wiring.settings)

    def bring(factory: Callable[..., Consultation]) -> None:
        with sqlite_database.write() as db:
            factory(db, world, now=NOON)

    return bring


def test_uploaded_mended_removed_sent(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(confirmed)
    applicant = surf("shanghai-liaison-1")
    assert "还没有会诊材料" in text(applicant.get(f"{BASE}/material"))
    send = f"{BASE}/material/send-material"
    assert "还没有上传会诊材料" in text(applicant.get(send))
    assert applicant.post(send).status_code == 409
    applicant.get(UPLOAD)
    assert upload(applicant, UPLOAD, CONTENT).status_code == 303  # type: ignore[attr-defined]
    assert upload(applicant, UPLOAD, b"%PDF-1.7 mended", number="1", title="更正").status_code == 303  # type: ignore[attr-defined]
    assert upload(applicant, UPLOAD, b"%PDF-1.7 other", title="另一份").status_code == 303  # type: ignore[attr-defined]
    page = text(applicant.get(f"{BASE}/material"))
    assert "第 2 版" in page
    assert "另一份" in page
    with sqlite_database.read() as db:
        other = db.query(Material).filter_by(title="另一份").one().id
    assert applicant.post(f"{BASE}/material/{other}/remove").status_code == 303
    assert applicant.post(send).status_code == 303
    assert applicant.post(send).status_code == 409
    assert applicant.get(UPLOAD).status_code == 404
    assert "发送后已固定" in text(applicant.get(BASE))


@pytest.mark.parametrize(
    ("content", "filename", "fields", "field"),
    [
        (b"MZ", "报告.exe", {}, "file"),
        (b"not a pdf", "报告.pdf", {}, "file"),
        (CONTENT, "报告.pdf", {"title": " "}, "title"),
        (CONTENT, "报告.pdf", {"kind": "poem"}, "kind"),
        (CONTENT, "报告.pdf", {"number": "7"}, "number"),
    ],
)
def test_a_bad_upload_is_said_at_its_field_and_the_rest_is_kept(
    surf: Surf,
    world: World,
    at: Callable[..., None],
    content: bytes,
    filename: str,
    fields: dict[str, str],
    field: str,
) -> None:
    at(confirmed)
    applicant = surf("shanghai-liaison-1")
    applicant.get(UPLOAD)
    refused = upload(applicant, UPLOAD, content, filename, **fields)
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert f'href="#{field}"' in text(refused)
    assert 'value="沪检〔2026〕D-0417"' in text(refused)
    no_file = applicant.post(UPLOAD, FIELDS, content_type="multipart/form-data")
    assert no_file.status_code == 422


def test_opening_is_recorded_framed_by_us_only_and_in_parts(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(sent)
    expert = surf("anhui-expert-1")
    shown = expert.get(f"{BASE}/material/1/show")
    assert (shown.status_code, shown.data, shown.mimetype) == (200, CONTENT, "application/pdf")
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Content-Disposition"].startswith("inline")
    kept = expert.get(f"{BASE}/material/1/download")
    assert "filename*=UTF-8''" in kept.headers["Content-Disposition"]
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert "frame-ancestors 'none'" in kept.headers["Content-Security-Policy"]
    part = expert.get(f"{BASE}/material/1/show", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, b"PDF")
    assert part.headers["Content-Range"] == f"bytes 1-3/{len(CONTENT)}"
    for answer in (shown, kept, part):
        answer.close()
    with sqlite_database.read() as db:
        (opening,) = db.query(MaterialOpening).all()
        assert opening.person_id == world.experts["anhui"][0].person_id
    assert "1 / 5 位专家已打开" in text(surf("shanghai-staff").get(f"{BASE}/material"))


def test_it_is_read_in_a_page_of_ours_and_the_opening_is_written_down_once(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(sent)
    expert = surf("anhui-expert-1")
    page = expert.get(f"{BASE}/material/1/read")
    assert f'data-pdf="{BASE}/material/1/show"' in text(page)
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "返回会诊材料" in text(page)
    assert "返回会诊材料" not in text(expert.get(f"{BASE}/material/1/read?beside=1"))
    with sqlite_database.read() as db:
        assert db.query(MaterialOpening).count() == 0
    for part in ("bytes=0-3", "bytes=4-7"):
        expert.get(f"{BASE}/material/1/show", headers={"Range": part}).close()
    with sqlite_database.read() as db:
        assert db.query(MaterialOpening).count() == 1
    assert surf("anhui-staff").get(f"{BASE}/material/1/read").status_code == 404
    assert expert.get(f"{BASE}/material/1/preview").status_code == 404


def test_a_refused_form_keeps_its_file_for_its_sender_alone(
    surf: Surf, world: World, at: Callable[..., None], app: Flask, sqlite_database: Database
) -> None:
    at(confirmed)
    applicant, content = surf("shanghai-liaison-1"), b"%PDF-1.7 a long test"
    applicant.get(UPLOAD)
    refused = upload(applicant, UPLOAD, content, title="")
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert "已上传，不必重新选择" in text(refused)
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', text(refused))
    stored = Storage(app.extensions["portal"].settings.files_folder)
    key = hashlib.sha256(content).hexdigest()
    with sqlite_database.read() as db:
        assert [one.key for one in db.query(StorageRemoval)] == [key]
    colleague = surf("shanghai-liaison-2")
    colleague.get(UPLOAD)
    taken = colleague.post(UPLOAD, {**FIELDS, "kept": kept})
    assert "上次上传的文件已不在" in text(taken)
    assert applicant.post(UPLOAD, {**FIELDS, "kept": kept[:-2] + "xx"}).status_code == 422
    assert applicant.post(UPLOAD, {**FIELDS, "kept": kept}).status_code == 303
    later = (stored.stored_at(key) or NOON) + timedelta(hours=2)
    remove_queued(sqlite_database, stored, later)
    assert stored.stored_at(key) is not None
    with sqlite_database.read() as db:
        assert db.query(StorageRemoval).count() == 0
        assert [item.sha256 for item in db.query(Material)] == [key]


def test_everything_comes_as_one_archive_with_an_index(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(sent)
    applicant, expert = surf("shanghai-liaison-1"), surf("anhui-expert-1")
    add = f"{BASE}/material/add-material"
    applicant.get(add)
    more = b"%PDF-1.7 " + b"x" * 300_000
    assert upload(applicant, add, more, title="补充/报告 A&B", reason="送检样品复测").status_code == 303  # type: ignore[attr-defined]
    answer = expert.get(f"{BASE}/material/package.zip")
    assert answer.mimetype == "application/zip"
    assert len(answer.data) == answer.content_length
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["index.html", "01-1 电热毯安全性能检测报告.pdf", "02-1 补充_报告 A&B.pdf"]
        assert archive.read("02-1 补充_报告 A&B.pdf") == more
        index = archive.read("index.html").decode()
    for said in ("送检样品复测", "补充/报告 A&amp;B", hashlib.sha256(more).hexdigest(), "沪检〔2026〕D-0417"):
        assert said in index
    with sqlite_database.read() as db:
        assert {opening.person_id for opening in db.query(MaterialOpening)} == {world.experts["anhui"][0].person_id}
        assert db.query(MaterialOpening).count() == 2
    assert surf("anhui-staff").get(f"{BASE}/material/package.zip").status_code == 404


def test_a_conversion_that_is_under_way_is_looked_for_again(
    surf: Surf, world: World, at: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(confirmed)
    document = new_document(title="报告", subject="", margins_cm=(2, 2, 2, 2))
    applicant = surf("shanghai-liaison-1")
    applicant.get(UPLOAD)
    assert upload(applicant, UPLOAD, to_bytes(document), "检测报告.docx").status_code == 303  # type: ignore[attr-defined]
    for program, words, is_asked_again in (("soffice", "正在转换", True), (None, "没有安装转换软件", False)):
        monkeypatch.setattr("portal.services.consultation.material_reading.converter", lambda found=program: found)
        page = text(applicant.get(f"{BASE}/material/1/read"))
        assert words in page
        assert ('http-equiv="refresh"' in page) is is_asked_again
        assert "data-pdf" not in page


def test_who_may_not_see_it_finds_nothing(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(sent)
    for username in ("anhui-expert-4", "anhui-staff", "administrator"):
        stranger = surf(username)
        for path in ("/material", "/material/1/show", "/material/1/download", "/material/edit-material"):
            assert stranger.get(f"{BASE}{path}").status_code == 404, (username, path)
    assert surf("anhui-expert-1").get(f"{BASE}/material/2/show").status_code == 404
    assert surf("anhui-expert-1").get("/consultations/2/material/1/show").status_code == 404


def test_an_addition_and_an_extension(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(sent)
    applicant, lead = surf("shanghai-liaison-1"), surf("jiangsu-liaison-1")
    add = f"{BASE}/material/add-material"
    assert "期限不变" in text(applicant.get(add))
    refused = upload(applicant, add, b"%PDF-1.7 second", title="复测报告", reason="")
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert 'value="复测报告"' in text(refused)
    assert upload(applicant, add, b"%PDF-1.7 second", title="复测报告", reason="补做低温试验").status_code == 303  # type: ignore[attr-defined]
    assert "补做低温试验" in text(surf("anhui-expert-1").get(f"{BASE}/material"))
    extend = f"{BASE}/material/extend-analysis"
    assert lead.get(extend).status_code == 200
    assert lead.post(extend, {"working_days": "0", "reason": "补做试验", "members": [1, 2]}).status_code == 422
    assert lead.post(extend, {"working_days": "2", "reason": "补做试验", "members": [1, 2]}).status_code == 303
    assert applicant.get(extend).status_code == 403


def test_a_file_that_the_storage_has_lost_is_told_and_recorded(
    surf: Surf, app: Flask, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(sent)
    with sqlite_database.read() as db:
        item = db.query(Material).one()
        digest, filename = item.sha256, item.filename
    storage = Storage(app.extensions["portal"].settings.files_folder)
    storage.remove(digest)
    expert = surf("anhui-expert-1")
    for way in ("show", "download", "download"):
        lost = expert.get(f"{BASE}/material/1/{way}")
        assert lost.status_code == 503
        assert "文件暂时无法打开" in lost.text
        assert filename in lost.text
        assert digest in lost.text
        assert "系统管理员" in lost.text
    with sqlite_database.read() as db:
        assert not db.query(MaterialOpening).all(), "what could not be read was not opened"
        (told,) = db.query(Event).filter_by(name="stored_file_missing").all()
        assert (told.facts["sha256"], told.facts["file"]) == (digest, filename)
