"""The first screen: what waits for me until when, what others owe, the two weeks ahead, who leads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.models.consultation import Consultation, ProductInformation
from portal.models.institution import AllianceMember, Institution
from portal.models.online_session import OnlineSession, SessionParticipant
from portal.models.panel import PanelMember
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import BEIJING, beijing_day
from portal.services.bounces import unreachable_count
from portal.services.calendar_years import missing_year_warning
from portal.services.duties import Duty, duties_of_others, own_duties
from portal.services.job_status import worker_warning
from portal.services.rotation import TermLine, rotation_strip


@dataclass(frozen=True)
class Meeting:
    """A session ahead that concerns the actor. `own_participants` is None where the actor names nobody (experts)."""

    consultation_id: int
    number: str | None
    product_name: str
    model: str
    starts_at: datetime
    lead: Institution
    own_participants: int | None


@dataclass(frozen=True)
class ExpertConsultation:
    """A consultation that the expert is or was in."""

    consultation_id: int
    number: str | None
    product_name: str
    model: str
    stage: str
    state: str


@dataclass(frozen=True)
class Dashboard:
    """What the first screen shows. `calendar_warning` stays until the year is there."""

    own: tuple[Duty, ...]
    others: tuple[Duty, ...]
    meetings: tuple[Meeting, ...]
    deadlines_by_day: dict[date, int]
    sessions_by_day: dict[date, int]
    terms: tuple[TermLine, ...]
    calendar_warning: str | None
    worker_warning: str | None
    consultations: tuple[ExpertConsultation, ...]
    unreachable: int  # people whose mail comes back, for who has it mended


def dashboard(db: Session, *, actor: Actor, now: datetime) -> Dashboard:
    """Load the first screen of the actor."""
    own = tuple(own_duties(db, actor=actor, now=now))
    meetings = _meetings(db, actor, now)
    return Dashboard(
        own=own,
        others=tuple(duties_of_others(db, actor=actor, now=now)),
        meetings=meetings,
        deadlines_by_day=dict(
            Counter(beijing_day(duty.due_at - timedelta(microseconds=1)) for duty in own if duty.due_at)
        ),
        sessions_by_day=dict(Counter(meeting.starts_at.astimezone(BEIJING).date() for meeting in meetings)),
        terms=rotation_strip(db, now) if actor.is_staff else (),
        calendar_warning=missing_year_warning(db, now) if actor.is_staff or actor.is_officer else None,
        worker_warning=worker_warning(db, now) if is_granted("view_jobs", actor) else None,
        consultations=_consultations(db, actor),
        unreachable=unreachable_count(db, actor=actor, now=now),
    )


def _meetings(db: Session, actor: Actor, now: datetime) -> tuple[Meeting, ...]:
    lead = aliased(Institution)
    named = (
        select(func.count())
        .where(
            SessionParticipant.session_id == OnlineSession.id,
            SessionParticipant.institution_id == (actor.institution_id or 0),
        )
        .scalar_subquery()
    )
    query = (
        select(OnlineSession.starts_at, Consultation, ProductInformation, lead, named)
        .join(Consultation, Consultation.id == OnlineSession.consultation_id)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .join(lead, lead.id == Consultation.lead_institution_id)
        .where(OnlineSession.state.in_(("fixed", "open")), OnlineSession.ends_at > now)
        .order_by(OnlineSession.starts_at)
        .limit(5)
    )
    if actor.is_staff:
        member = select(AllianceMember.alliance_id).where(AllianceMember.institution_id == actor.institution_id)
        query = query.where(Consultation.alliance_id.in_(member))
    elif actor.expert_id is not None:
        own = select(PanelMember.consultation_id).where(
            PanelMember.expert_id == actor.expert_id, PanelMember.state == "accepted"
        )
        query = query.where(Consultation.id.in_(own))
    else:
        return ()
    return tuple(
        Meeting(
            consultation.id,
            consultation.number,
            product.product_name,
            product.model,
            starts_at,
            institution,
            count if actor.is_staff else None,
        )
        for starts_at, consultation, product, institution, count in db.execute(query)
    )


def _consultations(db: Session, actor: Actor) -> tuple[ExpertConsultation, ...]:
    if actor.expert_id is None:
        return ()
    rows = db.execute(
        select(Consultation, ProductInformation, PanelMember.state)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .join(PanelMember, PanelMember.consultation_id == Consultation.id)
        .where(PanelMember.expert_id == actor.expert_id, PanelMember.state.in_(("invited", "accepted")))
        .order_by(Consultation.id.desc())
        .limit(25)
    )
    return tuple(
        ExpertConsultation(one.id, one.number, product.product_name, product.model, one.stage, state)
        for one, product, state in rows
    )
