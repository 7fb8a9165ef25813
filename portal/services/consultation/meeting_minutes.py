"""Step 7, 会议纪要: drafted from what is known, edited, issued, copied, received, corrected (Art. 8(7))."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.institution import AllianceMember, Institution
from portal.models.meeting_minutes import MeetingMinutes, MinutesCopy
from portal.process.errors import Invalid, Refusal, Stale
from portal.process.permissions import Actor
from portal.rules.dates import add_months, beijing_day
from portal.rules.document_numbers import DocumentNumber
from portal.rules.editions import Edition
from portal.rules.problem import Problem
from portal.services.consultation import archive_inventory
from portal.services.consultation.application import required_reason
from portal.services.consultation.fees import expect_fees
from portal.services.consultation.meeting_minutes_draft import (
    PART_LABELS,
    PARTS,
    compose,
    read_source,
)
from portal.services.consultation.meeting_minutes_record import fixed_record
from portal.services.consultation.watch import begin_watch
from portal.services.kernel.advancing import advance
from portal.services.kernel.canonical import canonical_json, digest_of_text
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.numbers import next_number
from portal.services.kernel.obligations import oblige, open_obligations
from portal.services.recall.consultation_result import hand_to_case

TITLE = "长三角缺陷消费品专家会诊会议纪要"


def draft_minutes(db: Session, loaded: Loaded, actor: Actor, now: datetime) -> MeetingMinutes:
    """Compose the draft as the consultation is concluded; called by the act that concludes it."""
    consultation = loaded.consultation
    if consultation.lead_institution_id is None:
        raise ValueError("a concluded consultation has a lead")
    review_on = first_review_on(loaded.edition, now) if is_watched(consultation) else None
    parts = compose(read_source(db, consultation, loaded.edition, review_on))
    minutes = MeetingMinutes(
        consultation_id=consultation.id,
        lead_institution_id=consultation.lead_institution_id,
        drafted_by_id=actor.person_id,
        saved_at=now,
        **parts,
    )
    db.add(minutes)
    db.flush()
    return minutes


def save_minutes(
    db: Session, *, actor: Actor, consultation_id: int, parts: Mapping[str, str], version: int, now: datetime
) -> MeetingMinutes:
    """Save the edited draft. Stale when somebody else of the lead saved it meanwhile."""
    load(db, actor=actor, consultation_id=consultation_id, permission="edit_minutes", now=now)
    minutes = _draft(db, consultation_id)
    _write(minutes, parts, version, now)
    db.flush()
    return minutes


def issue_minutes(
    db: Session, *, actor: Actor, consultation_id: int, parts: Mapping[str, str], version: int, now: datetime
) -> MeetingMinutes:
    """Issue the minutes with number and date, and copy them to the other institutions.

    From here on the text stands; what is owed next are receipts, the archive and, where the result asks for
    it, the first review of the watch. A recall case gets the result, or is begun as the experts advise. Invalid
    when a part of the text is empty.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="issue_minutes", now=now)
    consultation = loaded.consultation
    minutes = _draft(db, consultation_id)
    _write(minutes, parts, version, now)
    gaps = [
        Problem(name, f"“{PART_LABELS[name]}”还没有内容，请填写后再印发。", "8(7)")
        for name in PARTS
        if not getattr(minutes, name)
    ]
    if gaps:
        raise Invalid(gaps)
    _issue(db, loaded, minutes, actor=actor, now=now, record=fixed_record(db, consultation, loaded.edition))
    facts: dict[str, Any] = {"number": number_of(minutes), "digest": minutes.digest}
    advance(db, loaded, "issue_minutes", actor=actor, now=now, **facts)
    _copy(db, loaded, minutes, kind="minutes_issued", now=now)
    for custodian_id in sorted({consultation.applicant_institution_id, minutes.lead_institution_id}):
        oblige(db, consultation, "archive", now=now, institution_id=custodian_id)
    expect_fees(db, consultation, now)
    if is_watched(consultation):
        begin_watch(db, consultation, review_on=first_review_on(loaded.edition, now), now=now)
    hand_to_case(db, consultation, actor=actor, now=now)
    return minutes


