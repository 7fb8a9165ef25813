"""劳务费: for work that was done, in whole fen, approved by a second person."""

import pytest

from portal.models.database import Database
from portal.process.errors import Invalid, NotAllowed, Refusal
from portal.services.consultation import fees as step
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import open_session
from portal.services.kernel.loading import find
from tests.factories.meeting_minutes import AFTER, concluded, issued
from tests.factories.online_session import STARTS, participants_named, session_opened
from tests.factories.world import build_world


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("1800", 180000), ("1,800.50", 180050), ("0.01", 1), (" 1 800.5 ", 180050)],
)
def test_yuan_are_read_as_fen(typed: str, fen: int) -> None:
    assert step.fen_of(typed) == fen


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.005", "NaN", "Infinity", "一千", "1e99", "1e-3"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        step.fen_of(typed)


def test_a_fee_goes_through_two_people(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        member = accepted_members(db, consultation.id)[0]
        ids = {"consultation_id": consultation.id, "now": AFTER}
        given = {"member_id": member.id, "work": "session"}
        with pytest.raises(NotAllowed):
            step.record_fee(db, actor=world.lead, amount="800", **given, **ids)
        fee = step.record_fee(db, actor=first, amount="800", **given, **ids)
        again = step.record_fee(db, actor=first, amount="900", **given, **ids)
        assert (again.id, again.amount_fen) == (fee.id, 90000)
        with pytest.raises(NotAllowed):
            step.approve_fee(db, actor=first, fee_id=fee.id, **ids)
        with pytest.raises(Refusal):
            step.pay_fee(db, actor=second, fee_id=fee.id, note="", **ids)
        step.approve_fee(db, actor=second, fee_id=fee.id, **ids)
        with pytest.raises(Refusal):
            step.record_fee(db, actor=first, amount="1000", **given, **ids)
        step.pay_fee(db, actor=first, fee_id=fee.id, note="转账凭证 0312", **ids)
        page = step.summary(db, find(db, actor=first, **ids), AFTER)
        assert page is not None
        assert (page.totals, page.total) == ({"due": 0, "approved": 0, "paid": 90000}, 90000)
        assert step.summary(db, find(db, actor=world.lead, **ids), AFTER) is None


def test_only_work_that_was_done_is_paid(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation, other = issued(db, world), session_opened(db, world)
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "now": AFTER}
        stranger = accepted_members(db, other.id)[0]
        member = accepted_members(db, consultation.id)[0]
        for member_id, work, field in ((stranger.id, "session", "member_id"), (member.id, "travel", "work")):
            with pytest.raises(Invalid) as refused:
                step.record_fee(db, member_id=member_id, work=work, amount="800", **ids)
            assert refused.value.problems[0].field == field
        fee = step.record_fee(db, member_id=member.id, work="preliminary_analysis", amount="800", **ids)
        with pytest.raises(Invalid):
            step.approve_fee(db, **{**ids, "fee_id": fee.id + 1})


def test_who_was_not_there_gets_nothing_for_the_session(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        members = accepted_members(db, consultation.id)
        open_session(
            db, actor=world.lead, consultation_id=consultation.id, member_ids=[one.id for one in members[:3]],
            participant_ids=[], now=STARTS,
        )  # fmt: skip
        done = step.works_done(db, consultation.id)
        assert ["session" in done[member] for member in members] == [True] * 3 + [False] * 2
