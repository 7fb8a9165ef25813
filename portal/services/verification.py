"""校验: whose a document is and whether it is unchanged, for anybody who holds its code or its file.

Nothing of the content is told: no product, no answer, no count. So an open round's sheet can be checked as well.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from portal.documents.verification_code import beginning_of, code_of, codes_in
from portal.models.archive import DisposalCertificate
from portal.models.institution import Institution
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.verification import OfficialFile, VerificationRequest
from portal.models.voting import ConsultationSheet, VotingRound
from portal.services.consultation.sheet_text import FACTOR_LABELS, PAPER_SCAN, PASSWORD, chinese_day
from portal.services.kernel.canonical import digest_of_text
from portal.services.official_files import seals_of

SHEET, MINUTES, SHEETS, CERTIFICATE = "sheet", "minutes", "sheets", "certificate"
STATES = {"signed": "有效", "withdrawn": "已撤回", "void": "已作废"}
# An office may share one address; a code cannot be guessed in any number of tries.
LIMIT_LASTS = timedelta(hours=1)
REQUESTS_PER_ADDRESS = 120
_DIGEST_DIGITS = 64
_DOCX_MARK, _DOCX_PROPERTIES, _MOST_PROPERTIES_BYTES = b"PK\x03\x04", "docProps/core.xml", 64 * 1024
_XMP_KEYWORDS = re.compile(rb"<pdf:Keywords>([^<]{1,200})</pdf:Keywords>")


@dataclass(frozen=True)
class Verified:
    """A document of this portal, as far as a stranger may know it."""

    kind: str  # SHEET, MINUTES, SHEETS or CERTIFICATE
    subject_id: int
    consultation_id: int
    title: str
    number: str
    version: str  # 第 1 轮表决，第 1 版; "" for minutes
    by: str  # who signed, which institution issued or destroyed, how many sheets are in one file
    at: datetime
    factors: str  # how the signer proved to be the signer; "" for minutes
    state: str
    state_note: str
    digest: str
    is_intact: bool  # the text that the portal keeps still gives the digest
    seal: Mapping[str, Any] | None = None  # of the minutes' PDF: what the certificate says, or why there is none
    is_on_paper: bool = False  # signed by hand and recorded from its scan; `at` is when it was recorded

    @property
    def code(self) -> str:
        """The code printed at its foot; "" for a file of several sheets, each of which has its own."""
        return code_of(self.digest)


@dataclass(frozen=True)
class FileCheck:
    """What was found out about a file: `result` is unchanged, text, different or unknown."""

    result: str
    sha256: str
    verified: Verified | None = None


def verify_code(db: Session, *, code: str) -> Verified | None:
    """The document with this code, as it was typed; None where the portal knows none."""
    beginning = beginning_of(code)
    if not beginning:
        return None
    first, last = beginning.ljust(_DIGEST_DIGITS, "0"), beginning.ljust(_DIGEST_DIGITS, "f")
    return _by_digest(db, first, last)


def verify_file(db: Session, *, content: bytes) -> FileCheck:
    """Compare a file with all that this portal issued, byte by byte; nothing of it is kept.

    `unchanged`: a PDF or DOCX that the portal made. `text`: the canonical text that was signed. `different`: the
    file names the code of a document, but is not the file that the portal made of it.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    made = db.scalar(select(OfficialFile).where(OfficialFile.sha256 == sha256).limit(1))
    if made is not None:
        verified = _FOUND[made.kind](db, made.subject_id)
        return FileCheck("unchanged" if verified else "unknown", sha256, verified)
    verified = _by_digest(db, sha256, sha256)
    if verified is not None:
        return FileCheck("text", sha256, verified)
    for code in codes_in(_stated(content)):
        verified = verify_code(db, code=code)
        if verified is not None:
            return FileCheck("different", sha256, verified)
    return FileCheck("unknown", sha256)


def has_asked_too_often(db: Session, *, address: str, now: datetime) -> bool:
    """Whether the network address is past its limit."""
    lately = (VerificationRequest.address == address, VerificationRequest.asked_at > now - LIMIT_LASTS)
    return (
        db.scalar(select(func.count()).select_from(VerificationRequest).where(*lately)) or 0
    ) >= REQUESTS_PER_ADDRESS


def note_request(db: Session, *, address: str, now: datetime) -> None:
    """Count one question, and forget the ones that count no more."""
    db.execute(delete(VerificationRequest).where(VerificationRequest.asked_at <= now - LIMIT_LASTS))
    db.add(VerificationRequest(address=address, asked_at=now))


def _by_digest(db: Session, first: str, last: str) -> Verified | None:
    """All tables are asked in every case, so that the time tells nothing."""
    sheet = db.scalar(select(ConsultationSheet.id).where(_between(ConsultationSheet.digest, first, last)).limit(1))
    minutes = db.scalar(select(MeetingMinutes.id).where(_between(MeetingMinutes.digest, first, last)).limit(1))
    certificate = db.scalar(
        select(DisposalCertificate.id).where(_between(DisposalCertificate.digest, first, last)).limit(1)
    )
    for kind, found in ((SHEET, sheet), (MINUTES, minutes), (CERTIFICATE, certificate)):
        if found is not None:
            return _FOUND[kind](db, found)
    return None


def _between(digest: InstrumentedAttribute[Any], first: str, last: str) -> ColumnElement[bool]:
    return digest.between(first, last)


