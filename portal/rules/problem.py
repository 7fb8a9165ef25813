"""What a rule finds wrong, told so that a page can show it beside the field."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a person has to put right.

    `field` is the name of the field it belongs to, `message` the Chinese sentence shown there, and
    `article` the key of the article it rests on ("4(1)", "annex"), or the standard's number where it is
    not the Standard's.
    """

    field: str
    message: str
    article: str
