"""Bad input to a recall case, one by one: each refusal names its article or field, and nothing is lost or half done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.models.database import Database
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, Stale, WrongStage
from portal.process.recall_case import Stage
from portal.rules.dates import beijing_day
from portal.services.kernel.case_loading import load_case
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall import (
    answer_reviews,
    clue,
    escalation,
    filing,
    implementation,
    notices,
    producer_answers,
    review,
    taking_part,
)
from portal.services.recall.answer_drafts import save_answer_draft
from portal.services.recall.answer_reviews import Point
from portal.services.recall.case_documents import (
    OBJECTION,
    PLAN_ANNEXES,
    Typed,
    draft_of,
    latest,
    save_document_draft,
)
from portal.services.recall.listing import CaseFilter, list_cases
from portal.services.recall.overview import case_page
from tests.factories.recall_story import (
    FILE,
    JIANGNING,
    JIANGSU,
    NANJING,
    POINTS_MET,
    SUZHOU,
    RecallWorld,
    Story,
    build_recall_world,
    clue_of,
    later,
    typed,
)

LONG_AFTER = timedelta(days=40)


# A step out of turn.


def test_a_step_out_of_turn_names_its_article(story: Story) -> None:
    city: dict[str, Any] = {"actor": story.made.city, "case_id": story.case_id, "now": story.now}
    with story.refused(WrongStage, "工作流程第十二条"):
        notices.issue_recall_notice(story.db, typed=typed("recall_notice"), **city)
    with story.refused(WrongStage, "工作流程第十四条"):
        producer_answers.hand_in_plan(story.db, source=story.paper, plan={}, now=story.now)
    with story.refused(WrongStage, "工作流程第十五条"):
        implementation.publish_recall(story.db, **city)
    story.to_review()
    with story.refused(Refusal, "工作流程第十一条"):
        notices.issue_investigation_notice(
            story.db, typed=typed("investigation_notice", report_due_on=later(story.now, 20)), **city
        )


def test_a_notice_of_recall_rests_on_a_report_of_the_investigation(story: Story) -> None:
    story.to_analysis().report()
    story.investigate()
    with story.refused(Refusal, "工作流程第七条（三）"):
        story.find_defect()


def test_an_investigation_that_is_taken_up_again_rests_on_a_report_of_its_own(story: Story) -> None:
    story.to_notified()
    story.serve()
    story._hand_in(producer_answers.raise_objection, words="本批产品带扣已经更换", files=[FILE])
    story._do(answer_reviews.uphold_objection, reason="需要复测", investigates=True)
    with story.refused(Refusal, "缺陷调查报告还没有提交"):
        story.find_defect()
    story.investigated()
    story.find_defect()
    assert story.case.stage == Stage.NOTIFIED


def test_the_province_finds_no_defect_without_an_assessment_of_the_risk(story: Story) -> None:
    story._do(review.take_case, by=story.made.province, why="wide", reason="销往多个省份")
    story._do(
        taking_part.ask_technical_institution,
        by=story.made.province,
        task="组织缺陷调查",
        report_on=later(story.now, 9),
    )
    story.investigated()
    with story.refused(Refusal, "风险评估"):
        story._do(notices.issue_recall_notice, by=story.made.province, typed=typed("recall_notice"))


def test_what_the_city_owed_is_owed_by_the_province_once_it_takes_the_case(story: Story) -> None:
    story.to_investigation()
    story._do(review.take_case, by=story.made.province, why="grave", reason="可能危及儿童生命")
    (conclude,) = open_in_case(story.db, story.case_id, ("conclude_investigation",))
    assert conclude.institution_id == story.made.regulators[JIANGSU]
    with story.refused(NotAllowed):
        story._do(notices.issue_recall_notice, typed=typed("recall_notice"))


# What is late.


def test_a_late_objection_has_lapsed_and_its_draft_stays(story: Story) -> None:
    story.to_notified()
    story.serve()
    words = Typed({"words": "检测方法与标准不符"})
    save_answer_draft(
        story.db, source=story.paper, act="raise_objection", annex=OBJECTION, typed=words, version=None, now=story.now
    )
    story.now += LONG_AFTER
    with story.refused(Refusal, "附件4", "逾期视为放弃权利"):
        story._hand_in(producer_answers.raise_objection, words="检测方法与标准不符")
    draft = draft_of(story.db, story.case_id, OBJECTION, "authority")
    assert draft is not None
    assert draft.stored_values["words"] == "检测方法与标准不符"


def test_an_objection_on_paper_counts_by_the_day_it_arrived(story: Story) -> None:
    story.to_notified()
    story.serve()
    arrived = later(story.now, 2)
    story.now += LONG_AFTER
    source = dataclasses.replace(story.paper, arrived_on=arrived)
    producer_answers.raise_objection(story.db, source=source, words="检测方法与标准不符", now=story.now)
    assert story.case.stage == Stage.OBJECTION


def test_paper_cannot_have_arrived_before_the_clue_was_found(story: Story) -> None:
    story.to_notified()
    story.serve()
    source = dataclasses.replace(story.paper, arrived_on=date(2026, 2, 1))
    with story.refused(Invalid, "2026-03-01"):
        producer_answers.raise_objection(story.db, source=source, words="检测方法与标准不符", now=story.now)


@pytest.mark.parametrize("late", [False, True])
def test_a_plan_is_taken_late_and_marked_late(story: Story, late: bool) -> None:
    story.to_notified()
    story.serve()
    story.now += LONG_AFTER if late else timedelta()
    story.plan()
    assert {story.documents(slug)[0].is_late for slug in PLAN_ANNEXES} == {late}


def test_a_plan_that_follows_the_record_of_silence_is_late(story: Story) -> None:
    story.to_notified()
    story.serve()
    story.now += LONG_AFTER
    story.silence()
    story.plan()
    assert story.case.stage == Stage.PLAN_REVIEW
    assert story.documents("recall_plan")[0].is_late


def test_a_late_report_is_taken_and_marked_late(story: Story) -> None:
    story.to_analysis()
    story.now += LONG_AFTER
    story.report()
    assert story.documents("producer_report")[0].is_late


# Days that do not run without a receipt.


def test_without_a_receipt_there_is_no_silence(story: Story) -> None:
    story.to_notified()
    story.now += LONG_AFTER
    with story.refused(Refusal, "附件5"):
        story.silence()


def test_silence_waits_for_the_end_of_the_ten_days(story: Story) -> None:
    story.to_notified()
    story.serve()
    with story.refused(Refusal, "附件4", "还没有届满"):
        story.silence()


@pytest.mark.parametrize(("served", "days", "article"), [(False, 40, "附件5"), (True, 2, "附件1")])
def test_no_report_is_said_after_receipt_and_date_alone(story: Story, served: bool, days: int, article: str) -> None:
    story.to_review().find_possible()
    story.ask_producer()
    if served:
        story.serve()
    story.now += timedelta(days=days)
    with story.refused(Refusal, article):
        story._do(notices.investigate_after_report, typed=typed("defect_investigation_notice", reason="no_report"))


def test_a_report_to_an_earlier_notice_answers_no_later_one(story: Story) -> None:
    story.to_analysis().report()
    story._do(answer_reviews.accept_report, reason="足以证明不存在缺陷")
    story._do(review.reopen_case, reason="又收到投诉")
    story.find_possible()
    story.ask_producer()
    with story.refused(Invalid, "还没有提交"):
        story.investigate()
    with story.refused(Refusal, "没有待审查"):
        story._do(answer_reviews.accept_report, reason="足以证明不存在缺陷")


def test_the_receipt_of_a_notice_that_an_objection_overturned_begins_nothing(story: Story) -> None:
    story.to_notified()
    story._hand_in(producer_answers.raise_objection, words="检测方法与标准不符")
    story._do(answer_reviews.uphold_objection, reason="需要复测", investigates=True)
    story.investigated()
    story.find_defect()
    story.serve()  # the first notice, which was still on its way
    assert "hand_in_noticed_plan" not in story.owed
    story.serve()
    assert "hand_in_noticed_plan" in story.owed


def test_who_refuses_to_sign_has_received(story: Story) -> None:
    story.to_notified()
    with story.refused(Invalid, "拒绝签收"):
        notice = notices.unserved(story.db, story.case_id)[0]
        today = beijing_day(story.now + story.pace)
        story._do(
            notices.record_service,
            notice_id=notice.id,
            outcome="refused",
            typed=typed("service_receipt", served_on=today, received_on=None, remarks=""),
        )
    story.serve(outcome="refused")
    assert "hand_in_noticed_plan" in story.owed


# Dates of validity.


def test_a_case_is_begun_within_the_dates_of_validity_alone(story: Story) -> None:
    for day in (datetime(2026, 1, 31, 4, tzinfo=UTC), datetime(2031, 2, 1, 4, tzinfo=UTC)):
        with story.refused(Invalid, "第二十三条", "不在有效期内"):
            clue_of(story.db, story.made, now=day, found_on=beijing_day(day))


def test_a_running_case_is_finished_after_them(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db), now=datetime(2031, 1, 20, 4, tzinfo=UTC))
        story.to_filing().close()
        assert story.now.year == 2031
        assert beijing_day(story.now) > date(2031, 1, 31)
        assert story.case.stage == Stage.CLOSED


# Reviews.


def test_a_plan_is_returned_for_a_point_that_is_not_met(story: Story) -> None:
    story.to_plan_review()
    given: dict[str, Any] = {"reason": "", "plan_on": later(story.now, 9)}
    with story.refused(Invalid, "工作流程第十四条"):
        story._do(answer_reviews.return_plan, points=POINTS_MET, **given)
    with story.refused(Invalid, "数量真实"):
        story._do(answer_reviews.return_plan, points={**POINTS_MET, "quantities": Point(False)}, **given)
    with story.refused(Invalid, "四项全部符合"):
        story._do(answer_reviews.accept_plan, points={**POINTS_MET, "quantities": Point(False, "不符")}, reason="")
    story._do(answer_reviews.return_plan, points={**POINTS_MET, "quantities": Point(False, "与台账不符")}, **given)
    plan = latest(story.db, story.case_id, "recall_plan")
    assert plan is not None
    assert plan.state == "returned"


def test_the_file_is_complete_once_each_gap_is_explained(story: Story) -> None:
    story.to_filing()
    loaded = load_case(
        story.db, actor=story.made.city, case_id=story.case_id, permission="complete_file", now=story.now
    )
    gaps = filing.gaps_of(story.db, loaded)
    assert gaps
    with pytest.raises(Invalid) as raised:
        filing.complete_file(story.db, actor=story.made.city, case_id=story.case_id, explained={}, now=story.now)
    assert {one.field for one in raised.value.problems} == set(gaps)
    assert all("工作流程第十八条" in one.message for one in raised.value.problems)


# Two at once, and the same thing twice.


def test_of_two_drafts_at_once_the_second_is_stale(story: Story) -> None:
    story.to_review().find_possible()
    given: dict[str, Any] = {
        "actor": story.made.city, "case_id": story.case_id, "act": "issue_investigation_notice",
        "annex": "investigation_notice", "now": story.now,
    }  # fmt: skip
    draft = save_document_draft(story.db, typed=typed("investigation_notice"), version=None, **given)
    with story.refused(Stale, "您填写的内容仍在页面上"):
        save_document_draft(story.db, typed=typed("investigation_notice", trademark="别的"), version=None, **given)
    first = draft.version
    save_document_draft(story.db, typed=typed("investigation_notice"), version=first, **given)
    with story.refused(Stale):
        save_document_draft(story.db, typed=typed("investigation_notice"), version=first, **given)


def test_an_act_done_twice_is_owed_once(story: Story) -> None:
    story.to_analysis().report()
    first = story.owed
    story.report()
    assert story.owed == first
    story.investigate()
    story.ask_institution()
    (before,) = open_in_case(story.db, story.case_id, ("report_investigation",))
    story.ask_institution()
    (after,) = open_in_case(story.db, story.case_id, ("report_investigation",))
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at > before.due_at


# Outside the area.


def escalate(story: Story) -> None:
    story.to_notified()
    story.serve()
    story.now += LONG_AFTER
    story.silence()


def test_nothing_goes_up_before_it_was_submitted(story: Story) -> None:
    escalate(story)
    with story.refused(Refusal, "工作流程第十九条"):
        story._do(escalation.forward_escalation, by=story.made.province, reason="上报")
    with story.refused(Refusal, "工作流程第十九条"):
        story._do(escalation.record_order, by=story.made.province, reason="责令召回", plan_on=later(story.now, 9))
    with story.refused(Refusal, "还没有上报国家市场监督管理总局"):
        story._do(escalation.resume_investigation, reason="补充核实范围")
    with story.refused(Invalid, "工作流程第十九条"):
        story._do(escalation.submit_escalation, reason="逾期未报告", files=[])


def test_what_lies_outside_the_own_area_does_not_exist(story: Story) -> None:
    with story.refused(NotFound):
        case_page(story.db, actor=story.made.officers[SUZHOU], case_id=story.case_id, now=story.now)


def seen(story: Story, by: str) -> bool:
    """Whether the officer of an area sees the case; list and page agree."""
    actor, now = story.made.officers[by], story.now
    try:
        case_page(story.db, actor=actor, case_id=story.case_id, now=now)
        can_open = True
    except NotFound:
        can_open = False
    found = list_cases(story.db, actor=actor, wanted=CaseFilter(tab="all"), now=now).cases
    assert (story.case_id in {one.id for one in found}) is can_open
    return can_open


def test_a_county_that_helped_sees_nothing_of_a_case_that_went_elsewhere(story: Story) -> None:
    made: RecallWorld = story.made
    ask: Callable[..., Any] = taking_part.ask_county
    story._do(ask, institution_id=made.regulators[JIANGNING], task="送达通知书")
    assert seen(story, JIANGNING)
    story._do(clue.pass_on_clue, reason="生产地在苏州")
    story._do(clue.assign_clue, by=made.province, institution_id=made.regulators[SUZHOU], reason="属地")
    assert [seen(story, by) for by in (JIANGNING, NANJING, SUZHOU, JIANGSU)] == [False, False, True, True]


def test_a_recall_that_is_not_carried_out_goes_up_and_may_come_back_for_more_investigation(story: Story) -> None:
    story.to_implementing()
    story._do(implementation.record_noncompliance, reason="三个月内没有召回一件")
    assert (story.case.stage, story.owed) == (Stage.ESCALATED, ["submit_escalation"])
    story._do(escalation.submit_escalation, reason="三个月内没有召回一件", files=[FILE])
    story._do(escalation.forward_escalation, by=story.made.province, reason="上报")
    story._do(escalation.resume_investigation, by=story.made.province, reason="补充核实范围")
    assert (story.case.stage, story.owed) == (Stage.INVESTIGATION, ["conclude_investigation"])
