"""A fragment is a block of the page's own template, at the same address."""

import pytest

from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.log_in import LogInForm

HTMX = {"HX-Request": "true"}


@pytest.fixture
def surfer(app, surf, world):
    def view():
        values = {"form": LogInForm(), "next": None, "resume": None, "kept": [], "notice": "说明"}
        return render("account/log_in.html", fragment="form", **values)

    app.add_url_rule("/part", "part", requires("use_own_account")(view))
    return surf("shanghai-staff")


def test_htmx_gets_the_block_with_what_the_template_imports(surfer):
    part, page = surfer.get("/part", headers=HTMX).text, surfer.get("/part").text
    assert part.lstrip().startswith("<h1>登录</h1>")
    assert "说明" in part
    assert "<html" in page
    assert "<html" not in part


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_htmx_asking_for_a_page_gets_the_page(surfer, header):
    assert "<html" in surfer.get("/part", headers={**HTMX, header: "true"}).text
