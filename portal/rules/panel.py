"""How many people: experts of a panel (Art. 8(1)), liaisons (Art. 3) and staff at the session (Art. 8(4))."""

from __future__ import annotations

from portal.rules.editions import Edition
from portal.rules.problem import Problem


def is_odd_panel(size: int, edition: Edition) -> bool:
    """Tell whether a panel of this size is as Article 8(1) normally wants it."""
    return not edition.value("panel_odd").value or size % 2 == 1


def check_panel(size: int, even_reason: str, edition: Edition) -> tuple[Problem, ...]:
    """Return why a panel cannot be confirmed: below three members, or even without a written reason."""
    problems = []
    minimum = edition.value("panel_minimum")
    if size < minimum.value:
        message = f"专家组现有{size}人，不少于{minimum.value}人方可确认（{edition.cite(minimum.article)}）"
        problems.append(Problem("members", message, minimum.article))
    if not is_odd_panel(size, edition) and not even_reason.strip():
        odd = edition.value("panel_odd")
        message = f"专家组现有{size}人；{odd.text}，为双数时须写明理由（{edition.cite(odd.article)}）"
        problems.append(Problem("even_reason", message, odd.article))
    return tuple(problems)


def check_liaisons(count: int, edition: Edition) -> tuple[Problem, ...]:
    """Return the problem of an institution's liaisons: none (a warning), more than two (refused)."""
    return _check_range(count, "liaisons", "联络员", edition)


def check_session_staff(count: int, edition: Edition) -> tuple[Problem, ...]:
    """Return the problem of an institution that names `count` staff for a session, one or two being right."""
    return _check_range(count, "session_staff", "参会工作人员", edition)


def _check_range(count: int, name: str, called: str, edition: Edition) -> tuple[Problem, ...]:
    minimum, maximum = edition.value(f"{name}_minimum"), edition.value(f"{name}_maximum")
    if minimum.value <= count <= maximum.value:
        return ()
    message = f"{called}应为{minimum.value}至{maximum.value}名，现为{count}名（{edition.cite(minimum.article)}）"
    return (Problem(name, message, minimum.article),)
