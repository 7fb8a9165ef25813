"""Reading one piece of material in the page: what it is shown as, and what lies before and after it (Art. 8(2))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from portal.documents.material_index import IndexedFile, MaterialIndex
from portal.models.material_preview import MaterialPreview
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.services.consultation.material import MaterialFile, find_material, has_opened, seeing
from portal.services.consultation.material_view import MaterialRow, material_rows
from portal.storage.bag import safe_name
from portal.storage.office_conversion import CONVERTED, converter

PDF = "application/pdf"


@dataclass(frozen=True)
class ReadingPage:
    """One item. `preview` is the state of its conversion: "" where it needs none, missing where nothing converts."""

    consultation_id: int
    item: MaterialRow
    before: MaterialRow | None
    after: MaterialRow | None
    preview: str

    @property
    def is_converted(self) -> bool:
        """Whether a conversion is shown and not the original."""
        return self.preview == "made"

    @property
    def is_pages(self) -> bool:
        """Whether there is a PDF to show."""
        return self.item.content_type == PDF or self.is_converted


def reading_page(db: Session, *, actor: Actor, consultation_id: int, material_id: int, now: datetime) -> ReadingPage:
    """The item with its neighbours; NotFound for who may not see it, or not yet. Nothing is opened by it."""
    loaded = seeing(db, actor=actor, consultation_id=consultation_id, now=now)
    rows = material_rows(db, loaded)
    place = next((place for place, row in enumerate(rows) if row.material_id == material_id), None)
    if place is None:
        raise NotFound
    before, after = rows[place - 1] if place else None, rows[place + 1] if place + 1 < len(rows) else None
    return ReadingPage(consultation_id, rows[place], before, after, _preview_state(db, rows[place]))


def find_preview(db: Session, *, actor: Actor, consultation_id: int, material_id: int, now: datetime) -> MaterialFile:
    """The preview of an Office file; NotFound where there is none, or the item is not for the actor."""
    item = find_material(db, actor=actor, consultation_id=consultation_id, material_id=material_id, now=now)
    preview = db.get(MaterialPreview, item.sha256)
    if preview is None or preview.preview_sha256 is None or preview.preview_size is None:
        raise NotFound
    return MaterialFile(item.title, f"{item.title}.pdf", PDF, preview.preview_size, preview.preview_sha256)


@dataclass(frozen=True)
class MaterialPackage:
    """All items that the actor may see as one download; `unopened` are those that this opens for the first time."""

    name: str
    index: MaterialIndex
    unopened: tuple[int, ...]


def material_package(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> MaterialPackage:
    """What goes into the download of everything; an index alone where there is nothing yet."""
    loaded = seeing(db, actor=actor, consultation_id=consultation_id, now=now)
    rows, consultation = material_rows(db, loaded), loaded.consultation
    files = tuple(
        IndexedFile(
            row.number, row.revision, row.kind_label, row.title, row.report_number,
            safe_name(f"{row.number:02d}-{row.revision} {row.title}{PurePosixPath(row.filename).suffix}"),
            row.size, row.sha256, row.sent_at, row.addition_reason or "",
        )
        for row in rows
    )  # fmt: skip
    product = f"{consultation.product.product_name} {consultation.product.model}".strip()
    unopened = tuple(row.material_id for row in rows if row.own_opened_at is None)
    # Who has opened everything already may do so from a new place in the panel, and that is noted once.
    ids = {"consultation_id": consultation_id, "material_id": rows[0].material_id if rows else 0}
    if rows and not unopened and not has_opened(db, actor=actor, **ids):
        unopened = (rows[0].material_id,)
    number = consultation.number or ""
    index = MaterialIndex(number, product, now, files)
    return MaterialPackage(safe_name(f"{number} 会诊材料.zip".strip()), index, unopened)


def _preview_state(db: Session, row: MaterialRow) -> str:
    if row.content_type not in CONVERTED:
        return ""
    preview = db.get(MaterialPreview, row.sha256)
    state = preview.state if preview else "missing"
    # Where nothing converts, what waits would wait for ever.
    return "missing" if state == "waiting" and converter() is None else state
