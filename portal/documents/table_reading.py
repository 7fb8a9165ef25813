"""Reading a table that somebody made in a spreadsheet: XLSX or CSV, row by row, as plain text.

Nothing in a file is worked out: a formula is told from a text and handed on as such, for the reader to refuse.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from pathlib import PurePosixPath

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_UNPACKED_BYTES = 200 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 40
LONGEST_CELL = 4000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # no column holds them; a line break in a cell is meant
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


class TableRefused(ValueError):
    """A file that is no table to read; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that holds a formula, whatever it would come to."""


Cell = str | Formula
Row = tuple[int, list[Cell]]


def check_table(content: bytes, name: str) -> str:
    """The kind of file, xlsx or csv, by name and content. TableRefused for others, and for one that is too large."""
    kind = PurePosixPath(name.lower()).suffix.lstrip(".")
    if kind not in ("xlsx", "csv"):
        raise TableRefused("只能导入 XLSX 或 CSV 文件；XLS 请另存为 XLSX。")
    if not content:
        raise TableRefused("这是空文件。")
    if len(content) > LARGEST_BYTES:
        raise TableRefused(f"文件超过 {LARGEST_BYTES // 1024 // 1024} MB，请分成几个文件。")
    if content.startswith(_OLE):
        raise TableRefused("文件设有打开密码，或是旧版 XLS。请取消密码，另存为 XLSX 后上传。")
    if kind == "xlsx":
        _check_package(content)
    elif content.startswith(_ZIP) or b"\x00" in content:
        raise TableRefused("文件名是 CSV，内容不是，请核对。")
    return kind


def read_table(content: bytes, name: str) -> Iterator[Row]:
    """The rows that have something in them, with their number as a spreadsheet counts. TableRefused as above."""
    rows = _rows_of_xlsx(content) if check_table(content, name) == "xlsx" else _rows_of_csv(content)
    for count, (number, cells) in enumerate(rows):
        if count > MOST_ROWS:
            raise TableRefused(f"一次最多导入 {MOST_ROWS} 行，请分成几个文件。")
        yield number, cells


def _check_package(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            parts = {part.filename: part.file_size for part in package.infolist()}
    except zipfile.BadZipFile:
        raise TableRefused("文件名是 XLSX，内容不是，请核对。") from None
    if "xl/workbook.xml" not in parts:
        raise TableRefused("文件名是 XLSX，内容不是，请核对。")
    if any(name.lower().endswith("vbaproject.bin") for name in parts):
        raise TableRefused("文件含有宏，请另存为不含宏的 XLSX。")
    if sum(parts.values()) > LARGEST_UNPACKED_BYTES:
        raise TableRefused("文件解开后过大，请只保留需要导入的行。")


def _rows_of_xlsx(content: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook  # large, and few processes ever need it

    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        # What a file says of its own size is not to be believed: some programs write A1, others a million rows.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MOST_COLUMNS)
        for number, cells in enumerate(rows, 1):
            texts = [_said(cell.value, is_formula=cell.data_type == "f") for cell in cells]
            if any(texts):
                yield number, texts
    except TableRefused:
        raise
    except Exception:  # noqa: BLE001  (a damaged file breaks the library in ways that it does not name)
        raise TableRefused("XLSX 文件已损坏，请重新保存后上传。") from None


def _rows_of_csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    comma = max(",\t;", key=first.count)
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=comma, strict=True)
        begin = 1
        for cells in reader:
            texts = [_said(cell, is_formula=cell.lstrip().startswith("=")) for cell in cells[:MOST_COLUMNS]]
            if any(texts):
                yield begin, texts
            begin = reader.line_num + 1
    except csv.Error:
        raise TableRefused("CSV 文件的引号不成对或有过长的单元格，请重新保存后上传。") from None


def _decoded(content: bytes) -> str:
    """Excel in China saves CSV in GBK, other programs in UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableRefused("CSV 文件既不是 UTF-8 也不是 GBK 编码，请重新保存后上传。")


def _said(value: object, *, is_formula: bool) -> Cell:
    if is_formula:
        return Formula()
    if value is None or isinstance(value, bool):
        return "" if value is None else ("是" if value else "否")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # The apostrophe before what looks like a formula is how a spreadsheet marks a text, ours as well.
    return _CONTROL.sub("", str(value)).strip().removeprefix("'").strip()[:LONGEST_CELL]


def find_heading(rows: Iterable[Row], needed: Iterable[str], looked_at: int = 5) -> tuple[int, list[str]]:
    """The first of the first rows in which all `needed` labels stand; TableRefused names those which are missing."""
    wanted, best = set(needed), set[str]()
    for count, (number, cells) in enumerate(rows):
        labels = [_label(cell) for cell in cells]
        if wanted <= set(labels):
            return number, labels
        best = max(best, wanted & set(labels), key=len)
        if count + 1 >= looked_at:
            break
    missing = "、".join(label for label in needed if label not in best)
    raise TableRefused(f"没有找到这些列：{missing}。请使用平台的模板，列名不要改动。")


def _label(cell: Cell) -> str:
    text = "" if isinstance(cell, Formula) else cell
    return "".join(text.replace("*", "").replace("＊", "").split())
