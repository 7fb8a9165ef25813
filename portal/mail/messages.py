"""The words of a mail: a template per kind under templates/mail, in Chinese; text and HTML say the same.

A template's first line is the subject; the paragraphs follow after an empty line. Values are plain text: the text
part takes them as they are, the HTML part is made from the finished text and escaped there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from portal.rules.date_words import beijing, beijing_date, clock_time

_BREAKS = re.compile(r"[\r\n\t\x00]+")


@dataclass(frozen=True)
class Letter:
    """A rendered mail without its address: subject (one line) and text (paragraphs)."""

    subject: str
    text: str


@cache
def _environment() -> Environment:
    # Text templates: escaping belongs to the HTML part, which is made from the text in `html_of`.
    environment = Environment(
        loader=PackageLoader("portal", "templates/mail"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  (plain text)
    )
    environment.filters["beijing"] = beijing
    environment.filters["clock_time"] = clock_time
    environment.filters["beijing_date"] = beijing_date
    return environment


def render(kind: str, **context: Any) -> Letter:
    """Render the mail `kind`; an unknown kind or a missing value is an error of the programme, not of a person."""
    said = _environment().get_template(f"{kind}.txt").render(**context).strip()
    subject, _, body = said.partition("\n")
    return Letter(_BREAKS.sub(" ", subject).strip(), body.strip() + "\n")


@cache
def _html_environment() -> Environment:
    return Environment(loader=PackageLoader("portal", "templates/mail"), undefined=StrictUndefined, autoescape=True)


def html_of(*, subject: str, text: str, link_label: str, link_url: str) -> str:
    """The HTML part: the same paragraphs, and the one link as a button."""
    paragraphs = [part.split("\n") for part in text.strip().split("\n\n")]
    return (
        _html_environment()
        .get_template("layout.html")
        .render(subject=subject, paragraphs=paragraphs, link_label=link_label, link_url=link_url)
    )


def text_of(*, text: str, link_label: str, link_url: str) -> str:
    """The text part: the paragraphs, then the one link."""
    return f"{text.strip()}\n\n{link_label}：{link_url}\n\n—— 长三角缺陷消费品专家会诊平台（请勿回复此邮件）\n"
