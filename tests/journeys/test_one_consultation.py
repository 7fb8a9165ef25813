"""One consultation from application to archive, through the pages alone, as those do it who work with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.journeys.after_the_vote import archive, issue_the_minutes
from tests.journeys.before_the_session import (
    agree_on_a_time,
    answer_from_the_mail,
    ask_for_times,
    find_a_conflict,
    name_participants,
    replace_the_member,
)
from tests.journeys.in_the_session import (
    come_together,
    conclude,
    count_without_majority,
    discuss,
    open_the_vote,
    vote_again,
    vote_without_majority,
)
from tests.journeys.until_the_session import (
    analyse,
    apply,
    form_the_panel,
    return_correct_and_accept,
    send_the_material,
)
from tests.support.clock import BEIJING

if TYPE_CHECKING:
    from tests.journeys.person import Person
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey

Come = Callable[..., "Person"]
PANEL = ("shanghai-expert-1", "jiangsu-expert-1", "zhejiang-expert-1", "anhui-expert-1", "zhejiang-expert-2")
ON_A_PHONE = "anhui-expert-1"
WEDNESDAY = datetime(2026, 3, 4, 14, 0, tzinfo=BEIJING)


def another_day(everybody: list[Person], clock: Clock, when: datetime) -> None:
    """All close their pages, and log in again on the day: an open page would lead itself to the log-in."""
    for someone in everybody:
        someone.leave()
    clock.now = when
    for someone in everybody:
        someone.log_in()


def test_one_consultation_from_application_to_archive(
    person: Come, clock: Clock, mailbox: Callable[[str], list[str]]
) -> None:
    applicant, lead = person("shanghai-liaison-1"), person("jiangsu-liaison-1")
    others = [person("zhejiang-liaison-1"), person("anhui-liaison-2")]
    experts = [person(name, phone=name == ON_A_PHONE) for name in PANEL]
    institutions = [applicant, lead, *others]

    apply(applicant)
    return_correct_and_accept(applicant, lead)
    form_the_panel(institutions, experts, lead)
    send_the_material(applicant)
    analyse(experts)

    ask_for_times(applicant, lead)
    by_mail, leaving = experts[3], experts[4]
    answer_from_the_mail(by_mail, mailbox(by_mail.username))
    agree_on_a_time(lead, [one for one in (*institutions, *experts) if one is not by_mail])
    find_a_conflict(others[0], "zh专2")
    experts[4] = replace_the_member(lead, leaving, person, "zh专2", "zh专3")
    name_participants(institutions)

    another_day([*institutions, *experts, leaving], clock, WEDNESDAY)
    come_together(lead, experts, [applicant, *others])
    discuss(lead, ["sh专1", "ji专1", "zh专1", "an专1", "zh专3"], [others[1], experts[0]])
    open_the_vote(lead, 1, [*experts, *others])
    vote_without_majority(lead, experts, leaving)
    count_without_majority(lead, applicant, others)
    vote_again(lead, experts)
    conclude(lead)
    issue_the_minutes(lead, [applicant, *others])
    archive(applicant, lead, experts[0])
