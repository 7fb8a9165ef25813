"""Logging in and out: the way a person sees it."""

import pytest

from portal.models.account import Person
from portal.services import account_passwords
from portal.services.account_sessions import FAILURES_BEFORE_LOCK, LOCK_LASTS, REFUSED_LOG_IN
from portal.web.log_in import safe_next
from tests.support.surfer import PASSWORD, without_token

OFF_SITE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "\t//evil.example",
    "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "http:/evil", "///evil.example",
    "/\\/evil.example", "evil.example", "", "/%09\t/evil", "//[evil", "\x00//evil.example",
]  # fmt: skip


def test_signed_out_visitors_are_sent_to_log_in_and_back(surf, world):
    surfer = surf()
    answer = surfer.get("/account/sessions?x=1")
    assert (answer.status_code, answer.location) == (303, "/login?next=/account/sessions?x%3D1")
    page = surfer.get(answer.location)
    assert 'name="next" value="/account/sessions?x=1"' in page.text
    answer = surfer.log_in("shanghai-staff", next="/account/sessions?x=1")
    assert answer.location == "/account/sessions?x=1"
    assert "我的登录" in surfer.get(answer.location).text


def test_to_htmx_the_log_in_page_is_a_redirect_header_and_never_a_fragment(surf, world):
    answer = surf().get("/account/sessions", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/login?next=/account/sessions"
    assert answer.data == b""


@pytest.mark.parametrize("target", OFF_SITE)
def test_next_stays_on_the_site(surf, world, target):
    assert safe_next(target) is None
    answer = surf().log_in("shanghai-staff", next=target)
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert "evil" not in answer.location


@pytest.mark.parametrize("target", ["/", "/consultations/12?page=2#top", "/a//b", "/搜索"])
def test_next_takes_paths_of_the_site(target):
    assert safe_next(target) == target


def test_unknown_wrong_disabled_and_locked_answer_alike(surf, world, sqlite_database, clock):
    with sqlite_database.write() as db:
        db.get_one(Person, world.staff["anhui"].person_id).is_active = False
        db.get_one(Person, world.staff["jiangsu"].person_id).locked_until = clock() + LOCK_LASTS
    cases = {"nobody": PASSWORD, "shanghai-staff": "wrong one", "anhui-staff": PASSWORD, "jiangsu-staff": PASSWORD}
    answers = {name: surf().log_in(name, password) for name, password in cases.items()}
    assert {answer.status_code for answer in answers.values()} == {422}
    assert all(REFUSED_LOG_IN in answer.text for answer in answers.values())
    assert len({without_token(answer.text).replace(name, "") for name, answer in answers.items()}) == 1


def test_every_kind_of_refusal_costs_one_hash(surf, world, monkeypatch):
    checked = []
    real = account_passwords._prove
    monkeypatch.setattr(account_passwords, "_prove", lambda *given: checked.append(given) or real(*given))
    for name in ("nobody", "shanghai-staff"):
        surf().log_in(name, "wrong password")
    assert len(checked) == 2
    # What an unknown name is checked against costs as much as a real hash.
    assert account_passwords._nobodys_hash().startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_five_failures_lock_also_for_the_right_password_until_the_time_is_over(surf, world, clock):
    for _ in range(FAILURES_BEFORE_LOCK):
        assert surf().log_in("shanghai-staff", "wrong password").status_code == 422
    assert surf().log_in("shanghai-staff").status_code == 422
    clock.now += LOCK_LASTS
    assert surf().log_in("shanghai-staff").status_code == 303


def test_what_was_typed_stays_but_the_password(surf, world):
    answer = surf().log_in("shanghai-staff", "wrong password <b>")
    assert 'value="shanghai-staff"' in answer.text
    assert "wrong password" not in answer.text


def test_empty_fields_are_named(surf, world):
    answer = surf().log_in("", "")
    assert answer.status_code == 422
    assert "请填写账号。" in answer.text
    assert "请填写密码。" in answer.text


def test_somebody_signed_in_is_led_on_from_the_log_in_page(surf, world):
    assert surf("security").get("/login").location == "/accounts"
    assert surf("security").get("/").location == "/accounts"


def test_the_security_administrator_finds_accounts_in_the_navigation_and_staff_do_not(surf, world):
    assert 'href="/accounts"' in surf("security").get("/account/password").text
    assert 'href="/accounts"' not in surf("shanghai-staff").get("/account/password").text


def test_a_form_sent_after_the_log_in_ran_out_goes_on_after_log_in(surf, world, clock):
    surfer = surf("security")
    surfer.get("/accounts/new")
    clock.advance(minutes=31)
    fields = {
        "username": "zhaoxin",
        "name": '赵"新',
        "email": "z@example.org",
        "roles": ["expert"],
        "institution_id": "",
    }
    answer = surfer.post("/accounts/new", fields)
    assert answer.status_code == 401
    assert "登录已过期" in answer.text
    assert 'name="kept.name" value="赵&#34;新"' in answer.text
    kept = {f"kept.{name}": value for name, value in fields.items()}
    answer = surfer.post("/login", {"username": "security", "password": PASSWORD, "resume": "/accounts/new", **kept})
    assert answer.status_code == 200
    assert 'action="/accounts/new"' in answer.text
    assert 'name="roles" value="expert"' in answer.text
    answer = surfer.post("/accounts/new", fields)
    assert "账号已开通" in surfer.get(answer.location).text


def test_a_page_left_open_is_usable_again_after_the_same_person_logs_in(surf, world, clock):
    surfer = surf("shanghai-staff")
    left_open = surfer.token
    clock.advance(minutes=31)
    refused = surfer.post("/account/sessions/end-others", headers={"HX-Request": "true"})
    assert (refused.status_code, "<form" in refused.text) == (401, False)
    surfer.log_in("shanghai-staff")
    assert surfer.post("/account/sessions/end-others", {"csrf_token": left_open}).status_code == 303


def test_what_another_site_sends_is_not_kept_for_after_log_in(surf, world, clock):
    surfer = surf("security")
    clock.advance(minutes=31)
    answer = surfer.post("/accounts/new", {"name": "evil", "csrf_token": "0" * 80})
    assert answer.status_code == 400
    assert "evil" not in answer.text
