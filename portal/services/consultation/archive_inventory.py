"""What an archive record holds, item by item with its SHA-256, and how that content is destroyed (Art. 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.material import Material, MaterialOpening
from portal.models.meeting_minutes import MeetingMinutes, MinutesCopy
from portal.models.online_session import OnlineSession, SessionParticipant
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet, VotingRound
from portal.services.consultation.application import PRODUCT_TEXTS
from portal.services.kernel.canonical import canonical_json, digest_of_text
from portal.services.official_files import files_of, release_official_files


@dataclass(frozen=True)
class Item:
    """One thing that a record holds: a text of the portal, or a file of the storage (`text` None).

    `name` is what it is called inside a package, without its ending; `source` the row that it comes from.
    """

    kind: str
    title: str
    name: str
    sha256: str
    size: int
    source: ConsultationSheet | MeetingMinutes | Material | None = None
    text: str | None = None

    @property
    def entry(self) -> dict[str, Any]:
        """The line of the inventory."""
        return {"kind": self.kind, "title": self.title, "sha256": self.sha256, "size": self.size}


CONTENT_LABELS = {"sheets": "会诊表、会诊材料与初步分析", "minutes": "会议纪要、会诊记录与计票"}
SHEET_STATES = {"signed": "已签署", "withdrawn": "已撤回", "void": "已作废"}


def items_of(db: Session, record: ArchiveRecord, consultation: Consultation) -> list[Item]:
    """All items of a record, in the order of its inventory; what ended early is with the applicant altogether."""
    if record.content == "minutes":
        return lead_items(db, consultation)
    items = applicant_items(db, consultation)
    return items if _has_minutes_record(db, consultation.id) else [*items, *lead_items(db, consultation)]


def applicant_items(db: Session, consultation: Consultation) -> list[Item]:
    """What the applicant keeps: the application, material, analyses and sheets (Art. 9(1))."""
    cid = consultation.id
    title = f"会诊申请{consultation.number}"
    items = [_of_text("application", title, "application/application", _application(consultation))]
    for file in db.scalars(
        select(Material).where(Material.consultation_id == cid).order_by(Material.number, Material.revision)
    ):
        title = f"材料{file.number} {file.title}（第{file.revision}版）"
        name = f"material/{file.number:02}-v{file.revision}-{file.filename}"
        items.append(Item("material", title, name, file.sha256, file.size, file))
    for place, analysis in enumerate(
        db.scalars(
            select(PreliminaryAnalysis)
            .join(PanelMember, PanelMember.id == PreliminaryAnalysis.member_id)
            .where(PanelMember.consultation_id == cid, PreliminaryAnalysis.handed_in_at.is_not(None))
            .order_by(PanelMember.seat, PanelMember.id)
        ),
        start=1,
    ):
        title, name = f"初步分析 {analysis.member.name}", f"analyses/{place:02}-{analysis.member.name}"
        items.append(_of_text("preliminary_analysis", title, name, canonical_json(_analysis(analysis))))
    for place, sheet in enumerate(_fixed_sheets(db, cid), start=1):
        title = sheet_title(sheet)
        name = f"sheets/{place:02}-round-{sheet.round.number}-{sheet.member.name}"
        items.append(_of_text("consultation_sheet", title, name, sheet.canonical or "", sheet.digest, sheet))
        if sheet.scan_sha256 is not None:
            scan = f"{name}-scan-{sheet.scan_filename}"
            items.append(Item("sheet_scan", f"{title}的线下签名扫描件", scan, sheet.scan_sha256, sheet.scan_size or 0))
    return items


def lead_items(db: Session, consultation: Consultation) -> list[Item]:
    """What the lead keeps: the session's record, the tallies and the minutes (Art. 9(2))."""
    cid = consultation.id
    sessions = db.scalars(
        select(OnlineSession)
        .where(OnlineSession.consultation_id == cid, OnlineSession.opened_at.is_not(None))
        .order_by(OnlineSession.opened_at)
    )
    return [
        *(
            _of_text("session_record", "线上会诊记录", f"session/session-{place}", canonical_json(_session(online)))
            for place, online in enumerate(sessions, start=1)
        ),
        *(_of_tally(one) for one in closed_rounds(db, cid) if one.has_tally),
        *(_of_minutes(minutes) for minutes in _issued(db, cid)),
    ]


