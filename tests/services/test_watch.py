"""持续关注: entries, the next review, ending, applying anew."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.watch import Watch, WatchFile
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.rules.dates import end_of_day
from portal.services.consultation import watch as step
from portal.services.consultation.application import application_problems, edition_of
from portal.services.consultation.material import items_of
from portal.services.kernel.loading import find
from portal.services.kernel.obligations import open_obligations
from tests.factories.material import a_file
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


def test_a_condition_that_was_named_is_seen_when_it_is_found(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world, NO_MAJORITY)
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "now": AFTER}
        with pytest.raises(Invalid) as refused:
            step.continue_watch(db, text="有", next_review_on=NEXT, findings=["rumour"], **ids)
        assert refused.value.problems[0].field == "findings"
        step.continue_watch(db, text="网上有议论", next_review_on=NEXT, findings=["opinion"], **ids)
        page = step.view_watch(db, **ids)
        assert page is not None
        assert (page.reopen_on, page.met) == (step.REASONS_TO_REOPEN, ())
        step.continue_watch(db, text="又烫伤一例", next_review_on=NEXT, findings=["injury", "opinion"], **ids)
        page = step.view_watch(db, **ids)
        assert page is not None
        assert page.met == ("新的伤害",)
        colleague = world.liaisons["shanghai"][1]
        for owner in (None, world.lead.person_id, world.experts["shanghai"][0].person_id):
            with pytest.raises(Invalid):
                step.set_watch(db, owner_id=owner, reopen_on=[], reopen_note="", **ids)
        with pytest.raises(NotAllowed):
            step.set_watch(
                db, **{**ids, "actor": world.lead}, owner_id=colleague.person_id, reopen_on=[], reopen_note=""
            )
        step.set_watch(db, owner_id=colleague.person_id, reopen_on=["opinion"], reopen_note="再有一起", **ids)
        page = step.view_watch(db, **ids)
        assert page is not None
        assert (page.owner_name, page.met, page.reopen_note) == (colleague.name, ("舆情变化",), "再有一起")


def test_new_material_goes_into_the_new_application_once(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world, NO_MAJORITY)
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "now": AFTER}
        former = items_of(db, consultation.id)
        new = a_file(b"%PDF-1.7 a new test", "复测.pdf")
        for file in (new, a_file()):  # the second is the report that was sent before
            step.continue_watch(
                db, text="复测", next_review_on=NEXT, findings=["test"], file=file, file_kind="test_report", **ids
            )
        kept = db.query(WatchFile).order_by(WatchFile.id).all()
        assert [(one.title, one.sha256) for one in kept] == [("复测", new.sha256), ("检测报告", former[0].sha256)]
        assert step.watch_file(db, file_id=kept[0].id, **ids).filename == "复测.pdf"
        with pytest.raises(NotFound):
            step.watch_file(db, **{**ids, "actor": world.experts["anhui"][3]}, file_id=kept[0].id)
        successor = step.apply_anew(db, **ids)
        carried = items_of(db, successor.id)
        assert [(item.number, item.sha256) for item in carried] == [(1, former[0].sha256), (2, new.sha256)]
        assert all(item.sent_at is None for item in carried)


def test_where_there_is_no_watch_nothing_is_continued(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = issued(db, world)
        with pytest.raises(Refusal):
            step.end_watch(db, actor=world.applicant, consultation_id=consultation.id, reason="无", now=AFTER)
