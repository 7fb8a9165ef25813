"""The sheet as it stands on paper: the annex's headings, wording and boxes in order, with the answers filled in.

Page, DOCX, PDF and the text before signing are all made of this one description, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from portal.documents.foot import Foot
from portal.rules.editions import Edition
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_description import Field, Option, Section
from portal.rules.sheet_rules import Rule

WORDS, TICKED, UNTICKED, ANSWER = "words", "ticked", "unticked", "answer"
BOXES = {TICKED: "☑", UNTICKED: "☐"}
ANNEX = "附件"
GAP = "　　"
_BLANK_DAY = f"{GAP}{GAP}年{GAP}月{GAP}日"
_BOXES_A_LINE = 3
DRAFT = "草稿　未签名"
TO_SIGN = "未签名（供线下签名）"
DEPARTURE_WORDS = "不采纳规则建议的理由："


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line: the annex's words, a box with the words behind it, or what was filled in."""

    def __str__(self) -> str:
        """As plain text: a box before its words."""
        return f"{BOXES[self.kind]} {self.text}" if self.kind in BOXES else self.text

    kind: str
    text: str


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PaperCell:
    """One framed cell of the form; `label` heads a cell that the portal fills in."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PaperSection:
    """One section of the sheet: `part` is the heading across the page, `group` the label at the side."""

    slug: str
    part: str
    group: str
    title: str
    cells: tuple[PaperCell, ...]


@dataclass(frozen=True)
class SheetDocument:
    """All that one sheet says. `values` holds what the portal fills in, by the names of `filled_from`.

    `on_paper` are the lines that say of a sheet signed by hand how it came into the portal; they stand at the foot.
    Signature and digest are empty on a sheet that is not signed; `unsigned_mark` says on each of its pages what it is.
    """

    edition: Edition
    number: str
    round_number: int
    revision: int
    values: Mapping[str, str | list[str]]
    answers: SheetAnswers
    signer: str = ""
    signed_on: date | None = None
    signed_at: str = ""
    digest: str = ""
    on_paper: tuple[str, ...] = ()
    unsigned_mark: str = DRAFT

    @property
    def mark(self) -> str:
        """What every page says across its text as long as nobody has signed; empty on a signed sheet."""
        return "" if self.digest else self.unsigned_mark

    @property
    def mark_across(self) -> str:
        """The same, large across the text; not where it is to be written upon."""
        return "" if self.mark == TO_SIGN else self.mark

    def foot(self, *, code: str = "", url: str = "") -> Foot:
        """What is printed at the foot; `code` and `url` lead to the verification page."""
        version = f"第 {self.round_number} 轮表决，第 {self.revision} 版"
        return Foot(self.number, version, self.signer, self.signed_at, self.digest, code, url, self.on_paper)

    def filled(self, field: Field) -> str:
        """What the portal writes into a text cell."""
        parts = [self.values.get(name, "") for name in field.filled_from]
        return " ".join(part for part in parts if isinstance(part, str) and part)


def paper(document: SheetDocument) -> tuple[PaperSection, ...]:
    """Return all sections of the sheet, filled in, in the annex's order."""
    return tuple(_section(section, document) for section in document.edition.sections)


def text_of(line: Line) -> str:
    """The line as plain text, boxes as ☑ and ☐."""
    return "".join(str(piece) for piece in line)


def head_words(head: PaperSection) -> tuple[str, str]:
    """The two statements above the table: whose sheet it is, and the day, blank to be filled in by hand."""
    institution, session_on = head.cells
    return institution.label + _plain(institution), session_on.label + (_plain(session_on) or _BLANK_DAY)


def signature_words(signature: PaperSection, document: SheetDocument) -> tuple[str, str]:
    """The two lines below the table: signature and date."""
    signer, signed_on = signature.cells
    day = document.signed_on
    dated = f"{day.year}年{day.month}月{day.day}日" if day else _BLANK_DAY
    return signer.label + document.signer, signed_on.label + dated


def _plain(cell: PaperCell) -> str:
    return "".join(text_of(line) for line in cell.lines)


def _section(section: Section, document: SheetDocument) -> PaperSection:
    if section.rule is not None:
        cells: tuple[PaperCell, ...] = (PaperCell("", tuple(_rule_lines(section, section.rule, document))),)
    elif any(not field.is_filled_by_portal for field in section.fields):
        cells = tuple(_question_cells(section, document))
    else:
        cells = tuple(_filled_cells(section, document))
    return PaperSection(section.slug, section.part, section.group, section.title, cells)


