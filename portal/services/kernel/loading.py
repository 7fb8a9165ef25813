"""Loading a consultation with what the actor is to it, and authorising against the one permission table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, Label, bindparam, literal, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation, ConsultationParty
from portal.models.institution import AllianceMember
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.online_session import OnlineSession, SessionParticipant
from portal.models.panel import NominationRequest, PanelMember
from portal.process.consultation import By, Stage, transition
from portal.process.errors import NotFound, Stale, WrongStage
from portal.process.permissions import Actor, ConsultationFacts, Relation, authorise, may, relations
from portal.rules.editions import Edition, load_edition
from portal.services.kernel.lead import successor_of_lead

_ACTIVE = ("invited", "accepted")


@dataclass(frozen=True)
class Loaded:
    """A consultation, and what the actor is to it."""

    consultation: Consultation
    relations: frozenset[Relation]
    facts: ConsultationFacts
    actor: Actor

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.consultation.stage)

    @property
    def edition(self) -> Edition:
        """The edition of the Standard that it began with."""
        return load_edition(self.consultation.edition)

    def may(self, permission: str) -> bool:
        """Whether the actor has `permission` on it now."""
        return may(permission, self.relations, self.stage)


def load(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    permission: str,
    now: datetime,
    version: int | None = None,
    together: Sequence[ORMOption] = (),
) -> Loaded:
    """Load and authorise. Raises NotFound, NotAllowed or WrongStage; Stale when `version` is not the present one.

    `together`: what is read in the same statement, for a page that shows more than the consultation's own row.
    """
    loaded = find(db, actor=actor, consultation_id=consultation_id, now=now, together=together)
    authorise(permission, loaded.relations, loaded.stage)
    if version is not None and version != loaded.consultation.version:
        raise Stale("这项会诊刚刚被他人更新。请核对最新内容后再提交，您填写的内容仍在页面上。")
    return loaded


def load_for_the_clock(db: Session, *, consultation_id: int, act: str, now: datetime) -> Loaded:
    """Load for an act that the portal does by itself when a limit is over; ValueError for any other act."""
    if By.CLOCK not in transition(act).by:
        raise ValueError(f"{act} is never done by the clock")
    loaded = find(db, actor=_NOBODY, consultation_id=consultation_id, now=now)
    if loaded.stage not in transition(act).stages:
        raise WrongStage("现在的阶段不能自动办理。")
    return loaded


_NOBODY = Actor(person_id=0, name="")


def find(
    db: Session, *, actor: Actor, consultation_id: int, now: datetime, together: Sequence[ORMOption] = ()
) -> Loaded:
    """Load without authorising a permission; raises NotFound when there is no such consultation."""
    consultation = db.get(Consultation, consultation_id, options=together)
    if consultation is None:
        raise NotFound
    facts = facts_of(db, consultation, actor, now)
    return Loaded(consultation, relations(actor, facts), facts, actor)


def _mark(word: str) -> Label[str]:
    return literal(word).label("mark")


_ID = bindparam("consultation", type_=Integer)
# Made once: it runs before every page and act of a consultation, and making it takes longer than running it.
_FACTS = union_all(
    select(AllianceMember.institution_id, _mark("alliance")).where(AllianceMember.alliance_id == bindparam("alliance")),
    select(ConsultationParty.institution_id, _mark("party")).where(ConsultationParty.consultation_id == _ID),
    select(NominationRequest.institution_id, _mark("nominating")).where(NominationRequest.consultation_id == _ID),
    select(ArchiveRecord.custodian_id, _mark("custodian")).where(ArchiveRecord.consultation_id == _ID),
    # Issued minutes stay in the custody of the lead that issued them, also when the lead changes.
    select(MeetingMinutes.lead_institution_id, _mark("custodian")).where(
        MeetingMinutes.consultation_id == _ID, MeetingMinutes.issued_at.is_not(None)
    ),
    select(SessionParticipant.person_id, _mark("participant"))
    .join(OnlineSession, OnlineSession.id == SessionParticipant.session_id)
    .where(OnlineSession.consultation_id == _ID, SessionParticipant.person_id == bindparam("person")),
)


def facts_of(db: Session, consultation: Consultation, actor: Actor, now: datetime) -> ConsultationFacts:
    """What decides about relations, for this actor, in one statement (two where the lead may change)."""
    given = {"alliance": consultation.alliance_id, "consultation": consultation.id, "person": actor.person_id}
    found: dict[str, set[int]] = {}
    for number, mark in db.execute(_FACTS, given):
        found.setdefault(mark, set()).add(number)
    custodians = found.get("custodian", set())
    if consultation.stage in (Stage.ISSUED, Stage.WITHDRAWN, Stage.TERMINATED):
        # Art. 9: the applicant will keep the sheets, the lead of that time the minutes.
        custodians |= {consultation.applicant_institution_id}
        custodians |= {consultation.lead_institution_id} if consultation.lead_institution_id else set()
    return ConsultationFacts(
        stage=Stage(consultation.stage),
        applicant_institution_id=consultation.applicant_institution_id,
        lead_institution_id=consultation.lead_institution_id,
        next_lead_institution_id=successor_of_lead(db, consultation, now) if actor.is_staff else None,
        alliance_institution_ids=frozenset(found.get("alliance", ())),
        party_institution_ids=frozenset(found.get("party", ())),
        nominating_institution_ids=frozenset(found.get("nominating", ())),
        member_state=_member_state(db, consultation.id, actor),
        is_participant=bool(found.get("participant")),
        custodian_ids=frozenset(custodians),
    )


def _member_state(db: Session, consultation_id: int, actor: Actor) -> str | None:
    if actor.expert_id is None:
        return None
    states = db.scalars(
        select(PanelMember.state).where(
            PanelMember.consultation_id == consultation_id, PanelMember.expert_id == actor.expert_id
        )
    ).all()
    return next((state for state in states if state in _ACTIVE), states[-1] if states else None)
