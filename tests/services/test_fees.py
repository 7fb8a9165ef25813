"""劳务费: for work that was done, at the rates or with a reason, approved by a second person, taxed as one payment."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.models.database import Database
from portal.models.event import Event
from portal.models.fee import ExpertFee, FeeItem, FeeRate
from portal.models.online_session import SpeakingTurn
from portal.models.panel import PanelMember
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.rules.fees import withholding_on
from portal.services.consultation import fees as step
from portal.services.consultation import fees_view
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import open_session
from portal.services.duties import duties_in, duties_of_others
from portal.services.fee_rates import fen_of
from portal.services.kernel.loading import find
from portal.services.kernel.obligations import open_obligations
from tests.factories.fees import rated
from tests.factories.meeting_minutes import AFTER, concluded, issued
from tests.factories.online_session import STARTS, participants_named, session_opened
from tests.factories.world import build_world

TODAY = AFTER.date()


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("1800", 180000), ("1,800.50", 180050), ("0.01", 1), (" 1 800.5 ", 180050)],
)
def test_yuan_are_read_as_fen(typed: str, fen: int) -> None:
    assert fen_of(typed) == fen


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.005", "NaN", "Infinity", "一千", "1e99", "1e-3", "1000000.01"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        fen_of(typed)


def test_everything_due_is_proposed_at_the_rates_of_the_sessions_day(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "now": AFTER}
        with pytest.raises(Refusal, match="标准"):
            step.propose_fees(db, **ids)
        rated(db, world.applicant, "800")
        rated(db, world.applicant, "9999", AFTER.date() + timedelta(days=1))  # after the session
        members = accepted_members(db, consultation.id)
        absent = members[-1]
        db.execute(update(SpeakingTurn).where(SpeakingTurn.member_id == absent.id).values(has_attended=False))
        proposal = step.propose_fees(db, **ids)
        fees = step.fees_of(db, consultation.id)
        assert [fee.member_id for fee in fees] == [member.id for member in members]
        # Who was not noted as present but signed the sheet has taken part.
        assert all({item.work for item in fee.items} == {"preliminary_analysis", "session"} for fee in fees)
        assert {item.amount_fen for fee in fees for item in fee.items} == {80000}
        assert proposal == step.Proposal(2 * len(members), ())
        with pytest.raises(Refusal, match="都已登记"):
            step.propose_fees(db, **ids)


def test_a_rate_that_is_missing_is_named_and_the_rest_proposed(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        rated(db, world.applicant)
        first = accepted_members(db, consultation.id)[0]
        db.execute(update(PanelMember).where(PanelMember.id == first.id).values(title="院士"))
        db.execute(delete(FeeRate).where(FeeRate.title_class == "eminent"))
        db.expire_all()
        proposal = step.propose_fees(db, actor=world.applicant, consultation_id=consultation.id, now=AFTER)
        assert proposal.without_rate == ("初步分析（院士、全国知名专家）", "线上会诊（院士、全国知名专家）")
        assert first.id not in {fee.member_id for fee in step.fees_of(db, consultation.id)}


def test_a_fee_goes_through_two_people_and_is_taxed_as_one_payment(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        member = accepted_members(db, consultation.id)[0]
        ids = {"consultation_id": consultation.id, "now": AFTER}
        entry = {"member_id": member.id, **ids}
        with pytest.raises(NotAllowed):
            step.record_fee(db, actor=world.lead, work="session", amount="800", **entry)
        fee = step.record_fee(db, actor=first, work="session", amount="800", **entry)
        assert fee is not None
        step.record_fee(db, actor=first, work="session", amount="900", **entry)
        step.record_fee(db, actor=first, work="preliminary_analysis", amount="3100.05", **entry)
        chosen = {"fee_ids": [fee.id], **ids}
        with pytest.raises(NotAllowed):
            step.approve_fee(db, actor=first, **chosen)
        with pytest.raises(Refusal):
            step.pay_fee(db, actor=second, paid_on=TODAY, voucher="1", **chosen)
        step.approve_fee(db, actor=second, **chosen)
        # 4,000.05 yuan in one: less 20 %, of which 20 %: 640.008; as two payments it would be 20 and 460.01.
        assert (fee.gross_fen, fee.tax_fen, fee.withholding) == (400005, 64001, "labour-2019-01-01")
        with pytest.raises(Refusal, match="先退回"):
            step.record_fee(db, actor=first, work="session", amount="1000", **entry)
        for paid_on in (None, TODAY + timedelta(days=1), TODAY - timedelta(days=1)):
            with pytest.raises(Invalid) as wrong:
                step.pay_fee(db, actor=first, paid_on=paid_on, voucher="0312", **chosen)
            assert wrong.value.problems[0].field == "paid_on"
        with pytest.raises(Invalid) as wrong:
            step.pay_fee(db, actor=first, paid_on=TODAY, voucher=" ", **chosen)
        assert wrong.value.problems[0].field == "voucher"
        step.pay_fee(db, actor=first, paid_on=TODAY, voucher="转账凭证 0312", **chosen)
        page = fees_view.summary(db, find(db, actor=first, **ids), AFTER)
        assert page is not None
        assert page.totals == {"due": 0, "approved": 0, "paid": 400005}
        assert [(line.gross, line.net) for line in page.lines["paid"]] == [(400005, 336004)]
        assert fees_view.summary(db, find(db, actor=world.lead, **ids), AFTER) is None
        with pytest.raises(NotFound):
            fees_view.view_fees(db, actor=world.lead, **ids)
        with pytest.raises(Refusal):
            step.send_back_fee(db, actor=second, reason="错了", **chosen)


def test_approval_and_payment_are_owed_while_a_fee_waits_for_them(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        one, other, *_rest = accepted_members(db, consultation.id)
        ids = {"consultation_id": consultation.id, "now": AFTER}

        def owed() -> dict[str, int | None]:
            kinds = ("enter_fees", "approve_fees", "pay_fees")
            return {duty.kind: duty.institution_id for duty in open_obligations(db, consultation.id, kinds=kinds)}

        fees = [
            step.record_fee(db, actor=first, member_id=member.id, work="session", amount="800", **ids)
            for member in (one, other)
        ]
        applicant = consultation.applicant_institution_id
        assert owed() == {"approve_fees": applicant}
        for institution, is_shown in ((applicant, True), (consultation.lead_institution_id, False), (None, False)):
            shown = duties_in(db, [consultation.id], AFTER, seen_by=institution).get(consultation.id, [])
            assert ("approve_fees" in {duty.kind.kind for duty in shown}) is is_shown
        others = duties_of_others(db, actor=world.lead, now=AFTER)
        assert "approve_fees" not in {duty.kind.kind for duty in others}
        numbers = [fee.id for fee in fees if fee is not None]
        step.approve_fee(db, actor=second, fee_ids=numbers[:1], **ids)
        assert owed() == {"approve_fees": applicant, "pay_fees": applicant}
        step.send_back_fee(db, actor=second, fee_ids=numbers[:1], reason="金额有误", **ids)
        assert owed() == {"approve_fees": applicant}
        step.approve_fee(db, actor=second, fee_ids=numbers, **ids)
        assert owed() == {"pay_fees": applicant}
        step.pay_fee(db, actor=first, fee_ids=numbers, paid_on=TODAY, voucher="0312", **ids)
        assert owed() == {}


@pytest.mark.parametrize("has_rates", [True, False])
def test_entering_is_owed_with_the_minutes_where_the_applicant_has_rates(
    sqlite_database: Database, has_rates: bool
) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        if has_rates:
            rated(db, world.applicant)
        consultation = issued(db, world)
        kinds = ("enter_fees", "approve_fees")
        assert [one.kind for one in open_obligations(db, consultation.id, kinds=kinds)] == ["enter_fees"][:has_rates]
        if has_rates:
            step.propose_fees(db, actor=world.applicant, consultation_id=consultation.id, now=AFTER)
            assert [one.kind for one in open_obligations(db, consultation.id, kinds=kinds)] == ["approve_fees"]


def test_several_are_approved_and_paid_at_once_or_none(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        rated(db, first)
        ids = {"consultation_id": consultation.id, "now": AFTER}
        step.propose_fees(db, actor=first, **ids)
        fees = step.fees_of(db, consultation.id)
        numbers = [fee.id for fee in fees]
        step.record_fee(
            db, actor=second, member_id=fees[-1].member_id, work="other", amount="100", reason="复核", **ids
        )  # fmt: skip
        with pytest.raises(NotAllowed, match=fees[-1].member.name):
            step.approve_fee(db, actor=second, fee_ids=numbers, **ids)
        third = world.staff["shanghai"]
        for wrong in ([], [*numbers, 9999]):
            with pytest.raises(Invalid):
                step.approve_fee(db, actor=third, fee_ids=wrong, **ids)
        step.approve_fee(db, actor=third, fee_ids=numbers, **ids)
        assert {fee.state for fee in step.pay_fee(
            db, actor=first, fee_ids=numbers, paid_on=TODAY, voucher="批 12", **ids
        )} == {"paid"}  # fmt: skip
        assert {fee.voucher for fee in fees} == {"批 12"}


def test_another_amount_than_the_rate_needs_a_reason_and_nothing_takes_away(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        rated(db, world.applicant)
        member = accepted_members(db, consultation.id)[0]
        ids = {"actor": world.applicant, "consultation_id": consultation.id, "member_id": member.id, "now": AFTER}
        for amount in ("1200", "0"):
            with pytest.raises(Invalid) as refused:
                step.record_fee(db, work="session", amount=amount, **ids)
            assert refused.value.problems[0].field == ("reason" if amount != "0" else "amount")
        fee = step.record_fee(db, work="session", amount="1200", reason="全天", **ids)
        assert fee is not None
        assert [(item.amount_fen, item.rate_fen, item.reason) for item in fee.items] == [(120000, 100000, "全天")]
        step.record_fee(db, work="other", amount="1000", **ids)
        with pytest.raises(Invalid):
            step.record_fee(db, work="other", amount="0", **ids)
        assert step.record_fee(db, work="other", amount="0", reason="专家不领取", **ids) is fee
        assert step.record_fee(db, work="session", amount="0", reason="专家不领取", **ids) is None
        assert db.scalars(select(ExpertFee)).all() == []
        assert db.scalars(select(FeeItem)).all() == []


def test_an_approved_fee_is_corrected_only_after_it_was_sent_back(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        member = accepted_members(db, consultation.id)[0]
        ids = {"consultation_id": consultation.id, "now": AFTER}
        fee = step.record_fee(db, actor=first, member_id=member.id, work="session", amount="5000", **ids)
        assert fee is not None
        step.approve_fee(db, actor=second, fee_ids=[fee.id], **ids)
        with pytest.raises(Invalid) as refused:
            step.send_back_fee(db, actor=first, fee_ids=[fee.id], reason=" ", **ids)
        assert refused.value.problems[0].field == "reason"
        step.send_back_fee(db, actor=first, fee_ids=[fee.id], reason="金额有误", **ids)
        assert (fee.state, fee.gross_fen, fee.tax_fen, fee.sent_back_reason) == ("due", None, None, "金额有误")
        step.record_fee(db, actor=first, member_id=member.id, work="session", amount="500", **ids)
        step.approve_fee(db, actor=second, fee_ids=[fee.id], **ids)
        assert (fee.gross_fen, fee.tax_fen, fee.sent_back_reason) == (50000, 0, "")
        names = db.scalars(select(Event.name).where(Event.name.startswith("fee_")).order_by(Event.id)).all()
        assert names == ["fee_recorded", "fee_approved", "fee_sent_back", "fee_recorded", "fee_approved"]


def test_a_tax_worked_out_by_a_former_rule_is_not_paid(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        member = accepted_members(db, consultation.id)[0]
        ids = {"consultation_id": consultation.id, "now": AFTER}
        fee = step.record_fee(db, actor=first, member_id=member.id, work="session", amount="5000", **ids)
        assert fee is not None
        step.approve_fee(db, actor=second, fee_ids=[fee.id], **ids)
        changed = replace(withholding_on(TODAY), name="labour-2026-03-01")
        monkeypatch.setattr(step, "withholding_on", lambda _day: changed)
        with pytest.raises(Refusal, match="重新审核"):
            step.pay_fee(db, actor=first, fee_ids=[fee.id], paid_on=TODAY, voucher="1", **ids)


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


@pytest.mark.parametrize(
    "values",
    [
        {"approved_by_id": None},
        {"gross_fen": None},
        {"tax_fen": 500000},
        {"tax_fen": -1},
        {"state": "due"},
        {"state": "paid"},
        {"state": "lost"},
        {"state": "paid", "paid_on": TODAY, "paid_at": AFTER, "paid_by_id": 1},
        {"voucher": "12", "paid_on": TODAY},
    ],
)
def test_the_database_itself_refuses_half_an_approval(database: Database, values: dict[str, object]) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        first, second = world.liaisons["shanghai"]
        member = accepted_members(db, consultation.id)[0]
        ids = {"consultation_id": consultation.id, "now": AFTER}
        fee = step.record_fee(db, actor=first, member_id=member.id, work="session", amount="5000", **ids)
        assert fee is not None
        step.approve_fee(db, actor=second, fee_ids=[fee.id], **ids)
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(update(ExpertFee).values(**values))
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(update(ExpertFee).values(approved_by_id=ExpertFee.entered_by_id))