def _filled_cells(section: Section, document: SheetDocument) -> Iterator[PaperCell]:
    for field in section.fields:
        if field.asked_by:
            continue  # written beside the box that asks for it
        if field.type == "ticks":
            yield PaperCell(field.label, tuple(_source_boxes(section, field, document)))
        else:
            lines = document.filled(field).split("\n")
            yield PaperCell(field.label, tuple((Piece(ANSWER, line),) for line in lines))


def _source_boxes(section: Section, field: Field, document: SheetDocument) -> Iterator[Line]:
    """The boxes, three a line as the annex sets them."""
    given = document.values.get(field.filled_from[0], [])
    for begin in range(0, len(field.options), _BOXES_A_LINE):
        pieces: list[Piece] = []
        for option in field.options[begin : begin + _BOXES_A_LINE]:
            pieces.append(_box(option.value in given, option.label))
            asked = section.asked(field.name, option.value)
            if asked is not None and document.filled(asked):
                pieces.append(Piece(ANSWER, f"：{document.filled(asked)}"))
            pieces.append(Piece(WORDS, GAP))
        yield tuple(pieces[:-1])


def _question_cells(section: Section, document: SheetDocument) -> Iterator[PaperCell]:
    """A titled section has a cell for each question, as 非标准符合性问题 has; one without a title a single cell."""
    questions = [field for field in section.fields if not field.asked_by]
    parts = [tuple(_field_lines(section, field, document)) for field in questions]
    if section.title:
        yield from (PaperCell("", lines) for lines in parts)
    else:
        yield PaperCell("", tuple(line for lines in parts for line in lines))


def _field_lines(section: Section, field: Field, document: SheetDocument) -> Iterator[Line]:
    if field.label:
        yield (Piece(WORDS, field.label),)
    if field.type == "level":
        yield from (_level(option, document.answers.answer(field.name)) for option in field.options)
    elif field.type == "ticks":
        yield from _ticks(section, field, document)
    else:
        yield _choice(field, document.answers)
        asked = section.asked(field.name, "yes")
        if asked is not None:
            yield from _described(asked, document.answers)


def _level(option: Option, given: object) -> Line:
    return (Piece(WORDS, option.prefix), _box(option.value == given, option.label + option.explanation))


def _ticks(section: Section, field: Field, document: SheetDocument) -> Iterator[Line]:
    given = document.answers.injury_types
    for option in field.options:
        yield (_box(option.value in given, option.prefix + option.label + option.explanation),)
        asked = section.asked(field.name, option.value)
        if asked is not None:
            yield from _described(asked, document.answers)


def _choice(field: Field, answers: SheetAnswers) -> Line:
    given = answers.answer(field.name)
    pieces: list[Piece] = []
    for option in field.options:
        pieces += [_box(option.value == given, option.label), Piece(WORDS, GAP)]
    return tuple(pieces[:-1])


def _described(field: Field, answers: SheetAnswers) -> Iterator[Line]:
    """The label and what was typed after it; further lines of it stand on lines of their own."""
    first, *further = answers.texts.get(field.name, "").split("\n")
    yield (Piece(WORDS, field.label), Piece(ANSWER, first))
    yield from ((Piece(ANSWER, line),) for line in further)


def _rule_lines(section: Section, rule: Rule, document: SheetDocument) -> Iterator[Line]:
    answers = document.answers
    if rule.lead_in:
        yield (Piece(WORDS, rule.lead_in),)
    for condition in rule.conditions:
        words = Piece(WORDS, condition.number + condition.text)
        ticked = next((field for field in section.fields if field.clause == condition.clause), None)
        asked = section.asked(ticked.name, True) if ticked is not None else None
        if asked is None:
            yield (words,)
        elif asked.inline:  # the clause ends with the label already
            first, *further = answers.texts.get(asked.name, "").split("\n")
            yield (words, Piece(ANSWER, first))
            yield from ((Piece(ANSWER, line),) for line in further)
        else:
            yield (words,)
            yield from _described(asked, answers)
    question = document.edition.field(rule.question)
    if question.type == "yes_no":
        yield (Piece(WORDS, question.label), *_choice(question, answers))
    else:
        yield (Piece(WORDS, question.label),)
        yield _choice(question, answers)
    reason = answers.departure_reasons.get(rule.question, "")
    if reason:
        yield (Piece(WORDS, DEPARTURE_WORDS), Piece(ANSWER, reason))


def _box(is_ticked: bool, words: str) -> Piece:
    return Piece(TICKED if is_ticked else UNTICKED, words)
