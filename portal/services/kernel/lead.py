"""Which institution leads, and who may take its place (Art. 3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.institution import AllianceMember, RotationTerm
from portal.models.obligation import Obligation
from portal.process.consultation import transition
from portal.process.errors import Refusal
from portal.process.obligations import OBLIGATIONS, Owner
from portal.rules.editions import load_edition
from portal.services.kernel.calendar import working_calendar

_LEAD_KINDS = tuple(kind.kind for kind in OBLIGATIONS.values() if kind.owner is Owner.LEAD and kind.limit)


def lead_on(db: Session, alliance_id: int, day: date) -> int:
    """The institution that leads on `day`; refused when no term of the schedule covers it."""
    found = db.scalar(
        select(RotationTerm.institution_id).where(
            RotationTerm.alliance_id == alliance_id, RotationTerm.starts_on <= day, RotationTerm.ends_on >= day
        )
    )
    if found is None:
        raise Refusal(f"{day:%Y年%m月%d日}没有轮值牵头单位，请系统管理员先编排轮值。", article="3")
    return found


def leading_on(db: Session, day: date) -> set[int]:
    """The institutions that lead on `day`: one, or none where no term covers it."""
    within = (RotationTerm.starts_on <= day, RotationTerm.ends_on >= day)
    return set(db.scalars(select(RotationTerm.institution_id).where(*within)))


def next_in_rotation(db: Session, alliance_id: int, institution_id: int) -> int:
    """The institution after `institution_id` in the alliance's order."""
    order = list(
        db.scalars(
            select(AllianceMember.institution_id)
            .where(AllianceMember.alliance_id == alliance_id)
            .order_by(AllianceMember.position)
        )
    )
    return order[(order.index(institution_id) + 1) % len(order)]


def successor_of_lead(db: Session, consultation: Consultation, now: datetime) -> int | None:
    """Who may become lead of this consultation now, else None.

    The institution a hand-over was proposed to; or the next in rotation, when the lead has been silent past a
    limit for the number of working days that the edition sets (decided; take over).
    """
    if consultation.handover_to_id is not None:
        return consultation.handover_to_id
    if consultation.lead_institution_id is None or consultation.stage not in transition("take_over_lead").stages:
        return None
    if consultation.next_due_at is None or consultation.next_due_at > now:
        return None
    due = db.scalar(
        select(Obligation.due_at)
        .where(
            Obligation.consultation_id == consultation.id,
            Obligation.closed_at.is_(None),
            Obligation.kind.in_(_LEAD_KINDS),
            Obligation.due_at < now,
        )
        .order_by(Obligation.due_at)
        .limit(1)
    )
    if due is None:
        return None
    grace = load_edition(consultation.edition).value("lead_silent_take_over_days").value
    # The limit ends at 24:00, the first instant of the next day; the last day of the limit is the day before.
    last_day = due - timedelta(microseconds=1)
    silent_until = working_calendar(db).deadline(last_day, grace, strict=False)
    if now < silent_until.due_at:
        return None
    return next_in_rotation(db, consultation.alliance_id, consultation.lead_institution_id)
