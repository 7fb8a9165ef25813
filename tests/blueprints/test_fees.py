"""Fees, rates, payment sheets and payment details in the browser."""

import logging
from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.field_keys import new_key
from portal.models.database import Database
from portal.models.event import Event
from tests.factories.fees import DETAILS, SECRETS, known, rated
from tests.factories.meeting_minutes import AFTER, concluded
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
ADDRESS = "/consultations/1/fees"
FORM = {
    "id_kind": DETAILS.id_kind,
    "id_number": DETAILS.id_number,
    "bank": DETAILS.bank,
    "branch": DETAILS.branch,
    "account": DETAILS.account,
    "phone": DETAILS.phone,
}


@pytest.fixture
def later(clock: Clock) -> None:
    """The clock of the pages stands where the story has led."""
    clock.now = AFTER


@pytest.fixture
def done(world: World, sqlite_database: Database, later: None) -> World:
    """A consultation is concluded, and Shanghai has its rates."""
    with sqlite_database.write() as db:
        concluded(db, world)
        rated(db, world.applicant)
    return world


def text_of(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined]


def test_fees_are_proposed_approved_by_another_sent_back_and_paid(surf: Surf, done: World) -> None:
    first, second = surf("shanghai-liaison-1"), surf("shanghai-liaison-2")
    assert "按标准登记" in text_of(first.get(ADDRESS))
    assert first.post(f"{ADDRESS}/propose-fees").status_code == 303
    assert first.post(f"{ADDRESS}/propose-fees").status_code == 409
    page = text_of(first.get(ADDRESS))
    assert "2,000.00" in page
    assert "1,760.00" in page  # 2,000 − 20 % of 1,200
    assert 'name="fee_ids"' not in page  # entered by oneself: nothing to tick
    assert first.post(f"{ADDRESS}/approve-fee", {"fee_ids": ["1"]}).status_code == 403
    assert second.post(f"{ADDRESS}/approve-fee").status_code == 422
    assert second.post(f"{ADDRESS}/approve-fee", {"fee_ids": ["1", "99"]}).status_code == 422
    assert second.post(f"{ADDRESS}/approve-fee", {"fee_ids": ["x"]}).status_code == 422
    assert second.post(f"{ADDRESS}/approve-fee", {"fee_ids": ["1", "2"]}).status_code == 303
    assert "退回更正" in text_of(first.get(ADDRESS))
    back = f"{ADDRESS}/send-back-fee"
    assert first.get(back).status_code == 200
    empty = first.post(back, {"fee_ids": ["2"], "reason": ""})
    assert empty.status_code == 422
    assert 'value="2" checked' in text_of(empty)
    assert first.post(back, {"fee_ids": ["2"], "reason": "金额有误"}).status_code == 303
    assert "退回：金额有误" in text_of(second.get(ADDRESS))
    early = second.post(f"{ADDRESS}/pay-fee", {"fee_ids": ["1"], "paid_on": "2026-01-01", "voucher": "凭证 17"})
    assert early.status_code == 422
    assert 'value="凭证 17"' in text_of(early)
    today = AFTER.date().isoformat()
    assert second.post(f"{ADDRESS}/pay-fee", {"fee_ids": ["1"], "paid_on": today}).status_code == 422
    paid = second.post(f"{ADDRESS}/pay-fee", {"fee_ids": ["1"], "paid_on": today, "voucher": "凭证 17"})
    assert paid.status_code == 303
    assert "凭证 17" in text_of(first.get(ADDRESS))


def test_one_item_is_recorded_with_a_reason_and_nothing_typed_is_lost(surf: Surf, done: World) -> None:
    first = surf("shanghai-liaison-1")
    bad = first.post(ADDRESS, {"member_id": "1", "work": "session", "amount": "八百", "reason": "半天"})
    assert bad.status_code == 422
    assert 'value="八百"' in text_of(bad)
    assert 'value="半天"' in text_of(bad)
    other = {"member_id": "1", "work": "session", "amount": "800"}
    assert "标准为 1,000.00 元" in text_of(first.post(ADDRESS, other))
    assert first.post(ADDRESS, {**other, "reason": "半天"}).status_code == 303
    assert "半天" in text_of(first.get(ADDRESS))
    assert first.post(ADDRESS, {"member_id": "77", "work": "juggling"}).status_code == 422


