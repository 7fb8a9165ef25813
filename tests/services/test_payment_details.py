"""收款信息: sealed in the database, masked on pages, in full for payers alone, every reading recorded."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from portal.field_keys import FieldKeys, is_key, new_key
from portal.models.database import Database
from portal.models.event import Event
from portal.models.fee import PaymentDetails
from portal.process.errors import FieldsUnreadable, Invalid, NotFound, Refusal
from portal.services import payment_details as service
from portal.services.consultation import fees, fees_view
from portal.services.consultation.members import accepted_members
from tests.factories.fees import DETAILS, KEYS, SECRETS, known, rated
from tests.factories.meeting_minutes import AFTER, concluded
from tests.factories.world import NOON, World, build_world


def everything(db) -> str:  # type: ignore[no-untyped-def]
    """All that the tables of details and events hold, as text."""
    rows = [
        list(map(str, row))
        for table in ("payment_details", "event")
        for row in db.execute(text(f"SELECT * FROM {table}"))
    ]
    return json.dumps(rows, ensure_ascii=False)


def test_nothing_of_it_can_be_read_in_the_database(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        expert = world.experts["shanghai"][0]
        assert service.own_details(db, actor=expert, keys=KEYS).lines == ()
        known(db, expert)
        stored = everything(db)
        assert not any(secret in stored for secret in (*SECRETS, DETAILS.bank, DETAILS.branch))
        page = service.own_details(db, actor=expert, keys=KEYS)
        assert dict(page.lines)["证件号码"] == "**************002X"
        assert dict(page.lines)["银行账号"] == "************1111"
        assert not any(secret in str(page) for secret in SECRETS)


def test_the_expert_and_the_own_register_enter_it_nobody_else(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        expert = world.experts["shanghai"][0]
        number = expert.expert_id
        given = {"expert_id": number, "keys": KEYS}
        service.save_details_of_register(db, actor=world.staff["shanghai"], given=DETAILS, now=NOON, **given)
        assert service.details_of_register(db, actor=world.applicant, **given).lines
        for stranger in (world.lead, world.experts["shanghai"][1], world.administrator, world.auditor):
            with pytest.raises(NotFound):
                service.details_of_register(db, actor=stranger, **given)
            with pytest.raises(NotFound):
                service.save_details_of_register(db, actor=stranger, given=DETAILS, now=NOON, **given)
        for nobody in (world.applicant, world.security_administrator):
            with pytest.raises(NotFound):
                service.own_details(db, actor=nobody, keys=KEYS)


def test_wrong_details_are_named_by_field_and_an_unlikely_card_is_only_doubted(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        expert = world.experts["shanghai"][0]
        ids = {"actor": expert, "keys": KEYS, "now": NOON}
        for field, wrong in (
            ("id_number", "110105194912310021"),
            ("id_kind", "library_card"),
            ("account", "12"),
            ("phone", "12345"),
            ("bank", " "),
        ):
            with pytest.raises(Invalid) as refused:
                service.save_own_details(db, given=replace(DETAILS, **{field: wrong}), **ids)
            assert field in {one.field for one in refused.value.problems}
            assert not any(secret in str(refused.value) for secret in SECRETS)
        with pytest.raises(Invalid) as refused:
            service.save_own_details(db, given=service.DetailsInput(), **ids)
        assert {one.field for one in refused.value.problems} == {"id_kind", "id_number", "bank", "account", "phone"}
        assert db.scalars(select(PaymentDetails)).all() == []
        assert service.save_own_details(db, given=DETAILS, **ids) == service.SAVED
        doubted = replace(DETAILS, account="4111 1111 1111 1112")
        assert service.save_own_details(db, given=doubted, **ids) == service.NOT_A_CARD


def to_pay(db, world: World) -> int:  # type: ignore[no-untyped-def]
    """A consultation with proposed fees and one expert who has given details."""
    consultation = concluded(db, world)
    rated(db, world.applicant)
    fees.propose_fees(db, actor=world.applicant, consultation_id=consultation.id, now=AFTER)
    members = {member.expert_id for member in accepted_members(db, consultation.id)}
    expert = next(one for many in world.experts.values() for one in many if one.expert_id in members)
    known(db, expert)
    return consultation.id


def test_payers_read_it_in_full_while_there_is_something_to_pay_and_it_is_recorded(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        ids = {"consultation_id": to_pay(db, world), "now": AFTER}
        payees = fees_view.read_payees(db, actor=world.applicant, keys=KEYS, **ids)
        read = [payee for payee in payees if payee.details]
        assert [one.details["id_number"] for one in read] == [SECRETS[0]]
        assert read[0].details["account"] == SECRETS[1]
        event = db.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
        assert (event.name, event.person_id, event.consultation_id) == (
            "payment_details_read", world.applicant.person_id, None,
        )  # fmt: skip
        assert event.facts["experts"] == [read[0].name]
        assert not any(secret in everything(db) for secret in SECRETS)
        for stranger in (world.lead, world.experts["jiangsu"][0], world.administrator, world.liaisons["anhui"][0]):
            with pytest.raises(Refusal):
                fees_view.read_payees(db, actor=stranger, keys=KEYS, **ids)
        numbers = [fee.id for fee in fees.fees_of(db, ids["consultation_id"])]
        second = world.liaisons["shanghai"][1]
        fees.approve_fee(db, actor=second, fee_ids=numbers, **ids)
        fees.pay_fee(db, actor=second, fee_ids=numbers, paid_on=AFTER.date(), voucher="1", **ids)
        with pytest.raises(Refusal, match="没有未支付"):
            fees_view.read_payees(db, actor=world.applicant, keys=KEYS, **ids)


def test_a_wrong_key_and_a_row_of_somebody_else_are_told(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        first, second = world.experts["shanghai"][:2]
        known(db, first)
        known(db, second)
        other = FieldKeys(Path("none"), (new_key(),))
        with pytest.raises(FieldsUnreadable, match="密钥"):
            service.own_details(db, actor=first, keys=other)
        theirs = db.get_one(PaymentDetails, second.expert_id).sealed
        db.execute(update(PaymentDetails).where(PaymentDetails.expert_id == first.expert_id).values(sealed=theirs))
        db.expire_all()
        with pytest.raises(FieldsUnreadable):
            service.own_details(db, actor=first, keys=KEYS)


def test_keys_are_rotated_without_losing_a_row(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "field-keys"
    file.write_text(new_key())
    keys = FieldKeys(file)
    (old,) = keys.current()
    with database.write() as db:
        world = build_world(db)
        expert = world.experts["shanghai"][0]
        known(db, expert, keys)
        keys.prepend(new_key())
        assert keys.current()[1:] == (old,)
        assert service.own_details(db, actor=expert, keys=keys).lines
        assert service.seal_all_anew(db, keys=keys, now=NOON) == 1
        keys.keep_first()
        assert old not in keys.current()
        assert file.stat().st_mode & 0o777 == 0o600
        assert service.own_details(db, actor=expert, keys=keys).lines
        with pytest.raises(FieldsUnreadable):
            service.seal_all_anew(db, keys=KEYS, now=NOON)


def test_keys_of_a_setting_are_the_operators_own() -> None:
    with pytest.raises(ValueError, match="setting"):
        KEYS.prepend(new_key())
    assert is_key(new_key())
    assert not any(is_key(wrong) for wrong in ("", "abc", new_key()[:-4], new_key() + "AAAA", "密" * 44))
    assert KEYS.current()[0] not in repr(KEYS)
