"""Reminders lead to pages that exist, and nothing moves a deadline past them."""

import ast
from pathlib import Path

from flask import Flask

from portal.mail.kinds import MAIL_KINDS
from portal.process.ledger import KINDS
from portal.process.obligations import OBLIGATIONS
from portal.process.recall_case import BY_ACT
from portal.process.recall_obligations import RECALL_OBLIGATIONS, case_path
from portal.rules.recall.editions import shipped_recall_editions
from portal.rules.reminders import When
from portal.services.reminder_letters import PLACES, TASKS_PATH
from portal.services.reminder_rules import recipients_for, shipped_policy
from portal.services.standing_duties import STANDING
from portal.web.addresses import address_of_act
from portal.web.guard import permission_of

SERVICES = Path(__file__).parents[2] / "portal" / "services"
MAY_MOVE = SERVICES / "kernel" / "obligations.py"


def test_a_reminder_leads_where_the_button_of_the_duty_leads(app: Flask) -> None:
    inside = [kind for kind in OBLIGATIONS.values() if not kind.path]
    acts = {act for kind in inside for act in (kind.act, *(then for _, then, _ in kind.then))}
    with app.test_request_context():
        assert {act: f"/consultations/7{PLACES.get(act)}" for act in acts} == {
            act: address_of_act(act, 7) for act in acts
        }
    assert {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == "tasks.index"} == {TASKS_PATH}


def test_what_is_about_no_consultation_leads_to_the_page_of_its_permission(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    outside = [kind for kind in OBLIGATIONS.values() if not kind.stages]
    assert len(outside) == 5
    for kind in outside:
        endpoint, _ = adapter.match(kind.path_of(term_id=7), method="GET")
        permission = permission_of(app, endpoint)
        assert permission is not None
        assert permission.name == kind.act, kind.kind


def test_every_duty_of_a_case_says_what_it_asks_for_and_is_reminded_of() -> None:
    for kind in RECALL_OBLIGATIONS.values():
        assert kind.kind not in OBLIGATIONS
        assert KINDS[kind.kind] is kind
        assert all((kind.label, kind.ask, kind.thing, kind.button)), kind.kind
        assert kind.ask.startswith(("请", "可以")), kind.kind
        steps = shipped_policy(kind).steps
        assert steps, kind.kind
        assert {to for step in steps for to in step.to} <= set(recipients_for(kind)), kind.kind
        assert all(kind.article in edition.articles for edition in shipped_recall_editions()), kind.kind
        own = f"/{kind.act.replace('_', '-')}"
        assert kind.path_of(7) == case_path(7) + ("" if kind.is_weighed else own)
        assert kind.act in BY_ACT, kind.kind


def test_every_standing_duty_says_so_when_it_begins_or_its_act_does() -> None:
    for kind in STANDING:
        has_step = bool(shipped_policy(OBLIGATIONS[kind]).of(When.OPENED))
        assert has_step == (OBLIGATIONS[kind].opening is not None), kind
        assert OBLIGATIONS[kind].opening in {None, *MAIL_KINDS}


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
