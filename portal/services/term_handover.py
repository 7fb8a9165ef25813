"""The hand-over pack at the year's turn: made from what is so, signed by the old lead, then by the new (Art. 3).

A consultation keeps its lead (decided); handing one over is an act of its own. The pack says what there is: the
consultations that the old lead goes on leading, what is owed in them, and the minutes that stay in its custody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.institution import AllianceMember, Institution, RotationTerm
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.term_handover import TermHandover
from portal.process.consultation import ENDED, STAGE_LABELS, Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, Stale
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day, end_of_day
from portal.rules.editions import load_edition
from portal.services.consultation.meeting_minutes import number_of
from portal.services.duties import duties_in, grouped
from portal.services.kernel.canonical import canonical_json, digest_of_text
from portal.services.kernel.events import record
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.standing import Standing, keep

ARTICLE = "3"
LONGEST_REMARK = 500
MEMBERS = "专家组成员"  # who they are is for those who take part
_ONE_DAY = timedelta(days=1)
_READ: dict[str, Callable[[str], Any]] = {
    "due_at": datetime.fromisoformat,
    "made_on": date.fromisoformat,
    "issued_on": date.fromisoformat,
    "keep_until": date.fromisoformat,
}


@dataclass(frozen=True)
class HandoverPage:
    """The pack of a term: as it was signed, else as it is now. `side` is old, new or "" for anybody else."""

    term: RotationTerm
    successor: Institution | None
    pack: dict[str, Any]
    signed: TermHandover | None
    has_changed: bool  # since the old lead signed; nobody minds once both have
    side: str
    why_not_sign: str | None
    why_not_accept: str | None


def view_term_handover(db: Session, *, actor: Actor, term_id: int, now: datetime) -> HandoverPage:
    """The pack for the staff of both sides; others of the alliance learn who signed when, and no more."""
    if not is_granted("view_term_handover", actor) or actor.institution_id is None:
        raise NotFound
    term = _term(db, term_id)
    member = select(AllianceMember.institution_id).where(AllianceMember.alliance_id == term.alliance_id)
    if actor.institution_id not in set(db.scalars(member)):
        raise NotFound
    successor, signed = _successor(db, term), db.get(TermHandover, term_id)
    sides = {term.institution_id: "old", **({successor.id: "new"} if successor else {})}
    side = sides.get(actor.institution_id, "")
    live = _pack(db, term, successor, now) if side else {}
    pack = json.loads(signed.canonical) if signed and side else live
    return HandoverPage(
        term=term,
        successor=successor,
        pack=_readable(pack),
        signed=signed,
        has_changed=bool(side) and signed is not None and signed.accepted_at is None and _said(pack) != _said(live),
        side=side,
        why_not_sign=_why_not_sign(term, successor, signed, now),
        why_not_accept=_why_not_accept(signed),
    )


def sign_term_handover(db: Session, *, actor: Actor, term_id: int, remark: str = "", now: datetime) -> TermHandover:
    """Sign the pack as it is now, as a liaison of the old lead; again as long as the new lead has not."""
    _require_liaison(actor)
    term = _term(db, term_id)
    if actor.institution_id != term.institution_id:
        raise NotAllowed("移交清单由该任期的牵头单位联络员签署。", article=ARTICLE)
    successor, signed = _successor(db, term), db.get(TermHandover, term_id, with_for_update=True)
    reason = _why_not_sign(term, successor, signed, now)
    if reason is not None or successor is None:
        raise Refusal(reason or "", article=ARTICLE)
    remark = remark.replace("\r\n", "\n").strip()
    if len(remark) > LONGEST_REMARK:
        raise Invalid.field("remark", f"移交说明最多 {LONGEST_REMARK} 个字。", ARTICLE)
    text = canonical_json({**_pack(db, term, successor, now), "remark": remark})
    if signed is None:
        signed = TermHandover(term_id=term.id)
        db.add(signed)
    signed.canonical, signed.digest, signed.remark = text, digest_of_text(text), remark
    signed.signed_at, signed.signed_by_id, signed.signed_by_name = now, actor.person_id, actor.name
    record(db, "term_handover_signed", now=now, actor=actor, term=term.id, digest=signed.digest)
    _settle(db, term, now)
    _tell(db, "term_handover_signed", term, successor.id, now, old=term.institution, new=successor)
    return signed


def accept_term_handover(db: Session, *, actor: Actor, term_id: int, digest: str, now: datetime) -> TermHandover:
    """Sign the same text as a liaison of the new lead. `digest` is that of the text on the page; Stale for another."""
    _require_liaison(actor)
    term = _term(db, term_id)
    successor, signed = _successor(db, term), db.get(TermHandover, term_id, with_for_update=True)
    if successor is None or actor.institution_id != successor.id:
        raise NotAllowed("移交清单由下一任牵头单位的联络员接收。", article=ARTICLE)
    reason = _why_not_accept(signed)
    if reason is not None or signed is None:
        raise Refusal(reason or "", article=ARTICLE)
    if digest != signed.digest:
        raise Stale("移交清单刚刚由原牵头单位重新签署过，请核对后再接收。")
    signed.accepted_at, signed.accepted_by_id, signed.accepted_by_name = now, actor.person_id, actor.name
    record(db, "term_handover_accepted", now=now, actor=actor, term=term.id, digest=signed.digest)
    _settle(db, term, now)
    _tell(db, "term_handover_accepted", term, term.institution_id, now, old=term.institution, new=successor)
    return signed


def signatures_owed(db: Session, now: datetime, until: datetime) -> list[Standing]:
    """A pack that an old lead has to sign: from so many days before the last day of the term (Art. 3)."""
    owed = []
    for term in _turning(db, until):
        successor = _successor(db, term)
        if successor is not None and db.get(TermHandover, term.id) is None:
            begins_at = end_of_day(_opens_on(term) - _ONE_DAY)
            owed.append(
                Standing(begins_at, end_of_day(term.ends_on), institution_id=term.institution_id, term_id=term.id)
            )
    return owed


def acceptances_owed(db: Session, now: datetime, until: datetime) -> list[Standing]:
    """A pack that a new lead has to accept: since the old lead has signed it."""
    owed = []
    for term in _turning(db, until):
        successor, signed = _successor(db, term), db.get(TermHandover, term.id)
        if successor is not None and signed is not None and signed.accepted_at is None:
            owed.append(Standing(signed.signed_at, institution_id=successor.id, term_id=term.id))
    return owed


def _settle(db: Session, term: RotationTerm, now: datetime) -> None:
    """Keep what both sides owe in step with the signature that was just given."""
    db.flush()
    keep(db, "sign_term_handover", signatures_owed(db, now, now), now=now, met=True, only={"term_id": term.id})
    keep(db, "accept_term_handover", acceptances_owed(db, now, now), now=now, met=True, only={"term_id": term.id})


def _turning(db: Session, until: datetime) -> list[RotationTerm]:
    """Terms that end soon, or ended within the last year."""
    day = beijing_day(until)
    query = select(RotationTerm).options(joinedload(RotationTerm.institution))
    within = (
        RotationTerm.starts_on <= day,
        RotationTerm.ends_on <= day + _notice(),
        RotationTerm.ends_on > day - timedelta(days=365),
    )
    return list(db.scalars(query.where(*within).order_by(RotationTerm.ends_on)))


def _pack(db: Session, term: RotationTerm, successor: Institution | None, now: datetime) -> dict[str, Any]:
    own = term.institution_id
    led = db.scalars(
        select(Consultation)
        .where(
            Consultation.lead_institution_id == own,
            Consultation.stage.not_in(ENDED),
            Consultation.submitted_at.is_not(None),
        )
        .options(joinedload(Consultation.product), joinedload(Consultation.applicant_institution))
        .order_by(Consultation.year, Consultation.serial)
    ).all()
    duties = duties_in(db, [consultation.id for consultation in led], now, seen_by=own)
    return {
        "title": "轮值牵头移交清单",
        "from": term.institution.name,
        "to": successor.name if successor else "",
        "term": [term.starts_on.isoformat(), term.ends_on.isoformat()],
        "made_on": beijing_day(now).isoformat(),
        "consultations": [
            {
                "id": consultation.id,
                "number": consultation.number or "",
                "product": f"{consultation.product.product_name} {consultation.product.model}".strip(),
                "applicant": consultation.applicant_institution.name,
                "stage": STAGE_LABELS[Stage(consultation.stage)],
                "duties": [
                    {
                        "owner": duty.owner if duty.institution_id else MEMBERS,
                        "label": duty.kind.label,
                        "due_at": _iso(duty.due_at),
                    }
                    for duty in grouped(duties.get(consultation.id, ()))
                ],
            }
            for consultation in led
        ],
        "minutes": _minutes(db, term),
    }


def _minutes(db: Session, term: RotationTerm) -> list[dict[str, Any]]:
    """Minutes that were issued in the term, and stay with who issued them (Art. 9(2))."""
    rows = db.execute(
        select(MeetingMinutes, Consultation, ArchiveRecord.keep_until)
        .join(Consultation, Consultation.id == MeetingMinutes.consultation_id)
        .outerjoin(
            ArchiveRecord,
            (ArchiveRecord.consultation_id == Consultation.id) & (ArchiveRecord.content == "minutes"),
        )
        .where(
            MeetingMinutes.lead_institution_id == term.institution_id,
            MeetingMinutes.issued_on >= term.starts_on,
            MeetingMinutes.issued_on <= term.ends_on,
        )
        .order_by(MeetingMinutes.issued_at, MeetingMinutes.id)
        .options(selectinload(Consultation.product))
    ).all()
    return [
        {
            "number": number_of(minutes),
            "consultation": consultation.number or "",
            "issued_on": _iso(minutes.issued_on),
            "keep_until": _iso(keep_until),
            "digest": minutes.digest,
        }
        for minutes, consultation, keep_until in rows
    ]


def _iso(at: date | None) -> str | None:
    return at.isoformat() if at is not None else None


def _readable(value: Any) -> Any:
    """The same with days and instants as such."""
    if isinstance(value, list):
        return [_readable(member) for member in value]
    if not isinstance(value, dict):
        return value
    read = {**_READ, **dict.fromkeys(value.keys() - _READ.keys(), _readable)}
    return {name: member if member is None else read[name](member) for name, member in value.items()}


def _said(pack: dict[str, Any]) -> dict[str, Any]:
    """What of a pack is compared: not the day on which it was made, nor the remark."""
    return {name: value for name, value in pack.items() if name not in ("made_on", "remark")}


def _term(db: Session, term_id: int) -> RotationTerm:
    term = db.get(RotationTerm, term_id, options=[joinedload(RotationTerm.institution)])
    if term is None:
        raise NotFound
    return term


def _successor(db: Session, term: RotationTerm) -> Institution | None:
    """Who leads on the day after; None while nobody is scheduled, or where the same institution goes on."""
    following = db.scalar(
        select(RotationTerm)
        .where(RotationTerm.alliance_id == term.alliance_id, RotationTerm.starts_on == term.ends_on + _ONE_DAY)
        .options(joinedload(RotationTerm.institution))
    )
    return following.institution if following and following.institution_id != term.institution_id else None


def _why_not_sign(
    term: RotationTerm, successor: Institution | None, signed: TermHandover | None, now: datetime
) -> str | None:
    if signed is not None and signed.accepted_at is not None:
        return "移交清单已由双方签署，不能再改。"
    if successor is None:
        return "这一任之后没有另一单位牵头，不需要移交。"
    if beijing_day(now) < _opens_on(term):
        return f"任期至{_day(term.ends_on)}，移交清单自{_day(_opens_on(term))}起可以签署。"
    return None


def _why_not_accept(signed: TermHandover | None) -> str | None:
    if signed is None:
        return "原牵头单位还没有签署移交清单。"
    return "移交清单已由双方签署。" if signed.accepted_at is not None else None


def _notice() -> timedelta:
    return timedelta(days=load_edition().value("term_handover_notice_days").value)


def _opens_on(term: RotationTerm) -> date:
    """The first day on which the pack of a term can be signed."""
    return term.ends_on - _notice()


def _require_liaison(actor: Actor) -> None:
    if not is_granted("sign_term_handover", actor) or actor.institution_id is None:
        raise NotFound


def _tell(
    db: Session,
    kind: str,
    term: RotationTerm,
    institution_id: int,
    now: datetime,
    *,
    old: Institution,
    new: Institution | None,
) -> None:
    people = liaisons(db, [institution_id], beijing_day(now))
    queue(
        db, kind, people, now=now, old=old.name, new=new.name if new else "", ends_on=term.ends_on,
        article=load_edition().cite(ARTICLE), link_label="查看移交清单",
        link_path=f"/rotation/terms/{term.id}/handover",
    )  # fmt: skip


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
