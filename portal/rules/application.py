"""What must be filled in before an application is submitted (Art. 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from portal.rules.editions import Edition
from portal.rules.problem import Problem

_ARTICLE = "7"


@dataclass(frozen=True, slots=True)
class PreliminaryVerification:
    """初步核实判断: what was checked, by whom, on which day, with what result."""

    checked: str = ""
    verified_by: str = ""
    verified_on: date | None = None
    result: str = ""


def check_preliminary_verification(given: PreliminaryVerification, edition: Edition) -> tuple[Problem, ...]:
    """Return what is missing of the preliminary verification that Article 7 asks for before applying."""
    wanted = (
        ("checked", given.checked.strip(), "核实内容"),
        ("verified_by", given.verified_by.strip(), "核实人"),
        ("verified_on", given.verified_on, "核实日期"),
        ("result", given.result.strip(), "核实结果"),
    )
    cited = edition.cite(_ARTICLE)
    return tuple(
        Problem(field, f"申请前应进行过初步核实判断，请填写{name}（{cited}）", _ARTICLE)
        for field, value, name in wanted
        if not value
    )


def check_product_information(
    values: Mapping[str, str], information_source: Collection[str], edition: Edition
) -> tuple[Problem, ...]:
    """Return what is missing of 产品及生产信息, the sheet's first part (Art. 7).

    `values` are the typed texts by field name; `information_source` the ticked sources. Which cells are
    required stands in the edition's sheet: those without which no expert could judge (decided).
    """
    section = next(section for section in edition.sections if section.slug == "product_information")
    problems = []
    for field in section.fields:
        if field.asked_by == "information_source":
            wanting = field.asked_when in information_source and not values.get(field.name, "").strip()
        elif field.type == "ticks":
            wanting = field.required and not information_source
        else:
            wanting = field.required and not any(values.get(name, "").strip() for name in field.filled_from)
        if wanting:
            verb = "勾选" if field.type == "ticks" else "填写"
            message = f"请{verb}“{section.part}”中的“{field.brief}”（{edition.cite(_ARTICLE)}）"
            problems.append(Problem(field.name, message, _ARTICLE))
    return tuple(problems)
