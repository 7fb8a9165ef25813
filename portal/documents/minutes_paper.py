"""What stands on the 会议纪要: the one description that page, DOCX and PDF are made from (Art. 8(7))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.documents.foot import Foot

NUMERALS = "一二三四五六七八九十"
HEADING, SECOND, TEXT, COUNTS = "heading", "second", "text", "counts"
DRAFT = "草稿"
_OPINIONS = "专家意见"
_SECOND_LEVEL = re.compile(rf"（[{NUMERALS}]+）")


@dataclass(frozen=True)
class CountRow:
    """One question of one round: votes by answer."""

    label: str
    counts: tuple[tuple[str, int], ...]
    answer: str


@dataclass(frozen=True)
class Counts:
    """The counts of one round."""

    number: int
    rows: tuple[CountRow, ...]

    @property
    def table(self) -> tuple[tuple[str, ...], ...]:
        """Header and rows in words; an answer that a question has not is a dash."""
        answers = tuple(dict.fromkeys(answer for row in self.rows for answer, _ in row.counts))
        body = (
            (row.label, *(str(dict(row.counts).get(answer, "—")) for answer in answers), row.answer)
            for row in self.rows
        )
        return ((f"第{self.number}轮表决", *answers, "多数意见"), *body)


@dataclass(frozen=True)
class SheetDigest:
    """A signed sheet of a counted round, by which anybody can recount it; `code` leads to the verification page."""

    round_number: int
    seat: str
    signer: str
    digest: str
    code: str = ""


@dataclass(frozen=True)
class Block:
    """A paragraph of the body by its level (GB/T 9704-2012, 7.3.3), or the counts of a round."""

    kind: str
    text: str = ""
    counts: Counts | None = None


@dataclass(frozen=True)
class MinutesDocument:
    """Minutes or a correction as they are printed. Number and date are empty while they are a draft.

    `saved_on` is the day of a draft's last change, which its files carry as their date.
    """

    title: str
    number: str
    issuer: str
    issued_on: date | None
    correction: int
    corrects: str
    opening: str
    parts: tuple[tuple[str, str], ...]  # heading, text; without the opening, in order, none empty
    rounds: tuple[Counts, ...]
    copies: tuple[str, ...]
    digest: str
    host: str = ""
    present: tuple[str, ...] = ()  # 出席: experts who came
    excused: tuple[str, ...] = ()  # 请假: experts who did not
    attending: tuple[str, ...] = ()  # 列席: staff of the institutions
    annex: tuple[SheetDigest, ...] = ()
    saved_on: date | None = None
    annex_label: ClassVar[str] = "附件"
    annex_title: ClassVar[str] = "会诊表校验值清单"

    @property
    def heading(self) -> str:
        """The heading of the paper."""
        return f"{self.title}更正" if self.correction else self.title

    @property
    def headed_parts(self) -> tuple[tuple[str, str], ...]:
        """The parts with their numbered headings: 一、产品及申请情况."""
        return tuple((f"{NUMERALS[place]}、{heading}", text) for place, (heading, text) in enumerate(self.parts))

    @property
    def blocks(self) -> Iterator[Block]:
        """The body from the first paragraph to the last, with the counts below the experts' opinions."""
        if self.correction:
            yield Block(TEXT, f"本件更正{self.corrects}")
        yield from _paragraphs(self.opening)
        for heading, text in self.headed_parts:
            yield Block(HEADING, heading)
            if heading.endswith(_OPINIONS):
                yield from (Block(COUNTS, counts=counts) for counts in self.rounds)
            yield from _paragraphs(text)

    @property
    def attendance(self) -> tuple[tuple[str, str], ...]:
        """Who hosted, came, was excused and attended: label and names, none empty (GB/T 9704-2012, 10.3)."""
        lists = (
            ("主持：", (self.host,)),
            ("出席：", self.present),
            ("请假：", self.excused),
            ("列席：", self.attending),
        )
        return tuple((label, "、".join(names)) for label, names in lists if any(names))

    @property
    def copied(self) -> str:
        """抄送 with its recipients; empty without any."""
        return f"抄送：{'、'.join(self.copies)}。" if self.copies else ""

    @property
    def issued_day(self) -> str:
        """The day of issue as official papers write it; empty for a draft."""
        day = self.issued_on
        return f"{day.year}年{day.month}月{day.day}日" if day else ""

    @property
    def issued_words(self) -> str:
        """The right side of the closing block."""
        return f"{self.issued_day}印发" if self.issued_on else "尚未印发"

    @property
    def mark(self) -> str:
        """What every page says across its text as long as it is a draft; empty once it is issued."""
        return "" if self.issued_on else DRAFT

    @property
    def annex_note(self) -> str:
        """The line below the body that names the annex; empty without one."""
        return f"{self.annex_label}：{self.annex_title}" if self.annex else ""

    @property
    def annex_table(self) -> tuple[tuple[str, ...], ...]:
        """Header and rows of the annex; the code's column only where there are codes."""
        has_codes = any(one.code for one in self.annex)
        header = ("轮次", "序号", "签名专家", "SHA-256", *(("校验码",) if has_codes else ()))
        rows = (
            (f"第{one.round_number}轮", one.seat, one.signer, one.digest, *((one.code,) if has_codes else ()))
            for one in self.annex
        )
        return (header, *rows)

    def foot(self, *, code: str = "", url: str = "") -> Foot:
        """What is printed at the foot; `code` and `url` lead to the verification page."""
        return Foot(number=self.number, digest=self.digest, code=code, url=url)


def _paragraphs(text: str) -> Iterator[Block]:
    for line in text.split("\n"):
        if words := line.strip():
            yield Block(SECOND if _SECOND_LEVEL.match(words) else TEXT, words)
