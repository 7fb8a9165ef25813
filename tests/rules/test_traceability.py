"""docs/traceability.md has a row for every article, and every path it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from portal.rules.editions import load_edition

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "traceability.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| article")
]


def test_every_article_has_a_row() -> None:
    assert {row[0] for row in ROWS} == set(load_edition().articles)


def test_every_row_names_code_and_test_that_exist() -> None:
    for article, _, code, test in ROWS:
        for cell, folder in ((code, "portal/"), (test, "tests/")):
            paths = re.findall(r"`([^`]+)`", cell)
            assert paths, article
            for path in paths:
                assert path.startswith(folder), (article, path)
                assert (ROOT / path).is_file(), (article, path)
