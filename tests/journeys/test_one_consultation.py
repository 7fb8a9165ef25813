"""One consultation from application to archive, through the pages alone, as those do it who work with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.journeys.from_the_session import (
    archive,
    count,
    hold_the_session,
    issue_the_minutes,
    look_at_the_outbox,
    pay_the_experts,
    vote,
)
from tests.journeys.until_the_session import (
    ON_A_PHONE,
    agree_on_a_time,
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
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=BEIJING)
WEDNESDAY = datetime(2026, 3, 4, 14, 0, tzinfo=BEIJING)


def another_day(everybody: list[Person], clock: Clock, when: datetime) -> None:
    """All close their pages, and log in again on the day: an open page would lead itself to the log-in."""
    for someone in everybody:
        someone.leave()
    clock.now = when
    for someone in everybody:
        someone.log_in()


def test_one_consultation_from_application_to_archive(person: Come, clock: Clock) -> None:
    applicant, lead = person("shanghai-liaison-1"), person("jiangsu-liaison-1")
    others = [person("zhejiang-liaison-1"), person("anhui-liaison-2")]
    experts = [person(name, phone=name == ON_A_PHONE) for name in PANEL]
    everybody = [applicant, lead, *others, *experts]

    apply(applicant)
    return_correct_and_accept(applicant, lead)
    form_the_panel([applicant, lead, *others], experts, lead)
    send_the_material(applicant)

    another_day(everybody, clock, TUESDAY)
    analyse(experts)
    agree_on_a_time(applicant, lead, [applicant, lead, *others])

    another_day(everybody, clock, WEDNESDAY)
    hold_the_session(lead, len(experts))
    vote(lead, experts, person("shanghai-expert-2"))
    count(lead, applicant, others[0])
    issue_the_minutes(lead, [applicant, *others])
    pay_the_experts(applicant, person("shanghai-liaison-2"))
    archive(applicant, lead, experts[0])
    look_at_the_outbox(person("administrator"))
