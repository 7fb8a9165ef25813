"""docs/traceability.md has a row for every article of both laws, and every path it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from portal.rules.editions import load_edition
from portal.rules.recall.editions import load_recall_edition

ROOT = Path(__file__).parents[2]
STANDARD, WORKFLOW = (
    [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("| ") and not line.startswith("| article")
    ]
    for part in (ROOT / "docs" / "traceability.md").read_text(encoding="utf-8").split("## The recall workflow")
)


def test_every_article_has_a_row() -> None:
    assert {row[0] for row in STANDARD} == set(load_edition().articles)


def test_every_article_and_annex_of_the_workflow_has_a_row() -> None:
    articles = load_recall_edition("jiangsu-2025").articles
    assert {row[0] for row in WORKFLOW} == {number for number in articles if "(" not in number}


def test_every_row_names_code_and_test_that_exist() -> None:
    for article, _, code, test in (*STANDARD, *WORKFLOW):
        for cell, folder in ((code, "portal/"), (test, "tests/")):
            paths = re.findall(r"`([^`]+)`", cell)
            assert paths, article
            for path in paths:
                assert path.startswith(folder), (article, path)
                assert (ROOT / path).is_file(), (article, path)
