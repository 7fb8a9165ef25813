"""劳务费标准: entered from a day on, never changed backwards, one's own institution's alone."""

from datetime import date, timedelta

import pytest

from portal.models.database import Database
from portal.process.errors import Invalid, NotFound
from portal.services.fee_rates import LINES, rates_on, rates_page, set_rates
from tests.factories.fees import rated
from tests.factories.world import NOON, build_world

SENIOR = ("session", "senior")
TODAY = NOON.date()


def test_rates_have_a_history_and_the_day_decides(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        own = world.institutions["shanghai"]
        rated(db, world.applicant, "800", date(2025, 1, 1))
        set_rates(db, actor=world.applicant, amounts={SENIOR: "1,200.50"}, valid_from=date(2026, 1, 1), now=NOON)
        assert rates_on(db, own, date(2024, 12, 31)) == {}
        assert rates_on(db, own, date(2025, 12, 31)) == dict.fromkeys(LINES, 80000)
        assert rates_on(db, own, date(2026, 1, 1)) == {**dict.fromkeys(LINES, 80000), SENIOR: 120050}
        assert rates_on(db, world.institutions["anhui"], TODAY) == {}
        page = rates_page(db, actor=world.staff["shanghai"], now=NOON)
        assert page.in_force[SENIOR] == 120050
        assert len(page.history) == len(LINES) + 1
        assert page.history[0].person == world.applicant.name


def test_what_was_in_force_is_never_changed(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        rated(db, world.applicant, "800", TODAY)
        for day in (TODAY, TODAY - timedelta(days=1)):
            with pytest.raises(Invalid) as refused:
                set_rates(db, actor=world.applicant, amounts={SENIOR: "900"}, valid_from=day, now=NOON)
            assert refused.value.problems[0].field == "valid_from"
        ahead = TODAY + timedelta(days=10)
        for amount in ("900", "950"):  # what has not begun yet is replaced
            set_rates(db, actor=world.applicant, amounts={SENIOR: amount}, valid_from=ahead, now=NOON)
        assert rates_on(db, world.institutions["shanghai"], ahead)[SENIOR] == 95000
        assert rates_on(db, world.institutions["shanghai"], TODAY)[SENIOR] == 80000


def test_every_wrong_field_is_named_and_nothing_half_written(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        amounts = {SENIOR: "-5", ("other", "other"): "many", ("session", "other"): "800"}
        with pytest.raises(Invalid) as refused:
            set_rates(db, actor=world.applicant, amounts=amounts, valid_from=None, now=NOON)
        assert {one.field for one in refused.value.problems} == {"valid_from", "session_senior", "other_other"}
        with pytest.raises(Invalid):
            set_rates(db, actor=world.applicant, amounts={SENIOR: " "}, valid_from=TODAY, now=NOON)
        assert rates_page(db, actor=world.applicant, now=NOON).history == ()
        for stranger in (world.experts["shanghai"][0], world.administrator):
            assert stranger is not None
            with pytest.raises(NotFound):
                rates_page(db, actor=stranger, now=NOON)
            with pytest.raises(NotFound):
                set_rates(db, actor=stranger, amounts={SENIOR: "800"}, valid_from=TODAY, now=NOON)
