"""The sheet as DOCX, read back: the annex in order and wording, every answer in its box."""

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn

from portal.documents.sheet_docx import sheet_docx
from portal.documents.sheet_paper import SheetDocument
from portal.rules.editions import load_edition
from portal.rules.sheet import SheetAnswers
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


def read(answers: SheetAnswers, values: dict[str, Any] = VALUES, **signature: Any) -> Any:
    document = SheetDocument(load_edition(), "长三角会诊〔2026〕12号", 1, 1, values, answers, **signature)
    return docx.Document(BytesIO(sheet_docx(document)))


def words(document: Any) -> str:
    """All text in order; a merged cell once."""
    found = []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            seen: set[Any] = set()
            for row in block.rows:
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.add(cell._tc)
                        found.append("".join(paragraph.text for paragraph in cell.paragraphs))
        else:
            found.append(block.text)
    return "".join(found)


def squeeze(text: str) -> str:
    return re.sub(r"[\s(☐☑]", "", text)


def test_an_empty_sheet_is_the_annex_word_for_word() -> None:
    source = squeeze(SOURCE.read_text("utf-8"))
    start = source.rindex("附件长三角缺陷消费品专家会诊表")
    annex = source[start : source.index("上海市市场监督管理局办公室", start)]
    assert squeeze(words(read(SheetAnswers(), {}))) == annex


def test_each_answer_stands_in_its_box() -> None:
    answers = complete_answers(
        recommend_investigation="no",
        texts={
            "danger_despite_standard_description": "第一行\n第二行",
            "injury_physical_description": "低温烫伤4起",
            "public_attention_reason": "网上热议",
        },
        public_attention=True,
        departure_reasons={"recommend_investigation": "已主动召回"},
    )
    text = words(read(answers))
    for said in (
        "☐ 总局转办", "☑ 市场购检", "☑ 其他：消费者来信", "折叠后过热", "绝缘层软化", "150 cm × 180 cm XM-1518D",
        "合理危险：☑ 是　　☐ 否具体描述：第一行第二行2．由于", "☑ 1．物理性质伤害", "☐ 2．化学性质伤害",
        "具体描述：低温烫伤4起", "2级．☐ 一般", "3级．☑ 严重", "4级．☑ 会发生少数伤害事件", "5级．☐ 有一定",
        "是否认定为缺陷消费品：☑ 是　　☐ 否　　☐ 不确定", "是否建议开展调查：☐ 是　　☑ 否",
        "不采纳规则建议的理由：已主动召回", "原由：网上热议", "是否建议持续关注：☐ 是　　☑ 否",
    ):  # fmt: skip
        assert said in text, said


def test_signer_day_and_digest_stand_at_the_end() -> None:
    document = read(
        complete_answers(),
        signer="许静文",
        signed_on=date(2026, 3, 10),
        signed_at="2026年3月10日 14:00:00",
        digest="ab" * 32,
    )
    text = words(document)
    assert "专家签名：许静文日期：2026年3月10日" in text
    assert text.endswith("ab" * 32)


def test_the_typefaces_of_official_papers_are_named_for_chinese_characters() -> None:
    document = read(complete_answers())
    named = {fonts.get(qn("w:eastAsia")) for fonts in document.element.iter(qn("w:rFonts"))}
    assert {"方正小标宋简体", "仿宋_GB2312", "宋体", "黑体"} <= named


@pytest.mark.parametrize("hostile", ["<w:p/>&amp;", "\u200b\u202e", "a\tb", "a\x0bb"])
def test_what_was_typed_is_text(hostile: str) -> None:
    texts = {"danger_despite_standard_description": hostile, "injury_physical_description": "x"}
    assert hostile.replace("\x0b", "") in words(read(complete_answers(texts=texts)))
