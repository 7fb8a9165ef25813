"""The ten annexes read back as DOCX and as PDF: every label, note, box and answer of the form, filled in and empty."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import docx
import pikepdf
import pytest
from docx.oxml.ns import qn
from PIL import Image, ImageColor

from portal.documents.annex_docx import annex_docx
from portal.documents.annex_paper import DRAFT, AnnexCopy
from portal.documents.annex_pdf import annex_pdf
from portal.documents.annex_picture import Picture, printed_size_mm, readable_pictures
from portal.documents.typography import OPEN_FONTS
from portal.rules.recall.annex_check import check_annex
from portal.rules.recall.annex_words import annex_sentences, value_words, words_with_unit
from portal.rules.recall.annexes import Annex
from portal.rules.sheet_description import Field
from tests.documents.reading import docx_words, pdf_glyphs, pdf_words, squeeze
from tests.documents.recall_samples import (
    ANNEXES,
    AUTHORITY,
    EDITION,
    NUMBERS,
    PRODUCER,
    SAMPLES,
    empty_copy,
    pictures,
    sample_copy,
)  # fmt: skip
from tests.documents.test_pdf_a import complaints

# The form prints a blank day beside these signatures, without a label.
UNLABELLED = {"servers_signed_on", "received_on"}
JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm"
    "x5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAQABgD"
    "ASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
    "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZ"
    "mqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQF"
    "BgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
    "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX"
    "2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwB1FFFcZ1hRRRQB/9k="
)


def pdf(copy: AnnexCopy) -> bytes:
    return annex_pdf(copy, typography=OPEN_FONTS)


def in_sentences(annex: Annex) -> set[str]:
    """The fields that the annex says in its own sentences."""
    sections = (section for section in annex.sections if annex.layouts[section.slug].kind == "text")
    return {field.name for section in sections for field in section.fields}


def wordings(annex: Annex) -> Iterator[str]:
    """All that the printed form says beside its sentences."""
    yield annex.title
    yield from annex.notes
    for section in annex.sections:
        yield from (section.title, *section.notes)
        for field in (*section.fields, *(column for table in section.fields for column in table.columns)):
            if field.name not in in_sentences(annex) | UNLABELLED:
                yield from (field.label.rstrip("："), *(option.label for option in field.options))


def answers(annex: Annex) -> Iterator[str]:
    """All that was filled in, option by option."""
    for field in annex.fields.values():
        value = SAMPLES[annex.slug][field.name]
        if field.columns:
            assert isinstance(value, list)
            yield from (value_words(column, row[column.name]) for row in value for column in field.columns)
        elif field.options and field.name not in in_sentences(annex):
            yield from (f"☑{option.label}" for option in field.options if option.value in ticked(value))
            yield from (f"☐{option.label}" for option in field.options if option.value not in ticked(value))
        elif not field.options:
            yield from value_words(field, value).split("\n")


def ticked(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("slug", ANNEXES)
def test_a_sample_answers_every_field_and_nothing_is_wrong_with_it(slug: str) -> None:
    annex = ANNEXES[slug]
    assert SAMPLES[slug].keys() == annex.fields.keys()
    assert check_annex(annex, SAMPLES[slug], EDITION).problems == ()


@pytest.mark.parametrize("slug", ANNEXES)
def test_every_label_note_and_box_is_printed_filled_in_or_empty(slug: str) -> None:
    for copy in (sample_copy(slug), empty_copy(slug)):
        for said in (docx_words(annex_docx(copy)), pdf_words(pdf(copy))):
            for words in map(squeeze, wordings(ANNEXES[slug])):
                assert words in said, (slug, words)


@pytest.mark.parametrize("slug", ANNEXES)
def test_every_answer_is_printed_and_docx_says_what_the_pdf_says(slug: str) -> None:
    copy = sample_copy(slug)
    said = pdf_words(pdf(copy))
    assert docx_words(annex_docx(copy)) == said
    for words in map(squeeze, (*answers(ANNEXES[slug]), copy.number)):
        assert words in said, (slug, words)


@pytest.mark.parametrize("slug", ANNEXES)
def test_an_empty_copy_is_the_empty_form(slug: str) -> None:
    said = pdf_words(pdf(empty_copy(slug)))
    assert docx_words(annex_docx(empty_copy(slug))) == said
    assert "☑" not in said
    assert "None" not in said
    assert "{" not in said
    boxes = [field for field in ANNEXES[slug].fields.values() if field.name not in in_sentences(ANNEXES[slug])]
    assert said.count("☐") == sum(len(field.options) for field in boxes)
    closing = "".join(ANNEXES[slug].closing)
    assert said.endswith(squeeze(closing))


@pytest.mark.parametrize("slug", ANNEXES)
def test_it_is_pdf_a_and_the_same_bytes(slug: str) -> None:
    copy = sample_copy(slug)
    assert complaints(pdf(copy)) == set()
    assert pdf(copy) == pdf(copy)
    assert annex_docx(copy) == annex_docx(copy)


def opening_of(slug: str, values: dict[str, object]) -> str:
    return squeeze(pdf_words(pdf(replace(sample_copy(slug), values={**SAMPLES[slug], **values}))))


def test_the_notices_are_letters_with_number_addressee_and_issuer() -> None:
    said = opening_of("investigation_notice", {})
    assert said.startswith(squeeze(f"消费品调查分析通知书{NUMBERS['investigation_notice']}{PRODUCER}："))
    assert "并于2026年3月20日前将调查分析结果报送我局。" in said
    assert said.endswith(f"{AUTHORITY}2026年4月20日")
    empty = pdf_words(pdf(empty_copy("recall_notice")))
    assert empty.startswith("消费品召回通知书（发文单位）召回通知〔〕号（生产者名称）：年月日至年月日，我局")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "no_report",
            f"由于你公司未按照我局通知（《消费品调查分析通知书》（{NUMBERS['investigation_notice']}））要求",
        ),
        ("not_convincing", "由于你公司提供的关于产品调查分析结果不能证明产品不存在缺陷，我局将"),
        ("national_request", "根据国家市场监督管理总局通知要求，我局将"),
        ("own_review", "根据缺陷线索的核实分析和技术会商结果，我局将"),
    ],
)
def test_a_defect_investigation_says_its_one_reason(reason: str, words: str) -> None:
    said = opening_of("defect_investigation_notice", {"reason": reason})
    assert f"《消费品召回管理暂行规定》的规定，{words}" in said
    assert "我局将对你公司生产的儿童安全座椅开展缺陷调查，请予以配合。" in said


def test_a_recall_notice_names_the_investigations_days_and_the_limits_of_the_edition() -> None:
    said = opening_of("recall_notice", {"investigated_between": (date(2026, 3, 2), date(2026, 4, 9))})
    assert "2026年3月2日至2026年4月9日，我局对你公司生产的产品问题" in said
    assert said.count(f"自收到本通知书之日起{EDITION.value('plan_days').value}个工作日内") == 2
    assert "一、产品基本信息产品名称儿童安全座椅产品类型儿童用品型号BH-C1规格" in said


def test_a_producers_paper_names_authority_notice_and_who_sealed_it() -> None:
    said = pdf_words(pdf(sample_copy("producer_report")))
    assert f"{AUTHORITY}：根据《消费品召回管理暂行规定》及你局（{NUMBERS['investigation_notice']}）" in said
    assert said.endswith(f"生产者（章）：{PRODUCER}2026年4月20日")
    assert "你局（文号）《消费品调查分析通知书》" in pdf_words(pdf(empty_copy("producer_report")))


def test_a_sentence_with_a_name_that_nothing_knows_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        annex_sentences(ANNEXES["recall_plan"], "{nobody}", {}, {})


def test_what_was_not_answered_with_yes_is_not_asked_on() -> None:
    values = {**SAMPLES["recall_statement"], "recalled_elsewhere": "no", "recalls_elsewhere": ""}
    said = pdf_words(pdf(replace(sample_copy("recall_statement"), values=values)))
    assert "5.5是否在其它国家或地区召回☐是／☑否（如果选择“是”，请说明在哪些国家或地区" in said


def sellers(count: int) -> AnnexCopy:
    rows = [
        {"seller": f"经销商{place}", "area": "安徽省", "quantity": 10, "sold_between": "", "stock": 0}
        for place in range(1, count + 1)
    ]
    return replace(sample_copy("recall_statement"), values={**SAMPLES["recall_statement"], "sellers": rows})


def test_a_table_of_two_hundred_sellers_has_its_head_on_every_page() -> None:
    copy = sellers(200)
    glyphs = pdf_glyphs(pdf(copy))
    pages = {glyph.page: "".join(one.character for one in glyphs if one.page == glyph.page) for glyph in glyphs}
    listed = [text for text in pages.values() if "经销商" in text.replace("经销商数量", "").replace("主要经销商", "")]
    with_rows = [text for text in listed if "安徽省" in text]
    assert len(with_rows) > 4
    assert all("销售商名称" in text for text in with_rows)
    assert "经销商200" in pdf_words(pdf(copy))
    tables = docx.Document(BytesIO(annex_docx(copy))).tables
    (table,) = (table for table in tables if table.rows[0].cells[0].text == "销售商名称")
    assert len(table.rows) == 201
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows[:2]] == [True, False]


@pytest.mark.parametrize(
    ("slug", "name"), [("recall_plan", "recall_measures"), ("recall_statement", "cause"), ("recall_notice", "defect")]
)
def test_a_long_answer_flows_over_pages(slug: str, name: str) -> None:
    long = "".join(f"第{place}条措施。" for place in range(1000))
    copy = replace(sample_copy(slug), values={**SAMPLES[slug], name: long})
    assert long in pdf_words(pdf(copy))
    assert long in docx_words(annex_docx(copy))
    glyphs = pdf_glyphs(pdf(copy))
    lowest = {page: max(one.y for one in glyphs if one.page == page) for page in {one.page for one in glyphs}}
    assert len(lowest) > 3
    assert max(lowest.values()) < 297 * 72 / 25.4


def test_the_closing_never_stands_on_a_page_alone() -> None:
    for lines in range(12):
        values = {**SAMPLES["investigation_notice"], "defect": "措施。" * (60 + 8 * lines)}
        glyphs = pdf_glyphs(pdf(replace(sample_copy("investigation_notice"), values=values)))
        last = "".join(one.character for one in glyphs if one.page == glyphs[-1].page)
        assert "严重时危及生命" in last


def test_an_address_without_spaces_stays_in_its_cell() -> None:
    values = {**SAMPLES["recall_statement"], "contact_email": f"{'recall' * 12}@beihu.example.cn"}
    glyphs = pdf_glyphs(pdf(replace(sample_copy("recall_statement"), values=values)))
    assert max(one.x for one in glyphs if one.character.strip()) < (210 - 26) * 72 / 25.4


def images(content: bytes) -> int:
    with pikepdf.open(BytesIO(content)) as opened:
        return sum(
            isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image" and "/SMask" not in one
            for one in opened.objects
        )


def test_photographs_are_embedded_with_their_captions() -> None:
    for slug, count in (("recall_plan", 2), ("producer_report", 2), ("recall_statement", 3), ("recall_summary", 0)):
        copy = sample_copy(slug)
        assert images(pdf(copy)) == count
        assert len(docx.Document(BytesIO(annex_docx(copy))).inline_shapes) == count
    jpeg = Picture(JPEG, "image/jpeg", "产品标签")
    copy = replace(sample_copy("recall_plan"), pictures={"photographs": (*pictures()["photographs"], jpeg)})
    assert images(pdf(copy)) == 3
    assert complaints(pdf(copy)) == set()
    assert "铭牌位置产品标签" in pdf_words(pdf(copy))
    shape = docx.Document(BytesIO(annex_docx(copy))).inline_shapes[2]
    assert shape.width / shape.height == pytest.approx(24 / 16, rel=0.01)


@pytest.mark.parametrize("slug", ["recall_plan", "recall_statement"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff\xe0junk", JPEG[:30], JPEG], ids=["empty", "junk", "cut off", "another type"]
)
def test_a_photograph_that_cannot_be_read_is_named_and_stops_nothing(slug: str, content: bytes) -> None:
    bad = Picture(content, "image/png", "破损照片")
    copy = replace(sample_copy(slug), pictures=dict.fromkeys(pictures(), (bad,)))
    said = pdf_words(pdf(copy))
    assert "（照片“破损照片”不能在此显示，见上传的文件）" in said
    assert docx_words(annex_docx(copy)) == said


def test_a_draft_says_so_on_every_page() -> None:
    copy = replace(sample_copy("recall_statement"), is_draft=True)
    glyphs = pdf_glyphs(pdf(copy))
    for page in {one.page for one in glyphs}:
        assert DRAFT in "".join(one.character for one in glyphs if one.page == page)
    assert DRAFT in docx.Document(BytesIO(annex_docx(copy))).sections[0].header.paragraphs[0].text
    assert DRAFT not in pdf_words(pdf(sample_copy("recall_statement")))


def test_units_stand_behind_numbers_unless_the_heading_names_them() -> None:
    assert "单件召回成本46.50元" in pdf_words(pdf(sample_copy("recall_summary")))
    assert "预算经费690,000元。" in pdf_words(pdf(sample_copy("recall_summary")))
    assert "维修总费用342,000物流总费用" in pdf_words(pdf(sample_copy("recall_statement")))


def test_words_of_values() -> None:
    money, choice = Field("m", "费用", "费用", "money", unit="元"), ANNEXES["producer_report"].field("origin")
    assert value_words(money, None) == ""
    assert value_words(money, Decimal("1234567.00")) == "1,234,567"
    assert words_with_unit(money, Decimal("1200.5")) == "1,200.50元"
    assert words_with_unit(money, None) == ""
    assert value_words(ANNEXES["recall_plan"].field("affected_quantity"), 12000) == "12,000"
    assert value_words(ANNEXES["recall_summary"].field("actual_rate"), Decimal("87.5")) == "87.5%"
    assert value_words(choice, "imported") == "进口"
    assert value_words(ANNEXES["recall_plan"].field("photographs"), ("seat",)) == ""


@pytest.mark.parametrize(("orientation", "top_left"), [(1, "red"), (3, "blue"), (6, "green"), (8, "yellow")])
def test_a_photograph_is_printed_as_its_camera_was_held(orientation: int, top_left: str) -> None:
    """The sensor saw red, yellow above green, blue; turned by 180, 90 or 270 degrees another colour is top left."""
    seen = Image.new("RGB", (160, 80))
    for place, colour in {(0, 0): "red", (80, 0): "yellow", (0, 40): "green", (80, 40): "blue"}.items():
        seen.paste(Image.new("RGB", (80, 40), colour), place)
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    seen.save(file, "JPEG", exif=exif, quality=95)
    given = Picture(file.getvalue(), "image/jpeg", "产品外观")
    (printed,) = readable_pictures((given,))
    is_turned = orientation in (6, 8)
    width, height = printed_size_mm(printed, 160)
    assert (width < height) is is_turned
    with Image.open(BytesIO(printed.content)) as image:
        assert image.size == ((80, 160) if is_turned else (160, 80))
        assert image.getexif().get(0x0112, 1) == 1
        pixel = image.getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert max(abs(one - other) for one, other in zip(pixel, ImageColor.getrgb(top_left), strict=True)) < 40
    copy = replace(sample_copy("recall_plan"), pictures={"photographs": (given,)})
    assert complaints(pdf(copy)) == set()
    shape = docx.Document(BytesIO(annex_docx(copy))).inline_shapes[0]
    assert (shape.width < shape.height) is is_turned
    assert printed == given if orientation == 1 else printed.content != given.content
