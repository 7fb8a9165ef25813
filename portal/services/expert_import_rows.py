"""One row of a spreadsheet as an entry of the register, or what is wrong with it, column by column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from portal.documents.table_reading import Cell, Formula
from portal.rules.expertise import expertise_fields, field_labels
from portal.rules.organisation_lines import read_day
from portal.services.expert_accounts import identity_problems
from portal.services.expert_entry import LABELS, ExpertInput, entry_problems, field_keys
from portal.services.expert_search import search_text, username_of

COLUMNS = {
    "name": "姓名",
    "email": "邮箱",
    **{name: LABELS[name] for name in ("fields", "field", "employer", "employed_from", "title")},
    **{name: LABELS[name] for name in ("former_employers", "relations", "languages")},
}
"""The columns of the template, in order: name of the input, heading."""
NEEDED = ("姓名", "邮箱", "专业领域", "工作单位", "职务/职称")
_PARTS = re.compile(r"[、,，;；/\n]+")


@dataclass(frozen=True)
class RowProblem:
    """What is wrong in one cell."""

    row: int
    name: str
    column: str
    reason: str


@dataclass
class Seen:
    """Who stands on the register and in the rows before: by address, and by name and employer."""

    emails: dict[str, str] = field(default_factory=dict)
    people: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, name: str, email: str, employer: str, where: str) -> None:
        """Remember somebody; the first one counts."""
        if email:
            self.emails.setdefault(email.strip().lower(), where)
        if name and employer:
            self.people.setdefault((name.strip(), employer.strip()), where)


def read_row(
    number: int, cells: Mapping[str, Cell], seen: Seen, today: date
) -> tuple[dict[str, object] | None, list[RowProblem]]:
    """The row as it is kept until somebody confirms it, or None and its problems. `cells` by heading."""
    texts = {heading: "" if isinstance(cell, Formula) else cell for heading, cell in cells.items()}
    name, email = texts.get("姓名", ""), texts.get("邮箱", "")

    def problem(column: str, reason: str) -> RowProblem:
        return RowProblem(number, name, column, reason)

    formulas = [heading for heading in COLUMNS.values() if isinstance(cells.get(heading), Formula)]
    problems = [problem(heading, "单元格是公式，请改为文字。") for heading in formulas]
    given, unreadable = _input(texts)
    problems += [problem(column, reason) for column, reason in unreadable]
    named = {one.column for one in problems}
    for one in (*identity_problems(name, email), *entry_problems(given, today)):
        column = COLUMNS.get(one.field, LABELS.get(one.field, ""))
        if column not in named:
            problems.append(problem(column, one.message.removeprefix("没有账号的，")))
    problems += [problem(column, reason) for column, reason in _duplicates(given, seen)]
    seen.add(name, email, given.employer, f"第 {number} 行")
    if problems:
        return None, problems
    kept = {heading: getattr(given, heading) for heading in COLUMNS}
    labels = field_labels(list(given.fields))
    return {
        **kept,
        "row": number,
        "fields": list(given.fields),
        "employed_from": given.employed_from.isoformat() if given.employed_from else None,
        "username": username_of(name),
        "search_text": search_text(name, (given.field, given.employer, given.title, *labels)),
    }, []


def kept_input(row: Mapping[str, object]) -> ExpertInput:
    """The input that `read_row` kept."""
    values = {name: row[name] for name in COLUMNS}
    day = values["employed_from"]
    values |= {
        "fields": tuple(key for key in expertise_fields() if key in str_list(values["fields"])),
        "employed_from": date.fromisoformat(day) if isinstance(day, str) else None,
    }
    return ExpertInput(**values)  # type: ignore[arg-type]


def str_list(value: object) -> list[str]:
    """A list of texts out of JSON."""
    return [str(one) for one in value] if isinstance(value, list) else []


def _input(texts: Mapping[str, str]) -> tuple[ExpertInput, list[tuple[str, str]]]:
    problems = []
    labels = [part.strip() for part in _split_fields(texts.get("专业领域", "")) if part.strip()]
    keys, unknown = field_keys(labels)
    if unknown:
        problems.append(("专业领域", f"列表中没有“{'”“'.join(one[:30] for one in unknown)}”，请按模板所附列表填写。"))
    employed_from = None
    if day := texts.get("入职日期", ""):
        try:
            employed_from = read_day(day)
        except ValueError:
            problems.append(("入职日期", f"“{day[:20]}”不是日期，应为 2019-06 或 2019-06-30。"))
    languages = texts.get("联系语言", "")
    if len(languages) > LONGEST_LANGUAGES:
        problems.append(("联系语言", f"最多 {LONGEST_LANGUAGES} 个字，现有 {len(languages)} 个。"))
    # Who writes nothing of his own has the fields printed; while these are wrong, that alone is said.
    said = texts.get("专业领域说明", "") or "、".join(field_labels(list(keys)) or ("专业领域",))[:60]
    return ExpertInput(
        field=said,
        employer=texts.get("工作单位", ""),
        title=texts.get("职务/职称", ""),
        fields=keys,
        employed_from=employed_from,
        former_employers=texts.get("曾任单位", ""),
        relations=texts.get("利益关系", ""),
        languages=languages,
        name=texts.get("姓名", ""),
        email=texts.get("邮箱", ""),
    ), problems


LONGEST_LANGUAGES = 60


def _split_fields(text: str) -> list[str]:
    return _PARTS.split(text)


def _duplicates(given: ExpertInput, seen: Seen) -> list[tuple[str, str]]:
    problems = []
    if where := seen.emails.get(given.email.lower()):
        problems.append(("邮箱", f"与{where}的邮箱相同。"))
    if where := seen.people.get((given.name, given.employer)):
        problems.append(("姓名", f"与{where}的姓名和工作单位相同。"))
    return problems
