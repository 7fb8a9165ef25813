"""The demo story: institutions, regulators, consultations and recall cases in every stage, told through services."""
