"""The pages for somebody who cannot log in."""

import html5lib
import pytest

from portal.config import demo_mark
from portal.models.account import Person
from tests.support.surfer import PASSWORD, without_token

NEW_PASSWORD = "六月的风 2026"


@pytest.fixture
def mailed_link(surf, world, read_mail):
    """The path of a link that was mailed to anhui-staff."""
    surf().post("/password/forgotten", {"account": "anhui-staff"})
    (link,) = read_mail()
    return link


def token_of(link):
    return link.partition("token=")[2]


def choice(token, password=NEW_PASSWORD, again=None):
    return {"token": token, "new_password": password, "again": password if again is None else again}


def test_from_the_log_in_page_to_a_new_password(surf, world, read_mail):
    signed_in = surf("anhui-staff")
    surfer = surf()
    assert 'href="/password/forgotten"' in surfer.get("/login").text
    surfer.get("/password/forgotten")
    answer = surfer.post("/password/forgotten", {"account": "anhui-staff@example.org"})
    assert answer.location == "/password/forgotten/noted"
    assert "30 分钟内有效" in surfer.get(answer.location).text
    (link,) = read_mail()
    for _ in range(2):
        page = surfer.get(link)
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert 'value="anhui-staff"' in page.text
    answer = surfer.post("/password/new", choice(token_of(link)))
    assert answer.location == "/login"
    assert "密码已设置，请用新密码登录。" in surfer.get("/login").text
    assert signed_in.get("/account/sessions").status_code == 303  # logged out
    assert surf().log_in("anhui-staff").status_code == 422
    assert surf().log_in("anhui-staff", NEW_PASSWORD).status_code == 303


def test_known_unknown_and_disabled_answer_alike(surf, world, sqlite_database):
    with sqlite_database.write() as db:
        db.get_one(Person, world.staff["jiangsu"].person_id).is_active = False
    answers = []
    for account in ("anhui-staff", "jiangsu-staff", "nobody", "nobody@example.org"):
        answer = surf().post("/password/forgotten", {"account": account})
        answers.append((answer.status_code, answer.location, without_token(answer.text)))
    assert len(set(answers)) == 1


def test_links_that_are_expired_used_replaced_or_unknown_answer_alike(surf, world, mailed_link, read_mail, clock):
    surf().post("/password/forgotten", {"account": "anhui-staff"})
    (second,) = read_mail()
    surf().post("/password/new", choice(token_of(second)))
    surf().post("/password/forgotten", {"account": "jiangsu-staff"})
    (third,) = read_mail()
    clock.advance(minutes=30)
    pages = []
    for link in (mailed_link, second, third, "/password/new?token=nothing"):
        surfer = surf()
        answers = (surfer.get(link), surfer.post("/password/new", choice(token_of(link))))
        pages += [(answer.status_code, without_token(answer.text)) for answer in answers]
    assert {status for status, _ in pages} == {404}
    assert len(set(pages)) == 1
    assert "链接无效或已过期" in pages[0][1]
    assert 'href="/password/forgotten"' in pages[0][1]


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "密码至少 8 个字符"),
        (NEW_PASSWORD, "another", "两次填写的新密码不一致"),
        ("", "", "请填写新密码。"),
    ],
)
def test_a_refused_password_leaves_the_link_open(surf, mailed_link, password, again, said):
    surfer = surf()
    answer = surfer.post("/password/new", choice(token_of(mailed_link), password, again))
    assert answer.status_code == 422
    assert said in answer.text
    assert "field-error" in answer.text
    assert f'value="{token_of(mailed_link)}"' in answer.text
    assert surfer.post("/password/new", choice(token_of(mailed_link))).status_code == 303


def test_without_a_link_one_is_led_to_where_to_get_one(surf, world):
    assert surf().get("/password/new").location == "/password/forgotten"
    assert surf().post("/password/new", {"new_password": NEW_PASSWORD}).status_code == 400


def test_an_empty_or_unusable_account_is_told(surf, world):
    for account in ("", "  ", "a\x01b", "x" * 255):
        answer = surf().post("/password/forgotten", {"account": account})
        assert answer.status_code == 422
        assert "field-error" in answer.text


def test_what_another_site_sends_is_refused(surf, mailed_link):
    sent = {**choice(token_of(mailed_link)), "csrf_token": "0" * 80}
    assert surf().post("/password/new", sent).status_code == 400
    assert surf().log_in("anhui-staff", PASSWORD).status_code == 303


def test_the_administrator_sees_neither_link_nor_token_also_in_the_demo(app, surf, settings, mailed_link, caplog):
    from dataclasses import replace

    demo_mark(settings.instance).touch()
    wiring = app.extensions["portal"]
    app.extensions["portal"] = replace(wiring, settings=replace(wiring.settings, is_demo=True))
    caplog.set_level("DEBUG")
    surf().get(mailed_link)
    surf().post("/password/new", choice(token_of(mailed_link)))
    administrator = surf("administrator")
    pages = [administrator.get("/system/outbox").text, administrator.get("/system/outbox/1").text]
    assert "【重置密码】" in pages[0]
    assert "正文不在此显示" in pages[1]
    auditor = surf("auditor").get("/audit")
    assert "凭链接设置密码" in auditor.text
    for shown in (*pages, auditor.text, caplog.text):
        assert token_of(mailed_link) not in shown
        assert "/password/new?" not in shown
    assert "GET /password/new 200" in caplog.text


@pytest.mark.parametrize("url", ["/password/forgotten", "/password/forgotten/noted", "/password/new?token=x"])
def test_pages_are_valid_html(surf, world, url):
    html5lib.HTMLParser(strict=True).parse(surf().get(url).text)


def test_the_page_of_a_link_is_valid_html(surf, mailed_link):
    html5lib.HTMLParser(strict=True).parse(surf().get(mailed_link).text)
