"""The page of a recall case: what it costs does not grow with what has happened in the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.institution import Institution
from portal.models.recall_case import CaseParticipant
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.services.kernel.case_obligations import oblige_in_case
from portal.services.kernel.events import record
from portal.services.recall import answer_reviews, producer_answers
from portal.services.recall.answer_reviews import Point
from tests.factories.recall_story import NANJING, POINTS_MET, Story, build_recall_world, later
from tests.support.surfer import Surfer
from tests.web.conftest import password_hash

Surf = Callable[..., Surfer]
MOST_STATEMENTS = 20


def _statements(surfer: Surfer, database: Database, case_id: int) -> list[str]:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    surfer.get(f"/recall/{case_id}")  # what the process remembers from now on is not the page's own
    event.listen(database.engine, "before_cursor_execute", note)
    try:
        assert surfer.get(f"/recall/{case_id}").status_code == 200
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return [one for one in said if not one.startswith("BEGIN")]


def _goes_on(story: Story, db: Session) -> None:
    """More documents and events of everybody, with other institutions in every part of the page."""
    for quantity in (1000, 1500, 2500):
        story.interim(quantity)
    institutions = db.scalars(select(Institution).where(Institution.province == "jiangsu").limit(9)).all()
    taking_part = {one.institution_id for one in story.case.participants}
    for institution in (one for one in institutions if one.id not in taking_part):
        db.add(
            CaseParticipant(
                case_id=story.case_id, institution_id=institution.id, role="county", task="协助监督召回实施",
                asked_at=story.now, asked_by_id=story.made.city.person_id,
            )
        )  # fmt: skip
        actor = replace(story.made.city, institution_id=institution.id)
        record(db, "recall_inspected", actor=actor, recall_case_id=story.case_id, now=story.now, place="仓库")
        owed = oblige_in_case(db, story.case, "report_investigation", now=story.now, on=later(story.now, 9),
                              institution_id=institution.id)  # fmt: skip
        assert owed.institution_id == institution.id


def test_the_statements_of_the_page_do_not_grow_with_the_case(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db, password_hash=password_hash())).to_implementing()
    officer = surf(f"officer-{NANJING}")
    before = _statements(officer, sqlite_database, story.case_id)
    with sqlite_database.write() as db:
        story.db = db
        _goes_on(story, db)
    after = _statements(officer, sqlite_database, story.case_id)
    assert len(after) == len(before) <= MOST_STATEMENTS, after


def test_an_officer_reads_the_reminder_rules_of_cases_and_nobody_changes_them_there(
    surf: Surf, sqlite_database: Database
) -> None:
    with sqlite_database.write() as db:
        build_recall_world(db, password_hash=password_hash())
    officer = surf(f"officer-{NANJING}")
    assert 'href="/recall/reminders"' in officer.get("/recall").get_data(as_text=True)
    page = officer.get("/recall/reminders").get_data(as_text=True)
    for kind in RECALL_OBLIGATIONS.values():
        assert f"<h3>{kind.label}</h3>" in page
    assert "确认专家组" not in page
    assert "没有确定负责人的，为本单位全体监管人员" in page
    assert "<form" not in page.partition("<main")[2]
    assert officer.get("/rotation/reminders").status_code == 404
    assert surf("jiangsu-liaison-1").get("/recall/reminders").status_code == 404


def test_a_returned_version_is_folded_below_the_one_that_replaced_it(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db, password_hash=password_hash())).to_plan_review()
        points = {**POINTS_MET, "batches": Point(False, "请补充批号。")}
        story._do(answer_reviews.return_plan, points=points, reason="", plan_on=later(story.now, 14))
        story.plan()
    page = surf(f"officer-{NANJING}").get(f"/recall/{story.case_id}").get_data(as_text=True)
    shown, _, folded = page.partition("以前的版本 3 份")
    assert shown.count("消费品召回计划</a>") == folded.count("消费品召回计划</a>") == 1
    assert shown.count("第2版") == folded.partition("</details>")[0].count("已退回") == 3


def test_what_a_decision_is_about_stands_before_its_form(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db, password_hash=password_hash())).to_implementing()
        story.complete()
        story.summary()
        (summary,) = story.documents("recall_summary")
    officer = surf(f"officer-{NANJING}")
    for act in ("accept-summary", "return-summary"):
        page = officer.get(f"/recall/{story.case_id}/{act}").get_data(as_text=True)
        assert page.index(f'href="/recall/{story.case_id}/documents/{summary.id}"') < page.index('name="reason"')


@pytest.mark.parametrize(("asked", "is_open"), [("", ""), ("?events=all", " open")])
def test_a_long_history_is_folded_until_all_of_it_is_asked_for(
    surf: Surf, sqlite_database: Database, asked: str, is_open: str
) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db, password_hash=password_hash())).to_filing()
    page = surf(f"officer-{NANJING}").get(f"/recall/{story.case_id}{asked}").get_data(as_text=True)
    assert f'<details class="more"{is_open}><summary class="btn btn-outline">更早的' in page


def test_no_answer_to_an_objection_is_proposed(surf: Surf, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db, password_hash=password_hash())).to_notified()
        story.serve()
        story._hand_in(producer_answers.raise_objection, words="检测方法与标准不符")
    officer, case = surf(f"officer-{NANJING}"), f"/recall/{story.case_id}"
    page = officer.get(case).get_data(as_text=True)
    for act in ("uphold-objection", "reject-objection"):
        assert f'<a class="btn btn-outline" href="{case}/{act}">' in page
