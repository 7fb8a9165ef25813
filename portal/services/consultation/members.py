"""Places in the panel: inviting, seating, and keeping the panel lawful when somebody leaves (Art. 8(1))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from portal.models.expert import Expert
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.panel import check_panel, is_odd_panel
from portal.rules.problem import Problem
from portal.services.conflicts import Conflict, Involved, conflicts_of
from portal.services.consultation.application import add_party
from portal.services.consultation.session_invitation import invite_newcomer, uninvite
from portal.services.consultation.time_poll_asking import ask_newcomer, revoke_links
from portal.services.kernel.loading import Loaded
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.obligations import close, oblige, open_obligations
from portal.services.kernel.remembering import read_once

ANALYSIS_STAGES = (Stage.PRELIMINARY_ANALYSIS, Stage.SCHEDULING, Stage.SCHEDULED)
_SITTING = ("invited", "accepted")


def members_of(db: Session, consultation_id: int) -> list[PanelMember]:
    """Every place there ever was, in the order of nomination, with expert, person and institution."""
    given = {"consultation": consultation_id}
    return list(read_once(db, ("members", consultation_id), lambda: db.scalars(_MEMBERS, given).all()))


# Made once: making it takes longer than running it.
_MEMBERS = (
    select(PanelMember)
    .where(PanelMember.consultation_id == bindparam("consultation"))
    .options(joinedload(PanelMember.expert).joinedload(Expert.person), joinedload(PanelMember.institution))
    .order_by(PanelMember.id)
)


def accepted_members(db: Session, consultation_id: int) -> list[PanelMember]:
    """The panel as it stands: members who accepted and have not left, by seat."""
    members = [member for member in members_of(db, consultation_id) if member.state == "accepted"]
    return sorted(members, key=lambda member: (member.seat or 0, member.id))


def member_with(members: list[PanelMember], member_id: int) -> PanelMember:
    """The place with this id; Invalid when it belongs to another consultation or to none."""
    found = next((member for member in members if member.id == member_id), None)
    if found is None:
        raise Invalid.field("member_id", "请从专家组中选择。", "8(1)")
    return found


def own_place(db: Session, loaded: Loaded) -> PanelMember:
    """The actor's own active place; NotFound when there is none."""
    if loaded.actor.expert_id is None:
        raise NotFound
    place = db.scalar(
        select(PanelMember)
        .where(
            PanelMember.consultation_id == loaded.consultation.id,
            PanelMember.expert_id == loaded.actor.expert_id,
            PanelMember.state.in_(_SITTING),
        )
        .options(joinedload(PanelMember.expert).joinedload(Expert.person))
    )
    if place is None:
        raise NotFound
    return place


def panel_size(db: Session, consultation_id: int) -> int:
    """How many members have accepted and not left."""
    counted = select(func.count()).select_from(PanelMember)
    return (
        db.scalar(counted.where(PanelMember.consultation_id == consultation_id, PanelMember.state == "accepted")) or 0
    )


def panel_problem(db: Session, loaded: Loaded) -> str | None:
    """Why the panel as it stands is not lawful (too few, or even without a written reason), else None (Art. 8(1))."""
    size = panel_size(db, loaded.consultation.id)
    problems = check_panel(size, loaded.consultation.even_panel_reason or "", loaded.edition)
    return "；".join(problem.message for problem in problems) or None


def settle_panel(db: Session, loaded: Loaded, now: datetime) -> None:
    """After a change to a confirmed panel: ask the lead for a replacement or the reason at once, or lift that."""
    consultation = loaded.consultation
    db.flush()
    if is_odd_panel(panel_size(db, consultation.id), loaded.edition):
        consultation.even_panel_reason = None
    owed = open_obligations(db, consultation.id, kinds=("restore_panel",))
    if panel_problem(db, loaded) is None:
        close(db, consultation, owed, now=now, met=True)
    elif not owed:
        oblige(db, consultation, "restore_panel", now=now, institution_id=consultation.lead_institution_id)


def choose(
    members: list[PanelMember],
    expert: Expert,
    involved: Sequence[Involved],
    *,
    today: date,
    field: str,
    dismissal: str | None,
) -> tuple[Problem, ...]:
    """What keeps `expert` from being invited. `dismissal` None: a name match cannot be dismissed here."""
    own = [member for member in members if member.expert_id == expert.id]
    name = expert.person.name
    if any(member.state in (*_SITTING, "nominated") for member in own):
        return (Problem(field, f"{name}已在邀请之列，不必再选。", "8(1)"),)
    if any(member.state == "recused" for member in own):
        return (Problem(field, f"{name}已回避，不能再选。", "8(1)"),)
    if expert.is_away(today) or not expert.person.is_active:
        return (Problem(field, f"{name}目前不能参加会诊，请另选。", "8(1)"),)
    found = conflicts_of(expert, involved, today)
    if found and not (dismissal or "").strip():
        return (
            Problem(field if dismissal is None else f"dismissal_{expert.id}", _conflict_words(name, found), "8(1)"),
        )
    return ()


def _conflict_words(name: str, found: tuple[Conflict, ...]) -> str:
    matches = "；".join(conflict.words for conflict in found)
    return f"{name}可能有利益冲突：{matches}。确非同一单位的，请写明理由；否则请另选专家。"


