"""Rates and payment details, as the people of the world enter them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from portal.field_keys import FieldKeys, new_key
from portal.process.permissions import Actor
from portal.services.fee_rates import LINES, set_rates
from portal.services.payment_details import DetailsInput, save_own_details
from tests.factories.world import NOON

KEYS = FieldKeys(Path("none"), (new_key(),))
DETAILS = DetailsInput(
    id_kind="resident_card",
    id_number="11010519491231002X",  # the example of GB 11643—1999
    bank="演示银行",
    branch="营业部",
    account="4111 1111 1111 1111",
    phone="13800138000",
)
SECRETS = ("11010519491231002X", "4111111111111111", "13800138000")
"""What of them must not be read anywhere but by those who pay."""


def rated(db: Session, actor: Actor, yuan: str = "1000", valid_from: date = date(2024, 11, 21)) -> None:
    """The actor's institution pays the same for everything."""
    set_rates(db, actor=actor, amounts=dict.fromkeys(LINES, yuan), valid_from=valid_from, now=NOON)


def known(db: Session, expert: Actor, keys: FieldKeys = KEYS) -> None:
    """An expert has said where to be paid."""
    save_own_details(db, actor=expert, given=DETAILS, keys=keys, now=NOON)
