"""劳务费标准: what an institution pays by kind of work and class of experts, with its history (Art. 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.fee import FeeRate
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day
from portal.rules.fees import FEN, TITLE_CLASS_LABELS, WORKS
from portal.rules.problem import Problem
from portal.services.kernel.events import record

ARTICLE = "10"
Line = tuple[str, str]
"""A kind of work and a class of experts."""
LINES: tuple[Line, ...] = tuple((work, title_class) for work in WORKS for title_class in TITLE_CLASS_LABELS)
_MOST_FEN = 1_000_000 * FEN  # a slip of the hand, and far from what a column of whole numbers holds
_AMOUNT_WORDS = "请填写大于 0、不超过 100 万的金额（元），最多两位小数，如 1800 或 1800.50。"


def field_of(line: Line) -> str:
    """The name of the form's field for a line."""
    return "_".join(line)


@dataclass(frozen=True)
class RateEntry:
    """One entry of the history."""

    work: str
    title_class: str
    amount_fen: int
    valid_from: date
    person: str
    entered_at: datetime


@dataclass(frozen=True)
class RatesPage:
    """The rates in force today by line, and every entry, the latest first."""

    in_force: Mapping[Line, int]
    history: tuple[RateEntry, ...]
    today: date


def rates_page(db: Session, *, actor: Actor, now: datetime) -> RatesPage:
    """The own institution's rates."""
    own, today = _own(actor), beijing_day(now)
    rows = db.execute(
        select(FeeRate, Person.name)
        .join(Person, Person.id == FeeRate.entered_by_id)
        .where(FeeRate.institution_id == own)
        .order_by(FeeRate.valid_from.desc(), FeeRate.id.desc())
    ).all()
    history = tuple(
        RateEntry(rate.work, rate.title_class, rate.amount_fen, rate.valid_from, name, rate.entered_at)
        for rate, name in rows
    )
    return RatesPage(rates_on(db, own, today), history, today)


def rates_on(db: Session, institution_id: int, day: date) -> dict[Line, int]:
    """The rates of an institution in force on a day, in fen; a line without one is missing."""
    rates = db.scalars(
        select(FeeRate)
        .where(FeeRate.institution_id == institution_id, FeeRate.valid_from <= day)
        .order_by(FeeRate.valid_from)
    )
    return {(rate.work, rate.title_class): rate.amount_fen for rate in rates}


def set_rates(db: Session, *, actor: Actor, amounts: Mapping[Line, str], valid_from: date | None, now: datetime) -> int:
    """Enter new rates in yuan, from a day on; a line left empty keeps its rate. Returns how many.

    What was in force stays as it was: a new rate begins after the last one of its line. One that has not begun
    yet is replaced.
    """
    own, today = _own(actor), beijing_day(now)
    typed = {line: text.strip() for line, text in amounts.items() if line in LINES and text.strip()}
    problems = [] if valid_from else [Problem("valid_from", "请填写起始日期。", ARTICLE)]
    if not typed:
        problems.append(Problem(field_of(LINES[0]), "请至少填写一项标准。", ARTICLE))
    entered: list[tuple[Line, int]] = []
    for line, text in typed.items():
        try:
            entered.append((line, fen_of(text, field_of(line))))
        except Invalid as wrong:
            problems += wrong.problems
    last = _last(db, own)
    for line, _fen in entered:
        before = last.get(line)
        if valid_from and before and not _may_follow(before, valid_from, today):
            words = f"这一项已有 {before.valid_from} 起的标准，新标准的起始日期应在其后。"
            problems.append(Problem("valid_from", f"{WORKS[line[0]]}、{TITLE_CLASS_LABELS[line[1]]}：{words}", ARTICLE))
    if problems or valid_from is None:
        raise Invalid(problems)
    for line, fen in entered:
        _enter(db, actor, own, line, fen, valid_from, last.get(line), now)
    return len(entered)


def fen_of(amount: str, field: str = "amount") -> int:
    """An amount in yuan as it is typed, in fen. Invalid for what is no amount above 0 with at most two decimals."""
    typed = amount.replace(",", "").replace("，", "").replace(" ", "").strip()
    try:
        yuan = Decimal(typed)
    except InvalidOperation:
        yuan = Decimal(0)
    fen = yuan * FEN if yuan.is_finite() else Decimal(0)
    if not 0 < fen <= _MOST_FEN or fen != fen.to_integral_value():
        raise Invalid.field(field, _AMOUNT_WORDS, ARTICLE)
    return int(fen)


def _may_follow(before: FeeRate, valid_from: date, today: date) -> bool:
    return valid_from > before.valid_from or (valid_from == before.valid_from and valid_from > today)


def _last(db: Session, institution_id: int) -> dict[Line, FeeRate]:
    rates = db.scalars(select(FeeRate).where(FeeRate.institution_id == institution_id).order_by(FeeRate.valid_from))
    return {(rate.work, rate.title_class): rate for rate in rates}


def _enter(
    db: Session, actor: Actor, own: int, line: Line, fen: int, valid_from: date, before: FeeRate | None, now: datetime
) -> None:
    if before is not None and before.valid_from == valid_from:
        rate = before
    else:
        rate = FeeRate(institution_id=own, work=line[0], title_class=line[1], valid_from=valid_from)
        db.add(rate)
    rate.amount_fen, rate.entered_by_id, rate.entered_at = fen, actor.person_id, now
    db.flush()
    record(
        db,
        "fee_rate_set",
        now=now,
        actor=actor,
        work=WORKS[line[0]],
        title_class=TITLE_CLASS_LABELS[line[1]],
        amount_fen=fen,
        from_on=valid_from.isoformat(),
    )


def _own(actor: Actor) -> int:
    if not is_granted("edit_fee_rates", actor) or actor.institution_id is None:
        raise NotFound
    return actor.institution_id
