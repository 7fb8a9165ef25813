"""What must be true of every template of the portal, not only of the components."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.web import assets

TEMPLATES = assets.STATIC.parent / "templates"
PAGES = sorted(
    page for page in TEMPLATES.rglob("*.html") if page.relative_to(TEMPLATES).parts[0] not in ("mail", "documents")
)
SYMBOLS = set(re.findall(r'<symbol id="([\w-]+)"', (assets.STATIC / "icons.svg").read_text()))
INLINE = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a script without a source": re.compile(r"<script\b(?![^>]*\ssrc=)", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "an hx-on handler": re.compile(r"\shx-on", re.I),
    "an asset from elsewhere": re.compile(r"(?:src|href)=\"(?:https?:)?//", re.I),
    "unescaped output": re.compile(r"\|\s*safe\b"),
}
# Jinja comments are for the reader; words like style= may stand there.
COMMENT = re.compile(r"\{#.*?#\}", re.S)


def name_of(page: Path) -> str:
    return str(page.relative_to(TEMPLATES))


@pytest.mark.parametrize("what", INLINE)
def test_nothing_inline(what: str) -> None:
    found = {name_of(page): INLINE[what].search(COMMENT.sub("", page.read_text())) for page in PAGES}
    assert {name: match.group() for name, match in found.items() if match is not None} == {}


def test_every_icon_is_in_the_sprite() -> None:
    named = {name_of(page): set(re.findall(r"\bicon\('([\w-]+)'", page.read_text())) for page in PAGES}
    assert {name: icons - SYMBOLS for name, icons in named.items() if icons - SYMBOLS} == {}


@pytest.mark.parametrize("page", sorted((TEMPLATES / "components").glob("*.html")), ids=lambda page: page.stem)
def test_a_component_says_what_it_takes(page: Path) -> None:
    text = page.read_text()
    comment = COMMENT.match(text)
    assert comment is not None
    public = re.findall(r"\{%-? macro (\w+)\(", text)
    documented = [macro for macro in public if re.search(rf"\b{macro}\b", comment.group())]
    assert documented, f"{page.stem} documents none of {public}"


def test_the_scan_finds_what_it_looks_for() -> None:
    """A net without a mesh too wide: each pattern catches its own example."""
    examples = {
        "a style attribute": '<p style="color:red">',
        "an event handler": '<p onclick="x()">',
        "a style element": "<style>",
        "a script without a source": "<script>",
        "a javascript: address": '<a href="javascript:x()">',
        "an hx-on handler": '<p hx-on:click="x()">',
        "an asset from elsewhere": '<img src="//cdn.example/x.png">',
        "unescaped output": "{{ words|safe }}",
    }
    assert {what for what, pattern in INLINE.items() if pattern.search(examples[what])} == set(INLINE)