def confirm_receipt(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Confirm for the actor's institution that all copies sent to it arrived."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="confirm_receipt", now=now)
    reason = why_not_confirm(db, loaded, now)
    if reason is not None:
        raise Refusal(reason, article="8(7)")
    for copy in _copies_to(db, consultation_id, actor.institution_id):
        if copy.received_at is None:
            copy.received_at, copy.received_by_id, copy.received_by_name = now, actor.person_id, actor.name
    advance(db, loaded, "confirm_receipt", actor=actor, now=now)


def why_not_confirm(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the actor's institution has no receipt to confirm, else None."""
    copies = _copies_to(db, loaded.consultation.id, loaded.actor.institution_id)
    if not copies:
        return "会议纪要没有抄送本单位，不需要确认收到。"
    if all(copy.received_at is not None for copy in copies):
        return "本单位已确认收到会议纪要，不需要再次确认。"
    return None


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {"confirm_receipt": why_not_confirm}


def correct_minutes(
    db: Session, *, actor: Actor, consultation_id: int, corrects: str, text: str, now: datetime
) -> MeetingMinutes:
    """Issue a correction: an appended document with a number of its own, copied like the first.

    `corrects` names what is put right, `text` how it should read. The result itself cannot be corrected: a
    changed result is a new consultation.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="correct_minutes", now=now)
    corrects = required_reason(corrects, "所更正的内容", field="corrects", article="8(7)")
    text = required_reason(text, "更正后的内容", field="text", article="8(7)")
    consultation = loaded.consultation
    earlier = issued_minutes(db, consultation_id)
    lead_id = consultation.lead_institution_id
    if not earlier or lead_id is None:
        raise Refusal("会议纪要已依规销毁，不能再更正。", article="9")
    minutes = MeetingMinutes(
        consultation_id=consultation_id,
        correction=earlier[-1].correction + 1,
        corrects=f"{number_of(earlier[0])}：{corrects}",
        lead_institution_id=lead_id,
        opening=text,
        drafted_by_id=actor.person_id,
        saved_at=now,
    )
    _issue(db, loaded, minutes, actor=actor, now=now, record={"rounds": [], "attendance": None, "sheets": []})
    facts: dict[str, Any] = {"number": number_of(minutes), "corrects": minutes.corrects, "digest": minutes.digest}
    advance(db, loaded, "correct_minutes", actor=actor, now=now, **facts)
    _copy(db, loaded, minutes, kind="minutes_corrected", now=now)
    archive_inventory.append_minutes(db, minutes)
    return minutes


def is_watched(consultation: Consultation) -> bool:
    """Whether the applicant keeps a watch: the result is 持续关注, alone or beside another (Art. 8(7))."""
    final = consultation.final_opinion or {}
    return consultation.outcome == "watch" or final.get("continued_monitoring") == "yes"


def first_review_on(edition: Edition, now: datetime) -> date:
    """The day by which a watch that begins now is reviewed for the first time (decided)."""
    return add_months(beijing_day(now), edition.value("watch_review_months").value)


def number_of(minutes: MeetingMinutes) -> str:
    """The document number 长三角会诊纪要〔2026〕1号, "" before it is issued."""
    if minutes.canonical is None:
        return ""
    return str(json.loads(minutes.canonical)["number"])


def issued_minutes(db: Session, consultation_id: int) -> list[MeetingMinutes]:
    """The minutes and their corrections, in that order; empty before issue and after disposal."""
    return list(
        db.scalars(
            select(MeetingMinutes)
            .where(MeetingMinutes.consultation_id == consultation_id, MeetingMinutes.issued_at.is_not(None))
            .order_by(MeetingMinutes.correction)
        )
    )


def _draft(db: Session, consultation_id: int) -> MeetingMinutes:
    return db.scalars(
        select(MeetingMinutes).where(
            MeetingMinutes.consultation_id == consultation_id, MeetingMinutes.issued_at.is_(None)
        )
    ).one()


def _write(minutes: MeetingMinutes, parts: Mapping[str, str], version: int, now: datetime) -> None:
    if minutes.version != version:
        raise Stale("会议纪要刚刚被本单位其他人保存过。请核对后再保存，您填写的内容仍在页面上。")
    for name in PARTS:
        setattr(minutes, name, parts[name].replace("\r\n", "\n").strip())
    minutes.saved_at = now


def _issue(
    db: Session, loaded: Loaded, minutes: MeetingMinutes, *, actor: Actor, now: datetime, record: dict[str, Any]
) -> None:
    """Give number and date, and fix the text that counts with its SHA-256."""
    consultation, today = loaded.consultation, beijing_day(now)
    if consultation.lead_institution_id is None:
        raise ValueError("minutes are issued by a lead")
    # Everything is asked for first: number, date and digest only hold together.
    lead = db.get_one(Institution, consultation.lead_institution_id)
    copied = copy_recipients(db, consultation, lead.id)
    serial = next_number(db, series=f"meeting_minutes:{lead.id}", year=today.year)
    series = loaded.edition.document_series["meeting_minutes"]
    said = {
        "title": TITLE,
        "number": str(DocumentNumber(series, today.year, serial)),
        "consultation": consultation.number,
        "issuer": lead.name,
        "issued_on": today.isoformat(),
        "issued_by": actor.name,
        "correction": minutes.correction,
        "corrects": minutes.corrects,
        "parts": {name: getattr(minutes, name) or "" for name in PARTS},
        **record,
        "copies": [institution.name for institution in copied],
    }
    minutes.lead_institution_id, minutes.lead_institution = lead.id, lead
    minutes.year, minutes.serial = today.year, serial
    minutes.issued_at, minutes.issued_on, minutes.issued_by_id = now, today, actor.person_id
    minutes.canonical = canonical_json(said)
    minutes.digest = digest_of_text(minutes.canonical)
    minutes.copies = [MinutesCopy(institution=institution, sent_at=now) for institution in copied]
    db.add(minutes)
    db.flush()


def copy_recipients(db: Session, consultation: Consultation, lead_id: int) -> list[Institution]:
    """The other institutions of the alliance, in its order (抄送其他省（市）召回技术机构)."""
    return list(
        db.scalars(
            select(Institution)
            .join(AllianceMember, AllianceMember.institution_id == Institution.id)
            .where(AllianceMember.alliance_id == consultation.alliance_id, Institution.id != lead_id)
            .order_by(AllianceMember.position)
        )
    )


def _copy(db: Session, loaded: Loaded, minutes: MeetingMinutes, *, kind: str, now: datetime) -> None:
    """Send the copies, and ask each institution for its receipt, once at a time."""
    consultation = loaded.consultation
    recipients = [copy.institution for copy in minutes.copies]
    owed = open_obligations(db, consultation.id, kinds=["confirm_receipt"])
    asked = {one.institution_id for one in owed}
    for institution in recipients:
        if institution.id not in asked:
            owed.append(oblige(db, consultation, "confirm_receipt", now=now, institution_id=institution.id))
    persons = liaisons(db, [institution.id for institution in recipients], beijing_day(now))
    queue(
        db, kind, persons, now=now, consultation=consultation, minutes=minutes, number=number_of(minutes), owed=owed,
        link_label="查看会议纪要", link_path=f"/consultations/{consultation.id}/meeting-minutes",
    )  # fmt: skip


def _copies_to(db: Session, consultation_id: int, institution_id: int | None) -> list[MinutesCopy]:
    return list(
        db.scalars(
            select(MinutesCopy)
            .join(MeetingMinutes, MeetingMinutes.id == MinutesCopy.minutes_id)
            .where(MeetingMinutes.consultation_id == consultation_id, MinutesCopy.institution_id == institution_id)
            .order_by(MeetingMinutes.correction)
        )
    )
