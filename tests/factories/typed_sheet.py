"""The sheet as a browser sends it."""

from __future__ import annotations

# Nothing is missing but the description of the danger, which tests and benchmark write each in their own way.
TYPED_SHEET = {
    "standard_nonconformity": "no",
    "danger_despite_standard": "yes",
    "danger_without_standard": "no",
    "injury_types": ["physical"],
    "injury_physical_description": "低温烫伤",
    "severity": "3",
    "likelihood": "4",
    "producer_causes.design": "yes",
    "producer_causes.manufacturing": "no",
    "producer_causes.warning": "no",
    "prevalence": "yes",
    "defect_finding": "yes",
    "recommend_investigation": "yes",
    "continued_monitoring": "no",
}
