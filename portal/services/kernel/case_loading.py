"""Loading a recall case with what the actor is to it, and authorising against its permission table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.models.recall_case import CaseParticipant, RecallCase
from portal.process.errors import NotFound, Stale
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.process.recall_permissions import PRODUCER_BY_LINK, RECALL_GUARD, RecallFacts, Relation, relations
from portal.rules.recall.editions import RecallEdition, load_recall_edition

STALE = "这件案件刚刚被他人更新。请核对最新内容后再提交，您填写的内容仍在页面上。"


@dataclass(frozen=True)
class LoadedCase:
    """A recall case, and what the actor is to it. `actor` None is the producer, through a link that is in force."""

    case: RecallCase
    relations: frozenset[Relation]
    actor: Actor | None

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.case.stage)

    @property
    def edition(self) -> RecallEdition:
        """The edition of the Workflow that it began with."""
        return load_recall_edition(self.case.edition)

    def may(self, permission: str) -> bool:
        """Whether the actor has `permission` on it now."""
        return RECALL_GUARD.may(permission, self.relations, self.stage)


def load_case(
    db: Session, *, actor: Actor, case_id: int, permission: str, now: datetime, version: int | None = None
) -> LoadedCase:
    """Load and authorise. Raises NotFound, NotAllowed or WrongStage; Stale when `version` is not the present one."""
    loaded = find_case(db, actor=actor, case_id=case_id)
    RECALL_GUARD.authorise(permission, loaded.relations, loaded.stage, loaded.edition.cite_in_full)
    if version is not None and version != loaded.case.version:
        raise Stale(STALE)
    return loaded


def load_for_producer(db: Session, *, case_id: int, permission: str) -> LoadedCase:
    """Load for the holder of a link that the caller has found to be in force; it gives what PRODUCER_BY_LINK gives."""
    case = db.get_one(RecallCase, case_id)
    loaded = LoadedCase(case, PRODUCER_BY_LINK, None)
    RECALL_GUARD.authorise(permission, loaded.relations, loaded.stage, loaded.edition.cite_in_full)
    return loaded


def find_case(db: Session, *, actor: Actor, case_id: int) -> LoadedCase:
    """Load without authorising a permission; raises NotFound when there is no such case."""
    case = db.get(RecallCase, case_id)
    if case is None:
        raise NotFound
    return LoadedCase(case, relations(actor, facts_of_case(db, case, actor)), actor)


_TAKING_PART = select(CaseParticipant.institution_id, CaseParticipant.role).where(
    CaseParticipant.case_id == bindparam("case")
)


def facts_of_case(db: Session, case: RecallCase, actor: Actor) -> RecallFacts:
    """What decides about relations, for this actor."""
    taking_part: dict[str, set[int]] = {"county": set(), "technical": set()}
    for institution_id, role in db.execute(_TAKING_PART, {"case": case.id}):
        taking_part[role].add(institution_id)
    return RecallFacts(
        stage=Stage(case.stage),
        area=case.area,
        authority_area=case.authority.division,
        authority_institution_id=case.authority_id,
        actor_area=area_of(db, actor),
        county_institution_ids=frozenset(taking_part["county"]),
        technical_institution_ids=frozenset(taking_part["technical"]),
    )


def area_of(db: Session, actor: Actor) -> str | None:
    """The division code of the regulator that the actor is an officer of; None for anybody else."""
    if actor.institution_id is None:
        return None
    institution = db.get(Institution, actor.institution_id)
    return institution.division if institution is not None and institution.kind == "regulator" else None
