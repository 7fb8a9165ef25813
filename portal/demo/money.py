"""Rates and payment details of the story's people: made up so that they pass every check and belong to nobody."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

from sqlalchemy.orm import Session

from portal.demo.people import Cast
from portal.field_keys import FieldKeys
from portal.process.permissions import Actor
from portal.rules.identity import check_character, is_card_number
from portal.services.fee_rates import set_rates
from portal.services.payment_details import DetailsInput, save_own_details

_FIRST_BIRTHDAY = date(1966, 1, 1)
_BETWEEN_BIRTHDAYS = timedelta(days=101)
_WITHOUT_DETAILS = 6
"""Every sixth expert has not said yet where to be paid."""


def settle_money(db: Session, cast: Cast, *, keys: FieldKeys, now: datetime) -> None:
    """Every institution sets its rates, and most experts say where they are paid."""
    told = tomllib.loads(files(__package__).joinpath("fees.toml").read_text("utf-8"))
    for institution_id in cast.institutions.values():
        for given in told["rates"]:
            _set_rates(db, cast.liaison(institution_id), given, now)
    experts = [actor for actor in cast.actors.values() if actor.expert_id is not None]
    for number, actor in enumerate(experts, 1):
        if number % _WITHOUT_DETAILS:
            given = _details(told["details"], number)
            save_own_details(db, actor=actor, given=given, keys=keys, now=now)


def _set_rates(db: Session, actor: Actor, given: Mapping[str, Any], now: datetime) -> None:
    works = {work: by_class for work, by_class in given.items() if work != "valid_from"}
    amounts = {(work, key): amount for work, by_class in works.items() for key, amount in by_class.items()}
    set_rates(db, actor=actor, amounts=amounts, valid_from=given["valid_from"], now=now)


def _details(told: Mapping[str, str], number: int) -> DetailsInput:
    born = _FIRST_BIRTHDAY + _BETWEEN_BIRTHDAYS * number
    first_seventeen = f"{told['area']}{born:%Y%m%d}{number:03d}"
    account = f"{told['account']}{number:05d}"
    return DetailsInput(
        id_kind="resident_card",
        id_number=first_seventeen + check_character(first_seventeen),
        bank=told["bank"],
        branch=told["branch"],
        account=next(account + digit for digit in "0123456789" if is_card_number(account + digit)),
        phone=f"{told['phone']}{number:05d}",
    )
