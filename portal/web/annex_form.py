"""An annex as a form: what was typed, kept as it was, read into the typed values, with what is wrong beside it.

Controls carry the fields' names; a range has `name-from` and `name-until`, a cell of a table `name-0-column`.
A field that is not asked for (its question was answered otherwise) has no value and no problem, but keeps its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from portal.rules.problem import Problem
from portal.rules.recall.annex_check import Findings, Values, is_asked, sum_of_costs, worked_out_rate
from portal.rules.recall.annex_values import empty_value, to_stored
from portal.rules.recall.annexes import Annex
from portal.rules.sheet_description import Field
from portal.web.annex_controls import (
    FROM,
    UNTIL,
    FormSection,
    Photograph,
    ReadRow,
    control_id,
    controls_of,
    form_sections,
    read_sections,
)
from portal.web.annex_reading import READERS, Unreadable, read_date

LONGEST: Mapping[str, int] = {"text": 200, "long_text": 5000}
MOST_ROWS = 500

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ROW = re.compile(r"\w+-\d{1,6}", re.ASCII)
_CELL = re.compile(r"(\w+)-(\d{1,6})-([\w-]+)", re.ASCII)

Raw = Mapping[str, Sequence[str]]


class AnnexForm:
    """An annex and what was typed into it.

    `raw` holds everything typed by control name, what cannot be read included; `values` what could be read, typed
    as portal.rules.recall.annex_check says. `problems` come from reading, and from `merge` and `add`; `warnings`
    and `alerts` from `merge`. `is_row_change` when a button asked for a row more or less and for nothing else.
    """

    def __init__(self, annex: Annex, raw: Raw, photographs: Mapping[str, Sequence[Photograph]] | None = None) -> None:
        self.annex = annex
        self.photographs = photographs or {}
        self.raw: dict[str, list[str]] = _of_annex(annex, raw)
        self.values: dict[str, object] = {}
        self.problems: list[Problem] = []
        self.warnings: tuple[Problem, ...] = ()
        self.alerts: tuple[Problem, ...] = ()
        self.is_row_change = False
        self._spare_rows: dict[str, int] = {}
        self._read()

    @classmethod
    def typed(
        cls, annex: Annex, typed: Any, photographs: Mapping[str, Sequence[Photograph]] | None = None
    ) -> AnnexForm:
        """What came with a POST (a MultiDict; files in it are left alone), the buttons of rows included."""
        raw = {name: [one for one in several if isinstance(one, str)] for name, several in typed.lists()}
        removed, added = raw.pop("remove_row", []), raw.pop("add_row", [])
        gone = tuple(f"{row}-" for row in removed if _ROW.fullmatch(row))
        form = cls(annex, {name: several for name, several in raw.items() if not name.startswith(gone)}, photographs)
        form.is_row_change = bool(removed or added)
        form._spare_rows = dict.fromkeys(added, 1)
        return form

    @classmethod
    def of_values(
        cls, annex: Annex, values: Values, photographs: Mapping[str, Sequence[Photograph]] | None = None
    ) -> AnnexForm:
        """The form showing typed values: a first showing (`prefilled`), or what was handed in."""
        stored = to_stored(annex, {name: value for name, value in values.items() if name in annex.fields})
        raw: dict[str, list[str]] = {}
        for name, value in stored.items():
            raw |= _shown(annex.field(name), name, value)
        return cls(annex, raw, photographs)

    @classmethod
    def from_raw_json(
        cls, annex: Annex, stored: Mapping[str, object], photographs: Mapping[str, Sequence[Photograph]] | None = None
    ) -> AnnexForm:
        """The draft as `raw_to_json` gave it; controls that a corrected edition has no longer are left out."""
        raw = {
            name: [one for one in several if isinstance(one, str)]
            for name, several in stored.items()
            if isinstance(several, list)
        }
        return cls(annex, raw, photographs)

    def raw_to_json(self) -> dict[str, list[str]]:
        """Everything typed, for a draft."""
        return {name: list(several) for name, several in self.raw.items()}

    @property
    def is_readable(self) -> bool:
        """Whether everything typed could be read, so that `values` says all that `raw` says."""
        return not self.problems

    def merge(self, findings: Findings) -> None:
        """Take over what the rules found, but not twice about what could not be read."""
        told = {problem.field for problem in self.problems}
        self.problems += [problem for problem in findings.problems if problem.field not in told]
        self.warnings, self.alerts = findings.warnings, findings.alerts

    def add(self, problem: Problem) -> None:
        """Add what a service found; what belongs to no field of the annex stands in the summary alone."""
        self.problems.append(problem)

    @property
    def sections(self) -> list[FormSection]:
        """The annex's sections with their controls, for the page."""
        return form_sections(self)

    @property
    def read_sections(self) -> list[tuple[str, list[ReadRow]]]:
        """What was filled in, for reading: title and rows of each section."""
        return read_sections(self)

    @property
    def has_photographs(self) -> bool:
        """Whether the form takes files, so that it has to be sent as multipart."""
        return bool(self._pictured)

    @property
    def attrs(self) -> dict[str, str]:
        """What `form_open` needs besides: a draft that saves itself does not send the pictures each time."""
        return {"hx-params": f"not {','.join(self._pictured)}"} if self._pictured else {}

    @property
    def _pictured(self) -> list[str]:
        return [field.name for field in self.annex.fields.values() if field.type == "photographs"]

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """Id of the field ("" for none), message, article, in the order of the page. Nothing after a row's button."""
        places = {name: place for place, name in enumerate(self.annex.fields)}
        shown = sorted(self.problems, key=lambda problem: places.get(problem.field.partition(".")[0], -1))
        told = () if self.is_row_change else shown
        return [(self._id_of(problem.field), problem.message, self.article_beside(problem)) for problem in told]

    def article_beside(self, problem: Problem) -> str:
        """What a problem rests on, in words; "" where its message says so itself."""
        words = f"附件{self.annex.number}" if problem.article == self.annex.article else problem.article
        # The workflow's own articles are cited by the messages themselves; their keys are no words for a page.
        return "" if words in problem.message or words[:1].isdigit() else words

    def _id_of(self, name: str) -> str:
        return control_id(name.replace(".", "-")) if name.partition(".")[0] in self.annex.fields else ""

    @property
    def cost_sum(self) -> Decimal | None:
        """What the parts of the total cost add up to; None while none is typed."""
        return sum_of_costs(self.values)

    @property
    def rate(self) -> Decimal | None:
        """The completion rate as the annex works it out; None while its numbers are not there."""
        return worked_out_rate(self.values)

    def raw_of(self, control: str) -> str:
        """What stands in a control."""
        return next(iter(self.raw.get(control, ())), "")

    def rows(self, table: Field) -> int:
        """How many rows of a table are shown: those typed, those asked for, at least one."""
        return max(_row_count(self.raw, table.name) + self._spare_rows.get(table.name, 0), 1)

    def _read(self) -> None:
        for field in self.annex.fields.values():
            self.values[field.name] = self._value(field, field.name, field.name)
        for field in self.annex.fields.values():
            if not is_asked(field, self.values):
                self.values[field.name] = empty_value(field)
                self.problems = [problem for problem in self.problems if problem.field != field.name]

    def _value(self, field: Field, control: str, name: str) -> object:
        """The typed value of a field or a cell; `name` is what problems call it."""
        try:
            return self._value_read(field, control, name)
        except Unreadable as unreadable:
            self._tell(name, f"{_named(field, name)}：{unreadable}")
            return empty_value(field)

    def _tell(self, name: str, words: str) -> None:
        self.problems.append(Problem(name, f"{words}（附件{self.annex.number}）", self.annex.article))

    def _value_read(self, field: Field, control: str, name: str) -> object:
        if field.columns:
            return self._table(field)
        if field.type == "photographs":
            return tuple(photograph.key for photograph in self.photographs.get(field.name, ()))
        if field.type == "date_range":
            return self._range(control)
        if field.options:
            return self._choice(field, control, name)
        text = self.raw_of(control).strip()
        if field.type in LONGEST:
            return self._text(field, text, name)
        return READERS[field.type](text, field.unit) if text else None

    def _text(self, field: Field, text: str, name: str) -> str:
        longest = LONGEST[field.type]
        if len(text) > longest:
            self._tell(name, f"{_named(field, name)}最多{longest}个字，现有{len(text)}个")
        return text

    def _range(self, control: str) -> tuple[date, date] | None:
        first, last = self.raw_of(control + FROM).strip(), self.raw_of(control + UNTIL).strip()
        if not first and not last:
            return None
        if not first or not last:
            raise Unreadable(f"还缺{'截止' if first else '起始'}日期")
        return read_date(first), read_date(last)

    def _choice(self, field: Field, control: str, name: str) -> object:
        given = [one for one in self.raw.get(control, ()) if one]
        if set(given) - set(field.values):
            self._tell(name, f"{_named(field, name)}只能从所列选项中选择")
        if field.type == "ticks":
            return tuple(value for value in field.values if value in given)
        return next((one for one in given if one in field.values), "")

    def _table(self, field: Field) -> tuple[dict[str, object], ...]:
        count = _row_count(self.raw, field.name)
        if count > MOST_ROWS:
            raise Unreadable(f"最多{MOST_ROWS}行，现有{count}行；更多的请作为附件上传")
        return tuple(
            {
                column.name: self._value(
                    column, f"{field.name}-{row}-{column.name}", f"{field.name}.{row}.{column.name}"
                )
                for column in field.columns
            }
            for row in range(count)
        )


