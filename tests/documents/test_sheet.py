"""The sheet as DOCX and PDF, read back: the annex in order and wording, every answer in its box."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import page as page_validation
import pytest
from docx.oxml.ns import qn

from portal.documents.characters import printable
from portal.documents.foot import Foot
from portal.documents.sheet_docx import sheet_docx
from portal.documents.sheet_grid import sheet_grid
from portal.documents.sheet_paper import SheetDocument, paper, text_of
from portal.documents.sheet_pdf import sheet_pdf, sheets_pdf
from portal.documents.typography import OPEN_FONTS
from portal.rules.editions import load_edition
from portal.rules.sheet import SheetAnswers
from tests.documents.reading import docx_words, pdf_glyphs, pdf_words, squeeze
from tests.rules.answers import complete_answers

SOURCE = Path(__file__).parents[1] / "rules" / "sources" / "consultation-standard-2024.zh.txt"
VALUES: dict[str, str | list[str]] = {
    "applicant_institution": "上海市消费品召回技术中心",
    "session_on": "2026年3月9日",
    "information_source": ["market_purchase", "other"],
    "information_source_other": "消费者来信",
    "product_name": "电热毯",
    "specification": "150 cm × 180 cm",
    "model": "XM-1518D",
    "brand": "煦眠",
    "producer": "苏州煦眠家居用品有限公司",
    "suspected_defect": "折叠后过热\n绝缘层软化",
    "panel_number": "2",
    "expert_name": "许静文",
}


NUMBER = "长三角会诊〔2026〕12号"
SIGNED: dict[str, Any] = {
    "signer": "许静文",
    "signed_on": date(2026, 3, 10),
    "signed_at": "2026年3月10日 14:00:00",
    "digest": "ab" * 32,
}
FULL_TEXTS = {
    "danger_despite_standard_description": "第一行\n第二行 A & B <x>",
    "injury_physical_description": "低温烫伤4起",
    "public_attention_reason": "网上热议，喆昇堃",
}


def sheet(answers: SheetAnswers, values: dict[str, Any] = VALUES, **signature: Any) -> SheetDocument:
    return SheetDocument(load_edition(), NUMBER, 1, 1, values, answers, **signature)


def blank() -> SheetDocument:
    return sheet(SheetAnswers(), {})


def partly_filled() -> SheetDocument:
    return sheet(
        SheetAnswers(severity=3, prevalence="uncertain", texts={"danger_despite_standard_description": "半句"})
    )


def full() -> SheetDocument:
    answers = complete_answers(
        recommend_investigation="no",
        public_attention=True,
        texts=FULL_TEXTS,
        departure_reasons={"recommend_investigation": "已主动召回"},
    )
    return sheet(answers, **SIGNED)


def read(answers: SheetAnswers, values: dict[str, Any] = VALUES, **signature: Any) -> str:
    document = sheet(answers, values, **signature)
    return docx_words(sheet_docx(document, foot=document.foot()))


def boxless(text: str) -> str:
    """As the source's text, in which a bracket stands where the form has a box."""
    return re.sub(r"[\s(☐☑]", "", text)


def test_an_empty_sheet_is_the_annex_word_for_word() -> None:
    source = boxless(SOURCE.read_text("utf-8"))
    start = source.rindex("附件长三角缺陷消费品专家会诊表")
    annex = source[start : source.index("上海市市场监督管理局办公室", start)]
    assert boxless(docx_words(sheet_docx(blank(), foot=Foot()))) == annex
    # A side label that goes on over a page stands once in the annex's first half and once in its second, as here.
    assert boxless(pdf_words(sheet_pdf(blank(), foot=Foot(), typography=OPEN_FONTS))) == annex


@pytest.mark.parametrize("make", [blank, partly_filled, full])
def test_docx_and_pdf_say_the_same_words_in_the_same_order(make: Callable[[], SheetDocument]) -> None:
    document = make()
    foot = document.foot(code="ABCD-EFGH", url="https://huizhen.example.cn/verify/ABCDEFGH")
    word, pdf = sheet_docx(document, foot=foot), sheet_pdf(document, foot=foot, typography=OPEN_FONTS)
    assert pdf_words(pdf) == docx_words(word)
    for said in (*document.answers.texts.values(), *foot.lines):
        assert squeeze(said) in pdf_words(pdf)


def test_each_answer_stands_in_its_box() -> None:
    text = read(full().answers, **SIGNED)
    for said in (
        "☐总局转办", "☑市场购检", "☑其他：消费者来信", "折叠后过热", "绝缘层软化", "150cm×180cmXM-1518D",
        "合理危险：☑是☐否具体描述：第一行第二行A&B<x>2．由于", "☑1．物理性质伤害", "☐2．化学性质伤害",
        "具体描述：低温烫伤4起", "2级．☐一般", "3级．☑严重", "4级．☑会发生少数伤害事件", "5级．☐有一定",
        "是否认定为缺陷消费品：☑是☐否☐不确定", "是否建议开展调查：☐是☑否",
        "不采纳规则建议的理由：已主动召回", "原由：网上热议，喆昇堃", "是否建议持续关注：☐是☑否",
    ):  # fmt: skip
        assert said in text, said


def test_signer_day_and_digest_stand_at_the_end() -> None:
    text = read(complete_answers(), **SIGNED)
    assert "专家签名：许静文日期：2026年3月10日" in text
    assert text.endswith("ab" * 32)


