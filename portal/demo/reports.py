"""The material of the story: test reports written as DOCX, and the files that come with the demo."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO
from typing import Any

from portal.demo.chapter import Chapter
from portal.documents.docx import CENTER, HEADING_FONT, TABLE_FONT, add_run, new_document, to_bytes
from portal.services.consultation.material import UploadedFile, store_upload
from portal.storage.local import Storage

_LARGEST_FILE = 10 * 1024 * 1024
_MARGINS_CM = (2.5, 2.2, 2.2, 2.5)
_HEADINGS = ("检验项目", "技术要求", "检验结果", "单项判定")
_FACTS = (
    ("产品名称", "product_name"),
    ("规格", "specification"),
    ("型号", "model"),
    ("商标", "brand"),
    ("生产者", "producer"),
    ("批次", "batch"),
    ("检验依据", "test_basis"),
)


def store_materials(storage: Storage, chapter: Chapter) -> list[UploadedFile]:
    """Store the chapter's material, in its order, before any transaction."""
    return [_store(storage, chapter, told) for told in chapter.materials]


def _store(storage: Storage, chapter: Chapter, told: dict[str, str]) -> UploadedFile:
    if "file" in told:
        shipped = files(__package__).joinpath("files", told["file"])
        extension = told["file"].rpartition(".")[2]
        content, name = shipped.read_bytes(), f"{told['title']}.{extension}"
    else:
        content = test_report(chapter, title=told["title"], number=told["report_number"])
        name = f"{told['title']}.docx"
    return store_upload(storage, BytesIO(content), name, limit_bytes=_LARGEST_FILE)


def test_report(chapter: Chapter, *, title: str, number: str) -> bytes:
    """A test report of one page: the sample, each item with its result, the conclusion."""
    told, product = chapter.told["report"], chapter.product
    document = new_document(title=title, subject=number, margins_cm=_MARGINS_CM)
    _line(document, title, size_pt=20, is_heading=True)
    _line(document, f"报告编号：{number}　　检验机构：{product['test_laboratory']}", size_pt=10.5)
    _table(document, [(label, str(product[name])) for label, name in _FACTS if product.get(name)])
    _line(document, "检验结果", size_pt=14, is_heading=True)
    _table(document, [_HEADINGS, *(tuple(row) for row in told["items"])])
    _line(document, "检验结论", size_pt=14, is_heading=True)
    add_run(document.add_paragraph(), told["conclusion"])
    return to_bytes(document)


def _line(document: Any, text: str, *, size_pt: float, is_heading: bool = False) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = CENTER
    add_run(paragraph, text, font=HEADING_FONT if is_heading else TABLE_FONT, size_pt=size_pt)


def _table(document: Any, rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            add_run(cell.paragraphs[0], text, font=TABLE_FONT, size_pt=10.5)
