"""轮值: which institution leads when (Art. 3). Terms follow each other without gap or overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from portal.rules.dates import add_years
from portal.rules.editions import Edition
from portal.rules.problem import Problem

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """One institution's lead, both days included."""

    institution: str
    starts_on: date
    ends_on: date


def generate_terms(start: date, order: Sequence[str], years: int, edition: Edition) -> tuple[Term, ...]:
    """Return terms that cover `years` years from `start`, the institutions leading in `order` in turn.

    Every start is counted from the first, so a start on 29 February comes back to that day in leap years.
    Raises ValueError when the order is empty or names one twice, or `years` is no multiple of a term.
    """
    length = edition.value("rotation_term_years").value
    if not order or len(set(order)) != len(order):
        raise ValueError("the order must name each institution once")
    if years < 1 or years % length:
        raise ValueError("the schedule must be whole terms")
    starts = [add_years(start, offset) for offset in range(0, years + length, length)]
    return tuple(
        Term(order[number % len(order)], first, following - _ONE_DAY)
        for number, (first, following) in enumerate(pairwise(starts))
    )


def check_terms(terms: Sequence[Term], edition: Edition) -> tuple[Problem, ...]:
    """Return each term that ends before it starts, and each gap or overlap, in order of time (Art. 3).

    The message names both terms, by institution and dates.
    """
    article = edition.value("rotation_term_years").article
    cited = edition.cite(article)
    problems = []
    ordered = sorted(terms, key=lambda term: term.starts_on)
    for term in ordered:
        if term.ends_on < term.starts_on:
            message = f"轮值结束日{term.ends_on}早于开始日{term.starts_on}（{cited}）"
            problems.append(Problem("ends_on", message, article))
    for earlier, later in pairwise(ordered):
        expected = earlier.ends_on + _ONE_DAY
        if later.starts_on < expected:
            message = f"{_name(later)}的轮值与{_name(earlier)}的轮值重叠（{cited}）"
            problems.append(Problem("starts_on", message, article))
        elif later.starts_on > expected:
            gap = f"{expected}至{later.starts_on - _ONE_DAY}无轮值召回技术机构"
            message = f"{gap}，前一任为{_name(earlier)}，后一任为{_name(later)}（{cited}）"
            problems.append(Problem("starts_on", message, article))
    return tuple(problems)


def _name(term: Term) -> str:
    return f"{term.institution}{term.starts_on}至{term.ends_on}"


def term_on(terms: Sequence[Term], day: date) -> Term | None:
    """Return the term that a day falls in, or None where the schedule does not cover it."""
    return next((term for term in terms if term.starts_on <= day <= term.ends_on), None)


def next_in_rotation(order: Sequence[str], institution: str) -> str:
    """Return the institution that follows in the order; one that is not in it is a ValueError."""
    return order[(list(order).index(institution) + 1) % len(order)]
