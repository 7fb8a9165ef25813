"""召回公示: list, search, page, photographs, feeds; what is cached, and that nothing else can be read."""

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from PIL import Image

from benchmarks.measuring import counted
from portal.config import Settings
from portal.models.database import Database
from portal.models.recall_case import RecallProduct
from portal.models.recall_publication import RecallPublication
from portal.rules.recall.annex_values import to_stored
from portal.rules.recall.annexes import load_annexes
from portal.services.recall.publications import FEED_SIZE, PAGE_SIZE, PublicationFilter, published
from portal.storage.local import Storage
from tests.factories.material import drawn
from tests.factories.publications import (
    EDITION,
    plan_values,
    public_warning,
    publish_many,
    published_recall,
    recall_case,
    release_values,
)
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
LATER = NOON + timedelta(days=3)
PNG = drawn()
EVIL = "\"'><script>alert(1)</script>{{7*7}}&amp;"
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")


def read(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.get_data(as_text=True))


def make(database: Database, **said: Any) -> int:
    with database.write() as db:
        return published_recall(db, **said).id


def found_ids(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'href="/recalls/(\d+)"', page)]


def keep_picture(settings: Settings, content: bytes = PNG) -> dict[str, str]:
    kept = Storage(settings.files_folder).put(io.BytesIO(content), limit_bytes=len(content))
    return {"sha256": kept.sha256, "content_type": "image/png", "title": "正面"}


def test_nothing_is_published_yet(surf: Surf) -> None:
    page = read(surf().get("/recalls"))
    assert "还没有公示" in page
    assert read(surf().get("/recalls/1"), 404).count("没有这条公示") == 2
    assert json.loads(read(surf().get("/recalls/feed.json")))["items"] == []
    assert "<item>" not in read(surf().get("/recalls/feed.xml"))


def test_the_list_is_newest_first_twenty_a_page(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        publish_many(db, PAGE_SIZE + 3)
    first, second = (found_ids(read(surf().get(f"/recalls?page={page}"))) for page in (1, 2))
    assert len(first) == PAGE_SIZE
    assert first + second == sorted(first + second, reverse=True)
    assert len(first + second) == PAGE_SIZE + 3


@pytest.mark.parametrize("page", ["0", "-1", "99", "9" * 40, "abc", "", "1.5"])
def test_a_page_that_is_not_there_is_the_nearest(surf: Surf, sqlite_database: Database, page: str) -> None:
    with sqlite_database.write() as db:
        publish_many(db, PAGE_SIZE + 1)
    expected = 1 if page.startswith("9") else PAGE_SIZE
    assert len(found_ids(read(surf().get(f"/recalls?page={page}")))) == expected


@pytest.mark.parametrize(
    "typed", ["电热毯", "煦眠", "xm-150", "ＸＭ－150", "20250901", "南京煦眠电器", "电热毯 煦眠 XM-150", "家用电器"]
)
def test_one_box_finds_by_all_that_the_label_says(surf: Surf, sqlite_database: Database, typed: str) -> None:
    wanted = make(sqlite_database)
    make(sqlite_database, product_name="学步车", product_class="儿童用品", brand="跃宝", model="W-3", batches="A1",
         producer="杭州跃宝", title="杭州跃宝召回学步车")  # fmt: skip
    assert found_ids(read(surf().get("/recalls", query_string={"q": typed}))) == [wanted]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "电_毯", "100%", "'", "电热毯 没有这个词", "\ud800"])
def test_signs_of_the_database_are_mere_signs(surf: Surf, sqlite_database: Database, typed: str) -> None:
    make(sqlite_database)
    query = {"q": typed.encode("utf-8", "surrogatepass")}
    page = read(surf().get("/recalls", query_string=query))
    assert found_ids(page) == []
    assert "没有找到符合条件的公示" in page
    assert "没有查到不等于产品没有缺陷" in page


def test_percent_is_found_where_it_stands(surf: Surf, sqlite_database: Database) -> None:
    wanted = make(sqlite_database, model="100%_棉")
    make(sqlite_database, model="1000棉")
    assert found_ids(read(surf().get("/recalls", query_string={"q": "100%_"}))) == [wanted]


