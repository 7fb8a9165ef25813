"""The whole file of a case as one package (Art. 18), and what goes to one of the two other systems (Art. 14, 16, 18).

A BagIt bag as in the archive: the annexes as PDF/A and as their values, the files, the events with their digests, and
the checklist. Made when it is asked for, from what cannot change any more; nothing of it is kept twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.spreadsheet import Column, Spreadsheet, xlsx
from portal.models.case_document import CaseDocument, CaseFile
from portal.models.database import Database
from portal.models.event import Event
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid
from portal.process.events import event_label
from portal.process.permissions import Actor
from portal.process.recall_case import STAGE_LABELS
from portal.rules.dates import beijing_day
from portal.rules.recall.annex_words import words_with_unit
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.events import record, said_by
from portal.services.official_making import Making, official_file
from portal.services.recall.annex_copies import OBJECTION_TITLE, document_title
from portal.services.recall.case_documents import OBJECTION, annex_of, documents_of, values_of
from portal.services.recall.filing import NATIONAL, NATIONAL_ANNEXES, PROVINCIAL, file_contents, gaps_of
from portal.storage.bag import Member, safe_name, write_bag
from portal.storage.local import Storage

FORMAT = "recall-case-package-1"


@dataclass(frozen=True)
class CasePackage:
    """What a package is made of; `documents` are (path without ending, document)."""

    folder: str
    documents: tuple[tuple[str, CaseDocument], ...]
    files: tuple[tuple[str, CaseFile], ...]
    texts: tuple[tuple[str, str], ...]
    tables: tuple[tuple[str, bytes], ...]
    info: dict[str, str]


def case_package(db: Session, *, actor: Actor, case_id: int, system: str, now: datetime) -> CasePackage:
    """What goes into the package for a system: the national one gets annexes 6, 8, 9, 10; the provincial one the whole
    file. Invalid at `system` for any other.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="view_case_file", now=now)
    if system not in (NATIONAL, PROVINCIAL):
        raise Invalid.field("system", "请选择业务系统。")
    case = loaded.case
    chosen = [
        one
        for one in documents_of(db, case_id)
        if system == PROVINCIAL or (one.annex in NATIONAL_ANNEXES and one.state != "returned")
    ]
    documents = tuple((_path(case, number, one), one) for number, one in enumerate(chosen, start=1))
    files = _files(db, case_id, {one.id for one in chosen}, whole=system == PROVINCIAL)
    tables = tuple((f"{path}.xlsx", _table(case, one, now)) for path, one in documents if one.annex != OBJECTION)
    texts = [(f"{path}.json", _as_json(_described(case, one))) for path, one in documents]
    if system == PROVINCIAL:
        texts += [("案卷.json", _as_json(_whole(db, loaded))), ("办理过程.json", _as_json(_events(db, case_id)))]
    label = loaded.edition.choice("systems", system).label
    return CasePackage(
        folder=safe_name(f"召回案件{case.year}-{case.serial}_{case.product.product_name}_{system}"),
        documents=documents,
        files=files,
        texts=tuple(texts),
        tables=tables,
        info={
            "Source-Organization": case.authority.name,
            "External-Description": f"{case.number} {case.product.product_name}，供上传至{label}",
            "Portal-Package-Format": FORMAT,
        },
    )


def write_case_package(
    package: CasePackage, target: BinaryIO, *, database: Database, storage: Storage, making: Making, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Write the bag into `target`; PDFs not asked for yet are made now. StorageError for a file that is gone."""
    made = [
        (path, official_file(
            database, storage, making, kind="annex", subject_id=one.id, file_format="pdf", now=now, actor=actor
        ))
        for path, one in package.documents
        if one.annex != OBJECTION
    ]  # fmt: skip

    def payload() -> Iterator[Member]:
        for path, text in package.texts:
            yield Member.of_text(path, text)
        for path, content in package.tables:
            yield Member.of_bytes(path, content)
        for path, official in made:
            yield Member(f"{path}.pdf", partial(storage.open, official.sha256), official.size)
        for path, file in package.files:
            yield Member(path, partial(storage.open, file.sha256), file.size)

    write_bag(target, folder=package.folder, info=package.info, payload=payload(), on=beijing_day(now))


def record_package(db: Session, *, actor: Actor, case_id: int, system: str, now: datetime) -> None:
    """Record that a package was taken out."""
    record(db, "case_package_downloaded", now=now, actor=actor, recall_case_id=case_id, system=system)


def _path(case: RecallCase, number: int, document: CaseDocument) -> str:
    return safe_name(f"{number:02d}_{document_title(case, document)}_第{document.revision}版")


def _files(db: Session, case_id: int, document_ids: set[int], *, whole: bool) -> tuple[tuple[str, CaseFile], ...]:
    """The files of the case, or those of the documents alone; drafts' are nobody's yet."""
    rows = db.execute(
        select(CaseFile, CaseDocument.state)
        .outerjoin(CaseDocument, CaseDocument.id == CaseFile.document_id)
        .where(CaseFile.case_id == case_id)
        .order_by(CaseFile.id)
    )
    kept = [file for file, state in rows if state != "draft" and (whole or file.document_id in document_ids)]
    return tuple((f"附件/{number:02d}_{safe_name(file.filename)}", file) for number, file in enumerate(kept, start=1))


def _described(case: RecallCase, document: CaseDocument) -> dict[str, Any]:
    is_objection = document.annex == OBJECTION
    return {
        "annex": document.annex,
        "title": OBJECTION_TITLE if is_objection else annex_of(case, document.annex).title,
        "number": document.number,
        "revision": document.revision,
        "state": document.state,
        "dated_on": document.dated_on.isoformat() if document.dated_on is not None else None,
        "is_late": document.is_late,
        "received_on": document.received_on.isoformat() if document.received_on is not None else None,
        "values": document.stored_values,
    }


def _table(case: RecallCase, document: CaseDocument, now: datetime) -> bytes:
    """The fields of an annex, one a line, to be typed or pasted into the other system."""
    annex, values = annex_of(case, document.annex), values_of(case, document)
    rows: list[Sequence[object]] = []
    for section in annex.sections:
        for field in section.fields:
            value = values[field.name]
            if field.columns and isinstance(value, Sequence) and not isinstance(value, str):
                rows += [
                    (section.title, f"{column.brief}（第{place}行）", words_with_unit(column, row[column.name]))
                    for place, row in enumerate(value, start=1)
                    for column in field.columns
                ]
            elif field.type != "photographs":
                rows.append((section.title, field.brief, words_with_unit(field, value)))
    columns = (Column("部分", 28), Column("项目", 36), Column("内容", 80))
    sheet = Spreadsheet(annex.title, f"{case.number} {case.product.product_name}", columns, rows)
    return xlsx(sheet, made_at=now)


def _whole(db: Session, loaded: LoadedCase) -> dict[str, Any]:
    case = loaded.case
    return {
        "format": FORMAT,
        "edition": case.edition,
        "number": case.number,
        "province": case.province,
        "authority": case.authority.name,
        "stage": STAGE_LABELS[loaded.stage],
        "outcome": case.outcome,
        "recall_number": case.recall_number,
        "contents": [{"label": one.label, "is_there": one.is_there} for one in file_contents(db, loaded)],
        "missing": list(gaps_of(db, loaded).values()),
    }


def _events(db: Session, case_id: int) -> list[dict[str, Any]]:
    events = db.scalars(select(Event).where(Event.recall_case_id == case_id).order_by(Event.id))
    return [{**said_by(one), "label": event_label(one.name), "digest": one.digest} for one in events]


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
