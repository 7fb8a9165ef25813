"""What goes into one package: read in one go, so that building it needs no database (Art. 9).

Every item of the record's inventory is one file whose SHA-256 is that of the inventory: texts byte by byte as they
were signed or issued, material as it was uploaded. Everything else explains those.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal.documents.package_index import PackageFile, PackageIndex
from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.event import Event
from portal.models.material import Material
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.events import event_label
from portal.rules.dates import beijing_day
from portal.rules.editions import load_edition
from portal.services.consultation.archive_inventory import CONTENT_LABELS, Item, closed_rounds, items_of
from portal.services.consultation.sheet_text import full_number
from portal.services.kernel.canonical import digest_of_text
from portal.services.kernel.events import said_by
from portal.services.official_files import files_of
from portal.storage.bag import safe_name

FORMAT = "consultation-archive-package-1"
# What makes a package: archiving, and each correction that is issued afterwards.
_MADE_BY = ("consultation_archived", "minutes_corrected")
SCHEMA_FILE = "package.schema.json"


class CannotPackage(Exception):
    """The content of a record is not what its inventory says, so no package is made of it; for the person."""


@dataclass(frozen=True)
class PackagedItem:
    """An item and its place in the package."""

    item: Item
    path: str
    subject: tuple[str, int] | None = None  # kind and id of what its official PDF is made of
    official: OfficialFile | None = None  # None while it was not made yet

    @property
    def readable(self) -> str:
        """Where its PDF is; "" where there is none."""
        return f"{self.path.removesuffix('.json')}.pdf" if self.subject else ""


@dataclass(frozen=True)
class Contents:
    """Everything that one package is made of."""

    record_id: int
    consultation_id: int
    number: int  # of the package
    items_until: int
    folder: str
    items: tuple[PackagedItem, ...]
    described: dict[str, Any]  # package.json
    events: list[dict[str, Any]]
    index: PackageIndex
    info: dict[str, str]
    made_at: datetime

    @property
    def material_keys(self) -> list[str]:
        """The files of the storage that it takes in."""
        return [one.item.sha256 for one in self.items if one.item.text is None]

    @property
    def subjects(self) -> list[tuple[str, int]]:
        """What official PDFs it takes in: kind and id of each."""
        return [one.subject for one in self.items if one.subject is not None]


@cache
def schema_text() -> str:
    """The JSON Schema of package.json and of every text beside it."""
    return resources.files("portal.services.archiving").joinpath(SCHEMA_FILE).read_text("utf-8")


def folder_of(consultation: Consultation, record: ArchiveRecord, number: int) -> str:
    """What a package is called, without its ending: in letters that every system writes alike."""
    return f"consultation-{consultation.year}-{consultation.serial}-{record.content}-{number}"


def contents_of(db: Session, record_id: int) -> Contents | None:
    """The next package of a record; None when everything it holds is packaged, or when it was disposed of.

    Raises CannotPackage when a text is not the one that was archived.
    """
    record = db.get_one(ArchiveRecord, record_id, options=[selectinload(ArchiveRecord.packages)])
    done = record.packages[-1].items_until if record.packages else 0
    if record.disposed_at is not None or done == len(record.inventory):
        return None
    consultation = db.get_one(Consultation, record.consultation_id)
    chosen = _compared(items_of(db, record, consultation), record)[done:]
    items = _packaged(db, chosen)
    events = _events(db, consultation.id)
    number = len(record.packages) + 1
    described = _described(db, consultation, record, number, items, events[-1])
    return Contents(
        record_id=record.id,
        consultation_id=consultation.id,
        number=number,
        items_until=len(record.inventory),
        folder=folder_of(consultation, record, number),
        items=items,
        described=described,
        events=[_said(event) for event in events],
        index=_index(consultation, record, items, events, described),
        info=_info(record, described, events[-1]),
        made_at=events[-1].at,
    )


def _compared(items: Sequence[Item], record: ArchiveRecord) -> Sequence[Item]:
    """The items, each still the one of the inventory: same place, same checksum, and its own text gives it."""
    listed = [entry["sha256"] for entry in record.inventory]
    for place, item in enumerate(items):
        is_listed = place < len(listed) and listed[place] == item.sha256
        if not is_listed or (item.text is not None and digest_of_text(item.text) != item.sha256):
            raise CannotPackage(f"“{item.title}”与归档时的清单不符。")
    if len(items) != len(listed):
        raise CannotPackage("归档清单中有一件已不在数据库中。")
    return items


def _path(item: Item) -> str:
    folder, _, name = item.name.partition("/")
    return f"{folder}/{safe_name(name if item.text is None else f'{name}.json')}"


def _packaged(db: Session, items: Sequence[Item]) -> tuple[PackagedItem, ...]:
    subjects = [_subject(item) for item in items]
    official = {
        (one.kind, one.subject_id): one
        for one in files_of(db, [subject for subject in subjects if subject is not None])
        if one.format == "pdf"
    }
    return tuple(
        PackagedItem(item, _path(item), subject, official.get(subject) if subject else None)
        for item, subject in zip(items, subjects, strict=True)
    )


def _subject(item: Item) -> tuple[str, int] | None:
    if isinstance(item.source, ConsultationSheet):
        return "sheet", item.source.id
    return ("minutes", item.source.id) if isinstance(item.source, MeetingMinutes) else None


def _events(db: Session, consultation_id: int) -> list[Event]:
    """The consultation's part of the audit trail, up to what made this package: so it is the same at every try."""
    events = list(db.scalars(select(Event).where(Event.consultation_id == consultation_id).order_by(Event.id)))
    last = max(place for place, event in enumerate(events) if event.name in _MADE_BY)
    return events[: last + 1]


