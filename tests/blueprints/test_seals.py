"""The lead's seal on the minutes: put on the PDF, said on the pages, and no hindrance where it cannot be used."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask, url_for
from pyhanko.pdf_utils.reader import PdfFileReader

from portal.app import create_app
from portal.config import Settings
from portal.documents.verification_code import code_of
from portal.models.database import Database
from portal.services.official_making import VERIFICATION_PATH
from tests.factories.meeting_minutes import issued, minutes_of
from tests.factories.seals import write_seal
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PAGE = "/consultations/1/meeting-minutes"


@pytest.fixture
def seals(tmp_path: Path) -> Path:
    """The folder; Jiangsu leads."""
    folder = tmp_path / "seals"
    write_seal(folder, "jiangsu")
    return folder


@pytest.fixture
def settings(tmp_path: Path, seals: Path) -> Settings:
    return Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance"), "PORTAL_SEALS": str(seals)})


@pytest.fixture
def code(world: World, sqlite_database: Database) -> str:
    """The code of issued minutes."""
    with sqlite_database.write() as db:
        return code_of(minutes_of(db, issued(db, world)).digest or "")


def seals_on(content: bytes) -> int:
    return len(PdfFileReader(BytesIO(content)).embedded_signatures)


def test_the_minutes_bear_the_leads_seal_and_the_pages_say_whose(code: str, surf: Surf) -> None:
    lead, stranger = surf("jiangsu-liaison-1"), surf()
    assert "电子印章" not in lead.get(PAGE).get_data(as_text=True)
    content = lead.get(f"{PAGE}/0.pdf").data
    assert seals_on(content) == 1
    assert lead.get(f"{PAGE}/0.pdf").data == content
    for page in (lead.get(PAGE), stranger.get(f"/verify/{code}")):
        text = page.get_data(as_text=True)
        assert "证书主体 CN=江苏省消费品召回技术中心,C=CN；颁发者 CN=测试 CA,C=CN；有效期至 2028-08-17" in text
        assert "自签发" not in text


def test_a_self_issued_certificate_is_called_so(code: str, surf: Surf, seals: Path) -> None:
    write_seal(seals, "jiangsu", issuer="江苏省消费品召回技术中心")
    lead = surf("jiangsu-liaison-1")
    assert seals_on(lead.get(f"{PAGE}/0.pdf").data) == 1
    assert "自签发证书，未经第三方机构认证" in lead.get(PAGE).get_data(as_text=True)


def test_minutes_come_without_a_seal_that_cannot_be_used_and_say_so(code: str, surf: Surf, seals: Path) -> None:
    (seals / "jiangsu.pass").write_text("wrong")
    lead = surf("jiangsu-liaison-1")
    assert seals_on(lead.get(f"{PAGE}/0.pdf").data) == 0
    assert "未加盖电子印章：jiangsu.p12 已损坏，或密码不对" in lead.get(PAGE).get_data(as_text=True)


def test_the_administrator_sees_every_seal(world: World, surf: Surf, seals: Path) -> None:
    write_seal(seals, "anhui", days=0)
    page = surf("administrator").get("/system/institutions").get_data(as_text=True)
    assert "证书主体 CN=江苏省消费品召回技术中心,C=CN" in page
    assert "不能使用：" in page
    assert "证书有效期为" in page
    assert page.count("没有证书，会议纪要的 PDF 不加盖电子印章") == 2


def test_the_address_at_the_foot_is_that_of_the_page(app: Flask) -> None:
    with app.test_request_context():
        assert url_for("pages.verify") == VERIFICATION_PATH


def test_an_unusable_seal_is_said_at_start(
    settings: Settings, seals: Path, sqlite_database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (seals / "jiangsu.pass").unlink()
    assert isinstance(create_app(settings, sqlite_database, clock=clock), Flask)
    assert "the seal of jiangsu cannot be used: 缺少密码文件 jiangsu.pass" in caplog.text
