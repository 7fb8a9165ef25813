"""A paper that is a table, read back as DOCX and as PDF: the same words, the head on every page, PDF/A."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import docx
import pikepdf
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from portal.documents.table_docx import table_docx
from portal.documents.table_paper import Column, PaperTable, TablePaper
from portal.documents.table_pdf import table_pdf
from portal.documents.typography import OPEN_FONTS
from tests.documents.reading import docx_words, pdf_glyphs, pdf_words, squeeze
from tests.documents.test_pdf_a import complaints

URL = "https://huizhen.example.cn/verify"


def paper(rows: int = 5) -> TablePaper:
    people = tuple((str(place), f"专家{place}", "本单位专家库选取", "ab" * 32) for place in range(1, rows + 1))
    columns = (Column("序号", 1), Column("姓名", 2), Column("入组方式", 3), Column("SHA-256", 6))
    return TablePaper(
        title="专家组一览表",
        number="长三角会诊〔2026〕12号",
        facts=(("产品名称", "电热毯 A & B <x> #panic()"), ("牵头单位", "江苏省消费品召回技术中心")),
        tables=(PaperTable(columns, people, heading="专家组", facts=(("人数", f"{rows}人"),)),),
        notes=("注：专家组人数为双数的理由：一人临时住院。",),
        day=date(2026, 3, 10),
        issuer="江苏省消费品召回技术中心",
        digest="cd" * 32,
        is_landscape=True,
    )


def pdf(document: TablePaper) -> bytes:
    return table_pdf(document, foot=document.foot().leading_to(URL), typography=OPEN_FONTS)


def said_by(document: TablePaper) -> list[str]:
    """All that the description says, in order."""
    said = [document.title, document.number, *(label + words for label, words in document.facts)]
    for table in document.tables:
        said += [table.heading, *(label + words for label, words in table.facts), *table.labels]
        said += [words for row in table.rows for words in row]
    return [*said, *document.notes, *document.closing, *document.foot().leading_to(URL).lines]


def test_docx_and_pdf_say_all_of_it_in_order_and_nothing_else() -> None:
    document = paper()
    said = squeeze("".join(said_by(document)))
    assert pdf_words(pdf(document)) == said
    assert docx_words(table_docx(document, foot=document.foot().leading_to(URL))) == said


def test_the_head_of_the_table_is_repeated_on_every_page() -> None:
    glyphs = pdf_glyphs(pdf(paper(rows=60)))
    pages = {glyph.page for glyph in glyphs}
    assert len(pages) > 2
    heads = {page for page in pages if "入组方式" in "".join(one.character for one in glyphs if one.page == page)}
    assert heads == pages
    row = docx.Document(BytesIO(table_docx(paper(), foot=paper().foot()))).tables[0].rows[0]
    assert row._tr.trPr.find(qn("w:tblHeader")) is not None


def test_it_lies_or_stands() -> None:
    for is_landscape in (True, False):
        document = replace(paper(), is_landscape=is_landscape)
        with pikepdf.open(BytesIO(pdf(document))) as opened:
            _, _, width, height = opened.pages[0].mediabox
            assert (width > height) is is_landscape
        page = docx.Document(BytesIO(table_docx(document, foot=document.foot()))).sections[0]
        assert (page.orientation == WD_ORIENT.LANDSCAPE) is is_landscape
        assert (page.page_width > page.page_height) is is_landscape


def test_it_is_pdf_a_and_the_same_bytes() -> None:
    assert complaints(pdf(paper())) == set()
    assert pdf(paper()) == pdf(paper())
    assert table_docx(paper(), foot=paper().foot()) == table_docx(paper(), foot=paper().foot())


def test_without_issuer_and_digest_nothing_stands_below_the_notes() -> None:
    document = replace(paper(), issuer="", digest="")
    assert pdf_words(table_pdf(document, foot=document.foot(), typography=OPEN_FONTS)).endswith("一人临时住院。")
