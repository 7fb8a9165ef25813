"""The minutes as DOCX and PDF, read back: the same words in order, and the figures of GB/T 9704-2012."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import pairwise
from typing import Any

import docx
import page as page_validation
import pikepdf
import pytest
from docx.oxml.ns import qn

from portal.documents.foot import Foot
from portal.documents.minutes_docx import minutes_docx
from portal.documents.minutes_paper import CountRow, Counts, MinutesDocument, SheetDigest
from portal.documents.minutes_pdf import minutes_pdf
from portal.documents.typography import OPEN_FONTS, Typography
from tests.documents.reading import Glyph, docx_words, pdf_glyphs, pdf_words, squeeze

MM = 72 / 25.4
BOTTOM = (297 - 35) * MM  # the type area's bottom line, in points from the paper's upper edge


def counts(number: int) -> Counts:
    return Counts(
        number,
        (
            CountRow("缺陷消费品判定", (("是", 2), ("否", 2), ("不确定", 1)), "未形成多数意见"),
            CountRow("建议开展调查", (("是", 4), ("否", 1)), "是"),
        ),
    )


def minutes() -> MinutesDocument:
    """Two rounds, a dissent, everything that can stand on the paper."""
    return MinutesDocument(
        title="长三角缺陷消费品专家会诊会议纪要",
        number="长三角会诊纪要〔2026〕1号",
        issuer="浙江省消费品召回技术中心",
        issued_on=date(2026, 12, 1),
        correction=0,
        corrects="",
        opening="2026年11月24日，以线上方式组织召开专家会诊。",
        parts=(
            ("产品及申请情况", "（一）检测情况\n1. 样品3件 A & B <x> #panic()。"),
            ("专家意见", "喆昇堃：不认定为缺陷消费品。与最终意见不同：不认定为缺陷消费品。所述情况：病例不足。"),
            ("会诊结论", "按少数服从多数的原则，建议开展调查。"),
        ),
        rounds=(counts(1), counts(2)),
        copies=("上海市消费品召回技术中心", "江苏省消费品召回技术中心", "安徽省消费品召回技术中心"),
        digest="ab" * 32,
        host="陈雨桐",
        present=("许静文", "喆昇堃"),
        excused=("娄晓丹",),
        attending=("上海顾思远", "江苏徐静、葛一凡"),
        annex=(SheetDigest(1, "1", "许静文", "cd" * 32), SheetDigest(2, "2", "喆昇堃", "ef" * 32, "ABCD-EFGH")),
    )


def correction() -> MinutesDocument:
    corrected = "长三角会诊纪要〔2026〕1号：批次"
    return MinutesDocument(
        "长三角缺陷消费品专家会诊会议纪要", "长三角会诊纪要〔2026〕2号", "浙江省消费品召回技术中心",
        date(2026, 12, 3), 1,
        corrected, "应为2509A。", (), (), (), "cd" * 32,
    )  # fmt: skip


def long_text() -> MinutesDocument:
    return replace(minutes(), parts=(("会诊讨论情况", "会诊" * 1200),), rounds=(), annex=())


def pdf(document: MinutesDocument, typography: Typography = OPEN_FONTS) -> bytes:
    return minutes_pdf(
        document, foot=document.foot(code="X", url="https://huizhen.example.cn/verify/X"), typography=typography
    )


def word(document: MinutesDocument) -> bytes:
    return minutes_docx(document, foot=document.foot(code="X", url="https://huizhen.example.cn/verify/X"))


@pytest.mark.parametrize("make", [minutes, correction, long_text])
def test_docx_and_pdf_say_the_same_words_in_the_same_order(make: Callable[[], MinutesDocument]) -> None:
    document = make()
    said = pdf_words(pdf(document))
    assert said == docx_words(word(document))
    at = 0
    for block in document.blocks:
        cells = [text for row in block.counts.table for text in row] if block.counts else [block.text]
        for text in map(squeeze, cells):
            at = said.index(text, at) + len(text)
    for label, names in document.attendance:
        assert squeeze(label + names) in said
    for text in (*document.foot(code="X").lines, document.copied, f"{document.issued_day}印发"):
        assert squeeze(text) in said


def test_the_annex_lists_every_digest() -> None:
    said = pdf_words(pdf(minutes()))
    assert "附件会诊表校验值清单轮次序号签名专家SHA-256校验码第1轮1许静文" + "cd" * 32 in said
    assert "第2轮2喆昇堃" + "ef" * 32 + "ABCD-EFGH" in said


def test_the_pdf_is_pdf_a() -> None:
    report = page_validation.validate_pdf_bytes(pdf(minutes()), profile=page_validation.ValidationProfile.PDF_A_2B)
    assert {failure.rule_id for failure in report.failures} <= {"PDFA2B-STREAM-LENGTH-001"}  # see test_pdf_a
    with pikepdf.open(BytesIO(pdf(minutes()))) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"


def test_the_same_minutes_are_the_same_bytes() -> None:
    assert pdf(minutes()) == pdf(minutes())
    assert word(minutes()) == word(minutes())


def body(content: bytes, page: int) -> list[Glyph]:
    return [one for one in pdf_glyphs(content) if one.page == page and one.character in "会诊"]


def test_a_full_page_has_22_lines_of_28_characters_in_the_type_area() -> None:
    found = body(pdf(long_text()), 2)
    lines = Counter(round(one.y, 2) for one in found)
    assert len(lines) == 22
    assert set(lines.values()) == {28}
    assert all(below - above == pytest.approx(28.95, abs=0.02) for above, below in pairwise(sorted(lines)))
    first = sorted(one.x for one in found if round(one.y, 2) == min(lines))
    assert all(right - left == pytest.approx(15.79, abs=0.02) for left, right in pairwise(first))
    assert first[0] == pytest.approx(28 * MM, abs=0.5)
    assert first[-1] + 16 <= (28 + 156) * MM + 0.5
    assert min(lines) - 0.88 * 16 == pytest.approx(37 * MM, abs=0.1)
    assert max(lines) <= BOTTOM
    assert {round(one.size, 1) for one in found} == {16}


def test_the_heading_begins_35_mm_below_the_type_area_in_22_points() -> None:
    title = pdf_glyphs(pdf(minutes()))[0]
    assert title.character == "长"
    assert title.size == pytest.approx(22)
    assert title.y - 0.88 * 22 == pytest.approx((37 + 35) * MM, abs=0.2)


def test_page_numbers_stand_outside_in_14_points_7_mm_below() -> None:
    glyphs = pdf_glyphs(pdf(long_text()))
    for number in (1, 2, 3):
        below = [one for one in glyphs if one.page == number and one.y > BOTTOM]
        assert "".join(one.character for one in below).split() == ["—", str(number), "—"]
        assert {round(one.size, 1) for one in below} == {14}
        assert below[0].y - (0.88 - 0.5) * 14 == pytest.approx(BOTTOM + 7 * MM, abs=0.2)
        is_right = below[0].x > 105 * MM
        assert is_right == (number % 2 == 1)


def strokes(content: bytes) -> list[tuple[float, float, str]]:
    """The horizontal lines of the last page across the type area: height in points, thickness, color operands."""
    found, width, color, height = [], 0.0, "", 0.0
    with pikepdf.open(BytesIO(content)) as document:
        page = document.pages[-1]
        matrix = [pikepdf.Matrix()]
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name == "q":
                matrix.append(matrix[-1])
            elif name == "Q":
                matrix.pop()
            elif name == "cm":
                matrix[-1] = pikepdf.Matrix(*map(float, operands)) @ matrix[-1]
            elif name == "w":
                width = float(operands[0])
            elif name in {"SCN", "RG", "SC", "G"}:
                color = " ".join(map(str, operands))
            elif name == "m":
                height = matrix[-1].transform((float(operands[0]), float(operands[1])))[1]
            elif name == "l" and abs(float(operands[0])) > 150 * MM:
                found.append((float(page.mediabox[3]) - height, width, color))
    return found


def test_the_last_rule_lies_on_the_bottom_line_and_rules_are_035_and_025_mm() -> None:
    rules = strokes(pdf(minutes()))[-3:]  # before them come the lines of the annex
    assert [round(width / MM, 2) for _height, width, _color in rules] == [0.35, 0.25, 0.35]
    assert rules[-1][0] == pytest.approx(BOTTOM, abs=0.1)


def test_a_setting_turns_the_red_off() -> None:
    red, black = (pdf(correction(), Typography(has_red_heading=value)) for value in (True, False))
    assert len({color for _height, _width, color in strokes(red)}) == 2
    assert len({color for _height, _width, color in strokes(black)}) == 1
    assert b"D40000" in xml(minutes_docx(minutes(), foot=Foot()))
    assert b"D40000" not in xml(minutes_docx(minutes(), foot=Foot(), has_red_heading=False))


def xml(content: bytes) -> bytes:
    return docx.Document(BytesIO(content)).element.xml.encode("utf-8")


def test_the_docx_has_the_figures_of_the_standard() -> None:
    document = docx.Document(BytesIO(word(minutes())))
    page = document.sections[0]
    margins = (page.top_margin, page.right_margin, page.bottom_margin, page.left_margin)
    assert [round(side.mm) for side in margins if side is not None] == [37, 26, 35, 28]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)  # type: ignore[union-attr]
    grid = page._sectPr.find(qn("w:docGrid"))
    assert (grid.get(qn("w:type")), grid.get(qn("w:linePitch"))) == ("lines", "579")
    text = next(one for one in document.paragraphs if one.text.startswith("2026年11月24日"))
    assert text.paragraph_format.line_spacing.pt == pytest.approx(28.95)  # type: ignore[union-attr]
    assert (text.runs[0].font.size.pt, east_asian(text.runs[0])) == (16, "仿宋_GB2312")  # type: ignore[union-attr]
    spacing = document.styles["Normal"].element.rPr.find(qn("w:spacing"))
    assert 28 * (16 + int(spacing.get(qn("w:val"))) / 20) <= 156 * MM < 29 * (16 + int(spacing.get(qn("w:val"))) / 20)
    title = document.paragraphs[0]
    assert (title.runs[0].font.size.pt, east_asian(title.runs[0])) == (22, "方正小标宋简体")  # type: ignore[union-attr]
    assert round(title.paragraph_format.space_before.mm) == 35  # type: ignore[union-attr]
    fonts = {one.text: east_asian(one.runs[0]) for one in document.paragraphs if one.text and one.runs}
    assert fonts["一、产品及申请情况"] == "黑体"
    assert fonts["（一）检测情况"] == "楷体_GB2312"
    assert next(font for text, font in fonts.items() if text.startswith("出席：")) == "黑体"
    widths = [
        int(width)
        for width in re.findall(
            r'<w:(?:top|bottom) w:val="single" w:sz="(\d+)" w:space="0"', str(xml(word(minutes())), "utf-8")
        )
    ]
    assert set(widths) == {8, 6}  # eighths of a point: 0.35 and 0.25 mm
    assert document.tables[-1]._tbl.tblPr.find(qn("w:tblpPr")).get(qn("w:tblpYSpec")) == "bottom"


def test_docx_page_numbers_are_outside() -> None:
    document = docx.Document(BytesIO(word(minutes())))
    assert document.settings.odd_and_even_pages_header_footer
    odd, even = document.sections[0].footer.paragraphs[0], document.sections[0].even_page_footer.paragraphs[0]
    assert (str(odd.alignment), str(even.alignment)) == ("RIGHT (2)", "LEFT (0)")
    assert {run.font.size.pt for one in (odd, even) for run in one.runs if run.font.size} == {14}


def east_asian(run: Any) -> str | None:
    return run._r.rPr.rFonts.get(qn("w:eastAsia"))


def draft() -> MinutesDocument:
    return replace(long_text(), number="", issued_on=None, saved_on=date(2026, 11, 30), digest="")


def test_a_draft_says_so_on_every_page_and_nowhere_else() -> None:
    content = pdf(draft())
    pages: dict[int, list[Glyph]] = {}
    for glyph in pdf_glyphs(content):
        pages.setdefault(glyph.page, []).append(glyph)
    assert len(pages) > 2
    for glyphs in pages.values():
        said = "".join(glyph.character for glyph in glyphs)
        assert said.count("草稿") == 2  # above the text, and large across it
        assert max(glyph.size for glyph in glyphs if glyph.character in "草稿") > 60
    assert "草稿" not in "".join(glyph.character for glyph in pdf_glyphs(pdf(long_text())))
    for document, expected in ((draft(), "草稿"), (long_text(), "")):
        section = docx.Document(BytesIO(word(document))).sections[0]
        for header in (section.header, section.even_page_header):
            assert header.paragraphs[0].text == expected


def test_a_draft_has_no_number_no_code_and_is_not_issued() -> None:
    document = draft()
    content = minutes_pdf(document, foot=document.foot(), typography=OPEN_FONTS)
    said = pdf_words(content)
    assert said == docx_words(minutes_docx(document, foot=document.foot()))
    assert "尚未印发" in said
    for absent in ("SHA-256", "校验码", "〔2026〕"):
        assert absent not in said
    report = page_validation.validate_pdf_bytes(content, profile=page_validation.ValidationProfile.PDF_A_2B)
    assert {failure.rule_id for failure in report.failures} <= {"PDFA2B-STREAM-LENGTH-001"}


def of_length(pairs: int, *, has_annex: bool) -> MinutesDocument:
    document = replace(minutes(), parts=(("会诊讨论情况", "会诊" * pairs),), rounds=())
    if not pairs:
        document = replace(document, parts=(), host="", present=(), excused=(), attending=(), copies=())
    return document if has_annex else replace(document, annex=())


# 60: the text ends so low that the closing block no longer fits below it.
@pytest.mark.parametrize(
    ("pairs", "has_annex", "pages"),
    [(0, False, 1), (0, True, 2), (60, False, 2), (60, True, 3), (120, False, 2), (300, False, 3), (500, True, 4)],
)
def test_the_last_rule_lies_on_the_bottom_line_of_the_last_page(pairs: int, has_annex: bool, pages: int) -> None:
    content = pdf(of_length(pairs, has_annex=has_annex))
    with pikepdf.open(BytesIO(content)) as document:
        assert len(document.pages) == pages  # and no blank one before the closing block
    assert strokes(content)[-1][0] == pytest.approx(BOTTOM, abs=0.1)
    glyphs = pdf_glyphs(content)
    said = {page: "".join(one.character for one in glyphs if one.page == page) for page in range(1, pages + 1)}
    assert [page for page, words in said.items() if "印发" in words] == [pages]
    numbers = ["".join(one.character for one in glyphs if one.page == page and one.y > BOTTOM) for page in said]
    assert [number.split()[1] for number in numbers] == [str(page) for page in said]
