"""Sheets to start from in the tests of the rules."""

from __future__ import annotations

from typing import Any

from portal.rules.sheet import SheetAnswers

SPEC_EXAMPLE: dict[str, Any] = {
    "standard_nonconformity": "no",
    "danger_despite_standard": "yes",
    "danger_without_standard": "no",
    "injury_types": ["physical"],
    "severity": 3,
    "likelihood": 4,
    "producer_causes": {"design": "yes", "manufacturing": "no", "warning": "no"},
    "prevalence": "yes",
    "defect_finding": "yes",
    "same_product_recalled": False,
    "public_attention": False,
}


def complete_answers(**changed: Any) -> SheetAnswers:
    """Return a sheet that could be signed: rule 1 holds, investigate yes, monitoring no; with changes."""
    answers: dict[str, Any] = {
        **SPEC_EXAMPLE,
        "injury_types": frozenset({"physical"}),
        "recommend_investigation": "yes",
        "continued_monitoring": "no",
        "texts": {
            "danger_despite_standard_description": "折叠受压后局部过热",
            "injury_physical_description": "低温烫伤4起",
        },
    }
    return SheetAnswers(**{**answers, **changed})
