"""What the pages about a consultation's fees show (Art. 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.field_keys import FieldKeys
from portal.models.fee import ExpertFee
from portal.process.errors import NotFound, Refusal
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.fees import withholding_on
from portal.services.consultation.fees import STATES, fees_of, works_done
from portal.services.kernel.loading import Loaded, load
from portal.services.payment_details import read_in_full


@dataclass(frozen=True)
class FeeLine:
    """A fee with its amounts in fen: fixed once approved, until then as they would be today."""

    fee: ExpertFee
    gross: int
    tax: int

    @property
    def net(self) -> int:
        """What the expert receives."""
        return self.gross - self.tax


@dataclass(frozen=True)
class FeePage:
    """All fees of a consultation by state, and the sums of gross, tax and net in fen."""

    lines: Mapping[str, tuple[FeeLine, ...]]
    members: tuple[tuple[int, str, frozenset[str]], ...]
    totals: Mapping[str, int]
    can_propose: bool

    @property
    def count(self) -> int:
        """How many fees there are."""
        return sum(len(lines) for lines in self.lines.values())


@dataclass(frozen=True)
class PayeeLine:
    """Whom to pay, how much in fen, and where; `details` is empty where the expert has given none."""

    name: str
    state: str
    net: int
    details: Mapping[str, str]


def line_of(fee: ExpertFee, now: datetime) -> FeeLine:
    """A fee with its amounts."""
    if fee.gross_fen is not None and fee.tax_fen is not None:
        return FeeLine(fee, fee.gross_fen, fee.tax_fen)
    gross = sum(item.amount_fen for item in fee.items)
    return FeeLine(fee, gross, withholding_on(beijing_day(now)).tax(gross))


def summary(db: Session, loaded: Loaded, now: datetime) -> FeePage | None:
    """What the fees' page shows; only the applicant sees it, once there is work to pay for."""
    if not loaded.may("view_fees") or not loaded.may("record_fee"):
        return None
    cid = loaded.consultation.id
    found = [line_of(fee, now) for fee in fees_of(db, cid)]
    lines = {state: tuple(line for line in found if line.fee.state == state) for state in STATES}
    done = works_done(db, cid)
    entered = {(line.fee.expert_id, item.work) for line in found for item in line.fee.items}
    closed = {line.fee.expert_id for line in found if line.fee.state != "due"}
    return FeePage(
        lines=lines,
        members=tuple((member.id, member.name, works) for member, works in done.items()),
        totals={state: sum(line.gross for line in lines[state]) for state in STATES},
        can_propose=any(
            member.expert_id not in closed
            and any((member.expert_id, work) not in entered for work in works - {"other"})
            for member, works in done.items()
        ),
    )


def view_fees(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> FeePage:
    """The fees' page; NotFound for everybody but the applicant."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_fees", now=now)
    found = summary(db, loaded, now)
    if found is None:
        raise NotFound
    return found


def read_payees(
    db: Session, *, actor: Actor, consultation_id: int, keys: FieldKeys, now: datetime
) -> tuple[PayeeLine, ...]:
    """The payment details, in full, of the experts whose fee is not paid yet; recorded."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="pay_fee", now=now)
    lines = [line_of(fee, now) for fee in fees_of(db, consultation_id) if fee.state != "paid"]
    if not lines:
        raise Refusal("本次会诊没有未支付的劳务费，收款信息只在支付前查看。", article="10")
    details = read_in_full(
        db,
        actor=actor,
        expert_ids=[line.fee.expert_id for line in lines],
        purpose=f"支付{loaded.consultation.number}劳务费",
        keys=keys,
        now=now,
    )
    return tuple(
        PayeeLine(line.fee.member.name, STATES[line.fee.state], line.net, details.get(line.fee.expert_id, {}))
        for line in lines
    )
