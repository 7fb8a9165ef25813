"""Official forms as ordered descriptions, read by page, validator, DOCX and export alike.

The consultation's sheet is one, the ten annexes of the recall workflow are others (portal.rules.recall.annexes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.rules.sheet_rules import Rule

FIELD_TYPES = (
    *("yes_no", "yes_no_uncertain", "level", "ticks", "tick", "text"),
    # Only the annexes of the recall workflow have these.
    *("long_text", "date", "date_range", "number", "money", "percentage", "choice", "photographs", "table"),
)

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Option:
    """One box of a field. On paper a level prints prefix, box, label; ticks print box, prefix, label."""

    value: Value
    label: str
    prefix: str = ""
    explanation: str = ""
    subtypes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the sheet.

    `label` is the annex's wording, `brief` what lists and messages call it. A text with `asked_by` is
    asked for when that field has the answer `asked_when`; with `inline` the wording above ends with its
    label already. `filled_from` names the values the portal fills the cell from. `required_with` names a
    ticks field: an answer is required once anything is ticked there. `prefilled_from` names the fact that a
    field begins with, to be changed by whoever fills it; a `table` grows by rows of its `columns`.
    """

    name: str
    label: str
    brief: str
    type: str
    options: tuple[Option, ...] = ()
    required: bool = False
    required_with: str = ""
    asked_by: str = ""
    asked_when: Value = ""
    inline: bool = False
    filled_from: tuple[str, ...] = ()
    clause: str = ""
    prefilled_from: str = ""
    unit: str = ""
    columns: tuple[Field, ...] = ()

    @property
    def is_filled_by_portal(self) -> bool:
        """Whether the portal fills the cell, so that the expert does not type it."""
        return bool(self.filled_from)

    @property
    def values(self) -> tuple[Value, ...]:
        """The answers the field allows, in the annex's order."""
        return tuple(option.value for option in self.options)

    def option(self, value: object) -> Option:
        """Return the option of an answer. An answer that is none of them is a KeyError."""
        for option in self.options:
            if option.value == value and type(option.value) is type(value):
                return option
        raise KeyError(value)


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the sheet: `part` is the heading across the page, `group` the label at the side."""

    slug: str
    part: str
    group: str
    title: str
    article: str
    fields: tuple[Field, ...]
    rule: Rule | None = None
    notes: tuple[str, ...] = ()

    def asked(self, name: str, value: object) -> Field | None:
        """Return the text that is asked for when field `name` has the answer `value`, if there is one."""
        for field in self.fields:
            if field.asked_by == name and field.asked_when == value and field.asked_by:
                return field
        return None


def read_sections(table: Mapping[str, Any], rules: Mapping[str, Rule]) -> tuple[Section, ...]:
    """Build the sections of the parsed sheet.toml, taking the rules' own wording from `rules`."""
    shared = {kind: _read_options(entries) for kind, entries in table["options"].items()}
    clauses = {c.clause: c.text for rule in rules.values() for c in rule.conditions}
    return tuple(_read_section(entry, rules, shared, clauses) for entry in table["sections"])


def _read_section(
    entry: Mapping[str, Any],
    rules: Mapping[str, Rule],
    shared: Mapping[str, tuple[Option, ...]],
    clauses: Mapping[str, str],
) -> Section:
    rule = rules[entry["rule"]] if "rule" in entry else None
    return Section(
        slug=entry["slug"],
        part=entry.get("part", ""),
        group=entry.get("group", ""),
        title=rule.title if rule else entry["title"],
        article=entry["article"],
        fields=tuple(_read_field(field, rules, shared, clauses) for field in entry["fields"]),
        rule=rule,
        notes=tuple(entry.get("notes", ())),
    )


def _read_field(
    entry: Mapping[str, Any],
    rules: Mapping[str, Rule],
    shared: Mapping[str, tuple[Option, ...]],
    clauses: Mapping[str, str],
) -> Field:
    kind = entry["type"]
    if kind not in FIELD_TYPES:
        raise ValueError(f"sheet.toml: {entry['name']}: unknown type {kind!r}")
    if "clause" in entry:
        label = clauses[entry["clause"]]
    elif "question_of" in entry:
        label = rules[entry["question_of"]].wording
    else:
        label = entry["label"]
    return Field(
        name=entry["name"],
        label=label,
        brief=entry.get("brief", label.rstrip("：。")),
        type=kind,
        options=_read_options(entry["options"]) if "options" in entry else shared.get(kind, ()),
        required=entry.get("required", False),
        required_with=entry.get("required_with", ""),
        asked_by=entry.get("asked_by", ""),
        asked_when=entry.get("asked_when", ""),
        inline=entry.get("inline", False),
        filled_from=tuple(entry.get("filled_from", ())),
        clause=entry.get("clause", ""),
        prefilled_from=entry.get("prefilled_from", ""),
        unit=entry.get("unit", ""),
        columns=tuple(_read_field(column, rules, shared, clauses) for column in entry.get("columns", ())),
    )


def _read_options(entries: Iterable[Mapping[str, Any]]) -> tuple[Option, ...]:
    return tuple(_read_option(entry) for entry in entries)


def _read_option(entry: Mapping[str, Any]) -> Option:
    subtypes = tuple(entry.get("subtypes", ()))
    explanation = f"（如：{'、'.join(subtypes)}）" if subtypes else entry.get("explanation", "")
    return Option(entry["value"], entry["label"], entry.get("prefix", ""), explanation, subtypes)
