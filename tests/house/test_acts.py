"""Every act of the transition table has its service, its page and its tests, all under the act's own name."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from flask import Flask

import portal.services.consultation as steps
from portal.process.consultation import BY_ACT

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def services() -> set[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(steps.__path__):
        found |= set(vars(importlib.import_module(f"{steps.__name__}.{module.name}")))
    return found


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """The tests' texts by folder."""
    return {
        folder: "".join(file.read_text() for file in (TESTS / folder).rglob("*.py"))
        for folder in ("services", "blueprints")
    }


@pytest.mark.parametrize("act", BY_ACT)
def test_an_act_has_a_service(act: str, services: set[str]) -> None:
    assert act in services


@pytest.mark.parametrize("act", BY_ACT)
def test_an_act_has_a_page_that_shows_and_does_it(act: str, app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == f"consultation.{act}"]
    methods = set().union(*(rule.methods or set() for rule in rules)) if rules else set()
    assert {"GET", "POST"} <= methods


@pytest.mark.parametrize("act", BY_ACT)
def test_an_act_is_tested_as_service_and_as_page(act: str, app: Flask, sources: dict[str, str]) -> None:
    assert act in sources["services"]
    (rule,) = [rule for rule in app.url_map.iter_rules() if rule.endpoint == f"consultation.{act}"]
    own_address = rule.rule.rpartition(">")[2]
    assert any(name in sources["blueprints"] for name in (act, f'{own_address}"', own_address.rpartition("/")[2]))


def test_every_reason_why_not_is_shown_on_the_page() -> None:
    shown = importlib.import_module(f"{steps.__name__}.contributions").WHY_NOT
    for module in pkgutil.iter_modules(steps.__path__):
        reasons = getattr(importlib.import_module(f"{steps.__name__}.{module.name}"), "WHY_NOT", {})
        assert set(reasons) <= set(shown), module.name
        assert set(reasons) <= set(BY_ACT)
