"""Reminders lead to pages that exist, and nothing moves a deadline past them."""

import ast
from pathlib import Path

import pytest
from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from portal.process.obligations import OBLIGATIONS
from portal.services.reminder_letters import PLACES, TASKS_PATH
from portal.web.addresses import address_of_act

SERVICES = Path(__file__).parents[2] / "portal" / "services"
MAY_MOVE = SERVICES / "kernel" / "obligations.py"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path_factory.mktemp("instance"))})
    database = Database("sqlite://")
    database.dispose()
    return create_app(settings, database)


def test_a_reminder_leads_where_the_button_of_the_duty_leads(app: Flask) -> None:
    acts = {act for kind in OBLIGATIONS.values() for act in (kind.act, *(then for _, then, _ in kind.then))}
    with app.test_request_context():
        assert {act: f"/consultations/7{PLACES.get(act)}" for act in acts} == {
            act: address_of_act(act, 7) for act in acts
        }
    assert {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == "tasks.index"} == {TASKS_PATH}


def test_only_the_kernel_moves_a_deadline_or_a_beginning() -> None:
    moved = {
        (path.name, target.attr)
        for path in SERVICES.rglob("*.py")
        if path != MAY_MOVE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr in ("due_at", "since_at")
    }
    assert moved == set()
