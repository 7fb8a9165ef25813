"""What the pages of step 2 show: the panel, what was asked of whom, and the experts to choose from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload

from portal.documents.table_paper import TablePaper
from portal.models.consultation import ProductInformation
from portal.models.expert import Expert
from portal.models.institution import Institution
from portal.models.panel import NominationRequest, PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage, transition
from portal.process.errors import NotFound
from portal.process.permissions import Actor, Relation
from portal.rules.dates import beijing_day
from portal.rules.expertise import field_labels, fields_in
from portal.rules.panel import is_odd_panel
from portal.services.consultation.members import handed_in, member_with, members_of, own_place, panel_problem
from portal.services.consultation.panel import is_vacant
from portal.services.consultation.panel_candidates import (
    conflicts_of_sitting,
    institutions_of,
    is_there,
    known_experts,
)
from portal.services.consultation.panel_overview import overview_of
from portal.services.consultation.panel_proposal import ProposedMember, propose_panel
from portal.services.expert_load import ExpertLoad
from portal.services.expert_search import matches
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import open_obligations

STATE_LABELS = {
    "nominated": "已选取",
    "invited": "待答复",
    "accepted": "已接受",
    "declined": "不接受",
    "recused": "回避",
    "removed": "已退出",
}
MOST_SHOWN = 60
"""Experts to choose from on one page; a search narrows a larger register."""
_ORDER = {"accepted": 0, "invited": 1, "nominated": 1}


@dataclass(frozen=True)
class MemberRow:
    """A place in the panel. `left_reason` is empty for those who may not see it."""

    member_id: int
    seat: int | None
    name: str
    institution: Institution
    field: str
    employer: str
    title: str
    state: str
    left_reason: str
    dismissed_reason: str
    conflicts: tuple[str, ...]  # names in the register that match today, for whoever sees the reasons
    is_vacant: bool
    due_at: datetime | None  # of the answer or the analysis that is still owed
    since_at: datetime | None
    is_overdue: bool
    handed_in_at: datetime | None
    is_late: bool

    @property
    def state_label(self) -> str:
        """The state in words."""
        return STATE_LABELS[self.state]

    @property
    def is_sitting(self) -> bool:
        """Whether the place is taken."""
        return self.state in _ORDER


@dataclass(frozen=True)
class RequestRow:
    """What one institution was asked for, and what it chose."""

    institution: Institution
    wanted: int
    fields: str
    answered_at: datetime | None
    chosen: int

    @property
    def is_done(self) -> bool:
        """Whether as many sit as were wanted, one at least."""
        return self.chosen >= max(self.wanted, 1)


@dataclass(frozen=True)
class PanelSummary:
    """Step 2 on the consultation's page."""

    members: tuple[MemberRow, ...]
    size: int
    waiting: int
    even_reason: str | None
    problem: str | None
    shows_analyses: bool
    leads_to_page: bool


@dataclass(frozen=True)
class PanelPage:
    """The panel's own page."""

    loaded: Loaded
    members: tuple[MemberRow, ...]
    requests: tuple[RequestRow, ...]
    proposal: tuple[ProposedMember, ...]
    problem: str | None
    is_confirmed: bool
    overview: TablePaper | None  # None before anybody was chosen


def summary(db: Session, loaded: Loaded, now: datetime) -> PanelSummary | None:
    """The panel as the consultation's page shows it; None before it is begun and for those who may not see it."""
    if not loaded.may("view_panel") or loaded.stage in (Stage.DRAFT, Stage.SUBMITTED, Stage.RETURNED):
        return None
    rows = member_rows(db, loaded, now)
    if not rows:
        return None
    is_confirmed = any(row.seat for row in rows)
    return PanelSummary(
        members=rows,
        size=sum(row.state == "accepted" for row in rows),
        waiting=sum(row.state == "invited" for row in rows),
        even_reason=loaded.consultation.even_panel_reason,
        problem=panel_problem(db, loaded) if is_confirmed else None,
        shows_analyses=loaded.consultation.material_sent_at is not None,
        leads_to_page=True,
    )


