"""会议纪要 as DOCX: title, number, numbered headings, the counts as tables, signature, 抄送."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.documents import docx
from portal.documents.minutes_paper import Counts, MinutesDocument

_TITLE_SIZE, _TEXT_SIZE, _TABLE_SIZE, _SMALL_SIZE = 22, 16, 12, 14
_LINES = 1.5


def minutes_docx(document: MinutesDocument) -> bytes:
    """The minutes, or a correction of them, as a .docx file."""
    word = docx.new_document(title=document.title, subject=document.number, margins_cm=(3.7, 2.6, 3.5, 2.8))
    title = f"{document.title}{'更正' if document.correction else ''}"
    docx.add_paragraph(word, title, font=docx.TITLE_FONT, size_pt=_TITLE_SIZE, align=docx.CENTER, after_pt=12)
    docx.add_paragraph(word, document.number, size_pt=_TEXT_SIZE, align=docx.CENTER, after_pt=18)
    if document.correction:
        _write_text(word, f"本件更正{document.corrects}")
    _write_text(word, document.opening)
    for heading, text in document.headed_parts:
        docx.add_paragraph(
            word, heading, font=docx.HEADING_FONT, size_pt=_TEXT_SIZE, indent_characters=2, spacing=_LINES
        )
        if heading.endswith("专家意见"):
            for counts in document.rounds:
                _write_counts(word, counts)
        _write_text(word, text)
    docx.add_paragraph(word, document.issuer, size_pt=_TEXT_SIZE, align=docx.RIGHT, before_pt=24, spacing=_LINES)
    docx.add_paragraph(word, _say_day(document.issued_on), size_pt=_TEXT_SIZE, align=docx.RIGHT, spacing=_LINES)
    if document.copies:
        docx.add_paragraph(word, f"抄送：{'、'.join(document.copies)}", size_pt=_SMALL_SIZE, before_pt=24)
    docx.add_paragraph(word, f"校验 SHA-256：{document.digest}", size_pt=9, before_pt=12)
    return docx.to_bytes(word)


def _write_text(word: Any, text: str) -> None:
    for line in text.split("\n"):
        if line.strip():
            docx.add_paragraph(word, line.strip(), size_pt=_TEXT_SIZE, indent_characters=2, spacing=_LINES)


def _write_counts(word: Any, counts: Counts) -> None:
    docx.add_paragraph(word, f"第{counts.number}轮表决", size_pt=_TABLE_SIZE, align=docx.CENTER, before_pt=6)
    answers = list(dict.fromkeys(answer for row in counts.rows for answer, _ in row.counts))
    table = word.add_table(rows=0, cols=len(answers) + 2)
    table.style = "Table Grid"
    _write_row(table, ["问题", *answers, "多数意见"], bold=True)
    for row in counts.rows:
        votes = dict(row.counts)
        _write_row(table, [row.label, *(str(votes.get(answer, "—")) for answer in answers), row.answer])


def _write_row(table: Any, words: list[str], *, bold: bool = False) -> None:
    row = table.add_row()
    docx.keep_together(row)
    for cell, text in zip(row.cells, words, strict=True):
        docx.add_paragraph(
            docx.empty_cell(cell), text, font=docx.TABLE_FONT, size_pt=_TABLE_SIZE, bold=bold, align=docx.CENTER
        )


def _say_day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