def _named(field: Field, name: str) -> str:
    """How a message calls a field; a cell by its row as well."""
    row = name.split(".")[1:2]
    return f"第{int(row[0]) + 1}行的“{field.brief}”" if row else f"“{field.brief}”"


def _of_annex(annex: Annex, raw: Raw) -> dict[str, list[str]]:
    """What belongs to the annex and is not empty, tidied; the rows of tables without gaps and in order.

    Line breaks become one kind, and signs that no eye sees and no database takes are dropped.
    """
    tidy = {name: [_tidied(text) for text in several] for name, several in raw.items()}
    filled = {name: several for name, several in tidy.items() if any(several)}
    kept = {
        control: filled[control]
        for field in annex.fields.values()
        for control in controls_of(field)
        if not field.columns and control in filled
    }
    for field in annex.fields.values():
        if field.columns:
            kept |= _rows_in_order(field, filled)
    return kept


def _tidied(text: str) -> str:
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _rows_in_order(table: Field, filled: Raw) -> dict[str, list[str]]:
    rows: dict[int, dict[str, list[str]]] = {}
    known = {control for column in table.columns for control in controls_of(column)}
    for name, several in filled.items():
        cell = _CELL.fullmatch(name)
        if cell and cell[1] == table.name and cell[3] in known:
            rows.setdefault(int(cell[2]), {})[cell[3]] = list(several)
    whole = [rows[at] for at in sorted(rows) if any(text.strip() for cell in rows[at].values() for text in cell)]
    return {f"{table.name}-{at}-{control}": cell for at, row in enumerate(whole) for control, cell in row.items()}


def _row_count(raw: Iterable[str], table: str) -> int:
    numbers = [int(cell[2]) for name in raw if (cell := _CELL.fullmatch(name)) and cell[1] == table]
    return max(numbers, default=-1) + 1


def _shown(field: Field, control: str, stored: Any) -> dict[str, list[str]]:
    """What stands in the controls of a field with that stored value (portal.rules.recall.annex_values)."""
    if field.type == "photographs":
        return {}
    if field.columns:
        cells = (
            _shown(column, f"{control}-{at}-{column.name}", row[column.name])
            for at, row in enumerate(stored)
            for column in field.columns
            if column.name in row
        )
        return {name: several for cell in cells for name, several in cell.items()}
    if field.type == "date_range":
        return {control + FROM: [stored[0]], control + UNTIL: [stored[1]]}
    return {control: list(stored) if field.type == "ticks" else [str(stored)]}
