"""Every kind of mail has its template, its line and its sample; nothing else is queued."""

import ast
from pathlib import Path

from portal.mail.kinds import MAIL_KINDS
from tests.mail.samples import SAMPLES

PORTAL = Path(__file__).parents[2] / "portal"


def queued_kinds() -> set[str]:
    """The kinds given as plain strings to `queue(db, "…")`, and those that choose between two."""
    found = set()
    for path in (PORTAL / "services").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "queue":
                kind = call.args[1] if len(call.args) > 1 else None
                if isinstance(kind, ast.Constant):
                    found.add(kind.value)
    return found


def test_every_template_has_its_line() -> None:
    templates = {path.stem for path in (PORTAL / "templates" / "mail").glob("[!_]*.txt")}
    assert templates == set(MAIL_KINDS)


def test_every_kind_has_a_sample() -> None:
    assert set(SAMPLES) == set(MAIL_KINDS)


def test_what_is_queued_is_a_kind() -> None:
    kinds = queued_kinds()
    assert len(kinds) > 15
    assert kinds <= set(MAIL_KINDS)
