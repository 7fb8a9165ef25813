"""Reminder policies: the moments they give, and what is refused in the file with its line and rule."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.process.ledger import KINDS
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.reminder_policies import (
    DEFAULTS,
    ReminderPolicyError,
    check_mandatory,
    parse_policies,
    parse_policy,
    policy_text,
    shipped_policies,
)
from portal.rules.reminders import ENDLESS, Policy, Step, To, Tone, Unit, When, moments, next_moment
from portal.rules.working_days import shipped_calendar
from portal.services.reminder_rules import shipped_policy

CALENDAR, SHIPPED = shipped_calendar(), shipped_policies()
HOURS = SHIPPED.hours
KNOWN = {"calendar": CALENDAR, "hours": HOURS}
FIRST, LAST = datetime(2025, 1, 2, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)

instants = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))
clocks = st.times(time(0), time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that can be written."""
    steps = {}
    for when in draw(st.lists(st.sampled_from(When), min_size=1, max_size=6)):
        is_hours = when in (When.BEFORE, When.AFTER, When.SINCE) and draw(st.booleans())
        count = draw(st.integers(1, 40)) if when not in (When.DUE, When.OPENED) else 0
        at = None if is_hours or (when is When.OPENED and draw(st.booleans())) else draw(clocks)
        step = Step(when, (To.OWNER,), count, Unit.HOURS if is_hours else Unit.DAYS, at, draw(st.booleans()))
        steps[when if when in ENDLESS else step.key] = step
    kinds = {step.when for step in steps.values()}
    behind = {When.AGAIN: When.AFTER, When.REPEAT: When.SINCE}
    return Policy(tuple(s for s in steps.values() if s.when not in behind or behind[s.when] in kinds))


@given(policies(), instants, st.integers(0, 40 * 24 * 60), st.booleans())
def test_moments_come_in_order_on_working_days_and_on_their_side(
    policy: Policy, since_at: datetime, minutes: int, is_dated: bool
) -> None:
    due_at = since_at + timedelta(minutes=minutes) if is_dated else None
    until = since_at + timedelta(days=200)
    found = moments(policy, since_at=since_at, due_at=due_at, until=until, **KNOWN)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert since_at <= one.at <= until
        if one.step.when is When.OPENED:
            assert beijing_day(one.at) == beijing_day(since_at)
        elif due_at is not None:
            assert (one.at < due_at) == (one.step.when in (When.BEFORE, When.DUE)), one
        if one.step.when is not When.OPENED:
            assert CALENDAR.mark(beijing_day(one.at), strict=False).counted
        if one.step.unit is Unit.HOURS:
            assert HOURS.begin <= one.at.astimezone(BEIJING).time() <= HOURS.end


@given(policies(), instants, st.integers(0, 60 * 24))
def test_the_next_moment_is_the_first_of_those_that_follow(policy: Policy, since_at: datetime, hours: int) -> None:
    due_at, after = since_at + timedelta(days=5), since_at + timedelta(hours=hours)
    found = moments(policy, since_at=since_at, due_at=due_at, until=after + timedelta(days=120), **KNOWN)
    following = next_moment(policy, since_at=since_at, due_at=due_at, after=after, **KNOWN)
    assert following == next((one for one in found if one.at > after), None)


def test_over_the_national_day_holiday_with_its_make_up_days() -> None:
    since_at = datetime(2026, 9, 29, 15, 0, tzinfo=BEIJING)
    due_at = CALENDAR.deadline(since_at, 3).due_at
    until = datetime(2026, 10, 21, tzinfo=BEIJING)
    found = moments(SHIPPED.kinds["sign_sheet"], since_at=since_at, due_at=due_at, until=until, **KNOWN)
    # 30 September, 8 and 9 October are worked; 1–7 are off, Saturday the 10th is worked for it.
    assert [(one.key, f"{one.at.astimezone(BEIJING):%m-%d %H:%M}") for one in found] == [
        ("before_1d", "10-08 09:00"),
        ("on_due", "10-09 09:00"),
        ("before_4h", "10-09 13:30"),
        ("after_1d", "10-10 09:00"),
        ("after_3d", "10-13 09:00"),
        ("again_5d.1", "10-20 09:00"),
    ]


