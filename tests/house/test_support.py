"""What the tests themselves stand on: a browser that shows Chinese, databases that start empty and apart."""

from sqlalchemy import func, select

from portal.models.institution import Alliance
from tests.support.chromium import serving

PAGE = "<!doctype html><html lang=zh-CN><title>会诊</title><p>"


def test_the_browser_opens_a_page_that_is_served(chromium):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [f"{PAGE}{environ['PATH_INFO']}".encode()]

    with serving(application) as address, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/consultations")
        assert page.title() == "会诊"
        assert "/consultations" in page.inner_text("p")


def test_a_database_is_fresh_for_every_test(database):
    with database.read() as db:
        before = db.scalar(select(func.count()).select_from(Alliance))
    with database.write() as db:
        db.add(Alliance(name="长三角", number_prefix="长三角会诊"))
    assert before == 0


def test_and_the_next_one_does_not_see_what_was_written(database):
    test_a_database_is_fresh_for_every_test(database)
