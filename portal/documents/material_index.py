"""The first page of all material as one download: what there is, since when, and the checksum of each file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.documents.package_index import template_of


@dataclass(frozen=True)
class IndexedFile:
    """One file. `path` is its place beside the page; `addition` says why it came later, "" for what was sent first."""

    number: int
    revision: int
    kind: str
    title: str
    report_number: str
    path: str
    size: int
    sha256: str
    sent_at: datetime | None
    addition: str


@dataclass(frozen=True)
class MaterialIndex:
    """What the page says."""

    number: str
    product: str
    made_at: datetime
    files: tuple[IndexedFile, ...]


def material_index_html(index: MaterialIndex) -> str:
    """The page, to be opened from a folder: no script, no address of anything outside."""
    return template_of("material_index.html").render(index=index)