def sheet_title(sheet: ConsultationSheet) -> str:
    """How the inventory names a signed sheet."""
    return f"会诊表 第{sheet.round.number}轮 {sheet.member.name}（{SHEET_STATES[sheet.state]}）"


def minutes_title(minutes: MeetingMinutes) -> str:
    """How the inventory names issued minutes."""
    return f"会议纪要更正{minutes.correction}" if minutes.correction else "会议纪要"


def closed_rounds(db: Session, consultation_id: int) -> list[VotingRound]:
    """The rounds that are closed, the first one first."""
    return list(
        db.scalars(
            select(VotingRound)
            .where(VotingRound.consultation_id == consultation_id, VotingRound.closed_at.is_not(None))
            .order_by(VotingRound.number)
        )
    )


def append_minutes(db: Session, minutes: MeetingMinutes) -> None:
    """Put a correction that was issued after archiving into the record that keeps the minutes."""
    record = db.scalar(
        select(ArchiveRecord).where(
            ArchiveRecord.consultation_id == minutes.consultation_id, ArchiveRecord.content == "minutes"
        )
    )
    if record is not None:
        record.inventory = [*record.inventory, _of_minutes(minutes).entry]


def destroy(db: Session, record: ArchiveRecord) -> list[str]:
    """Remove the texts that the record holds; the inventory with its checksums stays as the certificate.

    Returns the storage keys of the files that it referred to; they go when nothing else refers to them.
    """
    keys = {package.sha256 for package in record.packages}
    keys |= release_official_files(db, [one for _title, one in official_files_of(db, record)])
    if record.content == "sheets":
        keys |= _destroy_sheets(db, record)
    if record.content == "minutes" or not _has_minutes_record(db, record.consultation_id):
        _destroy_minutes(db, record)
    return sorted(keys)


def official_files_of(db: Session, record: ArchiveRecord) -> list[tuple[str, OfficialFile]]:
    """The official files made of what the record keeps, each with its title; sheets first."""
    cid, titles = record.consultation_id, dict[tuple[str, int], str]()
    if record.content == "sheets":
        rounds = db.scalars(select(VotingRound).where(VotingRound.consultation_id == cid).order_by(VotingRound.number))
        titles |= {("sheet", sheet.id): sheet_title(sheet) for sheet in _fixed_sheets(db, cid)}
        titles |= {("sheets", one.id): f"会诊表合并文件 第{one.number}轮" for one in rounds}
    if record.content == "minutes" or not _has_minutes_record(db, cid):
        titles |= {("minutes", one.id): minutes_title(one) for one in _issued(db, cid)}
    found = files_of(db, titles)
    return [(titles[one.kind, one.subject_id], one) for one in found]


def _has_minutes_record(db: Session, consultation_id: int) -> bool:
    kept = select(ArchiveRecord.id).where(
        ArchiveRecord.consultation_id == consultation_id, ArchiveRecord.content == "minutes"
    )
    return db.scalar(kept) is not None


def _destroy_sheets(db: Session, record: ArchiveRecord) -> set[str]:
    cid = record.consultation_id
    rounds = select(VotingRound.id).where(VotingRound.consultation_id == cid)
    members = select(PanelMember.id).where(PanelMember.consultation_id == cid)
    own = select(Material.id).where(Material.consultation_id == cid)
    keys = set(db.scalars(select(Material.sha256).where(Material.consultation_id == cid)))
    of_rounds = ConsultationSheet.round_id.in_(rounds)
    keys |= {key for key in db.scalars(select(ConsultationSheet.scan_sha256).where(of_rounds)) if key}
    db.execute(delete(ConsultationSheet).where(of_rounds))
    db.execute(delete(PreliminaryAnalysis).where(PreliminaryAnalysis.member_id.in_(members)))
    db.execute(delete(MaterialOpening).where(MaterialOpening.material_id.in_(own)))
    db.execute(delete(Material).where(Material.consultation_id == cid))
    return keys


