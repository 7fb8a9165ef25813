"""Step 8, 归档: one record per custodian, five years at least, then a disposal decided by two people (Art. 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.obligation import Obligation
from portal.process.consultation import Stage, transition
from portal.process.errors import Invalid, NotAllowed, Refusal
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.retention import has_expired, retain_until
from portal.services.consultation.application import required_reason
from portal.services.consultation.archive_inventory import Item, applicant_items, destroy, lead_items
from portal.services.consultation.disposal_certificate import fix_certificate
from portal.services.consultation.disposal_review import reviews_owed
from portal.services.consultation.meeting_minutes import issued_minutes
from portal.services.consultation.sheet_text import full_number
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load, load_for_the_clock
from portal.services.kernel.obligations import close, open_obligations
from portal.services.kernel.standing import keep
from portal.services.kernel.storage_removal import queue_removal

_NOTHING_KEPT = "本单位没有保存这项会诊的材料，或已经销毁。"


def archive_consultation(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> list[ArchiveRecord]:
    """Archive: one act of either custodian makes both records (decided).

    Withdrawn or terminated consultations have one record, with the applicant.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="archive_consultation", now=now)
    return _archive(db, loaded, actor, now)


def archive_overdue(db: Session, now: datetime) -> list[int]:
    """Archive by the clock what its custodians left lying past the limit (decided); returns the consultations."""
    due = db.scalars(
        select(Obligation.consultation_id)
        .join(Consultation, Consultation.id == Obligation.consultation_id)
        .where(
            Obligation.kind == "archive",
            Obligation.closed_at.is_(None),
            Obligation.due_at <= now,
            Consultation.stage.in_(transition("archive_consultation").stages),
        )
        .distinct()
        .order_by(Obligation.consultation_id)
    ).all()
    archived = []
    for consultation_id in due:
        if consultation_id is not None:
            loaded = load_for_the_clock(db, consultation_id=consultation_id, act="archive_consultation", now=now)
            _archive(db, loaded, None, now)
            archived.append(consultation_id)
    return archived


