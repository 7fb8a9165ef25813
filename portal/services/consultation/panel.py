"""Step 2, the panel: choosing, confirming, recusing, replacing, ending where none can be had (Art. 8(1), 10)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.panel import NominationRequest, PanelMember
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, Refusal
from portal.process.permissions import Actor, Relation
from portal.rules.dates import beijing_day
from portal.rules.panel import check_panel, is_odd_panel
from portal.rules.problem import Problem
from portal.services.conflicts import involved_in
from portal.services.consultation.application import end_early, required_reason
from portal.services.consultation.members import (
    choose,
    expert_or_invalid,
    handed_in,
    invite,
    leave,
    member_with,
    members_of,
    panel_size,
    settle_panel,
)
from portal.services.consultation.members import seat as take_seat
from portal.services.consultation.online_session import reopen_discussion
from portal.services.consultation.preliminary_analysis import settle_telling
from portal.services.consultation.voting import void_latest_round
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.obligations import oblige, open_obligations

MOST_WANTED = 9  # experts asked of one institution; a check of the typing, not a rule
UNANSWERED = "未在期限内答复"
NOT_YET_ANSWERED = "确认专家组时尚未答复"
NOT_CHOSEN = "确认专家组时未列入"
_LEFT = ("declined", "recused", "removed")


def ask_nomination(
    db: Session, *, actor: Actor, consultation_id: int, institution_id: int, wanted: int, fields: str, now: datetime
) -> None:
    """Ask one institution for `wanted` experts of these fields, first or once more."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="ask_nomination", now=now)
    consultation = loaded.consultation
    request = db.get(NominationRequest, (consultation.id, institution_id))
    if request is None:
        raise Invalid.field("institution_id", "请选择会诊机制的成员单位。", "8(1)")
    if not 1 <= wanted <= MOST_WANTED:
        raise Invalid.field("wanted", f"所需人数请填 1 至 {MOST_WANTED}。", "8(1)")
    request.wanted, request.fields = wanted, fields.strip()
    request.asked_at, request.answered_at = now, None
    owed = open_obligations(db, consultation.id, kinds=("nominate",), institution_id=institution_id)
    due = (owed or [oblige(db, consultation, "nominate", now=now, institution_id=institution_id)])[0]
    queue(
        db, "nomination_asked", liaisons(db, [institution_id], beijing_day(now)), now=now, consultation=consultation,
        link_label="选取专家", link_path=f"/consultations/{consultation.id}/panel/nominate-members",
        request=request, owed=[due],
    )  # fmt: skip
    advance(
        db, loaded, "ask_nomination", actor=actor, now=now,
        institution=request.institution.short_name, wanted=wanted, fields=request.fields,
        detail="　".join(part for part in (f"{request.institution.short_name} {wanted} 位", request.fields) if part),
    )  # fmt: skip


def nominate_members(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    expert_ids: Collection[int],
    now: datetime,
    dismissals: Mapping[int, str] | None = None,
) -> list[PanelMember]:
    """Choose experts of the actor's own register; each is invited at once by mail.

    `dismissals` gives, by expert id, why a name that matches is not the same organisation.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="nominate_members", now=now)
    if not expert_ids:
        raise Invalid.field("experts", "请至少选取一位专家。", "8(1)")
    own = frozenset({actor.institution_id} if actor.institution_id is not None else ())
    members, given = members_of(db, consultation_id), dismissals or {}
    involved = involved_in(db, loaded.consultation.product)
    experts = [expert_or_invalid(db, one, institution_ids=own, field="experts") for one in sorted(set(expert_ids))]
    problems = [
        problem
        for expert in experts
        for problem in choose(
            members, expert, involved, today=beijing_day(now), field="experts", dismissal=given.get(expert.id, "")
        )
    ]
    if problems:
        raise Invalid(problems)
    invited = [
        invite(db, loaded, expert, actor=actor, now=now, dismissal=given.get(expert.id, "")) for expert in experts
    ]
    request = db.get_one(NominationRequest, (consultation_id, actor.institution_id))
    request.answered_at = now
    advance(db, loaded, "nominate_members", actor=actor, now=now, names="、".join(member.name for member in invited))
    return invited


def is_vacant(member: PanelMember, members: list[PanelMember]) -> bool:
    """Whether a place was left and nobody was invited in its stead.

    Once the panel is confirmed its places are the seats: who declined before left none behind.
    """
    is_place = member.seat is not None or all(other.seat is None for other in members)
    is_filled = any(other.replaces_id == member.id and other.state not in _LEFT for other in members)
    return is_place and member.state in _LEFT and not is_filled


def refill_place(
    db: Session, *, actor: Actor, consultation_id: int, member_id: int, expert_id: int | None, now: datetime
) -> PanelMember:
    """Invite somebody for a place that was declined, recused, or not answered in time, before the confirmation.

    The lead chooses from all registers, an institution from its own.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="refill_place", now=now)
    members = members_of(db, consultation_id)
    left = member_with(members, member_id)
    if left.state == "invited":
        _require_overdue(db, loaded, left, "answer_invitation", "还在答复期限内，不能另选专家。", now)
        leave(db, loaded, left, state="removed", reason=UNANSWERED, now=now)
    elif not is_vacant(left, members):
        raise Refusal(f"{left.name}的席位不需要补选。", article="8(1)")
    member = _invite_instead(db, loaded, left, members, expert_id, actor=actor, now=now)
    advance(db, loaded, "refill_place", actor=actor, now=now, detail=f"{member.name}（接替{left.name}）")
    return member


