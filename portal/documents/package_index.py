"""The readable page of an archive package: one HTML file without scripts that names and links every other file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from portal.rules.dates import BEIJING


@dataclass(frozen=True)
class PackageFile:
    """One file of the package as the page lists it; `readable` is the official PDF of it, "" for none."""

    title: str
    path: str
    sha256: str
    size: int
    readable: str = ""
    readable_sha256: str = ""


@dataclass(frozen=True)
class PackageIndex:
    """What the page says. `events` are (instant, what happened, by whom)."""

    number: str
    product: str
    content: str
    package: int
    custodian: str
    archived_on: date
    keep_until: date
    files: tuple[PackageFile, ...]
    events: tuple[tuple[datetime, str, str], ...]
    head: str


def index_html(index: PackageIndex) -> str:
    """The page, to be opened from a folder in fifty years: no script, no address of anything outside."""
    return template_of("package_index.html").render(index=index)


def check_text(index: PackageIndex) -> str:
    """How to check the package without the portal, as plain text."""
    return template_of("package_check.txt").render(index=index)


@cache
def template_of(name: str) -> Template:
    """A text that goes into a package, by its file name."""
    environment = Environment(
        loader=PackageLoader("portal", "documents/texts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=name.endswith(".html"),
        keep_trailing_newline=True,
    )
    environment.filters["day"] = lambda day: f"{day.year}年{day.month}月{day.day}日"
    environment.filters["minute"] = lambda at: f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return environment.get_template(name)
