"""One table for recall cases: permission × relation to the case × stage, with areas by division code.

Source: spec/people.md. An officer sees the cases of the own area and below (province → city → county); a
technical institution those of its province in which it was asked to take part (Art. 7). Read by the same guard
as the consultation's permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.process.permissions import Actor, Role
from portal.process.recall_case import BY_ACT, STAGE_LABELS, TRANSITIONS, By, Stage
from portal.process.table import Guard, PermissionOf
from portal.rules.regions import covers, is_municipality, level_of


class Relation(StrEnum):
    """What a person is to one recall case."""

    AUTHORITY = "authority"  # officer of the regulator that handles it
    CITY = "city"  # the same, where that is a city or a municipality
    PROVINCE = "province"  # officer of the province in whose area the case is
    COUNTY = "county"  # officer of a county regulator that was asked to help
    ABOVE = "above"  # officer whose area holds the case
    TECHNICAL = "technical"  # staff of a technical institution that was asked to take part
    PRODUCER = "producer"  # holder of a link that is in force; never an account


@dataclass(frozen=True)
class RecallFacts:
    """What decides about relations: codes and ids only.

    `area` is the division code of the place the case belongs to, the authority's or a county in it;
    `authority_area` that of the regulator that handles it; `actor_area` that of the actor's regulator, None for
    whoever is no officer.
    """

    stage: Stage
    area: str
    authority_area: str
    authority_institution_id: int
    actor_area: str | None = None
    county_institution_ids: frozenset[int] = frozenset()
    technical_institution_ids: frozenset[int] = frozenset()


PRODUCER_BY_LINK = frozenset({Relation.PRODUCER})
"""What a valid link gives, and all that it gives."""


def relations(actor: Actor, facts: RecallFacts) -> frozenset[Relation]:
    """All relations that `actor` has to the case described by `facts`."""
    own = actor.institution_id
    if own is None:
        return frozenset()
    found: set[Relation] = set()
    if actor.is_staff and own in facts.technical_institution_ids:
        found.add(Relation.TECHNICAL)
    if Role.OFFICER in actor.roles and facts.actor_area is not None:
        found |= _relations_of_officer(own, facts.actor_area, facts)
    return frozenset(found)


def _relations_of_officer(own: int, area: str, facts: RecallFacts) -> set[Relation]:
    handles = own == facts.authority_institution_id
    is_city = level_of(facts.authority_area) == "city" or is_municipality(facts.authority_area)
    tests = {
        Relation.AUTHORITY: handles,
        Relation.CITY: handles and is_city,
        Relation.PROVINCE: level_of(area) == "province" and covers(area, facts.authority_area),
        Relation.COUNTY: own in facts.county_institution_ids and covers(facts.authority_area, area),
        Relation.ABOVE: covers(area, facts.area),
    }
    return {relation for relation, holds_true in tests.items() if holds_true}


class Permission(PermissionOf[Relation, Stage]):
    """Who may do or see one thing of a recall case."""


R = Relation
_BY_RELATION = {
    By.AUTHORITY: R.AUTHORITY,
    By.CITY: R.CITY,
    By.PROVINCE: R.PROVINCE,
    By.COUNTY: R.COUNTY,
    By.TECHNICAL: R.TECHNICAL,
    By.PRODUCER: R.PRODUCER,
}


def _seen(name: str, *who: Relation, stages: tuple[Stage, ...] | None = None) -> Permission:
    return Permission(name, frozenset(who), stages=None if stages is None else frozenset(stages))


S = Stage
_REGULATORS = (R.AUTHORITY, R.PROVINCE, R.ABOVE)
_ACTS = tuple(
    Permission(
        line.act,
        frozenset(_BY_RELATION[by] for by in line.by),
        stages=frozenset(line.stages),
        is_act=True,
        label=line.label,
    )
    for line in TRANSITIONS
    if line.stages
)
_READING = (
    _seen("view_case", *_REGULATORS, R.COUNTY, R.TECHNICAL),
    _seen("view_case_file", *_REGULATORS),
    _seen("view_case_documents", *_REGULATORS, R.COUNTY, R.TECHNICAL),
    _seen("view_case_consultation", *_REGULATORS),  # the linked consultation's state and issued minutes
    _seen("view_case_obligations", *_REGULATORS, R.COUNTY, R.TECHNICAL),
    _seen("edit_clue", R.AUTHORITY, stages=(S.CLUE, S.REVIEW)),
    # What the producer is asked for, and nothing else of the case.
    _seen("view_own_request", R.PRODUCER),
)
BEGINNING_ROLES = {
    "record_clue": frozenset({Role.OFFICER, Role.STAFF}),
    "receive_voluntary_plan": frozenset({Role.OFFICER}),
}
"""Who may begin a case: there is no object yet, so that roles count."""

RECALL_PERMISSIONS = {permission.name: permission for permission in (*_ACTS, *_READING)}
RECALL_SEEING = ("view_case", "view_own_request")
"""Any of these makes the case exist for a person."""

RECALL_GUARD = Guard(RECALL_PERMISSIONS, RECALL_SEEING, BY_ACT, STAGE_LABELS)


def can_begin(act: str, actor: Actor) -> bool:
    """Whether `actor` may begin a case by `act`; KeyError for an act that begins none."""
    return actor.institution_id is not None and bool(BEGINNING_ROLES[act] & actor.roles)
