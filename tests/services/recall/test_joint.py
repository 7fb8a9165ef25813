"""Where consultation and recall case meet: the result reaches the case, advice begins one, each shows the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import CaseConsultation, RecallCase
from portal.models.watch import Watch
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.rules.regions import place_in
from portal.services.consultation.meeting_minutes import issue_minutes
from portal.services.consultation.meeting_minutes_draft import PARTS
from portal.services.consultation.overview import overview
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall import clue, review
from portal.services.recall.consultation_result import case_of, suggested_review_on
from portal.services.recall.overview import case_page
from tests.factories import meeting_minutes
from tests.factories.recall_story import JIANGSU, NANJING, RecallWorld, Story, build_recall_world
from tests.factories.world import NOON, build_world

WATCH = [("no", "no", "yes")] * 5
NEITHER = [("no", "no", "no")] * 5
AFTER = meeting_minutes.AFTER


def issue(db: Session, made: RecallWorld, consultation: Consultation, now: datetime = AFTER) -> None:
    draft = meeting_minutes.minutes_of(db, consultation)
    issue_minutes(
        db, actor=made.world.lead, consultation_id=consultation.id,
        parts={name: getattr(draft, name) for name in PARTS}, version=draft.version, now=now,
    )  # fmt: skip


def concluded(
    db: Session, made: RecallWorld, *, place: str = "江苏省南京市江宁区", votes: Sequence[Sequence[str]] | None = None
) -> Consultation:
    found = meeting_minutes.concluded(db, made.world, *([votes] if votes is not None else []))
    found.product.registered_place, found.product.registered_province = place, "jiangsu"
    db.flush()
    return found


def case_behind(db: Session, consultation: Consultation) -> RecallCase | None:
    link = db.get(CaseConsultation, consultation.id)
    return db.get_one(RecallCase, link.case_id) if link is not None else None


def said(db: Session, consultation: Consultation, name: str) -> list[str]:
    query = select(Event).where(Event.consultation_id == consultation.id, Event.name == name)
    return [str(event.facts["detail"]) for event in db.scalars(query)]


def summary_of(db: Session, consultation: Consultation, actor: Actor) -> Any:
    page = overview(db, actor=actor, consultation_id=consultation.id, now=AFTER)
    return page.summaries.get("recall_case")


@pytest.mark.parametrize(
    ("address", "province", "code"),
    [
        ("江苏省南京市江宁区秣陵街道", "jiangsu", "320100"),
        ("苏州市相城区", "jiangsu", "320500"),
        ("江宁区", "jiangsu", "320000"),
        ("上海市浦东新区", "shanghai", "310115"),
        ("南京市", "", None),
        ("", "zhejiang", "330000"),
    ],
)
def test_a_place_is_found_in_an_address(address: str, province: str, code: str | None) -> None:
    assert place_in(address, province) == code


@pytest.mark.parametrize(
    ("place", "division", "owed"),
    [("江苏省南京市江宁区", NANJING, "verify_clue"), ("见营业执照", JIANGSU, "assign_clue")],
)
def test_advice_to_investigate_begins_a_case_where_the_producer_is_registered(
    database: Database, place: str, division: str, owed: str
) -> None:
    with database.write() as db:
        made = build_recall_world(db)
        consultation = concluded(db, made, place=place)
        issue(db, made, consultation)
        case = case_behind(db, consultation)
        assert case is not None
        assert (case.stage, case.authority.division) == (Stage.CLUE, division)
        assert case.product.product_name == consultation.product.product_name
        assert case.product.producer == consultation.product.producer
        assert case.product.defect == consultation.product.suspected_defect
        assert case.discovered_at is None, "the regulator finds, and not the experts"
        assert [one.kind for one in open_in_case(db, case.id)] == [owed]
        told = db.scalars(select(OutboxMessage).where(OutboxMessage.recall_case_id == case.id)).all()
        assert {one.person_id for one in told} == {made.officers[division].person_id}
        assert case.number in said(db, consultation, "case_advised")[0]


def test_a_city_verifies_what_its_province_assigned_though_only_the_province_was_known(
    sqlite_database: Database,
) -> None:
    with sqlite_database.write() as db:
        made = build_recall_world(db)
        consultation = concluded(db, made, place="见营业执照")
        issue(db, made, consultation)
        case = case_behind(db, consultation)
        assert case is not None
        nanjing, province = made.officers[NANJING], made.officers[JIANGSU]
        clue.assign_clue(
            db, actor=province, case_id=case.id, institution_id=nanjing.institution_id, reason="住所地在南京市。",
            now=AFTER,
        )  # fmt: skip
        clue.verify_clue(db, actor=nanjing, case_id=case.id, reason="生产者在本市，情况属实。", now=AFTER)
        assert case.stage == Stage.REVIEW


@pytest.mark.parametrize("votes", [WATCH, NEITHER])
def test_other_advice_begins_none(sqlite_database: Database, votes: Sequence[Sequence[str]]) -> None:
    with sqlite_database.write() as db:
        made = build_recall_world(db)
        consultation = concluded(db, made, votes=votes)
        issue(db, made, consultation)
        assert case_behind(db, consultation) is None
        assert summary_of(db, consultation, made.world.lead) is None


def test_outside_the_dates_of_validity_the_timeline_says_why_there_is_no_case(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        made = build_recall_world(db)
        consultation = concluded(db, made)
        issue(db, made, consultation, now=datetime(2031, 2, 3, 4, tzinfo=UTC))
        assert case_behind(db, consultation) is None
        (why,) = said(db, consultation, "case_not_begun")
        assert "第二十三条" in why


def test_without_a_regulator_the_timeline_says_why_there_is_no_case(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        made = RecallWorld(build_world(db))
        consultation = concluded(db, made)
        issue(db, made, consultation)
        assert "没有登记" in said(db, consultation, "case_not_begun")[0]


def test_each_side_shows_the_other(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        made = build_recall_world(db)
        consultation = concluded(db, made)
        issue(db, made, consultation)
        case = case_behind(db, consultation)
        assert case is not None
        for_staff = summary_of(db, consultation, made.world.lead)
        assert (for_staff.state, for_staff.number, for_staff.case_id) == ("线索待核实", case.number, None)
        page = case_page(db, actor=made.city, case_id=case.id, now=AFTER)
        assert page.consultation is not None
        assert page.consultation.has_minutes
        lived = [one for one in page.timeline if one.says.startswith("专家会诊：")]
        assert "专家会诊：印发会议纪要" in {one.says for one in lived}
        assert not any(one.who or one.detail for one in lived), "neither persons nor reasons"
        assert [one.at for one in page.timeline] == sorted((one.at for one in page.timeline), reverse=True)
        assert page.event_count == len(page.timeline)


def test_an_expert_learns_what_became_of_the_advice_and_no_more(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        made = build_recall_world(db)
        consultation = concluded(db, made)
        issue(db, made, consultation)
        pages = []
        for expert in [one for many in made.world.experts.values() for one in many]:
            with suppress(NotFound):  # for who is no member of this panel
                pages.append(summary_of(db, consultation, expert))
        assert pages
        for found in pages:
            assert (found.state, found.number, found.authority, found.case_id) == ("线索待核实", "", "", None)


@pytest.fixture
def asking(sqlite_database: Database) -> Iterator[Story]:
    """A case that asked; its consultation is one whose minutes are about to be issued."""
    with sqlite_database.write() as db:
        made = build_recall_world(db)
        story = Story(db, made)
        story.to_review()
        story._do(review.ask_consultation, reason="需要专家判定缺陷")
        yield story


def linked(story: Story, votes: Sequence[Sequence[str]] | None = None) -> Consultation:
    """Another consultation, concluded, in the place of the draft that the case has asked for."""
    consultation = concluded(story.db, story.made, votes=votes)
    asked = story.db.scalars(select(CaseConsultation)).one()
    story.db.delete(asked)
    story.db.flush()
    story.db.add(
        CaseConsultation(consultation_id=consultation.id, case_id=story.case_id, origin="asked", linked_at=NOON)
    )
    story.db.flush()
    return consultation


def test_the_case_that_asked_is_told_that_there_is_a_result(asking: Story) -> None:
    consultation = linked(asking)
    issue(asking.db, asking.made, consultation)
    assert len(asking.db.scalars(select(RecallCase)).all()) == 1, "advice begins no second case"
    query = select(OutboxMessage).where(OutboxMessage.kind == "case_result_ready")
    (told,) = asking.db.scalars(query).all()
    assert told.person_id == asking.made.city.person_id
    assert told.link_path == f"/recall/{asking.case_id}/take-consultation-result"
    asking.now = AFTER
    asking._do(review.take_consultation_result, reason="")
    assert asking.case.stage == Stage.REVIEW
    asking.find_possible()
    assert "issue_investigation_notice" in asking.owed


def test_the_institution_that_takes_part_may_open_the_case_from_the_consultation(asking: Story) -> None:
    consultation = linked(asking)
    found = summary_of(asking.db, consultation, asking.made.technical)
    assert found.case_id == asking.case_id
    assert summary_of(asking.db, consultation, asking.made.world.staff["shanghai"]).case_id is None


def test_advice_to_watch_suggests_the_day_of_the_review(asking: Story) -> None:
    consultation = linked(asking, WATCH)
    assert suggested_review_on(asking.db, asking.case_id, AFTER) is None
    issue(asking.db, asking.made, consultation)
    watch = asking.db.scalars(select(Watch)).one()
    assert suggested_review_on(asking.db, asking.case_id, AFTER) == watch.review_on


def test_a_consultation_that_continues_another_reports_to_its_case(asking: Story) -> None:
    first = linked(asking, WATCH)
    consultation = asking.db.scalars(select(Consultation).where(Consultation.id != first.id)).first()
    assert consultation is not None
    consultation.previous_consultation_id = first.id
    asking.db.flush()
    found = case_of(asking.db, consultation)
    assert found is not None
    assert found.id == asking.case_id
    assert asking.db.get_one(CaseConsultation, consultation.id).case_id == asking.case_id
