"""Headers, tokens, hosts, errors: what holds for every answer (security lines 8, 9, 12, 20, 23)."""

import html5lib
import pytest
from sqlalchemy.exc import OperationalError

from portal.process.errors import Invalid, NotAllowed, Refusal, Stale, WrongStage
from portal.web.guard import refuse_unguarded, requires
from tests.support.surfer import Surfer, without_token


def add_view(app, rule, view, permission="use_own_account", methods=("GET", "POST")):
    """A view of the test's own, before the application's first request."""
    app.add_url_rule(rule, rule, requires(permission)(view), methods=methods)


def raising(error):
    def view():
        raise error

    return view


def test_headers_of_a_page(surf, world):
    headers = surf("shanghai-staff").get("/account/password").headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers  # plain HTTP on this machine
    assert "unsafe" not in str(headers)


def test_assets_are_kept_by_the_browser(surf, world):
    surfer = surf()
    url = surfer.get("/login").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = surfer.get(url)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("token", [None, "", "x", "é" * 40, "0" * 80, "a" * 100_000])
@pytest.mark.parametrize("username", [None, "shanghai-staff"])
def test_a_missing_or_wrong_token_is_400_with_a_page_that_says_so(surf, world, token, username):
    surfer = surf(username)
    url = "/logout" if username else "/login"
    fields = {"username": "shanghai-staff", "password": "x"} | ({} if token is None else {"csrf_token": token})
    answer = surfer.client.post(url, data=fields)
    assert answer.status_code == 400
    assert "页面已失效" in answer.text


def test_the_token_of_another_session_is_refused(surf, world):
    mine, other = surf("shanghai-staff"), surf("shanghai-liaison-1")
    assert mine.post("/logout", {"csrf_token": other.token}).status_code == 400


def test_the_token_before_log_in_is_of_no_use_after_it(surf, world):
    surfer = surf()
    before = surfer.token
    surfer.log_in("shanghai-staff")
    assert surfer.post("/logout", {"csrf_token": before}).status_code == 400


def test_htmx_sends_the_token_in_a_header(surf, world):
    surfer = surf("shanghai-staff")
    headers = {"X-CSRFToken": surfer.token, "HX-Request": "true"}
    assert surfer.client.post("/account/sessions/end-others", headers=headers).status_code == 303


def test_a_token_does_not_expire_under_the_writer(surf, world, clock):
    surfer = surf("shanghai-staff")
    token = surfer.token
    for _ in range(30):
        clock.advance(minutes=20)
        surfer.client.get("/account/sessions")
    assert surfer.post("/account/sessions/end-others", {"csrf_token": token}).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil", "", "a b", "é", "[::"])
def test_only_trusted_hosts_are_answered(app, world, host):
    answer = app.test_client().get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_what_may_not_be_seen_is_the_page_of_what_does_not_exist(surf, world):
    surfer = surf("shanghai-staff")
    pages = [surfer.get(url) for url in ("/accounts", "/accounts/1", "/accounts/999999", "/no-such-page")]
    pages += [surfer.get("/accounts/99999999999999999999"), surfer.get("/accounts/-1")]
    assert {page.status_code for page in pages} == {404}
    assert len({without_token(page.text) for page in pages}) == 1


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (WrongStage("现在是“草稿”阶段。", article="8(2)"), 409, "依据：第八条（二）"),
        (Stale("刚刚被他人更新。"), 409, "刚刚被他人更新。"),
        (NotAllowed("由牵头单位办理。", article="6"), 403, "由牵头单位办理。"),
        (Refusal("没有轮值牵头单位。", article="3"), 409, "依据：第三条"),
        (Invalid.field("x", "有误 <script>"), 422, "有误 &lt;script&gt;"),
    ],
)
def test_refusals_have_pages_and_fragments(app, surf, world, error, status, said):
    add_view(app, "/refused", raising(error))
    surfer = surf("shanghai-staff")
    answer = surfer.get("/refused")
    assert (answer.status_code, said in answer.text) == (status, True)
    html5lib.HTMLParser(strict=True).parse(answer.text)
    fragment = surfer.get("/refused", headers={"HX-Request": "true"})
    assert (fragment.status_code, "<html" in fragment.text) == (status, False)


def test_a_failure_shows_a_number_and_nothing_else(app, surf, world):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add_view(app, "/broken", raising(ZeroDivisionError("secret detail")))
    answer = surf("shanghai-staff").get("/broken")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "secret detail" not in answer.text
    assert "平台出错了" in answer.text


def test_when_the_database_is_away_the_page_says_so(app, surf, world, monkeypatch):
    surfer = surf("shanghai-staff")

    def away():
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(app.extensions["portal"].database, "read", away)
    for url in ("/account/password", "/login", "/readyz"):
        answer = surfer.get(url)
        assert answer.status_code == 503
        assert "平台暂时不可用" in answer.text
    assert surfer.get("/healthz").status_code == 200


def test_health(surf, world):
    assert surf().get("/healthz").text == "ok\n"
    assert surf().get("/readyz").text == "ready\n"


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [("PUT", "/login", 405), ("TRACE", "/login", 405), ("DELETE", "/nowhere", 404), ("GET", "/logout", 405)],
)
def test_other_errors_have_chinese_pages(app, world, method, url, status):
    answer = app.test_client().open(url, method=method)
    assert answer.status_code == status
    assert 'lang="zh-CN"' in answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)


def test_too_much_is_413(app, surf, world):
    surfer = surf()
    surfer.get("/login")
    answer = surfer.post("/login", {"username": "a" * 3_000_000, "password": "x"})
    assert answer.status_code == 413
    assert "提交的内容过大" in answer.text


@pytest.mark.parametrize("url", ["/login?next=%00", "/accounts?search=a%00b", "/%00", "/accounts?page=%00"])
def test_nul_is_refused_before_it_reaches_a_database(surf, world, url):
    assert surf("security").get(url).status_code in (400, 404)


@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=99999999999999999999", "page=x", "role=x", "state=x", "search=%25", "search=%FF", "a=" * 99],
)
def test_odd_queries_are_no_failure(surf, world, query):
    assert surf("security").get(f"/accounts?{query}").status_code == 200


def test_a_route_without_a_permission_stops_the_start(app):
    app.add_url_rule("/forgotten", "forgotten", lambda: "x")
    with pytest.raises(LookupError, match="forgotten"):
        refuse_unguarded(app)


def test_a_permission_that_does_not_exist_cannot_be_named():
    with pytest.raises(KeyError):
        requires("no_such_permission")


def test_a_request_id_from_outside_counts_only_behind_a_proxy(app, world):
    answer = Surfer(app).get("/healthz", headers={"X-Request-ID": "chosen-outside"})
    assert answer.headers["X-Request-ID"] != "chosen-outside"
