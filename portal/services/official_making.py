"""Making an official file, whoever asks for it: typeset, sealed, stored, registered; once, and never otherwise.

The download of a page and the worker that builds packages both come here, so there is one file of each document.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.documents.annex_paper import AnnexCopy
from portal.documents.annex_pdf import annex_pdf
from portal.documents.foot import Foot
from portal.documents.minutes_paper import MinutesDocument
from portal.documents.minutes_pdf import minutes_pdf
from portal.documents.sheet_paper import SheetDocument
from portal.documents.sheet_pdf import sheet_pdf, sheets_pdf
from portal.documents.table_paper import TablePaper
from portal.documents.table_pdf import table_pdf
from portal.documents.typography import Typography
from portal.models.archive import DisposalCertificate
from portal.models.case_document import CaseDocument
from portal.models.database import Database
from portal.models.institution import Institution
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet
from portal.process.permissions import Actor
from portal.services.consultation.disposal_certificate import certificate_paper
from portal.services.consultation.meeting_minutes_view import document_of
from portal.services.consultation.sheet_text import signed_document
from portal.services.consultation.sheet_view import disclosed_sheets
from portal.services.official_files import find_official_file, keep_official_file
from portal.services.recall.annex_copies import annex_copy
from portal.services.seals import sealed
from portal.storage.local import Storage

VERIFICATION_PATH = "/verify"
_LARGEST_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Making:
    """How this installation makes official files: their look, where they are verified, and whose seals there are."""

    typography: Typography
    verification_url: str
    seals_folder: Path | None

    @classmethod
    def by(cls, settings: Settings) -> Making:
        """As the settings have it."""
        return cls(
            Typography(settings.fonts_folder, settings.has_red_heading),
            f"{settings.base_url}{VERIFICATION_PATH}",
            settings.seals_folder,
        )


Document = SheetDocument | MinutesDocument | TablePaper | AnnexCopy | tuple[SheetDocument, ...]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a file is made of."""

    document: Document
    sealed_by: str = ""  # the province of the institution whose seal the PDF bears; "": nobody's


def official_file(
    database: Database,
    storage: Storage,
    making: Making,
    *,
    kind: str,
    subject_id: int,
    file_format: str,
    now: datetime,
    actor: Actor | None = None,
) -> OfficialFile:
    """The official file of a subject as `pdf` or `docx`.

    `kind` is sheet (signed), minutes (issued), annex (issued or handed in), sheets (of a counted round) or certificate;
    the last two are PDFs only.

    It is made when it is asked for first; making takes no transaction. Who may have it is decided before; `actor`
    None is the portal itself. ValueError for what is not signed or issued, TypesettingError, StorageError.
    """
    with database.read() as db:
        kept = find_official_file(db, kind=kind, subject_id=subject_id, file_format=file_format)
        if kept is not None:
            return kept
        subject = _subject(db, storage, kind, subject_id)
    content, seal = _typeset(subject.document, file_format, making), None
    if subject.sealed_by and file_format == "pdf":
        content, seal = sealed(content, folder=making.seals_folder, institution=subject.sealed_by, now=now)
    stored = storage.put(BytesIO(content), limit_bytes=_LARGEST_BYTES)
    with database.write() as db:
        return keep_official_file(
            db, actor=actor, kind=kind, subject_id=subject_id, file_format=file_format, stored=stored, seal=seal,
            now=now,
        )  # fmt: skip


def _subject(db: Session, storage: Storage, kind: str, subject_id: int) -> _Subject:
    if kind == "sheet":
        return _Subject(signed_document(db.get_one(ConsultationSheet, subject_id)))
    if kind == "sheets":
        return _Subject(tuple(signed_document(sheet) for sheet in disclosed_sheets(db, subject_id)))
    if kind == "certificate":
        return _Subject(certificate_paper(db.get_one(DisposalCertificate, subject_id)))
    if kind == "annex":
        document = db.get_one(CaseDocument, subject_id)
        if document.state == "draft":
            raise ValueError("the annex is a draft")
        return _Subject(annex_copy(db, document, storage))
    minutes = db.get_one(MeetingMinutes, subject_id)
    if minutes.issued_at is None:
        raise ValueError("the minutes are not issued")
    # The lead of that time issued them, and it is its seal that they bear (Art. 8(7)).
    lead = db.get_one(Institution, minutes.lead_institution_id)
    return _Subject(document_of(minutes), sealed_by=lead.province)


def _typeset(document: Document, file_format: str, making: Making) -> bytes:
    if isinstance(document, tuple):
        both = [(one, one.foot().leading_to(making.verification_url)) for one in document]
        return sheets_pdf(both, typography=making.typography)
    if isinstance(document, AnnexCopy):
        return _annex(document, file_format, making)
    foot = document.foot().leading_to(making.verification_url)
    if isinstance(document, TablePaper):
        return table_pdf(document, foot=foot, typography=making.typography)
    if file_format == "docx":
        return _docx(document, foot, making)
    if isinstance(document, SheetDocument):
        return sheet_pdf(document, foot=foot, typography=making.typography)
    return minutes_pdf(document, foot=foot, typography=making.typography)


def _annex(copy: AnnexCopy, file_format: str, making: Making) -> bytes:
    if file_format == "pdf":
        return annex_pdf(copy, typography=making.typography)
    from portal.documents.annex_docx import annex_docx

    return annex_docx(copy)


def _docx(document: SheetDocument | MinutesDocument, foot: Foot, making: Making) -> bytes:
    # The library behind it is large, and few processes ever make such a file.
    if isinstance(document, SheetDocument):
        from portal.documents.sheet_docx import sheet_docx

        return sheet_docx(document, foot=foot)
    from portal.documents.minutes_docx import minutes_docx

    return minutes_docx(document, foot=foot, has_red_heading=making.typography.has_red_heading)
