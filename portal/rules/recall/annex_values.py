"""The values of an annex as they are stored: typed values to JSON and back, and what a new annex begins with.

Typed values are those of portal.rules.recall.annex_check. In JSON a date is its ISO form, a range a pair of them,
a whole number a number, money and percentages strings (exact), ticks a list in the order of the options, a table a
list of rows by column. What is empty is not stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sized
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from portal.rules.recall.annex_check import Values
from portal.rules.recall.annexes import FACTS, Annex
from portal.rules.sheet_description import Field

Stored = Mapping[str, object]
"""JSON: strings, whole numbers, lists and mappings of them, by field name."""

_EMPTY: Mapping[str, object] = {
    **dict.fromkeys(("text", "long_text", "yes_no", "choice"), ""),
    **dict.fromkeys(("date", "date_range", "number", "money", "percentage"), None),
    **dict.fromkeys(("ticks", "photographs", "table"), ()),
}


def empty_value(field: Field) -> object:
    """What a field holds that nobody has filled in: "", None or ()."""
    return _EMPTY[field.type]


def empty_values(fields: Iterable[Field]) -> dict[str, object]:
    """Nothing in any of `fields`, by name."""
    return {field.name: empty_value(field) for field in fields}


def to_stored(annex: Annex, values: Values) -> dict[str, object]:
    """Return `values` as JSON, without what is empty.

    A name that the annex does not have is a KeyError, a value of another type than the field's a TypeError, an
    answer that the field does not offer or a number that is none (NaN) a ValueError.
    """
    unknown = set(values) - set(annex.fields)
    if unknown:
        raise KeyError(f"{annex.slug} has no field {', '.join(sorted(unknown))}")
    return _store(annex.fields.values(), values)


def from_stored(annex: Annex, stored: Stored) -> dict[str, object]:
    """Return the typed values of every field, in the order of the annex; empty where nothing is stored.

    A corrected edition may have lost a field or an option, or changed a type: what does not fit is left out.
    """
    return _restore(annex.fields.values(), stored)


def prefilled(annex: Annex, facts: Mapping[str, object]) -> dict[str, object]:
    """Return what a new annex begins with: the facts that its fields name (`prefilled_from`), the rest empty.

    `facts` are typed as the fields are; None and "" are unknown. A fact outside of FACTS is a KeyError, one of
    another type than its field a TypeError.
    """
    unknown = set(facts) - FACTS
    if unknown:
        raise KeyError(f"no such fact: {', '.join(sorted(unknown))}")
    known = {
        field.name: fact for field in annex.fields.values() if not _is_nothing(fact := facts.get(field.prefilled_from))
    }
    return from_stored(annex, to_stored(annex, known))


def _store(fields: Iterable[Field], values: Values) -> dict[str, object]:
    given = ((field, values.get(field.name)) for field in fields)
    return {field.name: _stored_value(field, value) for field, value in given if not _is_nothing(value)}


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, Sized) and not len(value))


def _stored_value(field: Field, value: object) -> object:
    match field.type, value:
        case "text" | "long_text", str():
            return value
        case "yes_no" | "choice", str():
            return _offered(field, (value,))[0]
        case "date", date() if not isinstance(value, datetime):
            return value.isoformat()
        case "date_range", (date() as first, date() as last):
            return [first.isoformat(), last.isoformat()]
        case "number", int() if not isinstance(value, bool):
            return value
        case "money" | "percentage", int() | Decimal() if not isinstance(value, bool):
            return _exact(field, Decimal(value))
        case "ticks", list() | tuple() | set() | frozenset():
            return _offered(field, value)
        case "photographs", list() | tuple() if all(isinstance(one, str) for one in value):
            return list(value)
        case "table", list() | tuple() if all(isinstance(row, Mapping) for row in value):
            return [_store(field.columns, row) for row in value]
    raise TypeError(f"{field.name}: {value!r} is no {field.type}")


def _offered(field: Field, answers: Collection[object]) -> list[object]:
    """The answers in the order of the options."""
    if set(answers) - set(field.values):
        raise ValueError(f"{field.name} does not offer {set(answers) - set(field.values)}")
    return [value for value in field.values if value in answers]


def _exact(field: Field, value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{field.name}: {value} is no number")
    return f"{value:f}"


def _restore(fields: Iterable[Field], stored: Stored) -> dict[str, object]:
    return {
        field.name: _restored_value(field, stored[field.name]) if field.name in stored else empty_value(field)
        for field in fields
    }


def _restored_value(field: Field, value: object) -> object:
    match field.type, value:
        case "text" | "long_text", str():
            return value
        case "yes_no" | "choice", str():
            return value if value in field.values else ""
        case "date", str():
            return _day(value)
        case "date_range", [str() as first, str() as last]:
            days = (_day(first), _day(last))
            return None if None in days else days
        case "number", int() if not isinstance(value, bool):
            return value
        case "money" | "percentage", str():
            return _decimal(value)
        case "ticks", list():
            return tuple(option for option in field.values if option in value)
        case "photographs", list():
            return tuple(one for one in value if isinstance(one, str))
        case "table", list():
            return tuple(_restore(field.columns, row) for row in value if isinstance(row, Mapping))
    return empty_value(field)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