def test_strangers_see_no_fee_and_make_no_sheet(surf: Surf, done: World) -> None:
    assert surf("shanghai-liaison-1").post(f"{ADDRESS}/propose-fees").status_code == 303
    for stranger in ("jiangsu-liaison-1", "anhui-liaison-1", "shanghai-expert-1", "administrator"):
        visitor = surf(stranger)
        assert visitor.get(ADDRESS).status_code in (403, 404)
        for act in ("payees", "payment-sheet", "send-back-fee", "propose-fees"):
            assert visitor.post(f"{ADDRESS}/{act}").status_code in (403, 404)
        assert "2,000.00" not in text_of(visitor.get("/consultations/1"))
        assert "2,000.00" not in text_of(visitor.get("/fees"))


def test_rates_are_entered_as_a_table(surf: Surf, world: World, later: None) -> None:
    staff = surf("shanghai-staff")
    bad = staff.post("/fees/rates", {"valid_from": "2026-13-01", "session_senior": "-1", "other_other": "500"})
    assert bad.status_code == 422
    page = text_of(bad)
    assert 'value="-1"' in page
    assert 'value="500"' in page
    assert 'href="#session_senior"' in page or 'href="#valid_from"' in page
    assert staff.post("/fees/rates", {"valid_from": "2026-01-01", "session_senior": "1500"}).status_code == 303
    assert "1,500.00" in text_of(staff.get("/fees/rates"))
    assert "1,500.00" not in text_of(surf("anhui-staff").get("/fees/rates"))
    assert surf("shanghai-expert-1").get("/fees/rates").status_code == 404


def test_an_amount_is_tried_in_both_directions(surf: Surf, world: World) -> None:
    staff = surf("shanghai-staff")
    assert "24,800.00" in text_of(staff.get("/fees/trial?amount=30000&basis=gross"))
    assert "30,000.00" in text_of(staff.get("/fees/trial?amount=24800&basis=net"))
    for query in ("amount=abc&basis=gross", "amount=1&basis=other", "amount=", "basis=net"):
        assert staff.get(f"/fees/trial?{query}").status_code == 422


