"""Spreadsheets read back: numbers are numbers, and no text is taken for a formula."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.documents.spreadsheet import Column, Spreadsheet, harmless, xlsx, yuan_of

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DANGEROUS = ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1+1", "\x00=1", " =1", "＝1+1", '=HYPERLINK("x")', "\r\n@x"]


def read_back(table: Spreadsheet):  # type: ignore[no-untyped-def]
    return openpyxl.load_workbook(BytesIO(xlsx(table, made_at=AT))).active


def table_of(*rows: list[object], **more: object) -> Spreadsheet:
    columns = (Column("姓名", 10), Column("金额", 12, is_money=True))
    return Spreadsheet("表", "单位", columns, rows, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_begins_like_a_formula_is_text_with_an_apostrophe(text: str) -> None:
    cell = read_back(table_of([text, Decimal(1)]))["A4"]
    assert cell.data_type == "s"
    assert cell.value.startswith("'")
    title = read_back(Spreadsheet(text, text, (Column(text, 10),), [[text]], [text], [text]))
    assert all(one.value.startswith("'") for row in title.iter_rows() for one in row if one.value)


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\x00"))


def test_sums_are_numbers_in_yuan_and_it_prints_on_a4_across() -> None:
    sheet = read_back(
        table_of(["甲", yuan_of(180_050)], ["乙", yuan_of(1)], totals=["合计", yuan_of(180_051)], notes=["注"])
    )
    assert [sheet.cell(row, 2).value for row in (4, 5, 6)] == [1800.5, 0.01, 1800.51]
    assert {sheet.cell(row, 2).number_format for row in (4, 5, 6)} == {"#,##0.00"}
    assert sheet["A7"].value == "注"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.column_dimensions["B"].width == 12
