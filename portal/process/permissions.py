"""One table: permission × relation to the object × stage. Every page, service and test reads it.

Source: spec/people.md. What a person may not see does not exist for them (NotFound); an act that is somebody
else's on an object they see is NotAllowed; the right person in the wrong stage meets WrongStage.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.process.consultation import BY_ACT, STAGE_LABELS, TRANSITIONS, By, Stage
from portal.process.table import Guard, PermissionOf


class Role(StrEnum):
    """What a person is in the portal. Liaison follows from the liaison list, the others from the account."""

    STAFF = "staff"
    LIAISON = "liaison"
    EXPERT = "expert"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDITOR = "auditor"


ROLE_LABELS = {
    Role.STAFF: "工作人员",
    Role.LIAISON: "联络员",
    Role.EXPERT: "专家",
    Role.OFFICER: "监管人员",
    Role.ADMINISTRATOR: "系统管理员",
    Role.SECURITY_ADMINISTRATOR: "安全管理员",
    Role.AUDITOR: "安全审计员",
}


@dataclass(frozen=True)
class Actor:
    """Who acts: handed to every service, which never asks for it elsewhere."""

    person_id: int
    name: str
    institution_id: int | None = None
    roles: frozenset[Role] = frozenset()
    expert_id: int | None = None
    address: str = ""

    @property
    def is_staff(self) -> bool:
        """Whether the person works for a technical institution."""
        return Role.STAFF in self.roles and self.institution_id is not None

    @property
    def is_officer(self) -> bool:
        """Whether the person works for a market regulator."""
        return Role.OFFICER in self.roles and self.institution_id is not None


class Relation(StrEnum):
    """What a person is to one consultation."""

    APPLICANT = "applicant"
    LEAD = "lead"
    NEXT_LEAD = "next_lead"
    PARTY = "party"  # staff of an institution with an expert or a participant in it
    NOMINATING = "nominating"  # staff of an institution that was asked to choose experts
    ALLIANCE = "alliance"  # staff of any institution of the alliance
    INVITED = "invited"  # an expert who has not answered
    MEMBER = "member"  # an accepted member of the panel
    FORMER_MEMBER = "former_member"  # recused or replaced; one's own sheet stays readable
    PARTICIPANT = "participant"  # staff named for the session
    CUSTODIAN = "custodian"


@dataclass(frozen=True)
class ConsultationFacts:
    """What decides about relations: ids only, loaded in one statement by services.kernel."""

    stage: Stage
    applicant_institution_id: int
    lead_institution_id: int | None
    next_lead_institution_id: int | None
    alliance_institution_ids: frozenset[int]
    party_institution_ids: frozenset[int]
    nominating_institution_ids: frozenset[int] = frozenset()
    member_state: str | None = None  # of the actor's own place in the panel
    is_participant: bool = False
    custodian_ids: frozenset[int] = frozenset()


def relations(actor: Actor, facts: ConsultationFacts) -> frozenset[Relation]:
    """All relations that `actor` has to the consultation described by `facts`."""
    found: set[Relation] = set()
    if actor.is_staff:
        found |= _relations_of_staff(actor, facts)
    if actor.expert_id is not None and facts.member_state in _RELATION_OF_MEMBER:
        found.add(_RELATION_OF_MEMBER[facts.member_state])
    return frozenset(found)


_RELATION_OF_MEMBER = {
    "invited": Relation.INVITED,
    "accepted": Relation.MEMBER,
    "recused": Relation.FORMER_MEMBER,
    "removed": Relation.FORMER_MEMBER,
}


def _relations_of_staff(actor: Actor, facts: ConsultationFacts) -> set[Relation]:
    own = actor.institution_id
    if facts.stage in (Stage.DRAFT, Stage.DISCARDED):
        return {Relation.APPLICANT, Relation.PARTY} if own == facts.applicant_institution_id else set()
    tests = {
        Relation.APPLICANT: own == facts.applicant_institution_id,
        Relation.LEAD: own == facts.lead_institution_id,
        Relation.NEXT_LEAD: own == facts.next_lead_institution_id,
        Relation.PARTY: own in facts.party_institution_ids
        or own in (facts.applicant_institution_id, facts.lead_institution_id),
        Relation.NOMINATING: own in facts.nominating_institution_ids,
        Relation.ALLIANCE: own in facts.alliance_institution_ids,
        Relation.CUSTODIAN: own in facts.custodian_ids,
        Relation.PARTICIPANT: facts.is_participant,
    }
    return {relation for relation, holds_true in tests.items() if holds_true}


@dataclass(frozen=True)
class Permission(PermissionOf[Relation, Stage]):
    """Who may do or see one thing. Roles count for what has no object."""

    roles: frozenset[Role] = frozenset()
    everyone: bool = False  # every signed-in person


R = Relation
_BY_RELATION = {
    By.APPLICANT: R.APPLICANT,
    By.LEAD: R.LEAD,
    By.NEXT_LEAD: R.NEXT_LEAD,
    By.INSTITUTION: R.ALLIANCE,
    By.NOMINATING: R.NOMINATING,
    By.EXPERT: R.MEMBER,
    By.INVITED: R.INVITED,
    By.CUSTODIAN: R.CUSTODIAN,
}


def _seen(
    name: str,
    *who: Relation,
    stages: tuple[Stage, ...] | None = None,
    besides: tuple[tuple[tuple[Relation, ...], tuple[Stage, ...]], ...] = (),
) -> Permission:
    lines = tuple((frozenset(others), frozenset(then)) for others, then in besides)
    return Permission(name, frozenset(who), stages=None if stages is None else frozenset(stages), besides=lines)


def _for_roles(name: str, *roles: Role) -> Permission:
    return Permission(name, roles=frozenset(roles))


S = Stage
_SENT = tuple(
    stage for stage in Stage if stage not in (S.DRAFT, S.SUBMITTED, S.RETURNED, S.PANEL, S.MATERIAL, S.DISCARDED)
)
_ACCEPTED = tuple(stage for stage in Stage if stage not in (S.DRAFT, S.SUBMITTED, S.RETURNED, S.DISCARDED))
_ISSUED = (S.ISSUED, S.ARCHIVED, S.DISPOSED)
_AFTER_VOTE = (S.IN_SESSION, S.VOTING, S.TALLIED, S.DRAFTING_MINUTES, *_ISSUED, S.WITHDRAWN, S.TERMINATED)
_STAFF_OF_TWO = (R.APPLICANT, R.LEAD)

_ACTS = tuple(
    Permission(
        line.act,
        frozenset(_BY_RELATION[by] for by in line.by if by in _BY_RELATION),
        stages=frozenset(line.stages),
        is_act=True,
        label=line.label,
    )
    for line in TRANSITIONS
)
_READING = (
    # The consultation's page. An invited expert sees the invitation only; a former member only the own sheet.
    _seen("view_consultation", R.APPLICANT, R.LEAD, R.PARTY, R.NEXT_LEAD, R.MEMBER),
    _seen("view_invitation", R.INVITED, R.MEMBER),
    _seen("edit_application", R.APPLICANT, stages=(S.DRAFT, S.RETURNED)),
    # Asked to nominate or to name participants, an institution sees product name, model and producer.
    _seen("view_nomination", R.NOMINATING, stages=(S.PANEL,)),
    _seen("view_time_poll", R.LEAD, stages=(S.SCHEDULING, S.SCHEDULED, S.IN_SESSION)),
    _seen("view_session_summary", R.ALLIANCE, stages=(S.SCHEDULED, S.IN_SESSION)),
    _seen("view_application", R.APPLICANT, R.LEAD, R.NEXT_LEAD),
    _seen("view_panel", R.APPLICANT, R.LEAD, R.PARTY, R.NEXT_LEAD),
    _seen("view_panel_overview", R.APPLICANT, R.LEAD, R.PARTY, R.NEXT_LEAD, stages=_ACCEPTED),
    _seen("edit_material", R.APPLICANT, stages=(S.PANEL, S.MATERIAL)),
    _seen("view_material", *_STAFF_OF_TWO),
    _seen("open_material", *_STAFF_OF_TWO, besides=(((R.MEMBER, R.PARTICIPANT), _SENT),)),
    _seen("edit_analysis", R.MEMBER, stages=(S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED)),
    _seen("view_own_analysis", R.MEMBER, stages=_SENT),
    _seen("view_analyses", *_STAFF_OF_TWO, stages=_SENT, besides=(((R.MEMBER, R.PARTICIPANT), (S.IN_SESSION,)),)),
    _seen("view_analyses_in_session", R.MEMBER, R.PARTICIPANT, stages=(S.IN_SESSION,)),
    _seen("view_session", R.APPLICANT, R.LEAD, R.PARTY, R.MEMBER, R.PARTICIPANT),
    # To say that one is there; the host confirms it.
    _seen("claim_attendance", R.MEMBER, R.PARTICIPANT, stages=(S.SCHEDULED, S.IN_SESSION)),
    # Attendance, speaking order and the notes while they are typed; the act is note_speech.
    _seen("host_session", R.LEAD, stages=(S.IN_SESSION,)),
    _seen("view_own_sheet", R.MEMBER, R.FORMER_MEMBER),
    # One signed sheet: the own one at any time; of others only what the two lines below let see.
    _seen("view_signed_sheet", R.APPLICANT, R.LEAD, R.MEMBER, R.FORMER_MEMBER),
    _seen("view_sheets", *_STAFF_OF_TWO, stages=_AFTER_VOTE),  # of closed rounds only
    _seen("view_earlier_rounds", R.MEMBER, stages=(S.IN_SESSION, S.VOTING, S.TALLIED, S.DRAFTING_MINUTES)),
    _seen("view_counts", R.APPLICANT, R.LEAD, R.PARTY, stages=_AFTER_VOTE),
    _seen("edit_minutes", R.LEAD, stages=(S.DRAFTING_MINUTES,)),
    _seen("view_minutes_draft", R.LEAD, stages=(S.DRAFTING_MINUTES,)),
    _seen("view_minutes", R.APPLICANT, R.LEAD, R.PARTY, R.ALLIANCE, stages=_ISSUED),
    _seen("view_archive", R.CUSTODIAN, stages=(S.ARCHIVED, S.DISPOSED)),
    _seen("view_certificate", R.CUSTODIAN, stages=(S.ARCHIVED, S.DISPOSED)),  # of what was destroyed
    _seen("view_watch", *_STAFF_OF_TWO, stages=_ISSUED),
    _seen("view_fees", R.APPLICANT),
    _seen("view_obligations", R.APPLICANT, R.LEAD, R.PARTY),
)
_GENERAL = (
    Permission("sign_in", public=True),
    Permission("recover_account", public=True),
    Permission("view_public_page", public=True),
    Permission("answer_by_mailed_link", public=True),
    # The token is what opens it (process.recall_permissions: PRODUCER_BY_LINK).
    Permission("answer_producer_link", public=True),
    Permission("read_calendar_feed", public=True),
    Permission("use_own_account", everyone=True),
    _for_roles("view_own_tasks", Role.STAFF, Role.OFFICER, Role.EXPERT, Role.ADMINISTRATOR),
    # How a date was found of what is about no consultation: for who owes it, the lead where it concerns that, and
    # those who see a recall case.
    _for_roles("view_own_deadline", Role.STAFF, Role.OFFICER, Role.ADMINISTRATOR),
    _for_roles("list_consultations", Role.STAFF),
    # Recall cases: what there is no case for yet (process.recall_permissions has all others).
    _for_roles("list_cases", Role.STAFF, Role.OFFICER),
    _for_roles("begin_case", Role.STAFF, Role.OFFICER),
    _for_roles("begin_voluntary_case", Role.OFFICER),
    _for_roles("view_recall_figures", Role.OFFICER),
    _for_roles("view_case_reminder_rules", Role.OFFICER),
    _for_roles("create_application", Role.STAFF),
    _for_roles("view_rotation", Role.STAFF, Role.ADMINISTRATOR),
    _for_roles("edit_rotation", Role.ADMINISTRATOR),
    # What it says is for the two sides, and a liaison of each signs (the service).
    _for_roles("view_term_handover", Role.STAFF),
    _for_roles("sign_term_handover", Role.LIAISON),
    _for_roles("view_liaisons", Role.STAFF, Role.ADMINISTRATOR),
    # The liaisons of an institution keep its list; where it has none, any of its staff names the first (the service).
    _for_roles("edit_liaisons", Role.STAFF),
    _for_roles("name_head", Role.LIAISON),
    _for_roles("set_channel", Role.LIAISON),
    # Every institution may see how it is reminded; the liaisons of the one that leads set it (the service).
    _for_roles("view_reminder_rules", Role.STAFF, Role.ADMINISTRATOR),
    _for_roles("set_reminder_policy", Role.LIAISON),
    _for_roles("view_expert_register", Role.STAFF),
    _for_roles("edit_expert_register", Role.STAFF),
    _for_roles("view_calendar", Role.STAFF, Role.OFFICER, Role.EXPERT, Role.ADMINISTRATOR),
    _for_roles("load_calendar", Role.ADMINISTRATOR),
    _for_roles("view_outbox", Role.ADMINISTRATOR),
    _for_roles("view_jobs", Role.ADMINISTRATOR),
    # A liaison sees the addresses of the own institution, the security administrator all of them (the service).
    _for_roles("view_unreachable_addresses", Role.LIAISON, Role.SECURITY_ADMINISTRATOR),
    _for_roles("edit_institutions", Role.ADMINISTRATOR),
    _for_roles("edit_accounts", Role.SECURITY_ADMINISTRATOR),
    _for_roles("view_audit", Role.AUDITOR),
    _for_roles("list_archive", Role.STAFF),
    # Staff see what their own institution keeps, the auditor all of it, the administrator the counts alone.
    _for_roles("view_archive_checks", Role.STAFF, Role.AUDITOR, Role.ADMINISTRATOR),
    _for_roles("view_custody_drills", Role.STAFF, Role.AUDITOR),
    _for_roles("drill_custody", Role.STAFF),
    # An institution's rates, totals and payment sheets, and only its own; an expert's own fees and payment details.
    _for_roles("edit_fee_rates", Role.STAFF),
    _for_roles("view_fee_totals", Role.STAFF),
    _for_roles("make_payment_sheet", Role.STAFF),
    _for_roles("view_own_fees", Role.EXPERT),
    _for_roles("edit_own_payment_details", Role.EXPERT),
)

PERMISSIONS = {permission.name: permission for permission in (*_ACTS, *_READING, *_GENERAL)}
SEEING = (
    "view_consultation",
    "view_invitation",
    "view_own_sheet",
    "view_minutes",
    "view_nomination",
    "view_session_summary",
    "view_archive",
)
"""Any of these makes the consultation exist for a person."""


GUARD = Guard(PERMISSIONS, SEEING, BY_ACT, STAGE_LABELS)


def holds(permission: Permission, held: frozenset[Relation], stage: Stage) -> bool:
    """Whether somebody with the relations `held` has `permission` in `stage`."""
    return permission.is_held(held, stage)


def may(name: str, held: frozenset[Relation], stage: Stage) -> bool:
    """Whether somebody with the relations `held` has the permission `name` in `stage`; KeyError if unknown."""
    return GUARD.may(name, held, stage)


def authorise(name: str, held: frozenset[Relation], stage: Stage) -> None:
    """Raise the refusal that fits, or return."""
    GUARD.authorise(name, held, stage)


def is_granted(name: str, actor: Actor | None) -> bool:
    """Whether `actor` has a permission that has no object (None: signed out)."""
    permission = PERMISSIONS[name]
    if permission.public:
        return True
    if actor is None:
        return False
    return permission.everyone or bool(permission.roles & actor.roles)
