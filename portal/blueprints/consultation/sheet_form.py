"""What was typed into the sheet, read field by field as the edition describes it.

The sheet is not a WTForms form: its thirty fields come out of the edition, and reading them here costs a tenth.
Only the shape is looked at; what is missing or contradictory is said by the rules (portal.rules.sheet).
"""

from __future__ import annotations

import re
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.rules.editions import Edition
from portal.rules.problem import Problem
from portal.rules.sheet import PRODUCER_CAUSES, SheetAnswers
from portal.rules.sheet_description import Field
from portal.rules.sheet_rules import QUESTIONS

LONGEST_TEXT = 2000
REASON = "departure_reasons."
_CAUSE = "producer_causes."
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def read_sheet(typed: MultiDict[str, str], edition: Edition) -> tuple[SheetAnswers, list[Problem]]:
    """Return the answers, and a problem for each field whose value is not one the sheet offers, or is too long."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for field in edition.fields.values():
        if field.is_filled_by_portal:
            continue
        if field.type == "text":
            texts[field.name] = _text(typed, field.name, field.brief, problems)
        else:
            values[field.name] = _choice(typed, field, problems)
    causes = {cause: values.pop(_CAUSE + cause) for cause in PRODUCER_CAUSES}
    reasons = {
        question: _text(typed, REASON + question, f"{edition.field(question).brief}的理由", problems)
        for question in QUESTIONS
    }
    answers = SheetAnswers(
        **values,
        producer_causes=causes,
        texts={name: text for name, text in texts.items() if text},
        departure_reasons={name: text for name, text in reasons.items() if text},
    )
    return answers, problems


def _choice(typed: MultiDict[str, str], field: Field, problems: list[Problem]) -> Any:
    given = typed.getlist(field.name)
    if field.type == "tick":
        return bool(given and given[0])
    offered = {str(option.value): option.value for option in field.options}
    if any(one not in offered for one in given if one):
        problems.append(Problem(field.name, f"“{field.brief}”：请从列出的选项中选择。", "annex"))
    chosen = [offered[one] for one in given if one in offered]
    if field.type == "ticks":
        return frozenset(chosen)
    return chosen[0] if chosen else None


def _text(typed: MultiDict[str, str], name: str, brief: str, problems: list[Problem]) -> str:
    text = _INVISIBLE.sub("", (typed.get(name) or "").replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > LONGEST_TEXT:
        problems.append(Problem(name, f"“{brief}”最多 {LONGEST_TEXT} 个字，现有 {len(text)} 个。", "annex"))
    return text
