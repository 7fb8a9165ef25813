"""What a typed value of an annex says in words, and the annex's own sentences with their names filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from portal.rules.date_words import beijing_date
from portal.rules.recall.annex_check import Values
from portal.rules.recall.annexes import Annex
from portal.rules.sheet_description import Field

BLANK_DAY = "　　　　年　　月　　日"
BLANK_DAYS = f"{BLANK_DAY}至{BLANK_DAY}"
GAP = "　　　　"
_NAME = re.compile(r"\{(\w+)\}")


def value_words(field: Field, value: object) -> str:
    """Return a typed value as pages and papers write it, without its unit; "" for what is empty.

    Dates are 2026年3月2日, ranges 2025年1月1日至2025年6月30日, numbers 12,000, money 1,200 or 1,200.50, percentages
    87.5%, options their labels, several of them apart by ；. Tables and photographs have no words.
    """
    if field.type in ("table", "photographs") or value is None:
        return ""
    if field.options:
        answers = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return "；".join(option.label.rstrip("：。") for option in field.options if option.value in answers)
    if isinstance(value, tuple | list):
        return "至".join(beijing_date(day) for day in value if isinstance(day, date))
    if isinstance(value, date | datetime):
        return beijing_date(value)
    if isinstance(value, int | Decimal):
        if field.type == "money":
            return amount_words(value)
        return f"{Decimal(value):,f}{'%' if field.type == 'percentage' else ''}"
    return str(value).strip()


def words_with_unit(field: Field, value: object) -> str:
    """Return `value_words` with the field's unit behind a number, for where the words stand alone: 1,200.50元."""
    words = value_words(field, value)
    return f"{words}{field.unit}" if words and not field.options else words


def amount_words(amount: int | Decimal) -> str:
    """Return an amount of money in yuan as 1,200 or 1,200.50."""
    return f"{amount:,.2f}".removesuffix(".00")


def annex_sentences(annex: Annex, text: str, values: Values, facts: Mapping[str, str]) -> str:
    """Return one of the annex's own sentences, its `{names}` filled in.

    A name is a field of the annex or one of `facts`; what has nothing yet stands as on the printed form. A name that
    nothing knows is a KeyError.
    """

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name in annex.wordings:
            chosen = annex.wordings[name].get(str(values.get(name)))
            return _NAME.sub(fill, chosen) if chosen else annex.blanks[name]
        if name in annex.fields:
            field = annex.fields[name]
            return value_words(field, values.get(name)) or annex.blanks.get(name) or _blank(field)
        return facts.get(name, "").strip() or annex.blanks[name]

    return _NAME.sub(fill, text)


def _blank(field: Field) -> str:
    return {"date": BLANK_DAY, "date_range": BLANK_DAYS}.get(field.type, GAP)
