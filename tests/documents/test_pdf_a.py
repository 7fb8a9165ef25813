"""The PDF as an archive wants it: PDF/A-2b, every font embedded, every character with a glyph."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

import page as page_validation
import pikepdf
import pytest
from fontTools.ttLib import TTFont

from portal.documents.characters import FONTS
from portal.documents.foot import Foot
from portal.documents.sheet_pdf import sheet_pdf
from portal.documents.typesetting import TypesettingError, typeset
from portal.documents.typography import OPEN_FONTS, Typography
from portal.rules.dates import BEIJING
from tests.documents.reading import pdf_words
from tests.documents.test_sheet import VALUES, full, sheet

MADE_AT = datetime(2026, 3, 10, tzinfo=BEIJING)
A_STREAM = re.compile(rb"/Length (\d+)[^>]*>*?>>\s*stream\r?\n")
# This validator takes a carriage return that ends compressed bytes for the line's end; lengths are counted here.
MISTAKEN = "PDFA2B-STREAM-LENGTH-001"


@pytest.fixture(scope="module")
def content() -> bytes:
    rare = sheet(full().answers, {**VALUES, "expert_name": "喆昇堃"})
    return sheet_pdf(rare, foot=full().foot(code="X", url="https://huizhen.example.cn/verify/X"), typography=OPEN_FONTS)


def fonts_of(content: bytes) -> dict[str, bool]:
    """The fonts by name, and whether each is embedded as TrueType."""
    with pikepdf.open(BytesIO(content)) as document:
        found = [item for item in document.objects if is_font(item)]
        return {str(one.FontName).partition("+")[2]: "/FontFile2" in one for one in found}


def is_font(item: pikepdf.Object) -> bool:
    return isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"


def test_it_says_that_it_is_pdf_a_2b(content: bytes) -> None:
    with pikepdf.open(BytesIO(content)) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert document.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert document.Root.Lang == "zh-CN"


def complaints(content: bytes) -> set[str]:
    report = page_validation.validate_pdf_bytes(content, profile=page_validation.ValidationProfile.PDF_A_2B)
    return {failure.rule_id for failure in report.failures} - {MISTAKEN}


def test_a_validator_finds_nothing(content: bytes) -> None:
    assert complaints(content) == set()


def test_every_stream_is_as_long_as_it_says(content: bytes) -> None:
    streams = list(A_STREAM.finditer(content))
    assert len(streams) == content.count(b"\nendstream")
    for one in streams:
        assert content[one.end() + int(one[1]) :].startswith(b"\nendstream")


def test_the_validator_would_find_something(content: bytes) -> None:
    broken = BytesIO()
    with pikepdf.open(BytesIO(content)) as document:
        del next(filter(is_font, document.objects)).FontFile2
        document.save(broken)
    assert complaints(broken.getvalue())


def test_every_font_is_embedded_as_truetype(content: bytes) -> None:
    embedded = fonts_of(content)
    assert embedded == dict.fromkeys(
        ("NotoSerifSC-Regular", "NotoSerifSC-Bold", "NotoSansSC-Medium", "DejaVuSansMono"), True
    )


def test_rare_characters_of_names_are_there(content: bytes) -> None:
    assert "喆昇堃" in pdf_words(content)


def test_anything_the_typesetter_says_is_an_error() -> None:
    with pytest.raises(TypesettingError):
        typeset("sheet.typ", {"title": "x"}, made_at=MADE_AT, typography=OPEN_FONTS)


def test_the_operators_own_typefaces_come_first(tmp_path: Path) -> None:
    """A face under an official name is chosen by that name; what it lacks comes out of the open one."""
    own = tmp_path / "fonts"
    own.mkdir()
    with TTFont(FONTS / "NotoSansSC-Medium.ttf") as font:
        for identifier in (1, 4, 6, 16):
            font["name"].setName("FangSong", identifier, 3, 1, 0x409)
        font.save(own / "own.ttf")
    document = sheet(full().answers, {**VALUES, "expert_name": "喆昇堃"})
    content = sheet_pdf(document, foot=Foot(), typography=Typography(fonts_folder=own))
    assert {"FangSong", "NotoSerifSC-Regular"} <= fonts_of(content).keys()
    assert "喆昇堃" in pdf_words(content)
