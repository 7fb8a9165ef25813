"""What an archive record holds, item by item with its SHA-256, and how that content is destroyed (Art. 9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.material import Material, MaterialOpening
from portal.models.meeting_minutes import MeetingMinutes, MinutesCopy
from portal.models.online_session import OnlineSession
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet, VotingRound
from portal.services.consultation.application import PRODUCT_TEXTS
from portal.services.kernel.canonical import canonical_json, digest_of_text

Item = dict[str, Any]
CONTENT_LABELS = {"sheets": "会诊表、会诊材料与初步分析", "minutes": "会议纪要、会诊记录与计票"}
_SHEET_STATES = {"signed": "已签署", "withdrawn": "已撤回", "void": "已作废"}


def applicant_items(db: Session, consultation: Consultation) -> list[Item]:
    """What the applicant keeps: the application, material, analyses and sheets (Art. 9(1))."""
    cid = consultation.id
    items = [_of_text("application", f"会诊申请{consultation.number}", _application(consultation))]
    for file in db.scalars(select(Material).where(Material.consultation_id == cid).order_by(Material.number)):
        title = f"材料{file.number} {file.title}（第{file.revision}版）"
        items.append({"kind": "material", "title": title, "sha256": file.sha256, "size": file.size})
    for analysis in db.scalars(
        select(PreliminaryAnalysis)
        .join(PanelMember, PanelMember.id == PreliminaryAnalysis.member_id)
        .where(PanelMember.consultation_id == cid, PreliminaryAnalysis.handed_in_at.is_not(None))
        .order_by(PanelMember.seat, PanelMember.id)
    ):
        title = f"初步分析 {analysis.member.name}"
        items.append(_of_text("preliminary_analysis", title, canonical_json(_analysis(analysis))))
    for sheet in _fixed_sheets(db, cid):
        title = f"会诊表 第{sheet.round.number}轮 {sheet.member.name}（{_SHEET_STATES[sheet.state]}）"
        items.append(_of_text("consultation_sheet", title, sheet.canonical or "", sheet.digest))
    return items


def lead_items(db: Session, consultation: Consultation) -> list[Item]:
    """What the lead keeps: the session's record, the tallies and the minutes (Art. 9(2))."""
    cid = consultation.id
    sessions = db.scalars(
        select(OnlineSession)
        .where(OnlineSession.consultation_id == cid, OnlineSession.opened_at.is_not(None))
        .order_by(OnlineSession.opened_at)
    )
    rounds = db.scalars(
        select(VotingRound)
        .where(VotingRound.consultation_id == cid, VotingRound.closed_at.is_not(None))
        .order_by(VotingRound.number)
    )
    issued = db.scalars(
        select(MeetingMinutes)
        .where(MeetingMinutes.consultation_id == cid, MeetingMinutes.issued_at.is_not(None))
        .order_by(MeetingMinutes.correction)
    )
    return [
        *(_of_text("session_record", "线上会诊记录", canonical_json(_session(online))) for online in sessions),
        *(_of_tally(one) for one in rounds if one.has_tally),
        *(_of_minutes(minutes) for minutes in issued),
    ]


def append_minutes(db: Session, minutes: MeetingMinutes) -> None:
    """Put a correction that was issued after archiving into the record that keeps the minutes."""
    record = db.scalar(
        select(ArchiveRecord).where(
            ArchiveRecord.consultation_id == minutes.consultation_id, ArchiveRecord.content == "minutes"
        )
    )
    if record is not None:
        record.inventory = [*record.inventory, _of_minutes(minutes)]


def destroy(db: Session, record: ArchiveRecord) -> list[str]:
    """Remove the texts that the record holds; the inventory with its checksums stays as the certificate.

    Returns the storage keys of files that nothing refers to any more: they are removed after the commit.
    """
    return _destroy_sheets(db, record) if record.content == "sheets" else _destroy_minutes(db, record)


def _destroy_sheets(db: Session, record: ArchiveRecord) -> list[str]:
    cid = record.consultation_id
    rounds = select(VotingRound.id).where(VotingRound.consultation_id == cid)
    members = select(PanelMember.id).where(PanelMember.consultation_id == cid)
    own = select(Material.id).where(Material.consultation_id == cid)
    keys = set(db.scalars(select(Material.sha256).where(Material.consultation_id == cid)))
    db.execute(delete(ConsultationSheet).where(ConsultationSheet.round_id.in_(rounds)))
    db.execute(delete(PreliminaryAnalysis).where(PreliminaryAnalysis.member_id.in_(members)))
    db.execute(delete(MaterialOpening).where(MaterialOpening.material_id.in_(own)))
    db.execute(delete(Material).where(Material.consultation_id == cid))
    # Equal files of several consultations are kept once, so one that is still wanted elsewhere stays.
    still = set(db.scalars(select(Material.sha256).where(Material.sha256.in_(keys))))
    return sorted(keys - still)


def _destroy_minutes(db: Session, record: ArchiveRecord) -> list[str]:
    cid = record.consultation_id
    own = select(MeetingMinutes.id).where(MeetingMinutes.consultation_id == cid)
    db.execute(delete(MinutesCopy).where(MinutesCopy.minutes_id.in_(own)))
    db.execute(delete(MeetingMinutes).where(MeetingMinutes.consultation_id == cid))
    for online in db.scalars(select(OnlineSession).where(OnlineSession.consultation_id == cid)):
        online.turns, online.discussion_summary = [], ""
    for one in db.scalars(
        select(VotingRound).where(VotingRound.consultation_id == cid, VotingRound.closed_at.is_not(None))
    ):
        one.tally = {}
    return []


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


def _of_text(kind: str, title: str, text: str, digest: str | None = None) -> Item:
    return {"kind": kind, "title": title, "sha256": digest or digest_of_text(text), "size": len(text.encode())}


def _of_tally(one: VotingRound) -> Item:
    title = f"第{one.number}轮计票{'（作废）' if one.is_void else ''}"
    return _of_text("tally", title, canonical_json(one.tally))


def _of_minutes(minutes: MeetingMinutes) -> Item:
    title = "会议纪要" if minutes.correction == 0 else f"会议纪要更正{minutes.correction}"
    return _of_text("meeting_minutes", title, minutes.canonical or "", minutes.digest)


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
        "participants": [one.person.name for one in online.participants if one.has_attended],
        "summary": online.discussion_summary,
        "turns": [
            {
                "position": turn.position,
                "member": turn.member.name,
                "has_attended": turn.has_attended,
                "danger_widespread": turn.danger_widespread,
                "harm_and_extent": turn.harm_and_extent,
                "advises_investigation": turn.advises_investigation,
                "notes": turn.notes,
            }
            for turn in online.turns
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
