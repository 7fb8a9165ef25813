"""The sheet's JSON form: written and read back unchanged, and every value off its list refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.editions import load_edition
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_record import RecordError, as_record, from_record, read_rule_inputs
from tests.rules.answers import SPEC_EXAMPLE, complete_answers

EDITION = load_edition()


def drafts() -> st.SearchStrategy[SheetAnswers]:
    def choice(name: str) -> st.SearchStrategy[Any]:
        return st.sampled_from((None, *EDITION.field(name).values))

    return st.builds(
        SheetAnswers,
        standard_nonconformity=choice("standard_nonconformity"),
        danger_despite_standard=choice("danger_despite_standard"),
        danger_without_standard=choice("danger_without_standard"),
        injury_types=st.frozensets(st.sampled_from(EDITION.field("injury_types").values)),
        severity=choice("severity"),
        likelihood=choice("likelihood"),
        producer_causes=st.fixed_dictionaries(
            {cause: st.sampled_from((None, "yes", "no")) for cause in ("design", "manufacturing", "warning")}
        ),
        prevalence=choice("prevalence"),
        defect_finding=choice("defect_finding"),
        same_product_recalled=st.booleans(),
        public_attention=st.booleans(),
        recommend_investigation=choice("recommend_investigation"),
        continued_monitoring=choice("continued_monitoring"),
        texts=st.dictionaries(st.sampled_from(["injury_physical_description"]), st.text(min_size=1)),
        departure_reasons=st.dictionaries(st.sampled_from(["defect_finding"]), st.text(min_size=1)),
    )


@given(drafts())
def test_a_draft_with_any_gaps_comes_back_as_it_was_written(answers: SheetAnswers) -> None:
    assert from_record(json.loads(json.dumps(as_record(answers))), EDITION) == answers


def test_the_same_answers_have_one_form() -> None:
    one = complete_answers(texts={"injury_physical_description": "烫伤", "public_attention_reason": ""})
    other = complete_answers(texts={"injury_physical_description": "烫伤"})
    assert json.dumps(as_record(one)) == json.dumps(as_record(other))


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"severity": True}, "severity"),
        ({"severity": 5}, "severity"),
        ({"severity": 3.0}, "severity"),
        ({"severity": "3"}, "severity"),
        ({"likelihood": 0}, "likelihood"),
        ({"likelihood": 9}, "likelihood"),
        ({"likelihood": [1]}, "likelihood"),
        ({"prevalence": None}, "prevalence"),
        ({"prevalence": "maybe"}, "prevalence"),
        ({"standard_nonconformity": "uncertain"}, "standard_nonconformity"),
        ({"danger_despite_standard": None}, "danger_despite_standard"),
        ({"danger_without_standard": True}, "danger_without_standard"),
        ({"defect_finding": ""}, "defect_finding"),
        ({"same_product_recalled": 1}, "same_product_recalled"),
        ({"same_product_recalled": "yes"}, "same_product_recalled"),
        ({"public_attention": None}, "public_attention"),
        ({"injury_types": "physical"}, "injury_types"),
        ({"injury_types": ["thermal"]}, "injury_types"),
        ({"injury_types": [["physical"]]}, "injury_types"),
        ({"injury_types": ["physical", "physical"]}, "injury_types"),
        ({"injury_types": None}, "injury_types"),
        ({"producer_causes": {"design": "yes", "manufacturing": "no"}}, "producer_causes.warning"),
        ({"producer_causes": ["design"]}, "producer_causes"),
        (
            {"producer_causes": {"design": None, "manufacturing": "no", "warning": "no"}},
            "producer_causes.design",
        ),
        (
            {"producer_causes": {"design": "yes", "manufacturing": "no", "warning": "no", "use": "no"}},
            "producer_causes.use",
        ),
        ({"recommend_investigation": "yes"}, "recommend_investigation"),
        ({"severty": 3}, "severty"),
    ],
)
def test_a_value_off_the_lists_is_refused_by_its_key(changed: dict[str, Any], key: str) -> None:
    with pytest.raises(RecordError) as refused:
        read_rule_inputs({**SPEC_EXAMPLE, **changed}, EDITION)
    assert refused.value.key == key
    assert str(refused.value).startswith(key)


@pytest.mark.parametrize("key", SPEC_EXAMPLE)
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(RecordError) as refused:
        read_rule_inputs({k: v for k, v in SPEC_EXAMPLE.items() if k != key}, EDITION)
    assert refused.value.key == key


@pytest.mark.parametrize("record", [None, [], "x", 3, True])
def test_what_is_no_object_is_refused(record: object) -> None:
    with pytest.raises(RecordError):
        read_rule_inputs(record, EDITION)


@pytest.mark.parametrize("key", ["severity", "likelihood", "defect_finding"])
def test_three_keys_may_be_null(key: str) -> None:
    assert getattr(read_rule_inputs({**SPEC_EXAMPLE, key: None}, EDITION), key) is None


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"texts": {"product_name": "x"}}, "texts.product_name"),
        ({"texts": {"public_attention_reason": 1}}, "texts.public_attention_reason"),
        ({"texts": []}, "texts"),
        ({"departure_reasons": {"severity": "x"}}, "departure_reasons.severity"),
    ],
)
def test_a_stored_record_is_read_as_strictly(changed: dict[str, Any], key: str) -> None:
    with pytest.raises(RecordError) as refused:
        from_record({**as_record(complete_answers()), **changed}, EDITION)
    assert refused.value.key == key
