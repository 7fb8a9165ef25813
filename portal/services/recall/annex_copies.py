"""A document of a case as it goes on paper (portal.documents.annex_paper), and for reading on a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.annex_grid import Picture
from portal.documents.annex_paper import AnnexCopy
from portal.models.case_document import CaseDocument, CaseFile
from portal.models.recall_case import RecallCase
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.rules.recall.annexes import Annex
from portal.rules.recall.editions import load_recall_edition
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.recall.case_documents import OBJECTION, annex_of, documents_of, known_facts, values_of
from portal.storage.local import Storage

OBJECTION_TITLE = "异议的书面说明"


@dataclass(frozen=True)
class DocumentPage:
    """A document that stands, for reading. `annex` None is an objection, whose words stand in its values."""

    loaded: LoadedCase
    document: CaseDocument
    title: str
    annex: Annex | None
    values: dict[str, object]
    receipt: CaseDocument | None
    files: tuple[CaseFile, ...]


def view_case_document(db: Session, *, actor: Actor, case_id: int, document_id: int, now: datetime) -> DocumentPage:
    """A document that stands; NotFound for a draft, and for what is of another case."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="view_case_documents", now=now)
    documents = documents_of(db, case_id)
    document = next((one for one in documents if one.id == document_id), None)
    if document is None:
        raise NotFound
    annex = annex_of(loaded.case, document.annex) if document.annex != OBJECTION else None
    return DocumentPage(
        loaded=loaded,
        document=document,
        title=document_title(loaded.case, document),
        annex=annex,
        values=values_of(loaded.case, document) if annex is not None else dict(document.stored_values),
        receipt=next((one for one in documents if one.serves_id == document.id), None),
        files=tuple(document.files),
    )


def view_case_file(db: Session, *, actor: Actor, case_id: int, file_id: int, now: datetime) -> CaseFile:
    """A file of a case for whoever may see its documents; NotFound for one of another case, or of a draft."""
    load_case(db, actor=actor, case_id=case_id, permission="view_case_documents", now=now)
    file = db.get(CaseFile, file_id)
    if file is None or file.case_id != case_id or _is_of_draft(db, file):
        raise NotFound
    return file


def document_title(case: RecallCase, document: CaseDocument) -> str:
    """What a document is called."""
    return OBJECTION_TITLE if document.annex == OBJECTION else annex_of(case, document.annex).title


def annex_copy(db: Session, document: CaseDocument, storage: Storage) -> AnnexCopy:
    """The annex as it is printed; its photographs are read from the storage. ValueError for an objection."""
    if document.annex == OBJECTION:
        raise ValueError("an objection is printed by whoever raises it")
    case = db.get_one(RecallCase, document.case_id)
    facts = {name: str(value) for name, value in known_facts(db, case).items() if isinstance(value, str)}
    by_producer = document.made_by == "producer"
    return AnnexCopy(
        annex=annex_of(case, document.annex),
        edition=load_recall_edition(case.edition),
        values=values_of(case, document),
        issuer=case.product.producer if by_producer else case.authority.name,
        dated_on=document.dated_on,
        number=document.number,
        facts={
            "producer": case.product.producer,
            "authority": case.authority.name,
            "notice": _notice_before(db, document) or facts["notice.number"],
        },
        pictures=_pictures(db, document, storage),
        is_draft=document.state == "draft",
    )


def _notice_before(db: Session, document: CaseDocument) -> str:
    """The notice of annex 1 that a report answers, or that a later notice speaks of."""
    notices = documents_of(db, document.case_id, "investigation_notice")
    return notices[-1].number if notices else ""


def _pictures(db: Session, document: CaseDocument, storage: Storage) -> dict[str, tuple[Picture, ...]]:
    found: dict[str, tuple[Picture, ...]] = {}
    files = db.scalars(
        select(CaseFile).where(CaseFile.document_id == document.id, CaseFile.field != "").order_by(CaseFile.id)
    )
    for file in files:
        with storage.open(file.sha256) as content:
            picture = Picture(content.read(), file.content_type, file.title)
        found[file.field] = (*found.get(file.field, ()), picture)
    return found


def _is_of_draft(db: Session, file: CaseFile) -> bool:
    if file.document_id is None:
        return False
    return db.get_one(CaseDocument, file.document_id).state == "draft"
