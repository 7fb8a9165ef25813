"""Which slots are offered, by when to answer, and which slot is best."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations, product

import pytest

from portal.rules.dates import BEIJING, end_of_day
from portal.rules.editions import load_edition
from portal.rules.time_poll import (
    MARKS,
    SLOTS_MOST,
    Slot,
    Voice,
    answer_by,
    best_mark,
    check_slots,
    offered_starts,
    rank_slots,
)
from portal.rules.working_days import shipped_calendar

EDITION, CALENDAR = load_edition(), shipped_calendar()
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday, 12:00 in Beijing


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


def slot(key: int, starts_at: datetime | None = None) -> Slot:
    starts_at = starts_at or at(4, 9) + timedelta(hours=key)
    return Slot(key, starts_at, starts_at + timedelta(hours=2))


def voices(experts: list[dict[int, str]], institutions: list[dict[int, str]]) -> list[Voice]:
    named = [Voice(f"专家{number}", True, marks) for number, marks in enumerate(experts)]
    return named + [Voice(f"单位{number}", False, marks) for number, marks in enumerate(institutions)]


def order(experts: list[dict[int, str]], institutions: list[dict[int, str]], *slots: Slot) -> list[int]:
    return [one.slot.key for one in rank_slots(slots, voices(experts, institutions), EDITION)]


def test_a_quorum_goes_before_everything_else() -> None:
    # Slot 1: two of five experts, all institutions gladly. Slot 2: three experts if need be, no institution.
    experts = [{1: "yes", 2: "if_need_be"}] * 2 + [{1: "no", 2: "if_need_be"}] + [{1: "no", 2: "no"}] * 2
    assert order(experts, [{1: "yes", 2: "no"}] * 4, slot(1), slot(2)) == [2, 1]


def test_then_all_institutions_then_more_yes_then_fewer_if_need_be_then_the_earlier() -> None:
    five = {1: "yes", 2: "yes"}
    lacking = [{1: "yes", 2: "if_need_be"}] * 3 + [{1: "no", 2: "if_need_be"}]
    assert order([five] * 5, lacking, slot(1), slot(2)) == [2, 1]
    assert order([five] * 4 + [{1: "if_need_be", 2: "yes"}], [five] * 4, slot(1), slot(2)) == [2, 1]
    unsure = [five] * 4 + [{1: "if_need_be", 2: "no"}]
    assert order(unsure, [five] * 4, slot(1), slot(2)) == [2, 1]
    assert order([five] * 5, [five] * 4, slot(2), slot(1)) == [1, 2]


def test_who_has_not_answered_is_not_reckoned_with() -> None:
    experts = [{1: "yes", 2: "yes"}] * 2 + [{2: "if_need_be"}] + [{}] * 2
    (best, other) = rank_slots([slot(1), slot(2)], voices(experts, [{1: "yes", 2: "yes"}] * 4), EDITION)
    assert (best.slot.key, best.has_quorum, best.experts, best.quorum) == (2, True, 3, 3)
    assert (other.has_quorum, other.silent, other.missing) == (False, 3, ())


def test_the_quorum_is_that_of_the_vote() -> None:
    for panel, quorum in ((3, 3), (4, 3), (5, 3), (7, 4), (9, 5)):
        (one,) = rank_slots([slot(1)], voices([{1: "yes"}] * panel, []), EDITION)
        assert one.quorum == quorum


def test_the_order_does_not_depend_on_how_slots_and_voices_are_listed() -> None:
    """Every way three experts and one institution can mark two slots."""
    for marks in product(MARKS, repeat=4):
        said = [{1: mark, 2: other} for mark, other in zip(marks, marks[1:] + marks[:1], strict=True)]
        orders = {
            tuple(order(list(three), said[3:], *slots))
            for three in permutations(said[:3])
            for slots in ((slot(1), slot(2)), (slot(2), slot(1)))
        }
        assert len(orders) == 1


def test_an_institution_says_what_suits_one_of_its_people() -> None:
    assert best_mark(["no", "if_need_be", "no"]) == "if_need_be"
    assert best_mark(["if_need_be", "yes"]) == "yes"
    assert best_mark(["no"]) == "no"
    with pytest.raises(ValueError, match="nobody"):
        best_mark([])


def test_half_days_of_the_five_working_days_are_offered() -> None:
    due = CALENDAR.deadline(NOON, 5).due_at
    starts = offered_starts(NOON, due, CALENDAR, EDITION)
    assert starts[0] == at(2, 14)  # this morning is over
    assert starts[-1] == at(9, 14)
    assert len(starts) == 11
    assert {one.weekday() for one in starts} == {0, 1, 2, 3, 4}


def test_when_the_deadline_is_over_the_next_five_working_days_are_offered() -> None:
    starts = offered_starts(NOON, NOON - timedelta(days=3), CALENDAR, EDITION)
    assert starts == offered_starts(NOON, None, CALENDAR, EDITION)
    assert starts[-1] == at(9, 14)


def test_a_make_up_working_day_is_offered_and_a_holiday_is_not() -> None:
    # 2026: the Spring Festival's days off end on 23 February; Saturday 28 February is worked.
    now = datetime(2026, 2, 13, 1, tzinfo=UTC)
    days = {one.date() for one in offered_starts(now, end_of_day(date(2026, 2, 28)), CALENDAR, EDITION)}
    assert date(2026, 2, 28) in days
    assert date(2026, 2, 18) not in days
    assert all(CALENDAR.mark(day).counted for day in days)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (at(9, 9, 30), end_of_day(date(2026, 3, 4))),  # two working days at most
        (at(4, 14), end_of_day(date(2026, 3, 3))),  # the working day before
        (at(9, 9, 30) - timedelta(days=4), end_of_day(date(2026, 3, 4))),
        (at(3, 9, 30), end_of_day(date(2026, 3, 2))),  # today
        (at(2, 14), at(2, 14)),  # the day before is over
    ],
)
def test_answers_are_due_before_the_first_slot(first: datetime, expected: datetime) -> None:
    assert answer_by(NOON, first, CALENDAR, EDITION) == expected


def test_the_working_day_before_a_monday_is_the_friday() -> None:
    friday = datetime(2026, 3, 6, 1, tzinfo=UTC)
    assert answer_by(friday, at(9, 9, 30), CALENDAR, EDITION) == end_of_day(date(2026, 3, 6))


def test_what_cannot_be_proposed() -> None:
    good = [(at(4, 9), at(4, 11)), (at(4, 14), at(4, 16))]
    assert check_slots(good, now=NOON) == ()
    many = [(at(4, 0) + timedelta(hours=n), at(4, 1) + timedelta(hours=n)) for n in range(SLOTS_MOST + 1)]
    assert check_slots(many[:-1], now=NOON) == ()
    past = datetime.combine(date(2026, 3, 2), time(9), tzinfo=BEIJING)
    for bad in ([], good[:1], many, [good[0], good[0]], [*good, (past, at(2, 16))], [*good, (at(5, 9), at(5, 9))]):
        (problem,) = check_slots(bad, now=NOON)
        assert (problem.field, problem.article) == ("slots", "8(3)")