def test_an_expert_enters_details_and_only_payers_read_them(
    surf: Surf, done: World, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    expert, payer = surf("shanghai-expert-1"), surf("shanghai-liaison-1")
    own = "/fees/own/payment-details"
    wrong = expert.post(own, {**FORM, "id_number": "110105194912310021"})
    assert wrong.status_code == 422
    assert 'value="110105194912310021"' in text_of(wrong)
    assert "校验位" in text_of(wrong)
    assert expert.post(own, FORM).status_code == 303
    for page in (own, "/fees/own"):
        shown = text_of(expert.get(page))
        assert "002X" in shown
        assert not any(secret in shown for secret in SECRETS)
    assert payer.post(f"{ADDRESS}/payees").status_code == 409
    assert payer.post(f"{ADDRESS}/propose-fees").status_code == 303
    payees = payer.post(f"{ADDRESS}/payees")
    assert payees.status_code == 200
    assert all(secret in text_of(payees) for secret in SECRETS)
    assert "no-store" in payees.headers["Cache-Control"]
    for person, page in (
        ("shanghai-liaison-1", ADDRESS),
        ("shanghai-liaison-1", "/experts/1"),
        ("shanghai-liaison-1", "/experts/1/payment-details"),
        ("jiangsu-liaison-1", "/consultations/1"),
        ("auditor", "/system/audit"),
    ):
        assert not any(secret in text_of(surf(person).get(page)) for secret in SECRETS)
    assert not any(secret in caplog.text for secret in SECRETS)
    with sqlite_database.read() as db:
        assert "payment_details_read" in db.scalars(select(Event.name)).all()


def test_the_register_enters_details_for_its_own_experts(surf: Surf, world: World) -> None:
    page = "/experts/1/payment-details"
    assert surf("shanghai-staff").post(page, {**FORM, "phone": "1"}).status_code == 422
    assert surf("shanghai-staff").post(page, FORM).status_code == 303
    assert surf("anhui-staff").get(page).status_code == 404
    assert surf("anhui-staff").post(page, FORM).status_code == 404
    assert surf("shanghai-expert-2").get(page).status_code == 404


def test_the_wrong_key_is_a_clear_answer(surf: Surf, done: World, settings: Settings) -> None:
    expert, payer = surf("shanghai-expert-1"), surf("shanghai-liaison-1")
    assert expert.post("/fees/own/payment-details", FORM).status_code == 303
    assert payer.post(f"{ADDRESS}/propose-fees").status_code == 303
    settings.field_keys.file.write_text(new_key())
    for answer in (expert.get("/fees/own"), payer.post(f"{ADDRESS}/payees")):
        assert answer.status_code == 503
        assert "密钥不符" in text_of(answer)


def sheet_of(answer: object) -> list[list[object]]:
    book = openpyxl.load_workbook(BytesIO(answer.get_data()))  # type: ignore[attr-defined]
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def test_payment_sheets_and_totals_are_spreadsheets(
    surf: Surf, done: World, settings: Settings, sqlite_database: Database
) -> None:
    first, second = surf("shanghai-liaison-1"), surf("shanghai-liaison-2")
    with sqlite_database.write() as db:
        known(db, done.experts["shanghai"][0], settings.field_keys)
    assert first.post(f"{ADDRESS}/propose-fees").status_code == 303
    assert first.post(f"{ADDRESS}/payment-sheet").status_code == 409
    assert second.post(f"{ADDRESS}/approve-fee", {"fee_ids": ["1", "2", "3"]}).status_code == 303
    rows = sheet_of(first.post(f"{ADDRESS}/payment-sheet"))
    assert rows[2][:5] == ["序号", "姓名", "会诊编号", "证件类型", "证件号码"]
    assert rows[3][4] == SECRETS[0]
    assert [row[8:11] for row in rows[3:6]] == [[2000, 240, 1760]] * 3
    assert rows[6][0] == "合计"
    assert rows[6][8:11] == [6000, 720, 5280]
    assert "2,000.00" in text_of(first.get("/fees"))
    chosen = sheet_of(first.post("/fees/payment-sheet", {"fee_ids": ["1", "3"]}))
    assert chosen[5][8:11] == [4000, 480, 3520]
    for wrong in ({}, {"fee_ids": ["1", "99"]}, {"fee_ids": "x"}):
        assert first.post("/fees/payment-sheet", wrong).status_code == 422
    assert surf("jiangsu-liaison-1").post("/fees/payment-sheet", {"fee_ids": ["1"]}).status_code == 422
    today = AFTER.date()
    given = {"fee_ids": ["1", "2"], "paid_on": today.isoformat(), "voucher": "17"}
    assert first.post(f"{ADDRESS}/pay-fee", given).status_code == 303
    totals = sheet_of(first.get(f"/fees/totals.xlsx?year={today.year}"))
    assert totals[2][0] == "序号"
    assert totals[5][3:] == [2, 4000, 480, 3520]
    assert f"{today.year} 年支付汇总" in text_of(first.get("/fees?year=abc&month=2026-99"))
    assert "这一年没有" in text_of(first.get("/fees?year=2025"))
    own = text_of(surf("shanghai-expert-1").get("/fees/own"))
    assert "1,760.00" in own
    assert "已支付" in own
    with sqlite_database.read() as db:
        made = db.scalars(select(Event.facts).where(Event.name == "payment_sheet_made").order_by(Event.id)).all()
    assert [facts["count"] for facts in made] == [3, 2]
