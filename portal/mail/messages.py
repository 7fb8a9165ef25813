"""The words of a mail: a template per kind under templates/mail, in Chinese; text and HTML say the same.

A template's first line is the subject; the paragraphs follow after an empty line. Values are plain text: the text
part takes them as they are, the HTML part is made from the finished text (portal.mail.letters) and escaped there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from portal.mail.kinds import MAIL_KINDS
from portal.rules.date_words import beijing, beijing_date, clock_time, month_day, time_span

LONGEST_SUBJECT = 200  # of the column
LONGEST_PRODUCT = 60  # in a subject; the table in the text has the whole name
_NOTHING = {"due_at": None, "is_provisional": False, "how_counted": "", "consultation": None, "case": None}
_BLANKS = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Letter:
    """A rendered mail without its address: subject (one line) and text (paragraphs)."""

    subject: str
    text: str


@cache
def _environment() -> Environment:
    # Text templates: escaping belongs to the HTML part, which is made from the text in `portal.mail.letters`.
    environment = Environment(
        loader=PackageLoader("portal", "templates/mail"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else it looks at the file of each part of each mail
        autoescape=False,  # noqa: S701  (plain text)
    )
    environment.filters["beijing"] = beijing
    environment.filters["clock_time"] = clock_time
    environment.filters["beijing_date"] = beijing_date
    environment.filters["month_day"] = month_day
    environment.globals["fact"] = fact
    environment.globals["time_span"] = time_span
    return environment


def render(kind: str, **context: Any) -> Letter:
    """Render the mail `kind`; an unknown kind or a missing value is an error of the programme, not of a person.

    Beside `context` a template knows `ask` (portal.mail.kinds), `product` (short, for the subject), `due_at` and
    `how_counted` (None and "" where there is no deadline).
    """
    known = {"ask": MAIL_KINDS[kind].ask, **_NOTHING, **context}
    about = known["consultation"] or known["case"]
    product = about.product if about is not None else None
    known["product"] = one_line(f"{product.product_name} {product.model or ''}")[:LONGEST_PRODUCT] if product else ""
    said = _environment().get_template(f"{kind}.txt").render(**known).strip()
    subject, _, body = said.partition("\n")
    return Letter(one_line(subject)[:LONGEST_SUBJECT], _EMPTY_LINES.sub("\n\n", body.strip()) + "\n")


def one_line(text: str) -> str:
    """A text without line breaks, tabs and NUL."""
    return _BLANKS.sub(" ", text.replace("\x00", " ")).strip()


def fact(label: str, value: object) -> str:
    """One line of the table of facts, with its line end; nothing for no value."""
    words = one_line(str(value)) if value not in (None, "") else ""
    return f"{label}：　{words}\n" if words else ""
