"""What must stay true of the code as a whole: short modules, honest names, a docstring at every door."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("portal", "tests") for path in (ROOT / folder).rglob("*.py"))
ASSETS = sorted(
    path
    for pattern in ("templates/**/*.html", "static/**/*.css", "static/**/*.js")
    for path in (ROOT / "portal").glob(pattern)
    if "vendor" not in path.parts
)
LONGEST = 400
BANNED = {"utils", "util", "helpers", "helper", "manager", "managers", "data", "misc", "common"}


def name(path):
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check():
    assert len(MODULES) > 20


# A migration is a record of what was done, written once and read never again from top to bottom.
WRITTEN = [path for path in MODULES if "versions" not in path.parts]


def test_no_file_is_two_files():
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in [*WRITTEN, *ASSETS]}
    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


def test_no_name_that_says_nothing():
    parts = {name(path): {*path.relative_to(ROOT).parent.parts, path.stem} for path in MODULES}
    assert {path: said & BANNED for path, said in parts.items() if said & BANNED} == {}


def test_every_module_says_what_it_is():
    assert [name(path) for path in WRITTEN if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_every_folder_of_the_portal_is_a_package():
    folders = {path.parent for path in MODULES if "portal" in path.relative_to(ROOT).parts[:1]}
    assert {name(folder) for folder in folders if not (folder / "__init__.py").exists()} <= {
        "portal/migrations/versions"
    }
