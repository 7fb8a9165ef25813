"""The working calendar's pages, the certificate of a deadline and the public pages."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest

from portal.models.database import Database
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.obligations import open_obligations
from tests.factories.application import submitted
from tests.factories.calendar import YEAR_2027
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]


def page(answer) -> str:
    return answer.get_data(as_text=True)


def test_the_year_at_a_glance_for_staff_who_cannot_load(surf: Surf, world: World) -> None:
    surfer = surf("anhui-staff")
    seen = page(surfer.get("/calendar"))
    assert "国办发明电〔2025〕7号" in seen
    assert 'title="春节调休上班"' in seen
    assert "载入年度" not in seen
    assert surfer.get("/calendar/load").status_code == 404
    assert surfer.post("/calendar/load", {"content": YEAR_2027}).status_code == 404
    assert surfer.get("/calendar/1999").status_code == 404
    assert "尚未载入" in page(surfer.get("/calendar/2027"))
    assert surf("auditor").get("/calendar").status_code == 404


def test_a_year_is_loaded_out_of_a_file(surf: Surf, world: World, sqlite_database: Database) -> None:
    surfer = surf("administrator")
    surfer.get("/calendar/load")
    answer = surfer.post("/calendar/load", {"file": (BytesIO(YEAR_2027.encode()), "2027.toml"), "content": ""})
    assert (answer.status_code, answer.location) == (303, "/calendar/2027")
    assert "郑管理" in page(surfer.get("/calendar/2027"))
    with sqlite_database.read() as db:
        assert working_calendar(db).covers(2027)
    again = surfer.post("/calendar/load", {"content": YEAR_2027})
    assert (again.status_code, "内容相同" in page(again)) == (409, True)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (YEAR_2027.replace("2027-01-30", "2027-01-29").encode(), "不是周末"),
        ("年".encode("gb18030"), "不是 UTF-8"),
        (b"#" * 70_000, "64 KB"),
        (b"", "缺少键"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_stays_to_be_corrected(
    surf: Surf, world: World, sqlite_database: Database, file: bytes, says: str
) -> None:
    surfer = surf("administrator")
    answer = surfer.post("/calendar/load", {"file": (BytesIO(file), "2027.toml"), "content": ""})
    assert (answer.status_code, says in page(answer)) == (422, True)
    if b"2027-01-29" in file:
        assert "2027-01-29, 2027-02-20" in page(answer)
    with sqlite_database.read() as db:
        assert not working_calendar(db).covers(2027)


def test_the_warning_comes_in_november(surf: Surf, world: World, clock: Clock) -> None:
    assert "2027 年的工作日历尚未载入" not in page(surf("administrator").get("/calendar"))
    clock.advance(days=250)
    # Each on the first page after log-in, and on the calendar's own.
    for username, path in (("administrator", "/rotation"), ("administrator", "/calendar"), ("anhui-staff", "/tasks")):
        assert "2027 年的工作日历尚未载入" in page(surf(username).get(path))


def test_a_certificate_is_for_those_who_see_the_consultation(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    with sqlite_database.write() as db:
        consultation = submitted(db, world, now=clock.now - timedelta(minutes=1))
        (owed,) = open_obligations(db, consultation.id)
    path = f"/consultations/{consultation.id}/deadlines/{owed.id}"
    seen = page(surf("jiangsu-staff").get(path))
    for words in ("提交会诊申请", "第六条", "2026年3月4日（周三）24:00", "第 2 日", "国办发明电〔2025〕7号"):
        assert words in seen
    assert f'href="{path}"' in page(surf("jiangsu-staff").get(f"/consultations/{consultation.id}"))
    for stranger in ("anhui-liaison-1", "shanghai-expert-1", "administrator"):
        assert surf(stranger).get(path).status_code == 404
    assert surf("jiangsu-staff").get(f"/consultations/{consultation.id}/deadlines/{owed.id + 1}").status_code == 404


@pytest.mark.parametrize("username", [None, "shanghai-expert-1"])
def test_everybody_reads_the_public_pages(surf: Surf, world: World, username: str | None) -> None:
    surfer = surf(username)
    standard = page(surfer.get("/standard"))
    assert "长三角缺陷消费品专家会诊建立轮值牵头机制" in standard
    assert "专家组不少于三人。" in standard
    explained = page(surfer.get("/deadlines"))
    assert "国庆节放假" in explained
    assert "在三个工作日内完成初步分析" in explained
    assert surfer.get("/accessibility").status_code == 200
    assert 'href="/deadlines"' in standard