def test_a_search_that_is_too_long_says_what_counted(surf: Surf, sqlite_database: Database) -> None:
    make(sqlite_database)
    page = read(surf().get("/recalls", query_string={"q": "电热毯" + "　" * 98 + "别的词"}))
    assert "只按前 100 个字、前 8 个词检索" in page
    assert len(found_ids(page)) == 1
    assert "只按前" not in read(surf().get("/recalls?q=电热毯"))


def test_narrowed_by_each_choice_and_taken_back(surf: Surf, sqlite_database: Database) -> None:
    wanted = make(sqlite_database, province="zhejiang", year=2025, product_class="儿童用品")
    make(sqlite_database)
    with sqlite_database.write() as db:
        warning = public_warning(db).id
    for query in ("province=zhejiang", "year=2025", "class=儿童用品"):
        page = read(surf().get(f"/recalls?{query}"))
        assert found_ids(page) == [wanted]
        assert 'class="tag" href="/recalls"' in page
    assert found_ids(read(surf().get("/recalls?kind=warning"))) == [warning]
    assert found_ids(read(surf().get("/recalls?kind=warning&province=zhejiang"))) == []
    both = read(surf().get("/recalls?province=zhejiang&year=2025"))
    assert 'href="/recalls?year=2025"' in both


@pytest.mark.parametrize("query", ["province=bayern", "kind=case", "year=abc", "year=1", "year=99999999999999999999"])
def test_what_is_no_choice_narrows_nothing(surf: Surf, sqlite_database: Database, query: str) -> None:
    one = make(sqlite_database)
    assert found_ids(read(surf().get(f"/recalls?{query}"))) == [one]


def test_a_recall_is_read_with_both_public_annexes(surf: Surf, sqlite_database: Database) -> None:
    page = read(surf().get(f"/recalls/{make(sqlite_database)}"))
    for said in (
        *("江苏省〔2026〕1号", "南京市市场监督管理局", "2026年3月2日", "召回新闻稿", "召回计划", "怎样参加召回"),
        *(
            "将自2026年3月2日起",
            "2025年9月1日至2025年12月31日",
            "400-555-0123",
            "025-5550 0000",
            "立即停止使用，拔下插头。",
        ),
        *("批次代码 A、B、C", "张敏　025-5550 1234"),
    ):
        assert said in page, said
    assert "产品照片" not in page
    assert 'property="og:title"' in page


def test_a_warning_and_a_sanction_are_read_in_their_own_words(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        ids = [public_warning(db).id, public_warning(db, kind="sanction", title="惩戒").id]
    for number, label in zip(ids, ("消费警示", "惩戒信息"), strict=True):
        page = read(surf().get(f"/recalls/{number}"))
        assert label in page
        assert "提醒消费者立即停止使用" in page
        assert "召回计划" not in page
        assert "召回新闻稿" not in page


def test_what_was_replaced_leaves_the_list_and_leads_to_the_newer(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        case = recall_case(db)
        old = published_recall(db, case).id
        other = public_warning(db).id
    browser = surf()
    assert "代替" not in read(browser.get(f"/recalls/{old}"))
    with sqlite_database.write() as db:
        db.get_one(RecallPublication, old).replaced_at = LATER
        new = published_recall(db, db.merge(case), published_at=LATER).id
    assert found_ids(read(browser.get("/recalls"))) == [new, other]
    page = read(browser.get(f"/recalls/{old}"))
    assert "已于 2026年3月5日 被新的公示代替" in page
    assert f'<a href="/recalls/{new}">查看现行的公示</a>' in page
    assert "代替" not in read(browser.get(f"/recalls/{new}"))


def test_only_the_photographs_of_the_publication_are_served(
    surf: Surf, settings: Settings, sqlite_database: Database
) -> None:
    shown, hidden = keep_picture(settings), keep_picture(settings, drawn(colour="navy"))
    script = {**keep_picture(settings, b"<svg onload=alert(1)>"), "content_type": "image/svg+xml"}
    one = make(sqlite_database, pictures=[shown, script, {**shown, "sha256": "0" * 64}])
    other = make(sqlite_database, pictures=[hidden])
    browser = surf()
    page = read(browser.get(f"/recalls/{one}"))
    assert f'src="/recalls/{one}/pictures/{shown["sha256"]}"' in page
    assert script["sha256"] not in page
    answer = browser.get(f"/recalls/{one}/pictures/{shown['sha256']}")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.data)).getpixel((0, 0)) == Image.open(io.BytesIO(PNG)).getpixel((0, 0))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    again = browser.get(f"/recalls/{one}/pictures/{shown['sha256']}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for number, sha256 in (
        *((one, hidden["sha256"]), (one, script["sha256"]), (other, shown["sha256"]), (999, shown["sha256"])),
        *((one, "0" * 64), (one, "..%2f..%2fetc"), (one, shown["sha256"].upper())),
    ):
        assert browser.get(f"/recalls/{number}/pictures/{sha256}").status_code == 404


