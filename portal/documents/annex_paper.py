"""An annex of the recall workflow as it stands on paper, block by block: DOCX and PDF are made of this alone.

What is not filled in stands as on the printed form, so that an annex without values is the empty form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile

from portal.documents.annex_grid import AnnexGrid, AnnexTable, GrowingTable, field_lines
from portal.documents.annex_picture import Picture, readable_pictures, unreadable_words
from portal.documents.sheet_paper import ANSWER, WORDS, Line, Piece
from portal.rules.date_words import beijing_date
from portal.rules.recall.annex_check import Values, is_asked
from portal.rules.recall.annex_words import BLANK_DAY, annex_sentences
from portal.rules.recall.annexes import Annex
from portal.rules.recall.editions import RecallEdition
from portal.rules.recall.press_release import press_release_text
from portal.rules.sheet_description import Field, Section

TITLE, HEADING, LABEL, TEXT, FLUSH, NOTE = "title", "heading", "label", "text", "flush", "note"
DRAFT = "草稿"
_ISSUER = "发文单位（章）"
_DAY = "年 月 日"
_NO_NUMBER = "（发文单位）{series}〔　　〕　　号"
_SECOND_LEVEL = re.compile(r"\d+\.\d")
_BLANK_LINES = 2
_NUMBERED = "注："


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph: `role` says how it is set."""

    role: str
    line: Line

    @property
    def is_held(self) -> bool:
        """Whether it says too little to be left behind: a note, a blank line."""
        return self.role == NOTE or not "".join(piece.text for piece in self.line).strip()


@dataclass(frozen=True, slots=True)
class Pictures:
    """Photographs below the words that they belong to."""

    pictures: tuple[Picture, ...]


Block = Words | AnnexGrid | Pictures


@dataclass(frozen=True)
class AnnexCopy:
    """One annex as it is filled in. `values` are typed as portal.rules.recall.annex_check says.

    `issuer` and `dated_on` close the paper, `number` is its 文号; "" and None stay blank. `facts` are the names in
    salutation and opening that are no fields (producer, authority, notice), `pictures` those of photographs fields.
    """

    annex: Annex
    edition: RecallEdition
    values: Values = field(default_factory=dict)
    issuer: str = ""
    dated_on: date | None = None
    number: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    is_draft: bool = False

    @property
    def mark(self) -> str:
        """What every page says across its text as long as this is a draft."""
        return DRAFT if self.is_draft else ""

    @property
    def is_large(self) -> bool:
        """Whether it is set as a letter or running text, in the size of official papers, and not as a form."""
        return self.annex.style != "form"

    @property
    def printed_number(self) -> str:
        """文号 below the title: blank as on the form before it is issued, "" for an annex that bears none."""
        if not self.annex.series:
            return ""
        return self.number or _NO_NUMBER.format(series=self.edition.document_series[self.annex.series].series)

    @property
    def addressee(self) -> str:
        """To whom it is; "" for an annex that is to nobody."""
        return self._said(self.annex.salutation)

    @property
    def closing(self) -> tuple[str, ...]:
        """Who issued it and when: below everything else, blank where nobody has; empty for an annex without."""
        return tuple(map(self._closed, self.annex.closing))

    def _closed(self, words: str) -> str:
        if words == _DAY:
            return beijing_date(self.dated_on) or BLANK_DAY
        if words == _ISSUER:
            return self.issuer or words
        return f"{words}：{self.issuer}" if self.issuer else words

    def _said(self, text: str) -> str:
        known = {name: str(value.value) for name, value in self.edition.values.items()}
        return annex_sentences(self.annex, text, self.values, {**known, **self.facts})


def annex_blocks(copy: AnnexCopy) -> Iterator[Block]:
    """Return all that stands between addressee and closing, in the form's order."""
    annex = copy.annex
    if annex.prose is not None:
        yield from _prose(copy)
        return
    if annex.opening:
        yield from (_words(TEXT, line) for line in copy._said(annex.opening).split("\n"))
    table = AnnexTable(copy.values, copy.pictures)
    for section in annex.sections:
        layout = annex.layouts[section.slug]
        continues = layout.kind in ("side", "lines") or (layout.kind == "rows" and not section.title)
        if layout.kind == "text":
            continue
        if not continues and table.has_rows:
            yield table.grid()
            table = AnnexTable(copy.values, copy.pictures)
        if continues or layout.kind == "rows":
            if not continues:
                yield _heading(section)
            table.add(section, layout)
            if section.notes:
                yield table.grid()
                table = AnnexTable(copy.values, copy.pictures)
        else:
            yield _heading(section)
            yield from _growing(section, copy) if layout.kind == "growing" else _paragraphs(section, copy)
        yield from _notes(section.notes)
    if table.has_rows:
        yield table.grid()
    yield from _notes(annex.notes)


def ending_words(blocks: Sequence[Block]) -> int:
    """Return how many paragraphs at the end go with the closing, which never stands on a page alone.

    They are the notes, or the blank lines of the last question, or the last paragraph.
    """
    held = len(list(takewhile(lambda block: isinstance(block, Words) and block.is_held, reversed(blocks))))
    return held or (1 if blocks and isinstance(blocks[-1], Words) else 0)


def _prose(copy: AnnexCopy) -> Iterator[Block]:
    title, paragraphs = press_release_text(copy.values, copy.annex)
    yield _words(TITLE, title)
    yield from (_words(TEXT, paragraph) for paragraph in paragraphs)


def _heading(section: Section) -> Words:
    return _words(LABEL if _SECOND_LEVEL.match(section.title) else HEADING, section.title)


def _notes(notes: tuple[str, ...]) -> Iterator[Words]:
    """Notes as they are; several together are numbered below the word that the form puts over them."""
    if len(notes) > 1:
        yield _words(NOTE, _NUMBERED)
        notes = tuple(f"{place}. {note}" for place, note in enumerate(notes, 1))
    yield from (_words(NOTE, note) for note in notes)


def _growing(section: Section, copy: AnnexCopy) -> Iterator[Block]:
    for one in section.fields:
        yield GrowingTable(one, copy.values.get(one.name)).grid()


def _paragraphs(section: Section, copy: AnnexCopy) -> Iterator[Block]:
    """Each question and, below it, what was answered; a question that the heading has asked is not asked again."""
    for place, one in enumerate(section.fields):
        if one.type == "photographs":
            given = copy.pictures.get(one.name, ())
            if readable_pictures(given):
                yield Pictures(readable_pictures(given))
            yield from (_words(TEXT, words) for words in unreadable_words(given))
            continue
        lines = field_lines(section, one, copy.values)
        if one.options:
            yield Words(LABEL, (Piece(WORDS, f"{one.label}　"), *lines[0]))
            continue
        if one.inline and place:
            yield Words(TEXT, (Piece(WORDS, f"{one.label}："), *(lines[0] if lines else (Piece(ANSWER, BLANK_DAY),))))
            continue
        if not one.inline:
            yield _words(TEXT if one.asked_by else LABEL, _in_brackets(section, one))
        if lines:
            yield from (Words(TEXT, line) for line in lines)
        elif is_asked(one, copy.values):
            yield from (_words(TEXT, "　") for _ in range(1 if one.type == "date" else _BLANK_LINES))


def _in_brackets(section: Section, one: Field) -> str:
    """What belongs to one answer only says to which, as the form does."""
    asking = next((other for other in section.fields if other.name == one.asked_by), None)
    if asking is None:
        return one.label
    return f"（如果选择“{asking.option(one.asked_when).label}”，{one.label}）"


def _words(role: str, text: str) -> Words:
    return Words(role, (Piece(WORDS, text),))