def _sheet(db: Session, sheet_id: int) -> Verified | None:
    sheet = db.get(ConsultationSheet, sheet_id, options=[joinedload(ConsultationSheet.round)])
    if sheet is None or sheet.canonical is None or sheet.digest is None or sheet.signed_at is None:
        return None
    voting_round: VotingRound = sheet.round
    said = json.loads(sheet.canonical)
    return Verified(
        kind=SHEET,
        subject_id=sheet.id,
        consultation_id=voting_round.consultation_id,
        title="会诊表",
        number=said["consultation"],
        version=f"第 {said['round']} 轮表决，第 {said['revision']} 版",
        by=sheet.signer_name or "",
        at=sheet.signed_at,
        factors=_factors(sheet),
        state=STATES[sheet.state],
        state_note="" if sheet.state == "signed" else "这一版不计票。",
        digest=sheet.digest,
        is_on_paper=sheet.signed_with == PAPER_SCAN,
        is_intact=digest_of_text(sheet.canonical) == sheet.digest,
    )


def _factors(sheet: ConsultationSheet) -> str:
    label = FACTOR_LABELS[sheet.signed_with or PASSWORD]
    if sheet.signed_with != PAPER_SCAN:
        return label
    return f"{label}；纸上日期{chinese_day(sheet.signed_on)}，由牵头单位联络员登记；扫描件 SHA-256 {sheet.scan_sha256}"


def _minutes(db: Session, minutes_id: int) -> Verified | None:
    minutes = db.get(MeetingMinutes, minutes_id)
    if minutes is None or minutes.canonical is None or minutes.digest is None or minutes.issued_at is None:
        return None
    said = json.loads(minutes.canonical)
    later = db.scalars(
        select(MeetingMinutes.canonical)
        .where(
            MeetingMinutes.consultation_id == minutes.consultation_id,
            MeetingMinutes.correction > 0,
            MeetingMinutes.issued_at.is_not(None),
        )
        .order_by(MeetingMinutes.correction)
    )
    corrections = [str(json.loads(text)["number"]) for text in later if text] if minutes.correction == 0 else []
    return Verified(
        kind=MINUTES,
        subject_id=minutes.id,
        consultation_id=minutes.consultation_id,
        title="会议纪要更正" if minutes.correction else "会议纪要",
        number=said["number"],
        version="",
        by=db.get_one(Institution, minutes.lead_institution_id).name,
        at=minutes.issued_at,
        factors="",
        state="已更正" if corrections else "有效",
        state_note=f"更正文件：{'、'.join(corrections)}" if corrections else "",
        digest=minutes.digest,
        is_intact=digest_of_text(minutes.canonical) == minutes.digest,
        seal=seals_of(db, minutes_ids=[minutes.id]).get(minutes.id),
    )


def _sheets(db: Session, round_id: int) -> Verified | None:
    """The file of a counted round: what it merges are sheets that have each been signed and numbered on their own."""
    voting_round = db.get(VotingRound, round_id)
    sheets = [sheet for sheet in voting_round.sheets if sheet.canonical] if voting_round else []
    counted = [sheet for sheet in sheets if sheet.state == "signed"]
    if voting_round is None or voting_round.closed_at is None or not counted:
        return None
    said = json.loads(counted[0].canonical or "{}")
    return Verified(
        kind=SHEETS,
        subject_id=voting_round.id,
        consultation_id=voting_round.consultation_id,
        title="会诊表合并文件",
        number=said["consultation"],
        version=f"第 {voting_round.number} 轮表决",
        by=f"{len(counted)} 份已签名的会诊表",
        at=voting_round.closed_at,
        factors="",
        state=STATES["void"] if voting_round.is_void else STATES["signed"],
        state_note="这一轮表决因专家回避不计票。" if voting_round.is_void else "",
        digest="",
        is_intact=all(digest_of_text(sheet.canonical or "") == sheet.digest for sheet in counted),
    )


def _certificate(db: Session, certificate_id: int) -> Verified | None:
    certificate = db.get(DisposalCertificate, certificate_id)
    if certificate is None:
        return None
    said = json.loads(certificate.canonical)
    return Verified(
        kind=CERTIFICATE,
        subject_id=certificate.id,
        consultation_id=certificate.consultation_id,
        title=said["title"],
        number=said["consultation"],
        version="",
        by=said["custodian"],
        at=certificate.issued_at,
        factors="",
        state=STATES["signed"],
        state_note="所列材料已依规销毁。",
        digest=certificate.digest,
        is_intact=digest_of_text(certificate.canonical) == certificate.digest,
    )


_FOUND: dict[str, Callable[[Session, int], Verified | None]] = {
    SHEET: _sheet,
    MINUTES: _minutes,
    SHEETS: _sheets,
    CERTIFICATE: _certificate,
}


def _stated(content: bytes) -> str:
    """Where a file made by the portal names its own code: the keywords of its properties. "" where there are none."""
    if content.startswith(_DOCX_MARK):
        try:
            with zipfile.ZipFile(BytesIO(content)) as package, package.open(_DOCX_PROPERTIES) as part:
                return part.read(_MOST_PROPERTIES_BYTES).decode("utf-8", "replace")
        except (
            KeyError,
            ValueError,
            OSError,
            EOFError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ):
            return ""
    found = _XMP_KEYWORDS.search(content)
    return found[1].decode("utf-8", "replace") if found else ""
