"""What an entry of an expert register says: checking it, writing it, reading it back (Art. 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from portal.models.expert import Expert, ExpertField, ExpertRelation, FormerEmployer
from portal.rules.expertise import expertise_fields, field_with_label
from portal.rules.organisation_lines import LineProblem, OrganisationLine, read_lines, written
from portal.rules.problem import Problem
from portal.services.expert_search import write_search_text

ARTICLE = "10"
TEXTS = (("field", "专业领域说明", 60), ("employer", "工作单位", 120), ("title", "职务/职称", 60))
LABELS = {
    "fields": "专业领域",
    "field": "专业领域说明",
    "employer": "工作单位",
    "employed_from": "入职日期",
    "title": "职务/职称",
    "former_employers": "曾任单位",
    "relations": "利益关系",
    "languages": "联系语言",
    "is_available": "可参加会诊",
    "away_until": "暂不参加至",
}


@dataclass(frozen=True)
class ExpertInput:
    """What is typed for an entry: keys of fields, and organisations one a line (rules.organisation_lines).

    `username` is the account of a new entry; without one `name` and `email` ask for an account to be opened.
    """

    field: str
    employer: str
    title: str
    fields: tuple[str, ...] = ()
    employed_from: date | None = None
    former_employers: str = ""
    relations: str = ""
    languages: str = ""
    is_available: bool = True
    away_until: date | None = None
    username: str = ""
    name: str = ""
    email: str = ""


def entry_problems(given: ExpertInput, today: date) -> list[Problem]:
    """What is missing or cannot be, at its field."""
    problems = []
    if not given.fields or set(given.fields) - expertise_fields().keys():
        problems.append(Problem("fields", "请从列表中至少选择一个专业领域。", ARTICLE))
    for name, label, longest in TEXTS:
        length = len(getattr(given, name).strip())
        if not length:
            problems.append(Problem(name, f"请填写{label}。", ARTICLE))
        elif length > longest:
            problems.append(Problem(name, f"{label}最多 {longest} 个字，现有 {length} 个。", ARTICLE))
    if given.employed_from and given.employed_from > today:
        problems.append(Problem("employed_from", "入职日期不能晚于今天。", ARTICLE))
    for name, needs_end in (("former_employers", True), ("relations", False)):
        try:
            read_lines(getattr(given, name), needs_end=needs_end)
        except LineProblem as problem:
            problems.append(Problem(name, str(problem), ARTICLE))
    if given.away_until and given.is_available:
        problems.append(Problem("away_until", "填写了暂不参加的截止日期，请取消“目前可以参加会诊”。", ARTICLE))
    return problems


def write_entry(expert: Expert, given: ExpertInput) -> None:
    """Put a checked input into an entry; what it knew of employers and relations before is replaced."""
    expert.field, expert.employer, expert.title = given.field.strip(), given.employer.strip(), given.title.strip()
    expert.employed_from, expert.languages = given.employed_from, given.languages.strip()
    expert.is_available, expert.away_until = given.is_available, given.away_until
    kept = {one.field_key: one for one in expert.fields}
    expert.fields = [kept.get(key) or ExpertField(field_key=key) for key in dict.fromkeys(given.fields)]
    if given.former_employers.strip() != former_text(expert):
        expert.former_employers = [
            FormerEmployer(name=line.name, from_on=line.from_on, until_on=line.until_on)
            for line in read_lines(given.former_employers, needs_end=True)
        ]
    if given.relations.strip() != relations_text(expert):
        expert.relations = [
            ExpertRelation(
                organisation=line.name, kind=line.kind or "other", from_on=line.from_on, until_on=line.until_on
            )
            for line in read_lines(given.relations)
        ]
    write_search_text(expert)


def former_text(expert: Expert) -> str:
    """The former employers as they are typed."""
    return written(
        OrganisationLine(one.name, from_on=one.from_on, until_on=one.until_on) for one in expert.former_employers
    )


def relations_text(expert: Expert) -> str:
    """The declared relations as they are typed."""
    return written(OrganisationLine(one.organisation, one.kind, one.from_on, one.until_on) for one in expert.relations)


def entry_of(expert: Expert, today: date) -> ExpertInput:
    """An entry as it would be typed today: who was away until a day that is over is available again."""
    is_away = expert.is_away(today)
    return ExpertInput(
        field=expert.field,
        employer=expert.employer,
        title=expert.title,
        fields=tuple(one.field_key for one in expert.fields),
        employed_from=expert.employed_from,
        former_employers=former_text(expert),
        relations=relations_text(expert),
        languages=expert.languages,
        is_available=not is_away,
        away_until=expert.away_until if is_away else None,
    )


def changes(before: ExpertInput, after: ExpertInput) -> dict[str, list[object]]:
    """What differs, by name: before and after, as an event can hold it."""
    old, new = (_plain(asdict(one)) for one in (before, after))
    return {name: [old[name], new[name]] for name in LABELS if old[name] != new[name]}


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def field_keys(labels: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """The keys of fields by their labels, and the labels that the list has not."""
    found = {label: field_with_label(label) for label in labels}
    return tuple(one.key for one in found.values() if one), [label for label, one in found.items() if one is None]
