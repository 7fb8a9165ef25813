"""Sessions live on the server: what a cookie is worth, and for how long (security line 1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.app import create_app
from portal.config import PasswordProfile, Settings
from portal.models.account import LoginSession, Person
from portal.services.password_rules import RULES
from tests.factories.world import NOON
from tests.support.surfer import PASSWORD, Surfer

NEW_PASSWORD = "四月的风 2026"
PAGE = "/account/sessions"


def copy_of(app, surfer):
    """A second browser with a stolen cookie."""
    thief = Surfer(app)
    thief.client.set_cookie("portal", surfer.cookie(), domain="localhost")
    return thief


def is_signed_in(surfer):
    return surfer.get(PAGE).status_code == 200


def test_a_cookie_from_before_log_out_is_refused(app, surf, world):
    surfer = surf("shanghai-staff")
    thief = copy_of(app, surfer)
    assert is_signed_in(thief)
    assert surfer.post("/logout").location == "/login"
    assert surfer.cookie() is None
    assert not is_signed_in(thief)
    assert not is_signed_in(surfer)


def test_a_cookie_from_before_a_password_change_is_refused(app, surf, world):
    surfer, elsewhere = surf("shanghai-staff"), surf("shanghai-staff")
    thief = copy_of(app, surfer)
    change = {"password": PASSWORD, "new_password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert surfer.post("/account/password", change).status_code == 303
    assert is_signed_in(surfer)
    assert not is_signed_in(elsewhere)
    assert not is_signed_in(thief)
    assert surf().log_in("shanghai-staff").status_code == 422
    assert surf().log_in("shanghai-staff", NEW_PASSWORD).status_code == 303


def test_a_cookie_from_before_disabling_is_refused_also_when_enabled_again(surf, world):
    surfer, guard = surf("shanghai-staff"), surf("security")
    person_id = world.staff["shanghai"].person_id
    assert guard.post(f"/accounts/{person_id}/disable").status_code == 303
    assert not is_signed_in(surfer)
    assert guard.post(f"/accounts/{person_id}/enable").status_code == 303
    assert not is_signed_in(surfer)


def test_the_session_id_changes_at_log_in(app, surf, world):
    surfer = surf("shanghai-staff")
    before = surfer.cookie()
    thief = copy_of(app, surfer)
    assert surfer.log_in("shanghai-staff").status_code == 303  # already signed in: led on, the page has no form
    surfer.get("/account/password")
    answer = surfer.post("/login", {"username": "shanghai-staff", "password": PASSWORD})
    assert answer.status_code == 303
    assert surfer.cookie() != before
    assert not is_signed_in(thief)


@pytest.mark.parametrize(("minutes", "signed_in"), [(29, True), (30, False)])
def test_idle_limit(surf, world, clock, minutes, signed_in):
    surfer = surf("shanghai-staff")
    clock.advance(minutes=minutes)
    assert is_signed_in(surfer) is signed_in


def test_using_it_moves_the_idle_limit_on_until_the_absolute_one(surf, world, clock):
    surfer = surf("shanghai-staff")
    for _ in range(35):
        clock.advance(minutes=20)
        assert is_signed_in(surfer)
    clock.advance(minutes=20)
    assert not is_signed_in(surfer)


def test_last_seen_is_written_at_most_once_a_minute(surf, world, clock, sqlite_database):
    surfer = surf("shanghai-staff")
    seen = []
    for _ in range(4):
        clock.advance(seconds=25)
        surfer.get(PAGE)
        with sqlite_database.read() as db:
            seen.append(db.query(LoginSession).one().last_seen_at)
    assert len(set(seen)) == 2


def test_the_table_holds_no_token_and_the_cookie_no_secret(surf, world, sqlite_database):
    surfer = surf("shanghai-staff")
    with sqlite_database.read() as db:
        row = db.query(LoginSession).one()
    assert surfer.cookie() not in (row.token_digest, row.csrf_secret)


@pytest.mark.parametrize("cookie", ["", "x", "é", "a" * 5000, '"', "a|é", "\x01"])
@pytest.mark.parametrize("name", ["portal", "portal-notice", "portal-form", "session", "remember_token"])
def test_odd_cookies_are_nobody(app, world, name, cookie):
    answer = app.test_client().get(PAGE, headers={"Cookie": f"{name}={cookie}"})
    assert answer.status_code == 303


def test_over_https_the_cookies_are_host_only_and_secure(tmp_path, sqlite_database, world, clock):
    settings = Settings.from_environment(
        {"PORTAL_INSTANCE": str(tmp_path / "i"), "PORTAL_BASE_URL": "https://portal.example"}
    )
    surfer = Surfer(create_app(settings, sqlite_database, clock=clock), "https://portal.example")
    page = surfer.get("/login")
    answer = surfer.post("/login", {"username": "shanghai-staff", "password": PASSWORD})
    assert answer.status_code == 303
    for header in [*page.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]:
        assert header.startswith("__Host-portal")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in header.split(";")}
        assert "Domain" not in header
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert surfer.get(PAGE).status_code == 200


def test_ending_the_other_log_ins_leaves_this_one(surf, world):
    here, there = surf("shanghai-staff"), surf("shanghai-staff")
    assert "退出其他登录" in here.get(PAGE).text
    assert here.post(f"{PAGE}/end-others").status_code == 303
    assert "已退出其他 1 处登录。" in here.get(PAGE).text
    assert "已退出其他" not in here.get(PAGE).text  # said once
    assert not is_signed_in(there)


@pytest.fixture
def strict(app, clock):
    """The portal with profile mlps3, 90 days after everybody chose a password."""
    wiring = app.extensions["portal"]
    stricter = replace(wiring.settings, password_profile=PasswordProfile.MLPS3)
    app.extensions["portal"] = replace(wiring, settings=stricter)
    clock.now = NOON + RULES[PasswordProfile.MLPS3].lasts


STRICT_PASSWORD = "六月的风 Wind 26"


def test_an_old_password_has_to_be_changed_before_anything_else(strict, surf, world):
    surfer = surf()
    forced = surfer.log_in("shanghai-staff", next=PAGE).location
    assert forced == f"/account/password?next={PAGE}"
    assert surfer.get(PAGE).location == "/account/password"
    assert surfer.post(f"{PAGE}/end-others").location == "/account/password"
    page = surfer.get(forced)
    assert "您的密码已使用满 90 天" in page.text
    assert "四类中至少有 3 类" in page.text
    assert f'name="next" value="{PAGE}"' in page.text
    change = {"password": PASSWORD, "new_password": "三月的雨下在江南之地", "again": "三月的雨下在江南之地"}
    answer = surfer.post("/account/password", change)
    assert answer.status_code == 422
    assert "四类中的至少 3 类" in answer.text
    change |= {"new_password": STRICT_PASSWORD, "again": STRICT_PASSWORD, "next": PAGE}
    assert surfer.post("/account/password", change).location == PAGE
    assert is_signed_in(surfer)
    assert surf().log_in("shanghai-staff", STRICT_PASSWORD).location != "/account/password"


def test_a_form_waits_also_behind_a_password_that_is_too_old(strict, surf, world):
    surfer = surf()
    surfer.get("/login")
    waiting = {"resume": "/accounts/new", "kept.name": '赵"新'}
    page = surfer.post("/login", {"username": "security", "password": PASSWORD, **waiting})
    assert (page.status_code, 'name="kept.name" value="赵&#34;新"' in page.text) == (200, True)
    change = {"password": PASSWORD, "new_password": STRICT_PASSWORD, "again": STRICT_PASSWORD, **waiting}
    answer = surfer.post("/account/password", change)
    assert answer.status_code == 200
    assert 'action="/accounts/new"' in answer.text
    assert 'name="name" value="赵&#34;新"' in answer.text


def test_disabling_takes_effect_within_a_request(surf, world, sqlite_database):
    surfer = surf("shanghai-staff")
    with sqlite_database.write() as db:
        db.get_one(Person, world.staff["shanghai"].person_id).is_active = False
    assert not is_signed_in(surfer)


def test_absolute_limit_is_a_setting(app, surf, world, clock):
    assert app.extensions["portal"].settings.session_absolute == timedelta(hours=12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong one", "new_password": NEW_PASSWORD, "again": NEW_PASSWORD}, "密码不正确"),
        ({"password": PASSWORD, "new_password": NEW_PASSWORD, "again": "another 1"}, "两次填写的新密码不一致"),
        ({"password": PASSWORD, "new_password": "short", "again": "short"}, "密码至少 8 个字符，现有 5 个。"),
        ({"password": PASSWORD, "new_password": "Password1", "again": "Password1"}, "太常见"),
        ({"password": PASSWORD, "new_password": PASSWORD, "again": PASSWORD}, "不能与现在的密码相同"),
        ({"password": PASSWORD, "new_password": "SHANGHAI-staff!", "again": "SHANGHAI-staff!"}, "不能包含账号"),
        ({"password": "", "new_password": "", "again": ""}, "请填写现在的密码。"),
    ],
)
def test_a_refused_password_change_says_why_beside_the_field_and_changes_nothing(surf, world, change, said):
    surfer = surf("shanghai-staff")
    answer = surfer.post("/account/password", change)
    assert answer.status_code == 422
    assert said in answer.text
    assert "field-error" in answer.text
    assert is_signed_in(surfer)
    assert surf().log_in("shanghai-staff").status_code == 303