def test_nothing_that_was_typed_becomes_markup(surf: Surf, settings: Settings, sqlite_database: Database) -> None:
    annexes = load_annexes(EDITION)
    plan = {name: EVIL if isinstance(value, str) else value for name, value in plan_values().items()}
    typed = ("producer_name", "authority", "brand", "model", "product_name", "defect", "consequence", "remedy",
             "website", "hotline", "authority_phone")  # fmt: skip
    texts = ("title", "product_name", "product_class", "brand", "model", "batches", "producer", "authority", "defect",
             "consequence")  # fmt: skip
    number = make(
        sqlite_database,
        **dict.fromkeys(texts, EVIL),
        recall_plan=to_stored(annexes["recall_plan"], plan),
        press_release=to_stored(annexes["press_release"], {**release_values(), **dict.fromkeys(typed, EVIL)}),
        pictures=[{**keep_picture(settings), "title": EVIL}],
    )
    with sqlite_database.write() as db:
        warning = public_warning(db, words=EVIL).id
    browser = surf()
    for path in (
        "/recalls",
        f"/recalls/{number}",
        f"/recalls/{warning}",
        f"/recalls?class={EVIL}",
        f"/recalls?q={EVIL}",
    ):
        page = read(browser.get(path))
        assert "alert(1)" in page
        assert "<script" not in page
        assert "{{7*7}}" in page
    items = ET.fromstring(read(browser.get("/recalls/feed.xml"))).findall("channel/item")
    assert f"【召回】{EVIL}" in [item.findtext("title") for item in items]
    assert EVIL in json.loads(read(browser.get("/recalls/feed.json")))["items"][-1]["tags"]


def test_the_feeds_hold_the_newest_and_are_narrowed_alike(
    surf: Surf, settings: Settings, sqlite_database: Database
) -> None:
    with sqlite_database.write() as db:
        publish_many(db, FEED_SIZE + 5)
        public_warning(db, published_at=LATER, words="第一\x0b行\x00\ufffe")
    browser = surf()
    answer = browser.get("/recalls/feed.xml")
    root = ET.fromstring(answer.data)
    assert answer.mimetype == "application/rss+xml"
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    items = root.findall("channel/item")
    assert len(items) == FEED_SIZE
    assert items[0].findtext("title") == "【消费警示】关于部分儿童餐椅的消费警示"
    assert parsedate_to_datetime(items[0].findtext("pubDate") or "") == LATER
    dates = [parsedate_to_datetime(item.findtext("pubDate") or "") for item in items]
    assert dates == sorted(dates, reverse=True)
    addresses = [item.findtext("link") or "" for item in items]
    assert addresses == [item.findtext("guid") for item in items]
    assert all(address.startswith(f"{settings.base_url}/recalls/") for address in addresses)
    own = root.find("channel/{http://www.w3.org/2005/Atom}link")
    assert own is not None
    assert own.get("href") == f"{settings.base_url}/recalls/feed.xml"
    feed = json.loads(read(browser.get("/recalls/feed.json")))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in feed["items"]] == addresses
    narrowed = json.loads(read(browser.get("/recalls/feed.json?kind=warning")))
    assert len(narrowed["items"]) == 1
    assert "kind=warning" in narrowed["feed_url"]
    assert "消费警示" in narrowed["title"]
    assert 'title="召回公示" href="/recalls/feed.xml?kind=warning"' in read(browser.get("/recalls?kind=warning"))


