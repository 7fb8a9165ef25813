"""The province takes a case over (Art. 13): what was reported goes with it, but not from an earlier investigation."""

from __future__ import annotations

from portal.process.errors import Refusal
from portal.process.recall_case import Stage
from portal.services.recall import investigation, notices, review
from portal.services.recall.overview import case_page
from tests.factories.recall_story import FILE, Story, later, typed


def take(story: Story) -> None:
    story._do(review.take_case, by=story.made.province, why="grave", reason="可能危及儿童生命")


def assess_risk(story: Story) -> None:
    story._do(investigation.assess_risk, by=story.made.technical, reason="严重风险", files=[FILE])


def find_defect(story: Story) -> None:
    story._do(notices.issue_recall_notice, by=story.made.province, typed=typed("recall_notice"))


def test_what_was_reported_to_the_city_counts_for_the_province_that_takes_its_investigation(story: Story) -> None:
    story.to_investigation()
    take(story)
    assess_risk(story)
    find_defect(story)
    assert story.case.stage == Stage.NOTIFIED


def test_a_case_that_is_taken_while_it_is_watched_rests_on_a_report_of_its_own(story: Story) -> None:
    story.to_investigation()
    story._do(
        investigation.conclude_without_recall, conclusion="unclear", reason="样品不足", review_on=later(story.now, 60)
    )
    take(story)
    assess_risk(story)
    with story.refused(Refusal, "缺陷调查报告还没有提交"):
        find_defect(story)
    story.investigated()
    find_defect(story)
    assert story.case.stage == Stage.NOTIFIED


def test_the_province_does_not_take_what_it_investigates_already(story: Story) -> None:
    take(story)
    with story.refused(Refusal, "已在组织这件案件的缺陷调查", "工作流程第十三条"):
        take(story)
    page = case_page(story.db, actor=story.made.province, case_id=story.case_id, now=story.now)
    (offered,) = [one for one in page.actions if one.act == "take_case"]
    assert offered.reason == "江苏省市场监督管理局已在组织这件案件的缺陷调查。"
