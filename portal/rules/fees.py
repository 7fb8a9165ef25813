"""劳务费: what an expert's title counts as, and the income tax withheld from one payment (Art. 10; 公告2018年第61号).

Amounts are whole fen. The tax is worked out exactly and rounded once, half a fen upwards.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any

FEN = 100
"""Fen in a yuan."""


class NoWithholdingRule(LookupError):
    """No rule of this release was in force on that day."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """A line of the table: up to which taxable fen (None: any), the rate, and the quick deduction in fen."""

    up_to: Decimal | None
    rate: Decimal
    quick_deduction: Decimal


@dataclass(frozen=True, slots=True)
class Withholding:
    """One dated rule. `name` is kept with every payment it was applied to; the amounts are in fen."""

    name: str
    title: str
    in_force_from: date
    small_income: Decimal
    flat_deduction: Decimal
    deducted_share: Decimal
    brackets: tuple[Bracket, ...]
    sources: tuple[str, ...]

    def taxable(self, gross_fen: int) -> Decimal:
        """What is left of one payment after the deduction, in fen, exactly; never below 0."""
        gross = Decimal(gross_fen)
        deduction = self.flat_deduction if gross <= self.small_income else gross * self.deducted_share
        return max(gross - deduction, Decimal(0))

    def tax(self, gross_fen: int) -> int:
        """The tax withheld from one payment, in fen. ValueError for an amount below 0."""
        if gross_fen < 0:
            raise ValueError("a payment is never below 0")
        taxable = self.taxable(gross_fen)
        line = next(line for line in self.brackets if line.up_to is None or taxable <= line.up_to)
        exact = taxable * line.rate - line.quick_deduction
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def net(self, gross_fen: int) -> int:
        """What the expert receives of one payment, in fen."""
        return gross_fen - self.tax(gross_fen)

    def gross_for(self, net_fen: int) -> int:
        """The smallest payment of which the expert receives `net_fen`, in fen. ValueError below 0.

        A fen more before tax is never more than a fen more, and never less, after it: so there is one for
        every amount, and halving finds it.
        """
        if net_fen < 0:
            raise ValueError("a payment is never below 0")
        low, high = net_fen, 2 * net_fen
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.net(middle) >= net_fen else (middle + 1, high)
        return low


@dataclass(frozen=True, slots=True)
class TitleClass:
    """A class of experts by title, for the rates."""

    key: str
    label: str
    words: tuple[str, ...]
    not_words: tuple[str, ...] = ()

    def takes(self, title: str) -> bool:
        """Whether a title belongs here; the class without words takes any."""
        for word in self.not_words:
            title = title.replace(word, "")
        return not self.words or any(word in title for word in self.words)


@dataclass(frozen=True, slots=True)
class Reference:
    """What another authority pays in its own field: shown as a hint, never applied."""

    source: str
    text: str


@cache
def withholdings() -> tuple[Withholding, ...]:
    """All dated rules of this release, the oldest first."""
    folder = files(__package__).joinpath("withholding")
    found = [_read_withholding(entry.name.removesuffix(".toml")) for entry in folder.iterdir()]
    return tuple(sorted(found, key=lambda rule: rule.in_force_from))


def withholding_on(day: date) -> Withholding:
    """The rule in force on a day. Raises NoWithholdingRule before the first."""
    in_force = [rule for rule in withholdings() if rule.in_force_from <= day]
    if not in_force:
        raise NoWithholdingRule(f"没有 {day} 施行的预扣预缴规定")
    return in_force[-1]


def title_class_of(title: str) -> str:
    """The class that a title (职务/职称) suggests: 高级工程师 is "senior". It may be paid otherwise, with a reason."""
    return next(one.key for one in TITLE_CLASSES if one.takes(title))


def yuan(fen: int) -> str:
    """1,800.50, out of fen."""
    return f"{fen // FEN:,}.{fen % FEN:02d}"


def _read_withholding(name: str) -> Withholding:
    text = files(__package__).joinpath("withholding", f"{name}.toml").read_text("utf-8")
    table = tomllib.loads(text)
    deduction = table["deduction"]
    return Withholding(
        name=name,
        title=table["title"],
        in_force_from=table["in_force_from"],
        small_income=_fen(deduction["small_income"]),
        flat_deduction=_fen(deduction["flat"]),
        deducted_share=Decimal(deduction["share"]),
        brackets=tuple(
            Bracket(
                _fen(line["up_to"]) if "up_to" in line else None, Decimal(line["rate"]), _fen(line["quick_deduction"])
            )
            for line in table["table"]["brackets"]
        ),
        sources=tuple(table[part]["source"] for part in ("deduction", "table", "one_payment")),
    )


def _fen(yuan: str) -> Decimal:
    return Decimal(yuan) * FEN


def _told() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("expert_fees.toml").read_text("utf-8"))


def _read_title_class(entry: dict[str, Any]) -> TitleClass:
    return TitleClass(entry["key"], entry["label"], tuple(entry["words"]), tuple(entry.get("not_words", ())))


WORKS: dict[str, str] = _told()["works"]
"""The kinds of work that are paid, with their words."""
TITLE_CLASSES = tuple(_read_title_class(entry) for entry in _told()["title_classes"])
TITLE_CLASS_LABELS = {one.key: one.label for one in TITLE_CLASSES}
REFERENCE = Reference(**_told()["reference"])
