"""Material in step 3: uploaded, and sent to the panel."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.models.consultation import Consultation
from portal.models.material import Material
from portal.services.consultation.material import MaterialInput, UploadedFile, send_material, upload_material
from portal.storage.local import Storage
from tests.factories.panel import FIVE, confirmed
from tests.factories.world import NOON, World
from tests.support.scenes import scene

CONTENT = b"%PDF-1.7 report"
REPORT = MaterialInput("test_report", "电热毯安全性能检测报告", "沪检〔2026〕D-0417")


def a_file(content: bytes = CONTENT, filename: str = "检测报告.pdf") -> UploadedFile:
    """A file as the storage describes it; the bytes are not kept."""
    return UploadedFile(filename, "application/pdf", len(content), hashlib.sha256(content).hexdigest())


def keep_files(settings: Settings) -> None:
    """Put the bytes of `a_file` and `a_picture` into the storage of an installation, so that pages can send them."""
    for content in (CONTENT, drawn()):
        Storage(settings.files_folder).put(io.BytesIO(content), limit_bytes=len(content))


def a_picture() -> UploadedFile:
    """A photograph as the storage describes it; the bytes are not kept."""
    content = drawn()
    return UploadedFile("正面.png", "image/png", len(content), hashlib.sha256(content).hexdigest())


def drawn(kind: str = "PNG", size: tuple[int, int] = (6, 4), colour: str = "teal", **saved: Any) -> bytes:
    """A small picture of one colour; `saved` is what the format keeps beside the pixels."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **saved)
    return file.getvalue()


def uploaded(
    db: Session,
    world: World,
    consultation: Consultation,
    *,
    given: MaterialInput = REPORT,
    file: UploadedFile | None = None,
    now: datetime = NOON,
) -> Material:
    """One item more."""
    return upload_material(
        db, actor=world.applicant, consultation_id=consultation.id, given=given, file=file or a_file(), now=now
    )


@scene
def sent(
    db: Session,
    world: World,
    *,
    experts: tuple[tuple[str, int], ...] = FIVE,
    consultation: Consultation | None = None,
    now: datetime = NOON,
) -> Consultation:
    """The material is with the panel; the analyses are owed."""
    consultation = confirmed(db, world, experts=experts, consultation=consultation, now=now)
    uploaded(db, world, consultation, now=now)
    send_material(db, actor=world.applicant, consultation_id=consultation.id, now=now)
    return consultation