def hold_archive(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """Stop the disposal of what the actor's institution keeps: a lawsuit, a recall still open."""
    loaded, records = _kept(db, actor, consultation_id, "hold_archive", now)
    reason = required_reason(reason, "暂停销毁的理由", article="9")
    _refuse_if(why_not_hold(db, loaded, now))
    for record in records:
        record.held_at, record.held_reason = now, reason
        record.disposal_proposed_at, record.disposal_proposed_by_id, record.disposal_reason = None, None, ""
    advance(db, loaded, "hold_archive", actor=actor, now=now, reason=reason)


def lift_hold(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """Lift the hold, with a reason."""
    loaded, records = _kept(db, actor, consultation_id, "lift_hold", now)
    reason = required_reason(reason, "解除暂停的理由", article="9")
    _refuse_if(why_not_lift(db, loaded, now))
    for record in records:
        record.held_at, record.held_reason = None, ""
    advance(db, loaded, "lift_hold", actor=actor, now=now, reason=reason)
    db.flush()
    # What expired while it was held waits for its review from now on.
    owed = [replace(one, since_at=max(one.since_at, now)) for one in reviews_owed(db, now, now)]
    own = {"consultation_id": consultation_id, "institution_id": actor.institution_id or 0}
    keep(db, "review_disposal", owed, now=now, only=own)


def propose_disposal(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """Propose to destroy what the institution keeps: the first of two people; refused before expiry (Art. 9)."""
    loaded, records = _kept(db, actor, consultation_id, "propose_disposal", now)
    _refuse_if(why_not_propose(db, loaded, now))
    reason = required_reason(reason, "销毁鉴定意见", article="9")
    for record in records:
        record.disposal_proposed_by_id, record.disposal_proposed_at = actor.person_id, now
        record.disposal_reason = reason
    advance(db, loaded, "propose_disposal", actor=actor, now=now, reason=reason)


def extend_retention(
    db: Session, *, actor: Actor, consultation_id: int, keep_until: date | None, reason: str, now: datetime
) -> None:
    """After the review: keep what the institution has for longer, until `keep_until`; a proposal to destroy is off.

    Invalid for a day that is not later than today and than the present last day.
    """
    loaded, records = _kept(db, actor, consultation_id, "extend_retention", now)
    _refuse_if(why_not_extend(db, loaded, now))
    reason = required_reason(reason, "继续保存的理由", article="9")
    earliest = max(*(record.keep_until for record in records), beijing_day(now))
    if keep_until is None or keep_until <= earliest:
        message = f"继续保存至的日期应晚于{earliest.year}年{earliest.month}月{earliest.day}日。"
        raise Invalid.field("keep_until", message, "9")
    for record in records:
        record.keep_until = keep_until
        record.disposal_proposed_at, record.disposal_proposed_by_id, record.disposal_reason = None, None, ""
    advance(
        db, loaded, "extend_retention", actor=actor, now=now, reason=reason,
        keep_until={record.content: keep_until.isoformat() for record in records},
    )  # fmt: skip


def dispose_archive(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Destroy what was proposed, as the second person. What was destroyed is fixed in a certificate that stays.

    The files are queued for removal in the same transaction. When both custodians have destroyed their part, the
    consultation is disposed.
    """
    loaded, records = _kept(db, actor, consultation_id, "dispose_archive", now)
    _refuse_if(why_not_dispose(db, loaded, now))
    # The database lets go of what a record keeps only once the record is lawfully disposed of.
    for record in records:
        record.disposed_at, record.disposed_by_id = now, actor.person_id
    db.flush()
    number = full_number(loaded.consultation, loaded.edition)
    certificate = fix_certificate(db, consultation=loaded.consultation, number=number, records=records, now=now)
    queue_removal(db, (key for record in records for key in destroy(db, record)), now=now)
    everything = all(record.disposed_at for record in records_of(db, consultation_id))
    advance(
        db, loaded, "dispose_archive", actor=actor, now=now, to=Stage.DISPOSED if everything else None,
        content=[record.content for record in records], digest=certificate.digest,
        checksums=[item["sha256"] for record in records for item in record.inventory],
        packages=[package.sha256 for record in records for package in record.packages],
    )  # fmt: skip


def records_of(db: Session, consultation_id: int, custodian_id: int | None = None) -> list[ArchiveRecord]:
    """The records of a consultation, all or those of one custodian; sheets first."""
    query = select(ArchiveRecord).where(ArchiveRecord.consultation_id == consultation_id)
    if custodian_id is not None:
        query = query.where(ArchiveRecord.custodian_id == custodian_id)
    return list(db.scalars(query.order_by(ArchiveRecord.content.desc())))


def why_not_hold(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why disposal cannot be stopped, else None."""
    records = _own(db, loaded)
    if all(record.disposed_at for record in records):
        return _NOTHING_KEPT
    return "已经暂停销毁。" if any(record.held_at for record in records) else None


def why_not_lift(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why there is no hold to lift, else None."""
    return None if any(record.held_at for record in _own(db, loaded)) else "没有暂停销毁，不需要解除。"


def why_not_propose(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why disposal cannot be proposed yet, else None: before expiry nothing can be removed, by anyone (Art. 9)."""
    records = _own(db, loaded)
    if all(record.disposed_at for record in records):
        return _NOTHING_KEPT
    until = max(record.keep_until for record in records)
    if not has_expired(until, beijing_day(now)):
        article = loaded.edition.cite("9")
        return f"保存期限至{until.year}年{until.month}月{until.day}日，届满前任何人不得销毁（{article}）。"
    held = next((record for record in records if record.held_at), None)
    if held is not None:
        return f"已暂停销毁：{held.held_reason}"
    return "已提出销毁鉴定，等待另一人批准。" if records[0].disposal_proposed_at else None


def why_not_extend(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why nothing can be kept longer: it is kept anyway until its retention is over, or it is gone."""
    records = _own(db, loaded)
    if all(record.disposed_at for record in records):
        return _NOTHING_KEPT
    until = max(record.keep_until for record in records)
    if not has_expired(until, beijing_day(now)):
        return f"保存期限至{until.year}年{until.month}月{until.day}日，届满后作鉴定时决定是否继续保存。"
    return None


def why_not_dispose(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the destruction cannot be approved by this person now, else None."""
    records = _own(db, loaded)
    proposed = [record for record in records if record.disposal_proposed_at and not record.disposed_at]
    if not proposed:
        return why_not_propose(db, loaded, now) or "尚未提出销毁鉴定。"
    if any(record.held_at for record in records):
        return f"已暂停销毁：{records[0].held_reason}"
    if any(record.disposal_proposed_by_id == loaded.actor.person_id for record in proposed):
        return "销毁由两人决定：请由提出人以外的另一人批准。"
    return None


def _archive(db: Session, loaded: Loaded, actor: Actor | None, now: datetime) -> list[ArchiveRecord]:
    consultation, today = loaded.consultation, beijing_day(now)
    ended_early = loaded.stage is not Stage.ISSUED
    sheets = _record(consultation, "sheets", consultation.applicant_institution_id, now)
    sheets.inventory = _entries(applicant_items(db, consultation))
    records = [sheets]
    if ended_early:
        sheets.inventory = [*sheets.inventory, *_entries(lead_items(db, consultation))]
    else:
        # Custody stays with the lead that issued them, also when the lead was handed over since.
        issuer_id = issued_minutes(db, consultation.id)[0].lead_institution_id
        minutes = _record(consultation, "minutes", issuer_id, now)
        minutes.inventory = _entries(lead_items(db, consultation))
        records.append(minutes)
    for record in records:
        record.keep_until = retain_until(today, loaded.edition, _kind(record, ended_early))
        db.add(record)
    consultation.closed_at = consultation.closed_at or now
    close(db, consultation, open_obligations(db, consultation.id, kinds=["archive"]), now=now, met=True)
    advance(
        db, loaded, "archive_consultation", actor=actor, now=now,
        keep_until={record.content: record.keep_until.isoformat() for record in records},
    )  # fmt: skip
    return records


def _record(consultation: Consultation, content: str, custodian_id: int, now: datetime) -> ArchiveRecord:
    return ArchiveRecord(
        consultation_id=consultation.id, content=content, custodian_id=custodian_id,
        archived_on=beijing_day(now), archived_at=now,
    )  # fmt: skip


def _entries(items: list[Item]) -> list[dict[str, Any]]:
    return [item.entry for item in items]


def _kind(record: ArchiveRecord, ended_early: bool) -> str:
    if ended_early:
        return "other"
    return "sheet" if record.content == "sheets" else "meeting_minutes"


def _kept(
    db: Session, actor: Actor, consultation_id: int, act: str, now: datetime
) -> tuple[Loaded, list[ArchiveRecord]]:
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=act, now=now)
    records = [record for record in _own(db, loaded) if record.disposed_at is None]
    if not records:
        raise NotAllowed(_NOTHING_KEPT, article="9")
    return loaded, records


def _own(db: Session, loaded: Loaded) -> list[ArchiveRecord]:
    return records_of(db, loaded.consultation.id, loaded.actor.institution_id or 0)


def _refuse_if(reason: str | None) -> None:
    if reason is not None:
        raise Refusal(reason, article="9")


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {
    "hold_archive": why_not_hold,
    "lift_hold": why_not_lift,
    "extend_retention": why_not_extend,
    "propose_disposal": why_not_propose,
    "dispose_archive": why_not_dispose,
}