def confirm_panel(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    now: datetime,
    even_reason: str = "",
    member_ids: Collection[int] | None = None,
    remove_unanswered: bool = False,
) -> list[PanelMember]:
    """Confirm the panel: `member_ids` of those who accepted (None: all), seated 1 to n.

    Experts who have not answered block it until the lead says that they are left out. An even panel needs its reason.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="confirm_panel", now=now)
    members = members_of(db, consultation_id)
    accepted = [member for member in members if member.state == "accepted"]
    chosen = [member for member in accepted if member_ids is None or member.id in member_ids]
    waiting = [member for member in members if member.state == "invited"]
    problems = list(check_panel(len(chosen), even_reason, loaded.edition))
    if waiting and not remove_unanswered:
        names = "、".join(member.name for member in waiting)
        problems.append(Problem("remove_unanswered", f"{names}尚未答复邀请；请等待答复，或勾选不再等待。", "8(1)"))
    if problems:
        raise Invalid(problems)
    for member in waiting:
        is_late = _is_overdue(db, loaded, member, "answer_invitation", now)
        leave(db, loaded, member, state="removed", reason=UNANSWERED if is_late else NOT_YET_ANSWERED, now=now)
    for member in accepted:
        if member not in chosen:
            leave(db, loaded, member, state="removed", reason=NOT_CHOSEN, now=now)
    chosen.sort(key=lambda member: (member.institution_id, member.id))
    for number, member in enumerate(chosen, start=1):
        take_seat(db, loaded, member, number=number, now=now)
    is_odd = is_odd_panel(len(chosen), loaded.edition)
    loaded.consultation.even_panel_reason = None if is_odd else even_reason.strip()
    advance(
        db, loaded, "confirm_panel", actor=actor, now=now,
        names="、".join(member.name for member in chosen), reason=loaded.consultation.even_panel_reason,
    )  # fmt: skip
    return chosen


def explain_even_panel(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """Write down why a panel that became even stays so; it is printed in the minutes (Art. 8(1))."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="explain_even_panel", now=now)
    reason = required_reason(reason, "专家组人数为双数的理由", article="8(1)")
    size = panel_size(db, consultation_id)
    problems = check_panel(size, reason, loaded.edition)
    if problems:
        raise Invalid([Problem("reason", problem.message, problem.article) for problem in problems])
    if is_odd_panel(size, loaded.edition):
        raise Refusal(f"专家组现有{size}人，为单数，不需要写明理由。", article="8(1)")
    loaded.consultation.even_panel_reason = reason
    advance(db, loaded, "explain_even_panel", actor=actor, now=now, reason=reason)
    settle_panel(db, loaded, now)