def panel_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> PanelPage:
    """The panel with what was asked of each institution; for the lead, while it is composed, a proposal."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_panel", now=now)
    members = member_rows(db, loaded, now)
    is_confirmed = any(row.seat for row in members)
    is_composing = loaded.stage == Stage.PANEL
    return PanelPage(
        loaded=loaded,
        members=members,
        requests=_requests(db, consultation_id) if is_composing else (),
        proposal=propose_panel(db, loaded, now) if is_composing and Relation.LEAD in loaded.relations else (),
        problem=panel_problem(db, loaded) if is_confirmed else None,
        is_confirmed=is_confirmed,
        overview=overview_of(db, loaded, now),
    )


def member_rows(db: Session, loaded: Loaded, now: datetime) -> tuple[MemberRow, ...]:
    """Every place, those taken first, in five statements.

    A register may change after the panel was confirmed: as long as somebody can step aside, names that match show.
    """
    members, analyses = members_of(db, loaded.consultation.id), handed_in(db, loaded.consultation.id)
    kinds = ("answer_invitation", "hand_in_analysis")
    owed = {one.person_id: one for one in open_obligations(db, loaded.consultation.id, kinds=kinds)}
    ordered = sorted(members, key=lambda one: (_ORDER.get(one.state, 2), one.seat or 0, one.institution_id, one.id))
    conflicts = {}
    if loaded.stage in transition("recuse_member").stages:
        sitting = [one for one in members if one.state in _ORDER and _sees_reason(loaded, one)]
        conflicts = conflicts_of_sitting(db, loaded, sitting, now)
    rows = []
    for member in ordered:
        due = owed.get(member.expert.person_id) if member.state in _ORDER else None
        analysis: PreliminaryAnalysis | None = analyses.get(member.id)
        rows.append(
            MemberRow(
                member_id=member.id,
                seat=member.seat,
                name=member.name,
                institution=member.institution,
                field=member.field,
                employer=member.employer,
                title=member.title,
                state=member.state,
                left_reason=member.left_reason if _sees_reason(loaded, member) else "",
                dismissed_reason=member.conflict_dismissed_reason if _sees_reason(loaded, member) else "",
                conflicts=conflicts.get(member.id, ()),
                is_vacant=is_vacant(member, members),
                due_at=due.due_at if due else None,
                since_at=due.since_at if due else None,
                is_overdue=due is not None and due.due_at is not None and due.due_at <= now,
                handed_in_at=analysis.handed_in_at if analysis else None,
                is_late=analysis.is_late if analysis else False,
            )
        )
    return tuple(rows)


def _sees_reason(loaded: Loaded, member: PanelMember) -> bool:
    return Relation.LEAD in loaded.relations or (
        loaded.actor.is_staff and member.institution_id == loaded.actor.institution_id
    )


def _requests(db: Session, consultation_id: int) -> tuple[RequestRow, ...]:
    chosen: dict[int, int] = {}
    for member in members_of(db, consultation_id):
        chosen[member.institution_id] = chosen.get(member.institution_id, 0) + (member.state in _ORDER)
    rows = db.scalars(
        select(NominationRequest)
        .where(NominationRequest.consultation_id == consultation_id)
        .options(joinedload(NominationRequest.institution))
        .order_by(NominationRequest.institution_id)
    )
    return tuple(
        RequestRow(row.institution, row.wanted, row.fields, row.answered_at, chosen.get(row.institution_id, 0))
        for row in rows
    )


@dataclass(frozen=True)
class CandidateRow:
    """An expert who can be chosen; `matches` are names to be dismissed with a reason first."""

    expert_id: int
    name: str
    institution: Institution
    field: str
    employer: str
    title: str
    load: ExpertLoad
    matches: tuple[str, ...]
    fitting: tuple[str, ...]  # labels of the fields in which the expert fits what is asked for


@dataclass(frozen=True)
class Nomination:
    """The page on which an institution chooses: three facts of the product, what is wanted, its own register."""

    consultation_id: int
    number: str
    product_name: str
    model: str
    producer: str
    wanted: int
    fields: str
    due_at: datetime | None
    since_at: datetime | None
    candidates: tuple[CandidateRow, ...]  # MOST_SHOWN at most, of `total`
    total: int
    invited: tuple[PanelMember, ...]


def nomination(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    now: datetime,
    search: str = "",
    expert_ids: Collection[int] = (),
) -> Nomination:
    """What an institution that was asked sees, and no more; `search` narrows its register.

    Those of `expert_ids` stand first, so that a choice made elsewhere is on the page.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="nominate_members", now=now)
    own = actor.institution_id
    request = db.get(NominationRequest, (consultation_id, own))
    if own is None or request is None:
        raise NotFound
    members = [member for member in members_of(db, consultation_id) if member.institution_id == own]
    owed = open_obligations(db, consultation_id, kinds=("nominate",), institution_id=own)
    product = loaded.consultation.product
    candidates = sorted(
        _candidates(db, loaded, {own}, members, now, search=search, fields=_asked_fields(request, product)),
        key=lambda row: row.expert_id not in expert_ids,
    )
    return Nomination(
        consultation_id=consultation_id,
        number=loaded.consultation.number or "",
        product_name=product.product_name,
        model=product.model,
        producer=product.producer,
        wanted=request.wanted,
        fields=request.fields,
        due_at=owed[0].due_at if owed else None,
        since_at=owed[0].since_at if owed else None,
        candidates=tuple(candidates[:MOST_SHOWN]),
        total=len(candidates),
        invited=tuple(members),
    )


