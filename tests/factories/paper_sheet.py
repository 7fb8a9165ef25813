"""Sheets signed on paper: their scan, and the lead's liaison who records them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.voting import ConsultationSheet
from portal.rules.dates import beijing_day
from portal.services.consultation.material import UploadedFile
from portal.services.consultation.members import accepted_members
from portal.services.consultation.paper_sheet import record_paper_sheet
from portal.storage.local import Storage
from tests.factories.voting import LATER, consistent
from tests.factories.world import NOON, World

SCAN = b"%PDF-1.4 signed by hand"
OPINIONS = ("no", "no", "no")


def a_scan() -> UploadedFile:
    """The scan as the storage describes it."""
    return UploadedFile("会诊表签名页.pdf", "application/pdf", len(SCAN), hashlib.sha256(SCAN).hexdigest())


def keep_scan(storage: Storage) -> None:
    """Put its bytes into a storage."""
    storage.put(BytesIO(SCAN), limit_bytes=len(SCAN))


def recorded(
    db: Session,
    world: World,
    consultation: Consultation,
    *,
    seat: int = 1,
    opinions: Sequence[str] = OPINIONS,
    now: datetime = LATER,
) -> ConsultationSheet:
    """The paper of the expert in that seat, recorded by the lead."""
    member = accepted_members(db, consultation.id)[seat - 1]
    return record_paper_sheet(
        db, actor=world.lead, consultation_id=consultation.id, member_id=member.id,
        answers=consistent(opinions, consultation), signed_on=beijing_day(NOON), file=a_scan(), now=now,
    )  # fmt: skip
