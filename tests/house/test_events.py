"""Every event that a service records has its words, so that no page has to show a name of the code."""

import ast
from pathlib import Path

from portal.process.consultation import BY_EVENT
from portal.process.events import EVENT_LABELS, OTHER_EVENTS

SERVICES = Path(__file__).parents[2] / "portal" / "services"


def recorded_names():
    """The names given as plain strings to `record(db, "…")`; `advance` takes them from the table."""
    for path in SERVICES.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                said = call.args[1] if len(call.args) > 1 else None
                if isinstance(said, ast.Constant):
                    yield said.value, path.name


def test_every_recorded_event_has_its_words():
    recorded = dict(recorded_names())
    assert "calendar_year_loaded" in recorded
    assert {name: file for name, file in recorded.items() if name not in EVENT_LABELS} == {}


def test_no_event_is_named_twice():
    assert not OTHER_EVENTS.keys() & BY_EVENT.keys()
