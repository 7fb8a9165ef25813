"""How a table becomes an XLSX file: cells, frames, and the page it is printed on."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from portal.documents.spreadsheet import Spreadsheet, harmless

_MONEY = "#,##0.00"
_THIN = Side(style="thin", color="000000")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_FACE = "宋体"
_ROW_HEIGHT, _HEAD_HEIGHT, _TITLE_HEIGHT = 24, 32, 36  # points

_Styles = dict[tuple[str, str, bool], StyleArray]
"""The styles of one book's cells, by side, number format and weight."""


def write(table: Spreadsheet, *, made_at: datetime) -> bytes:
    """The table as an XLSX file."""
    book = Workbook()
    book.properties.title, book.properties.creator = harmless(table.title), ""
    book.properties.created = made_at.astimezone(UTC).replace(tzinfo=None)
    sheet = book.active
    sheet.title = "表"
    count, styles = len(table.columns), _Styles()
    _line_across(sheet, 1, table.title, count, size=16, bold=True, horizontal="center", height=_TITLE_HEIGHT)
    _line_across(sheet, 2, table.subtitle, count, height=_ROW_HEIGHT * table.subtitle_lines)
    for place, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
        _put(styles, sheet.cell(3, place), column.label, bold=True, horizontal="center")
    sheet.row_dimensions[3].height = _HEAD_HEIGHT
    lines = [*table.rows, *([table.totals] if table.totals else [])]
    for number, line in enumerate(lines, 4):
        is_total = number == 3 + len(lines) and bool(table.totals)
        for place, (column, value) in enumerate(zip(table.columns, line, strict=True), 1):
            _put(styles, sheet.cell(number, place), value, bold=is_total, is_money=column.is_money)
        sheet.row_dimensions[number].height = _ROW_HEIGHT
    for number, note in enumerate(table.notes, 4 + len(lines)):
        _line_across(sheet, number, note, count)
    _set_up_print(sheet, count)
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def _put(
    styles: _Styles, cell: Cell, value: object, *, bold: bool = False, horizontal: str = "", is_money: bool = False
) -> None:
    is_text = isinstance(value, str)
    if is_text:
        cell.value = harmless(str(value))
        cell.data_type = "s"  # never a formula, whatever it begins with
        number_format = "@"
    else:
        cell.value = value
        number_format = _MONEY if is_money else "General"
    side = horizontal or ("right" if is_money else "left" if is_text else "center")
    # A style is looked up in the book's tables each time it is set, which takes longer than the rest of a large table.
    style = styles.get((side, number_format, bold))
    if style is None:
        cell.number_format = number_format
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
        cell.font, cell.border = Font(name=_FACE, size=10, bold=bold), _BOX
        styles[side, number_format, bold] = cell._style
    else:
        cell._style = copy(style)


def _line_across(
    sheet: Worksheet,
    number: int,
    text: str,
    columns: int,
    *,
    size: int = 10,
    bold: bool = False,
    horizontal: str = "left",
    height: int = _ROW_HEIGHT,
) -> None:
    sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=columns)
    cell = sheet.cell(number, 1, harmless(text))
    cell.data_type = "s"
    cell.font = Font(name=_FACE, size=size, bold=bold)
    cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=True)
    sheet.row_dimensions[number].height = height


def _set_up_print(sheet: Worksheet, columns: int) -> None:
    sheet.freeze_panes = "A4"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "3:3"
    sheet.print_area = f"A1:{get_column_letter(columns)}{sheet.max_row}"
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.page_margins.left = sheet.page_margins.right = 0.5
