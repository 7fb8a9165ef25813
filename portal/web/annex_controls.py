"""The controls of an annex's form in the shape that the field macros take, section by section; and values in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

from portal.rules.recall.annex_check import COSTS, is_asked
from portal.rules.recall.annex_words import amount_words, words_with_unit
from portal.rules.sheet_description import Field, Section
from portal.web.annex_reading import Unreadable, read_date
from portal.web.forms import FieldError

if TYPE_CHECKING:
    from portal.web.annex_form import AnnexForm

FROM, UNTIL = "-from", "-until"
SHORT = frozenset({"text", "date", "number", "money", "percentage"})
INPUT_MODES: Mapping[str, str] = {"number": "numeric", "money": "decimal", "percentage": "decimal"}


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture that was uploaded for a field: `key` is what the value holds and the remove button sends."""

    key: str
    name: str
    size: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class OfferedOption:
    """One answer of a group; `followers` are asked for when it is chosen."""

    value: str
    label: str
    selected: bool
    followers: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a growing table; `button` is what its remove button sends."""

    number: int
    button: str
    cells: tuple[Control, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field or one cell, with what is typed there and what is wrong.

    `has_label` is no where the words above say it; `is_readable` where a date control could not show what was typed.
    `sum_of` and `rate_of` name the controls that `worked_out` follows from.
    """

    type: str
    id: str
    name: str
    words: str
    unit: str = ""
    typed: str = ""
    typed_until: str = ""
    is_readable: bool = True
    is_required: bool = False
    has_label: bool = True
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[str, ...] = ()
    options: tuple[OfferedOption, ...] = ()
    rows: tuple[Row, ...] = ()
    columns: tuple[Field, ...] = ()
    photographs: tuple[Photograph, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    asked_by: str = ""
    asked_when: str = ""
    sum_of: str = ""
    rate_of: str = ""
    worked_out: str = ""

    @property
    def has_followers(self) -> bool:
        """Whether some answer asks for more, so that the answers need a line each."""
        return any(option.followers for option in self.options)

    @property
    def label(self) -> SimpleNamespace:
        """The label as WTForms gives it."""
        return SimpleNamespace(text=self.words)

    @property
    def flags(self) -> SimpleNamespace:
        """The flags as WTForms gives them."""
        return SimpleNamespace(optional=not self.is_required)

    def _value(self) -> str:
        return self.typed

    def iter_choices(self) -> Iterator[OfferedOption]:
        """The answers, as WTForms gives them."""
        return iter(self.options)


@dataclass(frozen=True, slots=True)
class FormSection:
    """One section: short controls stand side by side, so each of `blocks` is a run of them, or one alone."""

    slug: str
    title: str
    notes: tuple[str, ...]
    blocks: tuple[tuple[Control, ...], ...]


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One field to be read: `value` in words, or the rows of a table, or photographs."""

    label: str
    value: str
    has_label: bool = True
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    photographs: tuple[Photograph, ...] = ()


def control_id(control: str) -> str:
    """The id of a control: apart from the ids of the page around the form."""
    return f"annex-{control}"


def controls_of(described: Field) -> tuple[str, ...]:
    """The names of the controls of a field that is no table; none for photographs, which are files."""
    if described.type == "photographs":
        return ()
    name = described.name
    return (name + FROM, name + UNTIL) if described.type == "date_range" else (name,)


def form_sections(form: AnnexForm) -> list[FormSection]:
    """The sections of the annex with their controls."""
    return [
        FormSection(section.slug, section.title, section.notes, tuple(_blocks(form, section)))
        for section in form.annex.sections
    ]


def read_sections(form: AnnexForm) -> list[tuple[str, list[ReadRow]]]:
    """What was filled in, to be read: title and rows of each section, without what was not asked for."""
    return [
        (section.title, [_read_row(form, one, section) for one in section.fields if is_asked(one, form.values)])
        for section in form.annex.sections
    ]


def _blocks(form: AnnexForm, section: Section) -> Iterator[tuple[Control, ...]]:
    """Runs of short controls, and the others one by one; what an answer asks for stands with the answer."""
    own = {one.name for one in section.fields}
    run: list[Control] = []
    before = ""
    for at, one in enumerate(section.fields):
        if one.asked_by in own:
            continue
        is_said = one.inline and (_plain(one.label) in section.title or one.label == before)
        control = _control(form, one, followers=section.fields, has_label=not is_said)
        before = one.label
        is_short = one.type in SHORT and not one.asked_by
        if run and (not is_short or _begins_a_group(section.fields[at : at + 2])):
            yield tuple(run)
            run = []
        if is_short:
            run.append(control)
        else:
            yield (control,)
    if run:
        yield tuple(run)


def _begins_a_group(fields: tuple[Field, ...]) -> bool:
    """Whether the first is the name of somebody of whom the next says more: a row of its own begins there."""
    first, *rest = (one.name for one in fields)
    stem = first.removesuffix("name")
    return stem != first and any(name.startswith(stem) for name in rest)


def _control(
    form: AnnexForm, one: Field, *, followers: tuple[Field, ...] = (), cell: str = "", has_label: bool = True
) -> Control:
    """The control of a field; of a table's column with `cell`, the beginning of its names (sellers-0-)."""
    name = cell + one.name
    problem_name = name.replace("-", ".")
    problems = [] if form.is_row_change else [p for p in form.problems if p.field == problem_name]
    typed, until, is_readable = form.raw_of(name), "", True
    if one.type == "date":
        typed, is_readable = _day_typed(typed)
    elif one.type == "date_range":
        typed, from_is_readable = _day_typed(form.raw_of(name + FROM))
        until, until_is_readable = _day_typed(form.raw_of(name + UNTIL))
        is_readable = from_is_readable and until_is_readable
    words = _plain(one.label) if one.asked_by in form.annex.fields or cell else one.brief
    costs = COSTS if one.name == "total_cost" else ()
    rate = ("recalled_quantity", "affected_quantity") if one.name == "actual_rate" else ()
    worked_out = form.cost_sum if costs else form.rate if rate else None
    return Control(
        type=one.type,
        id=control_id(name),
        name=name,
        words=words,
        description="" if cell or one.asked_by or _plain(one.label) in words else one.label,
        unit=one.unit or ("%" if one.type == "percentage" else ""),
        typed=typed,
        typed_until=until,
        is_readable=is_readable,
        is_required=one.required,
        has_label=has_label,
        errors=tuple(FieldError(problem.message, form.article_beside(problem)) for problem in problems),
        warnings=tuple(p.message for p in (*form.warnings, *form.alerts) if p.field == problem_name),
        options=tuple(_options(form, one, name, followers)),
        rows=tuple(_rows(form, one)),
        columns=one.columns,
        photographs=tuple(form.photographs.get(one.name, ())),
        attrs={"inputmode": INPUT_MODES[one.type]} if one.type in INPUT_MODES else {},
        asked_by="" if cell else one.asked_by,
        asked_when=str(one.asked_when),
        sum_of=" ".join(control_id(cost) for cost in costs),
        rate_of=" ".join(control_id(quantity) for quantity in rate),
        worked_out="" if worked_out is None else amount_words(worked_out),
    )


def _options(form: AnnexForm, one: Field, name: str, followers: tuple[Field, ...]) -> Iterator[OfferedOption]:
    chosen = form.raw.get(name, ())
    for option in one.options:
        asked = [f for f in followers if f.asked_by == one.name and f.asked_when == option.value]
        controls = tuple(_control(form, f, has_label=not _plain(option.label).endswith(_plain(f.label))) for f in asked)
        yield OfferedOption(str(option.value), option.label, str(option.value) in chosen, controls)


def _rows(form: AnnexForm, table: Field) -> Iterator[Row]:
    for at in range(form.rows(table) if table.columns else 0):
        button = f"{table.name}-{at}"
        cells = tuple(_control(form, column, cell=f"{button}-") for column in table.columns)
        yield Row(at + 1, button, cells)


def _day_typed(typed: str) -> tuple[str, bool]:
    """What a date control shows, and whether it can: a browser shows nothing but ISO dates in one."""
    try:
        return (read_date(typed).isoformat() if typed.strip() else ""), True
    except Unreadable:
        return typed, False


def _read_row(form: AnnexForm, one: Field, section: Section) -> ReadRow:
    value = form.values[one.name]
    has_label = not (one.inline and _plain(one.label) in section.title)
    if one.columns:
        rows = value if isinstance(value, tuple) else ()
        words = tuple(tuple(words_with_unit(column, row[column.name]) for column in one.columns) for row in rows)
        return ReadRow(one.brief, "", has_label, tuple(column.brief for column in one.columns), words)
    if one.type == "photographs":
        return ReadRow("照片", "", photographs=tuple(form.photographs.get(one.name, ())))
    return ReadRow(one.brief, words_with_unit(one, value), has_label)


def _plain(words: str) -> str:
    return words.rstrip("：。")
