"""What a producer hands in, refused: numbers that cannot all be true, links that do not work (any more)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from portal.models.case_document import ProducerLink
from portal.process.errors import Invalid, NotAllowed, NotFound, WrongStage
from portal.process.recall_case import Stage
from portal.services.recall import (
    answer_reviews,
    producer_answers,
    producer_links,
)
from portal.services.recall.producer_answers import Source
from portal.services.recall.producer_tokens import give_producer_token
from tests.factories.recall_story import (
    Story,
    clue_of,
    later,
    typed,
)


def link_of(story: Story, purpose: str, *, now: datetime | None = None) -> tuple[ProducerLink, str]:
    """A producer's link with its token."""
    at = now or story.now
    link = producer_links.send_producer_link(
        story.db, actor=story.made.city, case_id=story.case_id, purpose=purpose, recipient="何静", email="", now=at
    )
    return link, give_producer_token(story.db, link, at)


# Numbers that cannot all be true.


@pytest.mark.parametrize(
    ("slug", "changed"),
    [
        ("press_release", {"affected_quantity": 11000}),
        ("recall_statement", {"affected_quantity": 13000, "budget_quantity": 13000, "produced_quantity": 14000}),
        ("recall_plan", {"affected_quantity": 12001}),
        (
            "recall_statement",
            {
                "sellers": [
                    {"seller": "甲", "area": "全国", "quantity": 12001, "sold_between": "2025年", "stock": 0},
                ]
            },
        ),
    ],
)  # fmt: skip
def test_a_plan_whose_quantities_do_not_add_up_is_refused(story: Story, slug: str, changed: dict[str, Any]) -> None:
    story.to_notified()
    story.serve()
    begins_on = {"begins_on": later(story.now, 14)} if slug == "press_release" else {}
    with story.refused(Invalid, "第十四条"):
        story.plan(**{slug: typed(slug, **changed, **begins_on)})
    assert not story.documents("recall_plan")


def test_summaries_tell_no_more_than_there_is(story: Story) -> None:
    story.to_implementing()
    story.interim(7000)
    with story.refused(Invalid, "工作流程第十四条"):
        story.interim(7000)
    story.complete()
    with story.refused(Invalid, "工作流程第十六条"):
        story._hand_in(
            producer_answers.hand_in_summary,
            typed=typed("recall_summary", recalled_quantity=6500, actual_rate=54),
            channels={},
        )


def test_a_returned_summary_may_be_followed_by_a_lower_one(story: Story) -> None:
    story.to_implementing().interim(6000)
    story.complete()
    story.summary()
    story._do(answer_reviews.return_summary, reason="数量与台账不符", summary_on=later(story.now, 9))
    story._hand_in(
        producer_answers.hand_in_summary,
        typed=typed("recall_summary", recalled_quantity=9000, actual_rate=75),
        channels={},
    )
    assert story.case.stage == Stage.SUMMARY


@pytest.mark.parametrize("channels", [{"moon": 1}, {"website": -1}, {"website": 6001}])
def test_quantities_by_channel_are_those_of_the_annex_and_no_more_than_the_whole(
    story: Story, channels: dict[str, int]
) -> None:
    story.to_implementing()
    with story.refused(Invalid, "各渠道"):
        story.interim(6000, **channels)


def test_a_credit_code_with_a_wrong_check_digit_is_refused(story: Story) -> None:
    with story.refused(Invalid, "统一社会信用代码"):
        clue_of(story.db, story.made, credit_code="91320100MA1W3K7L20", now=story.now)
    story.to_analysis()
    with story.refused(Invalid, "统一社会信用代码"):
        story._hand_in(
            producer_answers.hand_in_report, typed=typed("producer_report", credit_code="91320100MA1W3K7L20")
        )


# The producer's link.


@pytest.fixture
def noticed(story: Story) -> Story:
    story.to_notified()
    story.serve()
    return story


def test_a_revoked_link_does_nothing_any_more(noticed: Story) -> None:
    link, token = link_of(noticed, "recall_plan")
    noticed._do(producer_links.revoke_producer_link, link_id=link.id, reason="发错邮箱")
    with noticed.refused(NotAllowed, "已被撤销", "您已经提交和保存的内容都在"):
        producer_answers.raise_objection(
            noticed.db, source=Source(token=token, signed_by="何静"), words="不认可", now=noticed.now
        )


def test_an_expired_link_does_nothing_any_more(noticed: Story) -> None:
    link, token = link_of(noticed, "recall_plan")
    with noticed.refused(NotAllowed, "已经过期"):
        producer_answers.hand_in_plan(
            noticed.db, source=Source(token=token, signed_by="何静"), plan={}, now=link.expires_at
        )


def test_a_link_serves_its_own_purpose_alone(noticed: Story) -> None:
    _, token = link_of(noticed, "recall_plan")
    with noticed.refused(NotAllowed, "不能用于提交调查分析报告"):
        producer_answers.hand_in_report(
            noticed.db, source=Source(token=token, signed_by="何静"), typed=typed("producer_report"), now=noticed.now
        )
    with noticed.refused(Invalid, "签署人"):
        producer_answers.raise_objection(noticed.db, source=Source(token=token), words="不认可", now=noticed.now)


def test_a_link_is_of_no_use_in_another_stage(noticed: Story) -> None:
    _, token = link_of(noticed, "recall_plan")
    noticed.plan()
    with noticed.refused(WrongStage):
        producer_answers.raise_objection(
            noticed.db, source=Source(token=token, signed_by="何静"), words="不认可", now=noticed.now
        )


def test_a_token_that_is_none_finds_nothing(noticed: Story) -> None:
    with noticed.refused(NotFound):
        producer_answers.raise_objection(
            noticed.db, source=Source(token="guessed", signed_by="何静"), words="不认可", now=noticed.now
        )


def test_a_later_link_takes_the_place_of_the_first(noticed: Story) -> None:
    _, first = link_of(noticed, "recall_plan")
    _, second = link_of(noticed, "recall_plan")
    with noticed.refused(NotAllowed, "已被撤销"):
        producer_answers.raise_objection(
            noticed.db, source=Source(token=first, signed_by="何静"), words="不认可", now=noticed.now
        )
    producer_answers.raise_objection(
        noticed.db, source=Source(token=second, signed_by="何静"), words="不认可", now=noticed.now
    )
    assert noticed.case.stage == Stage.OBJECTION
