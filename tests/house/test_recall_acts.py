"""Every act of the recall case's table has its service, its page and its tests, all under the act's own name."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from flask import Flask

import portal.services.recall as steps
from portal.process.recall_case import BY_ACT
from portal.services.recall.overview import WHY_NOT

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def services() -> set[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(steps.__path__):
        found |= set(vars(importlib.import_module(f"{steps.__name__}.{module.name}")))
    return found


@pytest.fixture(scope="module")
def tested() -> str:
    """The texts of the tests of the services, with the story and the walk that they go by."""
    files = [*(TESTS / "services").rglob("*.py"), *(TESTS / "factories").glob("recall_*.py")]
    return "".join(file.read_text() for file in files)


@pytest.mark.parametrize("act", BY_ACT)
def test_an_act_has_a_service(act: str, services: set[str]) -> None:
    assert act in services


@pytest.mark.parametrize("act", BY_ACT)
def test_an_act_has_a_page_that_shows_and_does_it(act: str, app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == f"recall.{act}"]
    methods = set().union(*(rule.methods or set() for rule in rules)) if rules else set()
    assert {"GET", "POST"} <= methods


@pytest.mark.parametrize("act", BY_ACT)
def test_an_act_is_tested(act: str, tested: str) -> None:
    assert act in tested


def test_every_reason_why_not_is_of_an_act() -> None:
    assert set(WHY_NOT) <= set(BY_ACT)