def _said(event: Event) -> dict[str, Any]:
    return {"id": event.id, "said": said_by(event), "digest": event.digest}


def _described(
    db: Session,
    consultation: Consultation,
    record: ArchiveRecord,
    number: int,
    items: Sequence[PackagedItem],
    head: Event,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "consultation": full_number(consultation, load_edition(consultation.edition)),
        "edition": consultation.edition,
        "content": record.content,
        "package": number,
        "custodian": record.custodian.name,
        "archived_at": _instant(record.archived_at),
        "keep_until": record.keep_until.isoformat(),
        "items": [_listed(one) for one in items],
        "rounds": [_round(one) for one in closed_rounds(db, consultation.id)],
        "audit": {"events": "audit/events.json", "head": head.digest, "head_id": head.id},
    }


def _listed(one: PackagedItem) -> dict[str, Any]:
    readable = {"path": one.readable, "sha256": one.official.sha256} if one.official else None
    said = {**one.item.entry, "path": one.path, "readable": readable, "row": _row(one.item)}
    return {name: value for name, value in said.items() if value}


def _row(item: Item) -> dict[str, Any]:
    """What stands beside a text in the database and not in it."""
    source = item.source
    if isinstance(source, ConsultationSheet):
        return {
            "round": source.round.number,
            "state": source.state,
            "signed_from": source.signed_from or "",
            "signed_with": source.signed_with or "",
            "left_at": _instant(source.left_at) if source.left_at else None,
            "left_reason": source.left_reason,
        }
    if isinstance(source, Material):
        return {
            "kind": source.kind,
            "filename": source.filename,
            "content_type": source.content_type,
            "report_number": source.report_number,
            "uploaded_at": _instant(source.uploaded_at),
            "sent_at": _instant(source.sent_at) if source.sent_at else None,
            "addition_reason": source.addition_reason,
        }
    return {}


def _round(one: VotingRound) -> dict[str, Any]:
    """A round with the digests of all its fixed sheets: the same list is in both custodians' packages."""
    fixed = sorted(
        (sheet for sheet in one.sheets if sheet.state != "draft"),
        key=lambda sheet: (sheet.member.seat or 0, sheet.member_id, sheet.revision),
    )
    return {
        "number": one.number,
        "opened_at": _instant(one.opened_at),
        "closed_at": _instant(one.closed_at) if one.closed_at else None,
        "close_reason": one.close_reason,
        "is_void": one.is_void,
        "panel": one.panel_size,
        "tally": one.tally or None,
        "sheets": [
            {"member": sheet.member.name, "revision": sheet.revision, "state": sheet.state, "sha256": sheet.digest}
            for sheet in fixed
        ],
    }


def _index(
    consultation: Consultation,
    record: ArchiveRecord,
    items: Sequence[PackagedItem],
    events: Sequence[Event],
    described: dict[str, Any],
) -> PackageIndex:
    return PackageIndex(
        number=described["consultation"],
        product=f"{consultation.product.product_name} {consultation.product.model}".strip(),
        content=CONTENT_LABELS[record.content],
        package=described["package"],
        custodian=record.custodian.name,
        archived_on=record.archived_on,
        keep_until=record.keep_until,
        files=tuple(
            PackageFile(
                one.item.title,
                one.path,
                one.item.sha256,
                one.item.size,
                one.readable,
                one.official.sha256 if one.official else "",
            )
            for one in items
        ),
        events=tuple((event.at, event_label(event.name), event.person_name) for event in events),
        head=events[-1].digest,
    )


def _info(record: ArchiveRecord, described: dict[str, Any], head: Event) -> dict[str, str]:
    return {
        "Source-Organization": record.custodian.name,
        "External-Identifier": described["consultation"],
        "External-Description": f"{CONTENT_LABELS[record.content]} {described['package']}",
        "Bagging-Date": beijing_day(head.at).isoformat(),
        "Retention-Until": record.keep_until.isoformat(),
        "Audit-Head": head.digest,
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def as_json(value: Any) -> str:
    """JSON that a person can read as well."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
