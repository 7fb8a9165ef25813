"""The working calendar's pages, the certificate of a deadline and the public pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from portal.models.database import Database
from portal.rules.calendar_year import parse_calendar_year
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


def by_hand(*rows: tuple[str, str, str, str], **others: str) -> dict[str, str]:
    """What the form of a year sends."""
    notice = {"notice": "国务院办公厅关于2027年部分节假日安排的通知", "document_number": "国办发明电〔2026〕9号"}
    names = ("name", "first", "last", "make_up")
    typed = {f"holidays-{n}-{name}": text for n, row in enumerate(rows) for name, text in zip(names, row, strict=True)}
    return {"year": "2027", **notice, **typed, **others}


NEW_YEAR = ("元旦", "2027-01-01", "2027-01-03", "")
SPRING = ("春节", "2027-02-05", "2027-02-11", "2027-01-30，2027-02-20")


def test_a_year_is_typed_by_hand_looked_at_and_loaded(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    year_end = datetime(2026, 12, 30, 4, 0, tzinfo=UTC)
    clock.now = year_end + timedelta(minutes=1)
    with sqlite_database.write() as db:
        consultation = submitted(db, world, now=year_end)
    surfer, path = surf("administrator"), "/calendar/by-hand"
    empty = page(surfer.get(path))
    assert ('value="2027"' in empty, empty.count("放假第一天"), 'value="国庆节"' in empty) == (True, 7, True)
    more = page(surfer.post(path, by_hand(NEW_YEAR, do="add")))
    assert (more.count("放假第一天"), 'value="2027-01-03"' in more) == (2, True)
    fewer = page(surfer.post(path, by_hand(SPRING, NEW_YEAR, do="remove-0")))
    assert ("2027-02-20" in fewer, 'value="2027-01-03"' in fewer) == (False, True)
    (lead,) = (name for name, number in world.institutions.items() if number == consultation.lead_institution_id)
    waits = page(surf(f"{lead}-staff").get("/calendar"))
    assert "1 项期限因年度未载入而暂定" in waits
    assert f'href="/consultations/{consultation.id}"' in waits
    assert "/consultations/" not in page(surfer.get("/calendar"))

    shown = surfer.post(path, by_hand(NEW_YEAR, SPRING, ("国庆节", "", "", ""), do="preview"))
    seen = page(shown)
    assert shown.status_code == 200
    for words in (
        "将重新计算的未办结期限",
        "推迟 1 项",
        "1月1日、2月5日、2月8日至2月11日",
        "1月30日、2月20日",
        "载入 2027 年",
    ):
        assert words in seen, words
    assert "电热毯" not in seen
    with sqlite_database.read() as db:
        assert not working_calendar(db).covers(2027)

    done = surfer.post(path, by_hand(NEW_YEAR, SPRING, do="save"))
    assert (done.status_code, done.location) == (303, "/calendar/2027")
    with sqlite_database.read() as db:
        assert working_calendar(db).years[2027] == parse_calendar_year(YEAR_2027)
    clock.advance(hours=1)
    longer = ("元旦", "2027-01-01", "2027-01-04", "")
    again = page(surf("administrator").get(f"{path}?year=2027"))
    assert 'value="2027-01-30 2027-02-20"' in again
    surf("administrator").post(path, by_hand(longer, SPRING, do="save"))
    history = page(surf("anhui-staff").get("/calendar/2027"))
    assert "与周一至周五相比，改为放假：1月1日、2月5日、2月8日至2月11日；改为上班：1月30日、2月20日。" in history
    assert "更新：" in history
    assert "改为放假：1月4日；改为上班：无。" in history


@pytest.mark.parametrize(
    ("row", "beside", "says"),
    [
        (("春节", "2027-02-05", "2027-02-01", ""), "holidays-0-last", "早于放假第一天"),
        (("", "2027-02-05", "2027-02-06", ""), "holidays-0-name", "请填写节日名称"),
        (("春节", "2026-02-05", "2027-02-06", ""), "holidays-0-first", "不在 2027 年"),
        (("春节", "2027-02-05", "2027-02-06", "2027-01-29"), "holidays-0-make_up", "不是周末"),
        (("春节", "2027-02-05", "2027-02-06", "除夕"), "holidays-0-make_up", "多个用空格隔开"),
        (("春节", "", "", ""), "", "至少填写一个节日"),
    ],
)
@pytest.mark.parametrize("do", ["preview", "save"])
def test_what_is_wrong_in_a_year_by_hand_stands_beside_its_field(
    surf: Surf, world: World, row: tuple[str, str, str, str], beside: str, says: str, do: str
) -> None:
    answer = surf("administrator").post("/calendar/by-hand", by_hand(row, do=do))
    seen = page(answer)
    assert (answer.status_code, says in seen) == (422, True)
    assert not beside or f'id="{beside}-error"' in seen
    assert f'value="{row[3]}"' in seen or not row[3]


def test_a_file_is_looked_at_before_it_is_loaded(surf: Surf, world: World, sqlite_database: Database) -> None:
    seen = page(surf("administrator").post("/calendar/load", {"content": YEAR_2027, "do": "preview"}))
    assert "载入后的工作日" in seen
    with sqlite_database.read() as db:
        assert not working_calendar(db).covers(2027)