def test_hours_run_over_a_weekend_and_a_deadline_in_the_morning_is_reminded_of_the_day_before() -> None:
    policy = parse_policy(
        'steps = [{ when = "before", working_hours = 2, to = ["owner"] },'
        ' { when = "due", at = "09:00", to = ["owner"] }]'
    )
    monday = datetime(2026, 3, 2, 9, 0, tzinfo=BEIJING)
    found = moments(policy, since_at=monday - timedelta(days=9), due_at=monday, until=monday, **KNOWN)
    friday = date(2026, 2, 27)  # Saturday, 28 February, is worked for the Spring Festival
    assert CALENDAR.mark(date(2026, 2, 28)).counted
    assert [(one.key, f"{one.at.astimezone(BEIJING):%m-%d %H:%M}") for one in found] == [
        ("on_due", "02-28 09:00"),
        ("before_2h", "02-28 15:30"),
    ], friday


def test_what_is_shipped_fits_the_kinds_and_is_written_as_it_is_read() -> None:
    assert SHIPPED.kinds.keys() <= KINDS.keys()
    for kind in KINDS.values():
        policy = shipped_policy(kind)
        assert policy.steps, kind.kind
        assert parse_policy(policy_text(policy)) == policy
        dated = {When.BEFORE, When.DUE, When.AFTER, When.AGAIN}
        assert bool(dated & {step.when for step in policy.steps}) == kind.has_deadline, kind.kind
        # Nothing is late where the limit lets the right lapse.
        has_limit = kind.limit is not None and not getattr(kind, "lapses", False)
        check_mandatory(policy, has_deadline=kind.has_deadline, has_limit=has_limit, is_opened_by_clock=False)


GOOD = """[hours]
from = "09:00"
until = "17:30"

[default]
steps = [
    { when = "due", at = "09:00", to = ["owner"] },
    { when = "after", working_days = 1, at = "09:00", to = ["owner"] },
]

[default_in_case]
steps = [{ when = "due", at = "09:00", to = ["owner"] }]

[default_of_producer]
steps = [{ when = "due", at = "09:00", to = ["owner"] }]
"""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (('"after"', '"later"'), "第 8 行，default 第 2 步：when 应为"),
        (("working_days = 1", "working_days = true"), "第 8 行，default 第 2 步：working_days 应为 1 至 60"),
        (("working_days = 1, ", ""), "第 8 行，default 第 2 步：应写明 working_days 或 working_hours 之一"),
        (('to = ["owner"] },\n]', 'to = ["boss"] },\n]'), "第 8 行，default 第 2 步：to 应列出"),
        (('"after", working_days = 1, at = "09:00"', '"due", at = "9 Uhr"'), "第 8 行，default 第 2 步：at 应为时刻"),
        (('"after", working_days = 1', '"due"'), "第 8 行，default 第 2 步：与前面的一步重复"),
        (('"after"', '"again"'), "第 8 行，default 第 2 步：重复提醒之前"),
        (('until = "17:30"', 'until = "08:00"'), "hours：until 应晚于 from"),
        (('to = ["owner"] },\n]', 'to = ["owner"], loud = 1 },\n]'), "第 8 行，default 第 2 步：未知的键 loud"),
        (("steps = [", "steps = "), "不是有效的 TOML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_rule(changed: tuple[str, str], said: str) -> None:
    assert parse_policies(GOOD).defaults[DEFAULTS[0]].steps
    with pytest.raises(ReminderPolicyError, match=said):
        parse_policies(GOOD.replace(*changed, 1))


@pytest.mark.parametrize(
    ("when", "hours_from_due", "is_owner", "tone"),
    [
        (When.BEFORE, -30, True, Tone.BEFORE),
        (When.BEFORE, 3, True, Tone.OVERDUE),
        (When.DUE, -9, True, Tone.DUE),
        (When.DUE, -57, True, Tone.BEFORE),
        (When.DUE, 3, True, Tone.OVERDUE),
        (When.DUE, 3, False, Tone.ESCALATED),
        (When.AFTER, 9, True, Tone.OVERDUE),
        (When.AGAIN, 9, False, Tone.ESCALATED),
    ],
)
def test_what_is_told_late_is_said_as_what_it_is(when: When, hours_from_due: int, is_owner: bool, tone: Tone) -> None:
    due_at = datetime(2026, 11, 21, 0, 0, tzinfo=BEIJING)  # 24:00 of a Friday
    now = due_at + timedelta(hours=hours_from_due)
    said = Step(when, (To.OWNER,)).tone_for(is_owner=is_owner, due_at=due_at, now=now)
    assert said is tone


def test_what_has_no_deadline_waits() -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=BEIJING)
    assert Step(When.SINCE, (To.OWNER,)).tone_for(is_owner=True, due_at=None, now=now) is Tone.WAITING
