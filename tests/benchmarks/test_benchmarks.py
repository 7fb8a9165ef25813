"""The benchmark runs; what it counts without noise stays within the goals of design/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks.filling import EVENTS_OF_THE_MEASURED, NOW, fill
from benchmarks.measuring import counted, measure
from benchmarks.pages import Ground, comparisons, portal_call, prepared
from benchmarks.recalls import recall_rows
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.process.consultation import Stage
from portal.services.consultation.listing import PAGE_SIZE, TABS, ListFilter, list_consultations
from portal.services.consultation.overview import overview
from portal.services.kernel.counting import count_stage
from portal.services.kernel.events import broken_links, record

LIST_STATEMENTS = 5
FIRST_LIST_STATEMENTS = 8  # the first after an event reads counts, institutions, calendar and own duties anew
# The consultation page tells what became of the advice: the recall case behind it is one statement more.
STATEMENTS = {"consultation page": 18, "sheet": 5, "live rules": 2, "saving the sheet": 3}
LIST_BYTES, LIST_COMPRESSED = 29_500, 5_000  # every row of the filled list is overdue: the heaviest there is


@pytest.fixture(params=[60, 400], ids=["few", "many"])
def ground(request: pytest.FixtureRequest, sqlite_database: Database, tmp_path: Path) -> Iterator[Ground]:
    with prepared(sqlite_database.engine.url.render_as_string(), request.param, tmp_path) as made:
        yield made


def test_a_page_costs_the_same_statements_whatever_the_rows(ground: Ground) -> None:
    listed = portal_call(ground, "/consultations")
    with counted(ground.portal_engine) as first:
        listed()
    with counted(ground.portal_engine) as again:
        listed()
    assert len(first) <= FIRST_LIST_STATEMENTS, first.texts
    assert len(again) <= LIST_STATEMENTS, again.texts
    for line in comparisons(ground, 2):
        if line.name in STATEMENTS:
            line.portal()
            line.before()
            with counted(ground.portal_engine) as sent:
                line.portal()
            assert len(sent) <= STATEMENTS[line.name], sent.texts


def test_every_row_of_the_benchmark_has_a_twin_that_answers(ground: Ground) -> None:
    for line in comparisons(ground, 2):
        portal, twin = measure(
            [line.portal, line.twin], [ground.portal_engine, line.engine], times=2, before=line.before
        )
        assert 0 < portal.cpu < float("inf")
        assert min(portal.raw, twin.raw, portal.statements, twin.statements) > 0


def test_a_public_recall_page_costs_one_statement(ground: Ground, tmp_path: Path) -> None:
    for line in recall_rows(ground, tmp_path, 30):
        portal, twin = measure([line.portal, line.twin], [ground.portal_engine, line.twin_engine], times=2)
        assert portal.statements <= (3 if line.name.endswith("made anew") else 1)
        assert (portal.raw == 0) is ("304" in line.name)
        assert twin.cpu < float("inf")


def test_the_list_stays_light(ground: Ground) -> None:
    (cost,) = measure([portal_call(ground, "/consultations")], [ground.portal_engine], times=1)
    assert cost.raw <= LIST_BYTES
    assert cost.compressed <= LIST_COMPRESSED


def test_what_is_filled_in_is_what_the_portal_would_have_written(database: Database) -> None:
    filled = fill(database, 300)
    with database.read() as db:
        assert list(broken_links(db)) == []
        assert set(db.scalars(select(Consultation.stage).distinct())) == set(Stage)
        page = overview(db, actor=filled.world.lead, consultation_id=filled.consultation_id, now=NOW)
        assert page.event_count >= EVENTS_OF_THE_MEASURED


def test_the_pages_of_the_list_are_the_whole_list_in_order(database: Database) -> None:
    actor = fill(database, 300).world.lead
    with database.read() as db:
        due = dict(db.execute(select(Consultation.id, Consultation.next_due_at)).all())
        for tab in TABS:
            first = list_consultations(db, actor=actor, wanted=ListFilter(tab=tab), now=NOW)
            pages = [
                list_consultations(db, actor=actor, wanted=ListFilter(tab=tab, page=number), now=NOW).rows
                for number in range(1, first.pages + 1)
            ]
            assert all(len(rows) == PAGE_SIZE for rows in pages[:-1])
            ids = [row.consultation_id for rows in pages for row in rows]
            assert len(set(ids)) == len(ids) == first.total == first.tabs[tab]
            assert ids == sorted(ids, key=lambda one: (1, -one) if due[one] is None else (0, due[one], one))


def test_a_count_is_kept_until_something_happens(database: Database) -> None:
    actor = fill(database, 60).world.lead

    def total() -> int:
        with database.read() as db:
            return list_consultations(db, actor=actor, wanted=ListFilter(tab="archived"), now=NOW).total

    before = total()
    with database.write() as db:
        issued = db.scalars(select(Consultation).where(Consultation.stage == Stage.ISSUED)).first()
        assert issued is not None
        issued.stage = Stage.ARCHIVED
        count_stage(db, issued, Stage.ISSUED)
    assert total() == before, "nothing has told of it"
    with database.write() as db:
        record(db, "consultation_archived", now=NOW, actor=actor, consultation_id=issued.id)
    assert total() == before + 1
