"""The locked requirements: every line with its hashes, and no address of any index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = sorted((ROOT / "requirements").glob("*.txt"))


def requirements(path: Path) -> list[str]:
    """The logical lines of a requirements file, with continuation lines joined."""
    return [line for line in path.read_text("utf-8").replace("\\\n", " ").splitlines() if line.strip()]


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_every_requirement_is_exact_and_has_hashes(path):
    lines = requirements(path)
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9.\-]+(\[[a-z,]+\])?==[\w.]+\s", line), line
        assert "--hash=sha256:" in line, line


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").iterdir()), ids=lambda path: path.name)
def test_no_address_of_an_index(path):
    text = path.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"--(extra-)?(index-url|find-links)\b", text.replace("--no-emit-find-links", ""))


def test_both_files_agree_where_they_name_the_same():
    pins = [dict(line.split()[0].split("==") for line in requirements(path)) for path in LOCKED]
    assert len(pins) == 2
    base, dev = pins
    shared = base.keys() & dev.keys()
    assert {name: base[name] for name in shared} == {name: dev[name] for name in shared}