PATHS = ("/recalls", "/recalls?q=电热毯", "/recalls/1", "/recalls/feed.xml", "/recalls/feed.json")


@pytest.mark.parametrize("path", PATHS)
def test_a_proxy_may_keep_the_pages(world: World, surf: Surf, app: Flask, sqlite_database: Database, path: str) -> None:
    make(sqlite_database)
    insider = surf("jiangsu-liaison-1")
    first, seen = app.test_client().get(path), insider.get(path)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.data == seen.data, "the page is the same for everybody"
    for answer in (first, seen):
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
    bad = app.test_client().get(path, headers={"Cookie": "portal-notice=forged; portal=x; portal-form=y"})
    assert "Set-Cookie" not in bad.headers
    head = app.test_client().head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]
    assert int(head.headers["Content-Length"]) == len(first.data)


@pytest.mark.parametrize("path", PATHS)
def test_who_has_the_page_is_told_that_it_is_the_same(surf: Surf, sqlite_database: Database, path: str) -> None:
    make(sqlite_database)
    browser = surf()
    known = {"If-None-Match": browser.get(path).headers["ETag"]}
    with counted(sqlite_database.engine) as sent:
        answer = browser.get(path, headers=known)
    assert (answer.status_code, answer.data) == (304, b"")
    assert len(sent) == 1, sent.texts
    make(sqlite_database, product_name="电热毯二号", title="另一条")
    changed = browser.get(path, headers=known)
    assert changed.status_code == (304 if path == "/recalls/1" else 200)


def test_nothing_but_what_is_published_is_read(
    world: World, surf: Surf, settings: Settings, sqlite_database: Database
) -> None:
    """The statements of these pages name one table; what stands in a case that published nothing cannot show."""
    picture = keep_picture(settings)
    with sqlite_database.write() as db:
        case = recall_case(db)
        one = published_recall(db, case, pictures=[picture]).id
        recall_case(db).product = RecallProduct(product_name="未公示的样机", producer="未公示的厂家")
    browser = surf("jiangsu-liaison-1")
    paths = (
        *("/recalls", "/recalls?q=样机", "/recalls?province=jiangsu&page=2", f"/recalls/{one}", "/recalls/999"),
        *("/recalls/feed.xml", "/recalls/feed.json?q=x", f"/recalls/{one}/pictures/{picture['sha256']}"),
    )
    for path in paths:
        with counted(sqlite_database.engine) as sent:
            page = browser.get(path).data
        assert 1 <= len(sent) <= 4, sent.texts
        for text in sent.texts:
            assert text.startswith("SELECT")
            assert set(_TABLE.findall(text)) <= {"recall_publication"}, text
        assert "未公示".encode() not in page
        with counted(sqlite_database.engine) as again:
            browser.get(path)
        assert len(again) <= (2 if path == "/recalls/999" else 1), again.texts


def test_the_search_works_on_both_databases(database: Database) -> None:
    with database.write() as db:
        wanted = published_recall(db, model="100%_棉 ＸＭ").id
        published_recall(db, model="1000棉")
        publish_many(db, 30)
    with database.read() as db:
        for text, total in (("100%_", 1), ("xm", 1), ("电热毯", 5), ("", 32), ("电热毯 m-8", 1)):
            assert published(db, wanted=PublicationFilter(text=text)).total == total, text
        assert published(db, wanted=PublicationFilter(text="100%_")).rows[0].id == wanted
        last = published(db, wanted=PublicationFilter(page=99))
        assert (last.page, len(last.rows)) == (2, 12)


def test_everybody_is_led_there(world: World, surf: Surf) -> None:
    assert 'href="/recalls"' in read(surf().get("/login"))
    assert 'href="/recalls"' in read(surf("jiangsu-liaison-1").get("/consultations"))