def _asked_fields(request: NominationRequest, product: ProductInformation) -> Collection[str]:
    """The fields of the list that the request names, else those that the product's name speaks of.

    Whoever is asked to nominate sees no defect, so nothing that follows from one may show here.
    """
    return fields_in(request.fields) or fields_in(product.product_name)


@dataclass(frozen=True)
class Refilling:
    """The page on which a place is filled anew."""

    loaded: Loaded
    left: MemberRow
    vacancies: tuple[MemberRow, ...]
    size_after: int
    is_odd_after: bool
    candidates: tuple[CandidateRow, ...]


def refilling(
    db: Session, *, actor: Actor, consultation_id: int, act: str, now: datetime, member_id: int | None = None
) -> Refilling | None:
    """Free, conflict-free experts for a place, those of its field first; None when no place can be filled.

    `act` is refill_place or replace_member; without `member_id` the first place that can be filled is taken.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=act, now=now)
    members, rows = members_of(db, consultation_id), member_rows(db, loaded, now)
    is_lead = Relation.LEAD in loaded.relations
    vacancies = tuple(
        row
        for row in rows
        if (row.is_vacant or (row.is_overdue and row.handed_in_at is None))
        and (is_lead or row.institution.id == actor.institution_id)
    )
    if not vacancies:
        return None
    left = next((row for row in vacancies if row.member_id == member_id), vacancies[0])
    own = frozenset({actor.institution_id} if actor.institution_id is not None else ())
    registers = loaded.facts.alliance_institution_ids if is_lead else own
    known = {member.expert_id for member in members}
    fields = [one.field_key for one in member_with(members, left.member_id).expert.fields]
    candidates = [
        row
        for row in _candidates(db, loaded, registers, members, now, fields=fields)
        if not row.matches and row.expert_id not in known
    ]
    size = sum(row.is_sitting for row in rows) + (0 if left.is_sitting else 1)
    return Refilling(loaded, left, vacancies, size, is_odd_panel(size, loaded.edition), tuple(candidates[:MOST_SHOWN]))


def _candidates(
    db: Session,
    loaded: Loaded,
    institution_ids: Collection[int],
    members: list[PanelMember],
    now: datetime,
    *,
    search: str = "",
    fields: Collection[str] = (),
) -> tuple[CandidateRow, ...]:
    """Experts of these registers who are free to be invited: those of `fields` first, then the least busy."""
    taken = {member.expert_id for member in members if member.state in _ORDER or member.state == "recused"}
    wanted = frozenset(fields)
    condition = and_(
        Expert.institution_id.in_(institution_ids),
        is_there(beijing_day(now)),
        Expert.id.not_in(taken),
        *matches(search),
    )
    institutions = institutions_of(db, loaded)
    experts = known_experts(db, loaded, now, condition)
    experts.sort(key=lambda one: (-len(one.fields & wanted), one.load.open, one.load.past, one.expert_id))
    return tuple(
        CandidateRow(
            one.expert_id, one.name, institutions[one.institution_id], one.field, one.employer, one.title, one.load,
            one.matches, field_labels(list(one.fields & wanted)),
        )
        for one in experts
    )  # fmt: skip


@dataclass(frozen=True)
class Recusal:
    """Who can step aside: every sitting member for the lead, oneself for an expert."""

    loaded: Loaded
    members: tuple[PanelMember, ...]
    is_own: bool


def recusal(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Recusal:
    """The page of a recusal."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="recuse_member", now=now)
    if Relation.LEAD in loaded.relations:
        sitting = [member for member in members_of(db, consultation_id) if member.state in ("invited", "accepted")]
        return Recusal(loaded, tuple(sitting), is_own=False)
    return Recusal(loaded, (own_place(db, loaded),), is_own=True)