def _destroy_minutes(db: Session, record: ArchiveRecord) -> None:
    cid = record.consultation_id
    own = select(MeetingMinutes.id).where(MeetingMinutes.consultation_id == cid)
    db.execute(delete(MinutesCopy).where(MinutesCopy.minutes_id.in_(own)))
    db.execute(delete(MeetingMinutes).where(MeetingMinutes.consultation_id == cid))
    for online in db.scalars(select(OnlineSession).where(OnlineSession.consultation_id == cid)):
        online.turns, online.agenda_notes, online.discussion_summary = [], [], ""
    for one in db.scalars(
        select(VotingRound).where(VotingRound.consultation_id == cid, VotingRound.closed_at.is_not(None))
    ):
        one.tally, one.witness = {}, []


def _fixed_sheets(db: Session, consultation_id: int) -> list[ConsultationSheet]:
    return list(
        db.scalars(
            select(ConsultationSheet)
            .join(VotingRound, VotingRound.id == ConsultationSheet.round_id)
            .join(PanelMember, PanelMember.id == ConsultationSheet.member_id)
            .where(VotingRound.consultation_id == consultation_id, ConsultationSheet.state != "draft")
            .order_by(VotingRound.number, PanelMember.seat, ConsultationSheet.revision)
        )
    )


def _of_text(
    kind: str,
    title: str,
    name: str,
    text: str,
    digest: str | None = None,
    source: ConsultationSheet | MeetingMinutes | None = None,
) -> Item:
    return Item(kind, title, name, digest or digest_of_text(text), len(text.encode()), source, text)


def _of_tally(one: VotingRound) -> Item:
    title = f"第{one.number}轮计票{'（作废）' if one.is_void else ''}"
    return _of_text("tally", title, f"tallies/round-{one.number}", canonical_json(one.tally))


def _issued(db: Session, consultation_id: int) -> list[MeetingMinutes]:
    return list(
        db.scalars(
            select(MeetingMinutes)
            .where(MeetingMinutes.consultation_id == consultation_id, MeetingMinutes.issued_at.is_not(None))
            .order_by(MeetingMinutes.correction)
        )
    )


def _of_minutes(minutes: MeetingMinutes) -> Item:
    name = "minutes/minutes" if minutes.correction == 0 else f"minutes/correction-{minutes.correction}"
    return _of_text("meeting_minutes", minutes_title(minutes), name, minutes.canonical or "", minutes.digest, minutes)


def _application(consultation: Consultation) -> str:
    product, verification = consultation.product, consultation.verification
    return canonical_json(
        {
            "number": consultation.number,
            "grounds": [row.ground for row in consultation.grounds],
            "information_sources": product.information_sources,
            "product": {name: getattr(product, name) for name in PRODUCT_TEXTS},
            "verification": {
                "checked": verification.checked,
                "verified_by": verification.verified_by,
                "verified_on": verification.verified_on.isoformat() if verification.verified_on else None,
                "result": verification.result,
            },
        }
    )


def _analysis(analysis: PreliminaryAnalysis) -> dict[str, Any]:
    return {
        "member": analysis.member.name,
        "hazard": analysis.hazard,
        "cause": analysis.cause,
        "prevalence": analysis.prevalence,
        "first_view": analysis.first_view,
        "handed_in_at": _iso(analysis.handed_in_at),
    }


def _session(online: OnlineSession) -> dict[str, Any]:
    return {
        "opened_at": _iso(online.opened_at),
        "mode": online.mode,
        "place": online.place,
        # In an order of their own: what is archived has one text, in whatever order the rows come.
        "participants": [one.person.name for one in sorted(online.participants, key=_person_id) if one.has_attended],
        "summary": online.discussion_summary,
        "agenda": [
            {"question": note.question, "text": note.text, "discussed_at": _iso(note.discussed_at)}
            for note in sorted(online.agenda_notes, key=lambda note: note.question)
        ],
        "turns": [
            {
                "position": turn.position,
                "member": turn.member.name,
                "has_attended": turn.has_attended,
                "began_at": _iso(turn.began_at),
                "ended_at": _iso(turn.ended_at),
                "danger_widespread": turn.danger_widespread,
                "harm_and_extent": turn.harm_and_extent,
                "advises_investigation": turn.advises_investigation,
                "notes": turn.notes,
            }
            for turn in online.turns
        ],
    }


def _person_id(one: SessionParticipant) -> int:
    return one.person_id


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
