"""持续关注: entries, the next review, ending, applying anew."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.watch import Watch
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, Refusal
from portal.rules.dates import end_of_day
from portal.services.consultation import watch as step
from portal.services.consultation.application import application_problems, edition_of
from portal.services.kernel.loading import find
from portal.services.kernel.obligations import open_obligations
from tests.factories.meeting_minutes import AFTER, NO_MAJORITY, issued
from tests.factories.world import build_world

NEXT = date(2026, 9, 1)


def test_each_entry_names_the_next_review(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world, NO_MAJORITY)
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "now": AFTER}
        for text, on, field in (("", NEXT, "text"), ("无新情况", None, "next_review_on"),
                                ("无新情况", AFTER.date(), "next_review_on")):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                step.continue_watch(db, text=text, next_review_on=on, **ids)
            assert refused.value.problems[0].field == field
        with pytest.raises(NotAllowed):
            step.continue_watch(db, **{**ids, "actor": world.lead}, text="无新情况", next_review_on=NEXT)
        step.continue_watch(db, text="新增一起烫伤报告", next_review_on=NEXT, **ids)
        (owed,) = open_obligations(db, consultation.id, kinds=["review_watch"])
        assert owed.due_at == end_of_day(NEXT)
        page = step.summary(db, find(db, **ids), AFTER)
        assert page is not None
        assert [entry.text for entry in page.entries] == ["新增一起烫伤报告"]
        step.end_watch(db, reason="生产者已召回全部批次", **ids)
        assert not open_obligations(db, consultation.id, kinds=["review_watch"])
        with pytest.raises(Refusal):
            step.continue_watch(db, text="再看", next_review_on=NEXT, **ids)


def test_applying_anew_carries_everything_over(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world, NO_MAJORITY)
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "now": AFTER}
        successor = step.apply_anew(db, **ids)
        assert successor.stage == Stage.DRAFT
        assert successor.previous_consultation_id == consultation.id
        assert successor.product.model == consultation.product.model
        assert not application_problems(successor, edition_of(successor))
        watch = db.scalars(select(Watch)).one()
        assert (watch.state, watch.successor_id) == ("reapplied", successor.id)
        with pytest.raises(Refusal):
            step.apply_anew(db, **ids)


def test_where_there_is_no_watch_nothing_is_continued(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = issued(db, world)
        with pytest.raises(Refusal):
            step.end_watch(db, actor=world.applicant, consultation_id=consultation.id, reason="无", now=AFTER)
