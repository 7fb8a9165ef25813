"""The lead of one consultation changes: handed over by both sides, or taken over from a silent one (Art. 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.institution import Institution
from portal.process.errors import Refusal
from portal.process.obligations import OBLIGATIONS, Owner
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.services.consultation.application import add_party, required_reason
from portal.services.kernel.advancing import advance
from portal.services.kernel.lead import lead_on, next_in_rotation
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.obligations import close, oblige, open_obligations

# Custody does not move with the lead: who issued the minutes keeps and archives them (Art. 9(2)).
_MOVING = tuple(kind.kind for kind in OBLIGATIONS.values() if kind.owner is Owner.LEAD and kind.kind != "accept_lead")


def hand_over_lead(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> Institution:
    """Propose to hand the lead over; nothing changes until the other side accepts. Returns the other side."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="hand_over_lead", now=now)
    consultation = loaded.consultation
    reason = required_reason(reason, "移交理由", article="3")
    receiver = db.get_one(Institution, receiver_id(db, consultation, now))
    close(db, consultation, open_obligations(db, consultation_id, kinds=["accept_lead"]), now=now, met=False)
    consultation.handover_to_id, consultation.handover_reason = receiver.id, reason
    advance(db, loaded, "hand_over_lead", actor=actor, now=now, to_institution=receiver.name, reason=reason)
    oblige(db, consultation, "accept_lead", now=now, institution_id=receiver.id)
    queue(
        db, "lead_handed_over", liaisons(db, [receiver.id], beijing_day(now)), now=now, consultation=consultation,
        reason=reason, link_label="查看并接收", link_path=f"/consultations/{consultation_id}/handover/accept-lead",
    )  # fmt: skip
    return receiver


def accept_lead(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Accept the lead that was handed over; what the lead owes moves along, its dates unchanged."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="accept_lead", now=now)
    _refuse_if(why_not_accept(db, loaded, now))
    reason = loaded.consultation.handover_reason
    _change_lead(db, loaded, actor, "accept_lead", now, reason)


def take_over_lead(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Take the lead from an institution that stayed silent past its limit; who may is kernel.lead's matter."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="take_over_lead", now=now)
    _refuse_if(why_not_take_over(db, loaded, now))
    days = loaded.edition.value("lead_silent_take_over_days")
    _change_lead(db, loaded, actor, "take_over_lead", now, days.text)


def receiver_id(db: Session, consultation: Consultation, now: datetime) -> int:
    """To whom the lead can be handed over: who leads today; where that is the same, the next in rotation."""
    today = lead_on(db, consultation.alliance_id, beijing_day(now))
    if today != consultation.lead_institution_id:
        return today
    return next_in_rotation(db, consultation.alliance_id, today)


def why_not_accept(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why there is nothing to accept, else None."""
    return None if loaded.consultation.handover_to_id is not None else "牵头单位没有提出移交。"


def why_not_take_over(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the lead is not taken over, else None: a hand-over that was proposed is accepted instead."""
    return None if loaded.consultation.handover_to_id is None else "牵头单位已提出移交，请接收移交。"


def _change_lead(db: Session, loaded: Loaded, actor: Actor, act: str, now: datetime, reason: str) -> None:
    consultation, before, after = loaded.consultation, loaded.consultation.lead_institution_id, actor.institution_id
    if after is None or before is None:
        raise ValueError("a lead is handed from one institution to another")
    consultation.lead_institution_id = after
    consultation.handover_to_id, consultation.handover_reason = None, ""
    for obligation in open_obligations(db, consultation.id, kinds=_MOVING, institution_id=before):
        obligation.institution_id = after
    add_party(db, consultation, after)
    names = {one: db.get_one(Institution, one).name for one in (before, after)}
    advance(db, loaded, act, actor=actor, now=now, from_institution=names[before], to_institution=names[after])
    db.refresh(consultation, ["lead_institution"])
    told = {before, consultation.applicant_institution_id} - {after}
    queue(
        db, "lead_changed", liaisons(db, sorted(told), beijing_day(now)), now=now, consultation=consultation,
        before=names[before], after=names[after], reason=reason,
        link_label="查看会诊", link_path=f"/consultations/{consultation.id}",
    )  # fmt: skip


def _refuse_if(reason: str | None) -> None:
    if reason is not None:
        raise Refusal(reason, article="3")


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {
    "accept_lead": why_not_accept,
    "take_over_lead": why_not_take_over,
}