def recuse_member(
    db: Session, *, actor: Actor, consultation_id: int, member_id: int, reason: str, now: datetime
) -> None:
    """A member steps aside: told by the lead, or by the expert as long as the vote is not open.

    From the vote on, the sheet is void and the discussion is open again: everybody votes anew.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="recuse_member", now=now)
    member = member_with(members_of(db, consultation_id), member_id)
    is_voting = loaded.stage in (Stage.VOTING, Stage.TALLIED)
    is_lead = Relation.LEAD in loaded.relations
    if not is_lead and (is_voting or member.expert_id != actor.expert_id):
        raise NotAllowed("开始表决后，以及为他人提出的回避，由牵头单位办理。", article="8(1)")
    if member.state not in ("invited", "accepted"):
        raise Refusal(f"{member.name}已不在专家组中。", article="8(1)")
    reason = required_reason(reason, "回避理由", article="8(1)")
    if is_voting:
        void = f"{member.name}回避：{reason}"
        void_latest_round(db, consultation_id, actor=actor, member_id=member.id, reason=void, now=now)
        reopen_discussion(db, loaded, now)
    leave(db, loaded, member, state="recused", reason=reason, now=now, tells_lead=not is_lead)
    advance(
        db, loaded, "recuse_member", actor=actor, now=now, to=Stage.IN_SESSION if is_voting else None,
        names=member.name, seat=member.seat,
    )  # fmt: skip
    if loaded.stage != Stage.PANEL:
        settle_panel(db, loaded, now)
    settle_telling(db, loaded.consultation, now=now)


def replace_member(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_id: int,
    expert_id: int | None,
    reason: str,
    now: datetime,
) -> PanelMember:
    """Invite somebody in the stead of a member who left, does not answer, or is late with the analysis.

    The new member answers an invitation, and then has three working days of his or her own (Art. 8(2)).
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="replace_member", now=now)
    reason = required_reason(reason, "更换理由", article="8(2)")
    members = members_of(db, consultation_id)
    left = member_with(members, member_id)
    if left.state in ("accepted", "invited"):
        kind = "hand_in_analysis" if left.state == "accepted" else "answer_invitation"
        _require_overdue(db, loaded, left, kind, "没有逾期，不能更换；有利益冲突的，请先办理回避。", now)
        leave(db, loaded, left, state="removed", reason=reason, now=now)
    elif not is_vacant(left, members):
        raise Refusal(f"{left.name}的席位已经补选。", article="8(2)")
    member = _invite_instead(db, loaded, left, members, expert_id, actor=actor, now=now)
    advance(
        db, loaded, "replace_member", actor=actor, now=now, detail=f"{member.name}（接替{left.name}）", reason=reason
    )
    settle_panel(db, loaded, now)
    settle_telling(db, loaded.consultation, now=now)
    return member


def terminate_consultation(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """End it because no lawful panel or no quorum can be had; what exists is archived."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="terminate_consultation", now=now)
    end_early(db, loaded, "terminate_consultation", actor=actor, now=now, reason=required_reason(reason, "终止理由"))


def _invite_instead(
    db: Session,
    loaded: Loaded,
    left: PanelMember,
    members: list[PanelMember],
    expert_id: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> PanelMember:
    is_lead = Relation.LEAD in loaded.relations
    own = frozenset({actor.institution_id} if actor.institution_id is not None else ())
    registers = loaded.facts.alliance_institution_ids if is_lead else own
    if not is_lead and left.institution_id not in own:
        raise NotAllowed("只能补选本单位专家的席位。", article="8(1)")
    expert = expert_or_invalid(db, expert_id, institution_ids=registers, field="expert_id")
    involved, today = involved_in(db, loaded.consultation.product), beijing_day(now)
    problems = choose(members, expert, involved, today=today, field="expert_id", dismissal=None)
    if problems:
        raise Invalid(problems)
    return invite(db, loaded, expert, actor=actor, now=now, replaces=left)


def _is_overdue(db: Session, loaded: Loaded, member: PanelMember, kind: str, now: datetime) -> bool:
    owed = open_obligations(db, loaded.consultation.id, kinds=(kind,), person_id=member.expert.person_id)
    return any(obligation.due_at is not None and obligation.due_at <= now for obligation in owed)


def _require_overdue(db: Session, loaded: Loaded, member: PanelMember, kind: str, words: str, now: datetime) -> None:
    analysis = handed_in(db, loaded.consultation.id).get(member.id)
    is_done = analysis is not None and analysis.handed_in_at is not None
    if is_done or not _is_overdue(db, loaded, member, kind, now):
        raise Refusal(f"{member.name}{words}", article="8(1)")


def _why_not_confirm(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    accepted, minimum = panel_size(db, loaded.consultation.id), loaded.edition.value("panel_minimum")
    if accepted >= minimum.value:
        return None
    return f"已接受邀请 {accepted} 人，不少于 {minimum.value} 人方可确认（{loaded.edition.cite(minimum.article)}）"


def _why_not_fill(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Whether a place is vacant, or held by somebody who neither answers nor hands in."""
    members, own = members_of(db, loaded.consultation.id), loaded.actor.institution_id
    if Relation.LEAD not in loaded.relations:
        members = [member for member in members if member.institution_id == own]
    late = {
        obligation.person_id
        for obligation in open_obligations(db, loaded.consultation.id, kinds=("answer_invitation", "hand_in_analysis"))
        if obligation.due_at is not None and obligation.due_at <= now
    }
    sitting = {member.expert.person_id for member in members if member.state not in _LEFT}
    if late & sitting or any(is_vacant(member, members) for member in members):
        return None
    return "没有空出或逾期的席位"


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {
    "confirm_panel": _why_not_confirm,
    "refill_place": _why_not_fill,
    "replace_member": _why_not_fill,
}
