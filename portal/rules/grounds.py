"""情形 (Art. 4): why a consultation is held, and whether what was given bears it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from portal.rules.editions import Edition, Ground
from portal.rules.problem import Problem


@dataclass(frozen=True, slots=True)
class ApplicationGrounds:
    """The ticked grounds by name and what the application gives for each.

    Provinces are keys of the alliance's members ("jiangsu"), or anything else for a province outside it.
    """

    ticked: frozenset[str] = frozenset()
    registered_province: str = ""
    manufacturing_province: str = ""
    arrangement: str = ""
    arranged_on: date | None = None
    arrangement_document_number: str = ""
    necessity_reason: str = ""


def check_grounds(given: ApplicationGrounds, edition: Edition) -> tuple[Problem, ...]:
    """Return what keeps the ticked grounds from holding; nothing ticked is a problem, too.

    4(1) needs two different provinces of the alliance, 4(2) what was arranged and when, 4(3) the reason.
    """
    if not given.ticked:
        article = edition.article("4")
        return (Problem("grounds", f"请至少勾选一种情形：{article.text}（{article.label}）", article.number),)
    known = {ground.name: ground for ground in edition.grounds}
    problems = [
        Problem("grounds", f"没有“{name}”这种情形（{edition.cite('4')}）", "4")
        for name in sorted(given.ticked - known.keys())
    ]
    for name, ground in known.items():
        if name in given.ticked:
            problems.extend(_CONDITIONS[ground.condition](given, ground, edition))
    return tuple(problems)


def _check_two_provinces(given: ApplicationGrounds, ground: Ground, edition: Edition) -> list[Problem]:
    cited = edition.cite(ground.article)
    members = {member.key for member in edition.alliance.members}
    names = "、".join(member.short_name for member in edition.alliance.members)
    problems = []
    for field, province, what in (
        ("registered_province", given.registered_province, "生产者注册地"),
        ("manufacturing_province", given.manufacturing_province, "实际生产地"),
    ):
        if not province:
            problems.append(Problem(field, f"请填写{what}所在省（市）（{cited}）", ground.article))
        elif province not in members:
            message = f"{what}应在{edition.alliance.name}省（市）（{names}）之一（{cited}）"
            problems.append(Problem(field, message, ground.article))
    if not problems and given.registered_province == given.manufacturing_province:
        message = f"实际生产地应在注册地以外的{edition.alliance.name}其他省（市）（{cited}）"
        problems.append(Problem("manufacturing_province", message, ground.article))
    return problems


def _check_arrangement(given: ApplicationGrounds, ground: Ground, edition: Edition) -> list[Problem]:
    cited = edition.cite(ground.article)
    problems = []
    if not given.arrangement.strip():
        problems.append(Problem("arrangement", f"请填写市场监管总局工作安排部署的内容（{cited}）", ground.article))
    if given.arranged_on is None:
        problems.append(Problem("arranged_on", f"请填写市场监管总局工作安排部署的日期（{cited}）", ground.article))
    return problems


def _check_reason(given: ApplicationGrounds, ground: Ground, edition: Edition) -> list[Problem]:
    if given.necessity_reason.strip():
        return []
    message = f"请填写认为有必要共同开展专家会诊的理由（{edition.cite(ground.article)}）"
    return [Problem("necessity_reason", message, ground.article)]


_CONDITIONS: Mapping[str, Callable[[ApplicationGrounds, Ground, Edition], list[Problem]]] = {
    "two_provinces": _check_two_provinces,
    "arrangement": _check_arrangement,
    "reason": _check_reason,
}
