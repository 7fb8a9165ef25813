"""Step 8 in the browser: archiving, the custodian's page and list, holds, disposal."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.models.database import Database
from portal.models.material import Material
from portal.services.archiving.drill import drill_asked
from portal.services.archiving.integrity import check_due
from portal.services.archiving.packaging import package_due
from portal.services.kernel.storage_removal import remove_queued
from portal.storage.local import Storage
from tests.documents.reading import html_words, pdf_words
from tests.factories.archive import MAKING, flip, package_rows, packaged, path_of, stored
from tests.factories.ending import archived
from tests.factories.meeting_minutes import AFTER, issued
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PAGE = "/consultations/1/archive"
EXPIRED = datetime(2032, 1, 5, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def later(clock: Clock) -> None:
    """The clock of the pages stands where the story has led."""
    clock.now = AFTER


def test_archived_listed_and_kept(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
    custodian = surf("shanghai-liaison-1")
    assert custodian.get(PAGE).status_code == 404
    assert "自归档次年" in custodian.get(f"{PAGE}/archive-consultation").get_data(as_text=True)
    assert custodian.post(f"{PAGE}/archive-consultation").status_code == 303
    page = custodian.get(PAGE).get_data(as_text=True)
    assert "2031年12月31日" in page
    assert "会诊表 第1轮" in page
    assert "会议纪要、会诊记录与计票" not in page  # the lead keeps that
    assert "届满前任何人不得销毁" in page
    assert "会诊表、会诊材料与初步分析" in custodian.get("/consultations/1").get_data(as_text=True)
    early = custodian.post(f"{PAGE}/propose-disposal", {"reason": "没有用了"})
    assert early.status_code == 409
    assert "第九条" in early.get_data(as_text=True)
    found = (
        "/archive",
        "/archive?q=电热毯",
        "/archive?q=〔2026〕1号",
        "/archive?state=kept",
        "/archive?state=x&page=-3",
    )
    listed = {**dict.fromkeys(found, True), "/archive?q=学步车": False, "/archive?state=expired": False}
    for address, is_listed in listed.items():
        assert (PAGE in custodian.get(address).get_data(as_text=True)) is is_listed, address
    assert PAGE not in surf("anhui-staff").get("/archive").get_data(as_text=True)
    assert surf("anhui-staff").get(PAGE).status_code == 404
    assert surf("administrator").get("/archive").status_code == 404


def test_a_hold_stops_disposal_and_two_people_destroy(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock, settings: Settings
) -> None:
    with sqlite_database.write() as db:
        issued(db, world)
    surf("shanghai-liaison-1").post(f"{PAGE}/archive-consultation")
    clock.now = EXPIRED
    first, second = surf("shanghai-liaison-1"), surf("shanghai-liaison-2")
    assert first.post(f"{PAGE}/hold-archive", {"reason": ""}).status_code == 422
    assert first.post(f"{PAGE}/hold-archive", {"reason": "诉讼未结"}).location == PAGE
    assert PAGE in first.get("/archive?state=held").get_data(as_text=True)
    assert first.post(f"{PAGE}/propose-disposal", {"reason": "期满"}).status_code == 409
    assert first.post(f"{PAGE}/lift-hold", {"reason": "诉讼已结"}).status_code == 303
    assert first.post(f"{PAGE}/propose-disposal", {"reason": "期满"}).status_code == 303
    assert first.post(f"{PAGE}/dispose-archive").status_code == 409
    sha256 = _stored_material(sqlite_database, settings)
    assert first.get(f"{PAGE}/certificate").status_code == 404
    assert second.post(f"{PAGE}/dispose-archive").location == f"{PAGE}/certificate"
    assert remove_queued(sqlite_database, Storage(settings.files_folder), EXPIRED) == 1
    assert not sha256.exists()
    assert f"{PAGE}/certificate" in first.get(PAGE).get_data(as_text=True)
    certificate = first.get(f"{PAGE}/certificate").get_data(as_text=True)
    for words in ("销毁证书", "会诊表 第1轮", "sh联1", "sh联2", "期满", sha256.name):
        assert words in certificate
    answer = first.get(f"{PAGE}/certificate.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    printed = pdf_words(answer.data)
    table = certificate[certificate.index("<thead") : certificate.index("</table>")]
    foot = html_words("".join(re.findall(r'<p class="digest">.*?</p>', certificate)))
    assert html_words(table) in printed
    assert foot in printed
    code = re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", foot)[0]
    asked = surf().get(f"/verify/{code}")
    assert "所列材料已依规销毁" in asked.get_data(as_text=True)
    assert surf("jiangsu-liaison-1").get(f"{PAGE}/certificate.pdf").status_code == 404
    assert surf("jiangsu-liaison-1").get(f"{PAGE}/certificate").status_code == 404  # nothing of theirs is destroyed


def test_after_the_review_it_is_kept_longer(surf: Surf, world: World, sqlite_database: Database, clock: Clock) -> None:
    with sqlite_database.write() as db:
        archived(db, world)
    clock.now = EXPIRED
    person = surf("shanghai-liaison-1")
    address = f"{PAGE}/extend-retention"
    assert "继续保存至" in person.get(address).get_data(as_text=True)
    wrong = person.post(address, {"keep_until": "2031-01-01", "reason": "有研究价值"})
    assert wrong.status_code == 422
    assert "应晚于2032年1月5日" in wrong.get_data(as_text=True)
    assert "有研究价值" in wrong.get_data(as_text=True)
    assert person.post(address, {"keep_until": "2040-12-31", "reason": "有研究价值"}).location == PAGE
    assert "2040年12月31日" in person.get(PAGE).get_data(as_text=True)


def test_a_package_is_made_taken_and_checked(
    surf: Surf, world: World, sqlite_database: Database, settings: Settings
) -> None:
    storage = stored(settings.files_folder)
    with sqlite_database.write() as db:
        archived(db, world)
    custodian = surf("shanghai-liaison-1")
    assert "正在生成归档包" in custodian.get(PAGE).get_data(as_text=True)
    assert package_due(sqlite_database, storage, MAKING, AFTER) == 2
    page = custodian.get(PAGE).get_data(as_text=True)
    sheets, minutes = package_rows(sqlite_database)
    assert "正在生成归档包" not in page
    assert sheets.sha256 in page
    assert minutes.sha256 not in page
    taken = custodian.get(f"{PAGE}/packages/{sheets.id}/download")
    assert hashlib.sha256(taken.data).hexdigest() == sheets.sha256
    assert (taken.mimetype, taken.content_length) == ("application/zip", sheets.size)
    assert "consultation-2026-1-sheets-1.zip" in taken.headers["Content-Disposition"]
    taken.close()
    assert custodian.get(f"{PAGE}/packages/{minutes.id}/download").status_code == 404
    assert surf("anhui-staff").get(f"{PAGE}/packages/{sheets.id}/download").status_code == 404
    check_due(sqlite_database, storage, AFTER)
    assert "1 个归档包最近一次检查全部完好" in custodian.get("/archive/checks").get_data(as_text=True)
    flip(path_of(storage, sheets.sha256), 500)
    path_of(storage, minutes.sha256).unlink()
    check_due(sqlite_database, storage, AFTER + timedelta(days=1))
    damaged = custodian.get("/archive/checks").get_data(as_text=True)
    assert "SHA-256 与编成时不符" in damaged
    assert minutes.sha256 not in damaged
    assert minutes.sha256 in surf("auditor").get("/archive/checks").get_data(as_text=True)
    counts = surf("administrator").get("/archive/checks").get_data(as_text=True)
    assert "有 2 个归档包损坏" in counts
    assert sheets.sha256 not in counts
    lost = surf("jiangsu-liaison-1").get(f"{PAGE}/packages/{minutes.id}/download")
    assert lost.status_code != 200


def test_a_drill_is_begun_done_and_printed(
    surf: Surf, world: World, sqlite_database: Database, settings: Settings
) -> None:
    packaged(sqlite_database, stored(settings.files_folder), world)
    person = surf("shanghai-liaison-1")
    assert "还没有做过保管演练" in person.get("/archive/drills").get_data(as_text=True)
    begun = person.post("/archive/drills/begin")
    assert (begun.status_code, begun.location) == (303, "/archive/drills/1")
    assert "演练正在进行" in person.get(begun.location).get_data(as_text=True)
    again = person.post("/archive/drills/begin")
    assert (again.status_code, "正在进行" in again.get_data(as_text=True)) == (409, True)
    drill_asked(sqlite_database, Storage(settings.files_folder), AFTER)
    assert "应当保存的 1 件全部调出" in person.get(begun.location).get_data(as_text=True)
    assert "全部调出，校验一致" in surf("auditor").get("/archive/drills").get_data(as_text=True)
    assert surf("anhui-staff").get(begun.location).status_code == 404
    assert surf("anhui-staff").post("/archive/drills/begin").status_code == 409


def _stored_material(database: Database, settings: Settings) -> Path:
    with database.read() as db:
        key = db.scalars(select(Material.sha256)).one()
    path = settings.instance / "files" / key[:2] / key
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.7 report")
    return path


def test_what_cannot_be_packaged_is_on_the_page_of_the_checks(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock, tmp_path: Path
) -> None:
    with sqlite_database.write() as db:
        archived(db, world)
    clock.now = AFTER
    package_due(sqlite_database, Storage(tmp_path / "empty"), MAKING, AFTER)
    own, administrator = (surf(name).get("/archive/checks").get_data(as_text=True) for name in (
        "shanghai-liaison-1", "administrator",
    ))  # fmt: skip
    assert "未能编成归档包" in own
    assert "文件不存在" in own
    assert "未能编成归档包" in administrator
    assert "文件不存在" not in administrator  # a problem may name what the record holds
