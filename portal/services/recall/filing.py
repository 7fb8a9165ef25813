"""Step 8, the file: what Art. 18 asks for, what the two other systems still miss, and closing the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument
from portal.models.event import Event
from portal.models.recall_case import RecallCase, SystemUpload
from portal.models.recall_publication import RecallPublication
from portal.process.errors import Invalid
from portal.process.permissions import Actor
from portal.rules.problem import Problem
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.recall.case_documents import annex_of, documents_of
from portal.services.recall.given import chosen, past_day

NATIONAL, PROVINCIAL, WHOLE_FILE = "national", "provincial", "file"
NATIONAL_ANNEXES = ("recall_plan", "recall_statement", "interim_summary", "recall_summary")
"""What a producer uploads to the national system (Art. 14, 16), and the authority sees to."""


@dataclass(frozen=True)
class FileItem:
    """One thing that the file of a case holds (Art. 18). `document_ids` are empty where it is missing."""

    name: str
    label: str
    document_ids: tuple[int, ...]
    is_there: bool


@dataclass(frozen=True)
class Upload:
    """Something that one of the two systems gets: what, whether it is there, since when."""

    system: str
    system_label: str
    item: str
    label: str
    uploaded_on: date | None


def record_upload(
    db: Session, *, actor: Actor, case_id: int, system: str, item: str, uploaded_on: date | None, now: datetime
) -> None:
    """Record that something was uploaded to one of the two systems (Art. 14, 16, 18)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="record_upload", now=now)
    system = chosen(loaded.edition, "systems", system, "业务系统", field="system")
    due = {(one.system, one.item): one for one in uploads(db, loaded)}
    if (system, item) not in due:
        raise Invalid.field("item", "请选择需要上传的材料。")
    day = past_day(uploaded_on, "上传日期", field="uploaded_on", now=now)
    known = db.scalar(
        select(SystemUpload).where(
            SystemUpload.case_id == case_id, SystemUpload.system == system, SystemUpload.item == item
        )
    )
    if known is None:
        known = SystemUpload(case_id=case_id, system=system, item=item)
        db.add(known)
    known.uploaded_on, known.person_id = day, actor.person_id
    db.flush()
    advance_case(
        db, loaded, "record_upload", now=now, system=system, item=due[system, item].label, uploaded_on=day.isoformat()
    )


def complete_file(db: Session, *, actor: Actor, case_id: int, explained: Mapping[str, str], now: datetime) -> None:
    """Close the case with its whole file (Art. 18). What is missing, or not uploaded, is explained one by one."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="complete_file", now=now)
    gaps = gaps_of(db, loaded)
    problems = [
        Problem(name, f"缺少“{label}”，请补齐或者说明原因（{loaded.edition.cite_in_full('18')}）。", "")
        for name, label in gaps.items()
        if not explained.get(name, "").strip()
    ]
    if problems:
        raise Invalid(problems)
    said = {label: explained[name].strip() for name, label in gaps.items()}
    # A case may have warned first and recalled later: the last counts.
    last = db.scalar(
        select(RecallPublication.kind)
        .where(RecallPublication.case_id == case_id, RecallPublication.kind.in_(("warning", "recall")))
        .order_by(RecallPublication.id.desc())
        .limit(1)
    )
    outcome = "warned" if last == "warning" else "recalled"
    advance_case(db, loaded, "complete_file", now=now, outcome=outcome, explained=said)


@dataclass(frozen=True)
class FilePage:
    """What the page of the file shows. `systems` are names and labels, `gaps` as `gaps_of`."""

    case: RecallCase
    contents: tuple[FileItem, ...]
    uploads: tuple[Upload, ...]
    gaps: dict[str, str]
    systems: tuple[tuple[str, str], ...]
    may_record: bool


def view_case_file(db: Session, *, actor: Actor, case_id: int, now: datetime) -> FilePage:
    """The checklist of the file, and what the two other systems still miss."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="view_case_file", now=now)
    return FilePage(
        loaded.case,
        tuple(file_contents(db, loaded)),
        tuple(uploads(db, loaded)),
        gaps_of(db, loaded),
        tuple((one.name, one.label) for one in loaded.edition.choices["systems"]),
        loaded.may("record_upload"),
    )


def gaps_of(db: Session, loaded: LoadedCase) -> dict[str, str]:
    """What the file lacks and the systems miss: what each is called, by the name of its explanation."""
    missing = {one.name: one.label for one in file_contents(db, loaded) if not one.is_there}
    return missing | {
        f"{one.system}.{one.item}": f"{one.label}上传至{one.system_label}"
        for one in uploads(db, loaded)
        if one.uploaded_on is None
    }


def file_contents(db: Session, loaded: LoadedCase) -> list[FileItem]:
    """The documents that Art. 18 names, and where they are."""
    documents = documents_of(db, loaded.case.id)
    by_annex: dict[str, list[CaseDocument]] = {}
    for document in documents:
        by_annex.setdefault(document.annex, []).append(document)
    has_clue = db.scalar(
        select(Event.id).where(
            Event.recall_case_id == loaded.case.id, Event.name.in_(("clue_recorded", "voluntary_plan_received"))
        )
    )
    items = []
    for choice in loaded.edition.choices["file_documents"]:
        found = by_annex.get(choice.name, [])
        is_there = bool(found) or (choice.name == "clue" and has_clue is not None)
        items.append(FileItem(choice.name, choice.label, tuple(one.id for one in found), is_there))
    return items


def uploads(db: Session, loaded: LoadedCase) -> list[Upload]:
    """What the two systems get of this case, uploaded or not."""
    labels = {choice.name: choice.label for choice in loaded.edition.choices["systems"]}
    done = {
        (row.system, row.item): row.uploaded_on
        for row in db.scalars(select(SystemUpload).where(SystemUpload.case_id == loaded.case.id))
    }
    due = [
        (NATIONAL, f"document:{one.id}", f"{annex_of(loaded.case, one.annex).title}（第{one.revision}版）")
        for one in documents_of(db, loaded.case.id)
        if one.annex in NATIONAL_ANNEXES and one.state != "returned"
    ]
    due.append((PROVINCIAL, WHOLE_FILE, "完整电子案卷"))
    return [Upload(system, labels[system], item, label, done.get((system, item))) for system, item, label in due]
