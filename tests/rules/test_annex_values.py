"""What is stored of an annex comes back as it was typed, and what a case knows already stands in it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.recall.annex_values import empty_values, from_stored, prefilled, to_stored
from portal.rules.recall.annexes import FACTS, Annex, load_annexes
from portal.rules.sheet_description import Field

ANNEXES = load_annexes("jiangsu-2025")
RECEIPT, STATEMENT = ANNEXES["service_receipt"], ANNEXES["recall_statement"]
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
TEXT = st.text('某年é𠮷A0 ，\n\t"\\<')
TYPED: dict[str, st.SearchStrategy[object]] = {
    "text": TEXT,
    "long_text": TEXT,
    "date": st.none() | st.dates(),
    "date_range": st.none() | st.tuples(st.dates(), st.dates()),
    "number": st.none() | st.integers(),
    "money": st.none() | DECIMALS,
    "percentage": st.none() | DECIMALS,
    "photographs": st.lists(TEXT).map(tuple),
}


def typed(field: Field) -> st.SearchStrategy[object]:
    """Whatever a field may hold."""
    if field.columns:
        return st.lists(st.fixed_dictionaries({column.name: typed(column) for column in field.columns})).map(tuple)
    if field.type == "ticks":
        return st.sets(st.sampled_from(field.values)).map(lambda s: tuple(v for v in field.values if v in s))
    return st.sampled_from(("", *field.values)) if field.options else TYPED[field.type]


@pytest.mark.parametrize("slug", ANNEXES)
@given(data=st.data())
def test_what_is_stored_comes_back_as_it_was(slug: str, data: st.DataObject) -> None:
    annex = ANNEXES[slug]
    some = data.draw(st.lists(st.sampled_from(tuple(annex.fields)), max_size=8, unique=True))
    values = {name: data.draw(typed(annex.field(name)), label=name) for name in some}
    stored = json.loads(json.dumps(to_stored(annex, values)))
    assert from_stored(annex, stored) == empty_values(annex.fields.values()) | values
    assert to_stored(annex, from_stored(annex, stored)) == stored


def test_the_stored_form_is_plain_json_in_the_order_of_the_options() -> None:
    values = {
        "produced_between": (date(2025, 1, 1), date(2025, 6, 30)),
        "repair_cost": Decimal("1.2E+3"),
        "affected_quantity": 0,
        "origin": "imported",
        "appearance": "",
        "sellers": [{"seller": "某店", "quantity": 3}],
    }
    assert to_stored(STATEMENT, values) == {
        "produced_between": ["2025-01-01", "2025-06-30"],
        "repair_cost": "1200",
        "affected_quantity": 0,
        "origin": "imported",
        "sellers": [{"seller": "某店", "quantity": 3}],
    }
    assert to_stored(RECEIPT, {"documents": {"other", "recall_notice"}, "served_on": date(2026, 3, 2)}) == {
        "documents": ["recall_notice", "other"],
        "served_on": "2026-03-02",
    }


@pytest.mark.parametrize(
    ("annex", "values", "error"),
    [
        (RECEIPT, {"nobody": "某"}, KeyError),
        (RECEIPT, {"served_on": "2026-03-02"}, TypeError),
        (RECEIPT, {"served_on": datetime(2026, 3, 2, tzinfo=UTC)}, TypeError),
        (RECEIPT, {"documents": ("nothing",)}, ValueError),
        (RECEIPT, {"addressee": 3}, TypeError),
        (STATEMENT, {"affected_quantity": True}, TypeError),
        (STATEMENT, {"affected_quantity": Decimal(1)}, TypeError),
        (STATEMENT, {"repair_cost": Decimal("NaN")}, ValueError),
        (STATEMENT, {"repair_cost": 1.5}, TypeError),
        (STATEMENT, {"sellers": [{"quantity": "3"}]}, TypeError),
        (STATEMENT, {"produced_between": (date(2025, 1, 1),)}, TypeError),
    ],
)
def test_what_no_field_holds_is_not_stored(annex: Annex, values: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        to_stored(annex, values)


def test_what_a_corrected_edition_no_longer_has_is_left_out() -> None:
    stored = {
        "gone": "某",
        "documents": ["fax", "recall_notice"],
        "served_on": "2026-02-30",
        "addressee": 7,
        "received_on": ["2026-03-02"],
    }
    read = from_stored(RECEIPT, stored)
    assert read == empty_values(RECEIPT.fields.values()) | {"documents": ("recall_notice",)}
    money = {"repair_cost": "many", "legal_cost": "NaN", "origin": "moon", "produced_between": ["2025-01-01", "x"]}
    assert from_stored(STATEMENT, money) == empty_values(STATEMENT.fields.values())


def test_a_new_annex_begins_with_what_the_case_knows() -> None:
    facts = {"product.name": "电热毯", "plan.affected_quantity": 1200, "producer.address": "", "case.defect": None}
    begun = prefilled(STATEMENT, facts)
    assert {name: value for name, value in begun.items() if value not in (None, "", ())} == {
        "product_name": "电热毯",
        "budget_quantity": 1200,
    }
    assert list(begun) == list(STATEMENT.fields)
    with pytest.raises(KeyError, match="shoe_size"):
        prefilled(STATEMENT, {"producer.shoe_size": 44})
    with pytest.raises(TypeError, match="budget_quantity"):
        prefilled(STATEMENT, {"plan.affected_quantity": "1200"})


def test_every_fact_fits_the_fields_that_begin_with_it() -> None:
    typical: dict[str, object] = {
        "case.published_on": date(2026, 3, 2),
        "case.investigated_between": (date(2026, 1, 1), date(2026, 2, 1)),
        "plan.produced_between": (date(2025, 1, 1), date(2025, 6, 30)),
        "plan.affected_quantity": 1200,
    }
    facts = {fact: typical.get(fact, "某") for fact in FACTS}
    for annex in ANNEXES.values():
        begun = prefilled(annex, facts)
        for field in annex.fields.values():
            assert not field.prefilled_from or begun[field.name] == facts[field.prefilled_from], field.name