def invite(
    db: Session,
    loaded: Loaded,
    expert: Expert,
    *,
    actor: Actor,
    now: datetime,
    dismissal: str = "",
    replaces: PanelMember | None = None,
) -> PanelMember:
    """Give `expert` a place and ask by mail; the answer is owed within the edition's limit."""
    consultation = loaded.consultation
    member = PanelMember(
        consultation_id=consultation.id,
        institution_id=expert.institution_id,
        nominated_by_id=actor.person_id,
        nominated_at=now,
        state="invited",
        invited_at=now,
        conflict_dismissed_reason=dismissal.strip(),
        replaces_id=replaces.id if replaces else None,
        expert=expert,
    )
    _take_down(member)
    db.add(member)
    db.flush()
    owed = oblige(db, consultation, "answer_invitation", now=now, person_id=expert.person_id)
    queue(
        db, "invitation", [expert.person], now=now, consultation=consultation,
        link_label="查看邀请并答复", link_path=f"/consultations/{consultation.id}/invitation/answer-invitation",
        owed=[owed],
    )  # fmt: skip
    return member


def _take_down(member: PanelMember) -> None:
    """Name, field, employer and title as they are in the register today (专家信息 of the sheet)."""
    member.name = member.expert.person.name
    member.field = member.expert.field
    member.employer = member.expert.employer
    member.title = member.expert.title


def seat(db: Session, loaded: Loaded, member: PanelMember, *, number: int, now: datetime) -> None:
    """Seat an accepted expert: 序号, what the sheet says of the person, and sight for the register's institution.

    Once the material is sent, the analysis is owed from now on: a late-comer has the full working days of his or
    her own (Art. 8(2)).
    """
    consultation = loaded.consultation
    member.seat = number
    _take_down(member)
    add_party(db, consultation, member.institution_id)
    person = member.expert.person
    if loaded.stage is Stage.SCHEDULING:
        ask_newcomer(db, consultation, person, now=now)
    online = invite_newcomer(db, consultation, person, now=now) if loaded.stage is Stage.SCHEDULED else None
    if online is not None:
        oblige(db, consultation, "attend_session", now=now, person_id=person.id, due_at=online.starts_at)
    if consultation.material_sent_at is not None and loaded.stage in ANALYSIS_STAGES:
        ask_for_analysis(db, loaded, member, now=now)


def next_seat(members: list[PanelMember]) -> int:
    """The first 序号 that nobody ever had."""
    return max((member.seat or 0 for member in members), default=0) + 1


def ask_for_analysis(db: Session, loaded: Loaded, member: PanelMember, *, now: datetime) -> None:
    """Oblige one member to analyse and tell by mail until when (Art. 8(2))."""
    consultation, person = loaded.consultation, member.expert.person
    owed = oblige(db, consultation, "hand_in_analysis", now=now, person_id=person.id)
    queue(
        db, "material_sent", [person], now=now, consultation=consultation,
        link_label="查看材料并填写初步分析", owed=[owed],
        link_path=f"/consultations/{consultation.id}/preliminary-analysis/hand-in-analysis",
        working_days=owed.working_days,
    )  # fmt: skip


def leave(
    db: Session,
    loaded: Loaded,
    member: PanelMember,
    *,
    state: str,
    reason: str,
    now: datetime,
    tells_lead: bool = False,
) -> None:
    """End a place (declined, recused, removed) with its reason; what the expert owed is lifted."""
    consultation = loaded.consultation
    if member.state == "accepted":
        revoke_links(db, consultation.id, member.expert.person_id, now=now)
        uninvite(db, consultation, member.expert.person, now=now, reason="您不再参加本次会诊")
    member.state, member.left_reason, member.left_at = state, reason, now
    owed = open_obligations(db, consultation.id, person_id=member.expert.person_id)
    close(db, consultation, owed, now=now, met=False)
    if tells_lead and consultation.lead_institution_id is not None:
        queue(
            db, "member_left", liaisons(db, [consultation.lead_institution_id], beijing_day(now)), now=now,
            consultation=consultation, link_label="查看专家组",
            link_path=f"/consultations/{consultation.id}/panel", member=member,
        )  # fmt: skip


def handed_in(db: Session, consultation_id: int) -> dict[int, PreliminaryAnalysis]:
    """Every analysis that was begun, by member id; `handed_in_at` tells whether it was handed in."""
    query = (
        select(PreliminaryAnalysis)
        .join(PanelMember, PanelMember.id == PreliminaryAnalysis.member_id)
        .where(PanelMember.consultation_id == consultation_id)
    )
    found = read_once(db, ("analyses", consultation_id), lambda: db.scalars(query).all())
    return {analysis.member_id: analysis for analysis in found}


def expert_or_invalid(db: Session, expert_id: int | None, *, institution_ids: frozenset[int], field: str) -> Expert:
    """The expert of one of these registers; Invalid at `field` for anybody else."""
    expert = db.get(Expert, expert_id, options=[joinedload(Expert.person)]) if expert_id is not None else None
    if expert is None or expert.institution_id not in institution_ids:
        raise Invalid.field(field, "请从专家库中选取专家。", "8(1)")
    return expert
