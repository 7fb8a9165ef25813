"""What the tests themselves stand on: a browser that shows Chinese, databases that start empty and apart."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from portal.models import Base
from portal.models.event import Event
from portal.models.institution import Alliance
from portal.services.kernel.events import record
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


def test_a_database_starts_without_a_row(database):
    """The migrations put no rows in; if they ever do, emptying PostgreSQL between tests has to spare them."""
    with database.read() as db:
        filled = [table.name for table in Base.metadata.tables.values() if db.execute(select(table)).first()]
    assert filled == []


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_one_test_wrote_the_next_does_not_see(database, time):
    with database.write() as db:
        db.add(Alliance(name="长三角", number_prefix="长三角会诊"))
        record(db, "tests_ran", now=datetime.now(UTC))
    with database.read() as db:
        assert db.scalars(select(Alliance.id)).all() == [1]
        assert db.scalars(select(Event.id)).all() == [1]