def test_the_typefaces_of_official_papers_are_named_for_chinese_characters() -> None:
    content = sheet_docx(full(), foot=Foot())
    document = docx.Document(BytesIO(content))
    named = {fonts.get(qn("w:eastAsia")) for fonts in document.element.iter(qn("w:rFonts"))}
    assert {"方正小标宋简体", "仿宋_GB2312", "宋体", "黑体"} <= named
    with zipfile.ZipFile(BytesIO(content)) as archive:
        table = archive.read("word/fontTable.xml").decode("utf-8")
    assert 'w:name="仿宋_GB2312"' in table
    assert 'w:val="仿宋,FangSong' in table


def test_merged_cells_are_those_of_the_annex() -> None:
    cells = {text_of(cell.lines[0]): cell for cell in sheet_grid(paper(blank())[1:-1])}
    assert (cells["产品及生产信息"].columns, cells["规格/型号"].columns) == (7, 3)
    assert (cells["非标准符合性问题"].rows, cells["专家意见"].rows, cells["生产者原因"].rows) == (2, 3, 1)
    places = [
        (row, column)
        for cell in sheet_grid(paper(full())[1:-1])
        for row in range(cell.row, cell.row + cell.rows)
        for column in range(cell.column, cell.column + cell.columns)
    ]
    assert len(places) == len(set(places))
    assert len(places) == 7 * (1 + max(row for row, _column in places))


@pytest.mark.parametrize(
    "hostile", ["<w:p/>&amp;", "#panic() $x$ \\ @a", "\u200b\u202e甲", "a\tb", "a\x0bb", "😀\ufe0f𠮷\ue000"]
)
def test_what_was_typed_is_text(hostile: str) -> None:
    texts = {"danger_despite_standard_description": hostile, "injury_physical_description": "x"}
    assert squeeze(hostile.replace("\x0b", "")) in read(complete_answers(texts=texts))
    document = sheet(complete_answers(texts=texts))
    shown = pdf_words(sheet_pdf(document, foot=Foot(), typography=OPEN_FONTS))
    assert squeeze(printable(hostile)) in shown


def test_what_no_font_has_is_printed_as_its_code_point() -> None:
    assert printable({"a": ["😀甲", "\u200b乙\x00"]}) == {"a": ["〔U+1F600〕甲", "乙"]}


def test_the_same_sheet_is_the_same_bytes() -> None:
    foot = full().foot(code="X", url="https://huizhen.example.cn/verify/X")
    assert sheet_docx(full(), foot=foot) == sheet_docx(full(), foot=foot)
    first = sheet_pdf(full(), foot=foot, typography=OPEN_FONTS)
    assert sheet_pdf(full(), foot=foot, typography=OPEN_FONTS) == first


def test_sheets_of_a_panel_follow_one_another_in_one_file() -> None:
    second = replace(full(), signer="方志成", digest="cd" * 32)
    both = pdf_words(sheets_pdf([(full(), full().foot()), (second, second.foot())], typography=OPEN_FONTS))
    singly = [pdf_words(sheet_pdf(one, foot=one.foot(), typography=OPEN_FONTS)) for one in (full(), second)]
    assert both == "".join(singly)


def test_a_text_longer_than_a_page_is_printed_to_its_end() -> None:
    texts = {"danger_despite_standard_description": "很长的描述。" * 300 + "完", "injury_physical_description": "x"}
    document = sheet(complete_answers(texts=texts))
    assert "很长的描述。完" in pdf_words(sheet_pdf(document, foot=Foot(), typography=OPEN_FONTS))


def test_an_unsigned_sheet_says_so_on_every_page_and_a_signed_one_does_not() -> None:
    content = sheet_pdf(partly_filled(), foot=Foot(), typography=OPEN_FONTS)
    pages: dict[int, str] = {}
    for glyph in pdf_glyphs(content):
        pages[glyph.page] = pages.get(glyph.page, "") + glyph.character
    assert len(pages) > 1
    for said in pages.values():
        assert squeeze(said).count("草稿未签名") == 2  # above the text, and large across it
    signed = "".join(glyph.character for glyph in pdf_glyphs(sheet_pdf(full(), foot=Foot(), typography=OPEN_FONTS)))
    assert "未签名" not in signed
    for document, expected in ((partly_filled(), "草稿　未签名"), (full(), "")):
        section = docx.Document(BytesIO(sheet_docx(document, foot=Foot()))).sections[0]
        assert section.header.paragraphs[0].text == expected


def test_in_a_file_of_several_each_sheet_has_its_own_mark() -> None:
    both = [(partly_filled(), Foot()), (full(), full().foot())]
    said = "".join(glyph.character for glyph in pdf_glyphs(sheets_pdf(both, typography=OPEN_FONTS)))
    alone = "".join(glyph.character for glyph in pdf_glyphs(sheets_pdf(both[:1], typography=OPEN_FONTS)))
    assert said.count("草稿") == alone.count("草稿") > 0


@pytest.mark.parametrize("documents", [(partly_filled(),), (full(), full())])
def test_an_unsigned_sheet_and_merged_ones_are_pdf_a_too(documents: tuple[SheetDocument, ...]) -> None:
    content = sheets_pdf([(one, one.foot()) for one in documents], typography=OPEN_FONTS)
    report = page_validation.validate_pdf_bytes(content, profile=page_validation.ValidationProfile.PDF_A_2B)
    assert {failure.rule_id for failure in report.failures} <= {"PDFA2B-STREAM-LENGTH-001"}  # see test_pdf_a
