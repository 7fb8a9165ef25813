"""The security administrator's pages."""

import html5lib
import pytest

from tests.support.surfer import Surfer

NEW = {
    "username": "zhaoxin",
    "name": "赵新 <i>",
    "email": "zhaoxin@example.org",
    "roles": ["staff", "expert"],
    "institution_id": "1",
}


@pytest.fixture
def security(surf, world) -> Surfer:
    return surf("security")


def test_from_opening_an_account_to_its_first_own_password(security, surf, read_mail):
    assert "开通账号" in security.get("/accounts").text
    assert "江苏省" in security.get("/accounts/new").text
    page = security.get(security.post("/accounts/new", NEW).location)
    assert "账号已开通，设置密码的链接将发往其邮箱。" in page.text
    assert "待设置密码" in page.text
    assert "前有效" in page.text
    (link,) = read_mail()
    person = surf()
    assert "zhaoxin" in person.get(link).text
    choice = {"token": link.partition("token=")[2], "new_password": "七月的海 2026", "again": "七月的海 2026"}
    assert person.post("/password/new", choice).location == "/login"
    assert person.log_in("zhaoxin", "七月的海 2026").status_code == 303
    assert "待设置密码" not in security.get("/accounts?search=zhaoxin").text
    assert "赵新 &lt;i&gt;" in security.get("/accounts?search=zhaoxin").text


def test_bad_input_stays_on_the_page_beside_its_field(security):
    answer = security.post("/accounts/new", {**NEW, "username": "x", "roles": ["staff", "auditor"]})
    assert answer.status_code == 422
    assert 'value="赵新 &lt;i&gt;"' in answer.text
    assert "安全审计员须由专人担任" in answer.text
    assert 'id="username-error"' in answer.text
    assert answer.text.index('href="#username"') < answer.text.index('href="#roles"')
    assert 'value="staff" checked' in answer.text


def test_lock_unlock_disable_enable_reset(security, surf, world):
    person_id = world.staff["anhui"].person_id
    page = f"/accounts/{person_id}"
    for _ in range(5):
        surf().log_in("anhui-staff", "wrong")
    assert "已锁定至" in security.get(page).text
    assert security.post(f"{page}/unlock").location == page
    assert surf().log_in("anhui-staff").status_code == 303
    security.post(f"{page}/disable")
    assert "已停用" in security.get(page).text
    assert surf().log_in("anhui-staff").status_code == 422
    security.post(f"{page}/enable")
    assert security.post(f"{page}/reset-password").location == page
    assert surf().log_in("anhui-staff").status_code == 422
    assert "重新发送链接" in security.get(page).text


def test_a_mail_address_is_changed_or_refused_beside_its_field(security, world):
    page = f"/accounts/{world.staff['anhui'].person_id}"
    answer = security.post(f"{page}/email", {"email": "nobody <b>"})
    assert answer.status_code == 422
    assert "邮箱格式应为 name@example.cn。" in answer.text
    assert 'value="nobody &lt;b&gt;"' in answer.text
    assert security.post(f"{page}/email", {"email": "new@example.org"}).location == page
    assert "new@example.org" in security.get(page).text


def test_roles_are_changed_and_refused(security, world):
    page = f"/accounts/{world.administrator.person_id}"
    assert 'value="administrator" checked' in security.get(page).text
    answer = security.post(f"{page}/roles", {"roles": ["staff"], "institution_id": ""})
    assert answer.status_code == 422
    assert "工作人员须属于一个召回技术机构。" in answer.text
    assert "第二条" in answer.text
    assert security.post(f"{page}/roles", {"roles": ["staff"], "institution_id": "1"}).status_code == 303
    assert "工作人员" in security.get(page).text


def test_the_own_account_is_somebody_elses_to_change(security, world):
    page = f"/accounts/{world.security_administrator.person_id}"
    assert "停用账号" not in security.get(page).text
    assert security.post(f"{page}/disable").status_code == 409


def test_an_empty_list_says_what_to_do(security):
    assert "没有符合条件的账号" in security.get("/accounts?search=nobody-like-this").text


@pytest.mark.parametrize(
    "url", ["/accounts", "/accounts?page=2", "/accounts/new", "/accounts/3", "/account/password", "/account/sessions"]
)
def test_pages_are_valid_html(security, url):
    answer = security.get(url)
    assert answer.status_code == 200
    html5lib.HTMLParser(strict=True).parse(answer.text)


def test_the_log_in_page_is_valid_html(surf, world):
    html5lib.HTMLParser(strict=True).parse(surf().get("/login?next=/a%22b").text)
