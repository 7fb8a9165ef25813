"""劳务费: the applicant pays the experts' fees: recorded, approved by a second person, paid (Art. 10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.fee import ExpertFee
from portal.models.online_session import OnlineSession, SpeakingTurn
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load

WORKS = {"preliminary_analysis": "初步分析", "session": "线上会诊", "other": "其他"}
STATES = {"due": "待审核", "approved": "待支付", "paid": "已支付"}
WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {}
LONGEST_NOTE = 120
_FEN = 100
_MOST_FEN = 100_000_000 * _FEN  # what a column of whole numbers holds on every database, with room to spare


def record_fee(
    db: Session, *, actor: Actor, consultation_id: int, member_id: int | None, work: str, amount: str, now: datetime
) -> ExpertFee:
    """Record a fee in yuan for work that was done; an earlier one that is not approved yet is replaced."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="record_fee", now=now)
    done = works_done(db, consultation_id)
    member = next((one for one in done if one.id == member_id), None)
    if member is None:
        raise Invalid.field("member_id", "请选择本次会诊的专家。", "10")
    if work not in WORKS:
        raise Invalid.field("work", "请选择费用事项。", "10")
    if work not in done[member]:
        raise Invalid.field("work", f"{member.name}没有完成“{WORKS[work]}”，不能登记这项费用。", "10")
    fen = fen_of(amount)
    fee = db.scalar(select(ExpertFee).where(ExpertFee.member_id == member.id, ExpertFee.work == work))
    if fee is None:
        fee = ExpertFee(consultation_id=consultation_id, member=member, work=work)
        db.add(fee)
    elif fee.state != "due":
        raise Refusal(f"{member.name}的“{WORKS[work]}”费用已审核，不能再改。", article="10")
    fee.amount_fen, fee.state, fee.entered_by_id, fee.entered_at = fen, "due", actor.person_id, now
    db.flush()
    advance(db, loaded, "record_fee", actor=actor, now=now, member=member.name, work=work, amount_fen=fen)
    return fee


def approve_fee(db: Session, *, actor: Actor, consultation_id: int, fee_id: int, now: datetime) -> ExpertFee:
    """Approve a fee, as another person than the one who recorded it (decided)."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="approve_fee", now=now)
    fee = _fee(db, consultation_id, fee_id, "due")
    if fee.entered_by_id == actor.person_id:
        raise NotAllowed("劳务费由登记人以外的另一人审核。", article="10")
    fee.state, fee.approved_by_id, fee.approved_at = "approved", actor.person_id, now
    advance(db, loaded, "approve_fee", actor=actor, now=now, member=fee.member.name, work=fee.work)
    return fee


def pay_fee(db: Session, *, actor: Actor, consultation_id: int, fee_id: int, note: str, now: datetime) -> ExpertFee:
    """Record that an approved fee was paid; `note` tells how (voucher number, transfer)."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="pay_fee", now=now)
    fee = _fee(db, consultation_id, fee_id, "approved")
    if len(note.strip()) > LONGEST_NOTE:
        raise Invalid.field("note", f"支付凭证最多 {LONGEST_NOTE} 个字符。", "10")
    fee.state, fee.paid_by_id, fee.paid_at, fee.paid_note = "paid", actor.person_id, now, note.strip()
    advance(db, loaded, "pay_fee", actor=actor, now=now, member=fee.member.name, work=fee.work)
    return fee


def fen_of(amount: str) -> int:
    """An amount in yuan as it is typed, in fen. Invalid for what is no amount above 0 with at most two decimals."""
    typed = amount.replace(",", "").replace("，", "").replace(" ", "").strip()
    try:
        yuan = Decimal(typed)
    except InvalidOperation:
        yuan = Decimal(0)
    fen = yuan * _FEN if yuan.is_finite() else Decimal(0)
    if not 0 < fen <= _MOST_FEN or fen != fen.to_integral_value():
        raise Invalid.field("amount", "请填写大于 0 的金额（元），最多两位小数，如 1800 或 1800.50。", "10")
    return int(fen)


def works_done(db: Session, consultation_id: int) -> dict[PanelMember, frozenset[str]]:
    """Who did what: analysis handed in, session attended; who did either may have another fee as well."""
    members = db.scalars(
        select(PanelMember)
        .where(PanelMember.consultation_id == consultation_id, PanelMember.seat.is_not(None))
        .order_by(PanelMember.seat)
    ).all()
    analysed = set(
        db.scalars(
            select(PreliminaryAnalysis.member_id)
            .join(PanelMember, PanelMember.id == PreliminaryAnalysis.member_id)
            .where(PanelMember.consultation_id == consultation_id, PreliminaryAnalysis.handed_in_at.is_not(None))
        )
    )
    attended = set(
        db.scalars(
            select(SpeakingTurn.member_id)
            .join(OnlineSession, OnlineSession.id == SpeakingTurn.session_id)
            .where(OnlineSession.consultation_id == consultation_id, SpeakingTurn.has_attended.is_(True))
        )
    )
    done = {}
    for member in members:
        works = {"preliminary_analysis"} if member.id in analysed else set()
        works |= {"session"} if member.id in attended else set()
        if works:
            done[member] = frozenset(works | {"other"})
    return done


@dataclass(frozen=True)
class FeePage:
    """All fees of a consultation, with totals in fen by state and in all."""

    fees: tuple[ExpertFee, ...]
    members: tuple[tuple[int, str, frozenset[str]], ...]
    totals: dict[str, int]
    total: int


def summary(db: Session, loaded: Loaded, now: datetime) -> FeePage | None:
    """What the fees' page shows; only the applicant sees it, once there is work to pay for."""
    if not loaded.may("view_fees") or not loaded.may("record_fee"):
        return None
    cid = loaded.consultation.id
    fees = db.scalars(
        select(ExpertFee)
        .join(PanelMember, PanelMember.id == ExpertFee.member_id)
        .where(ExpertFee.consultation_id == cid)
        .options(joinedload(ExpertFee.member).joinedload(PanelMember.institution))
        .order_by(PanelMember.seat, ExpertFee.id)
    ).all()
    totals = {state: sum(fee.amount_fen for fee in fees if fee.state == state) for state in STATES}
    done = tuple((member.id, member.name, works) for member, works in works_done(db, cid).items())
    return FeePage(tuple(fees), done, totals, sum(totals.values()))


def _fee(db: Session, consultation_id: int, fee_id: int, state: str) -> ExpertFee:
    fee = db.get(ExpertFee, fee_id)
    if fee is None or fee.consultation_id != consultation_id:
        raise Invalid.field("fee_id", "请从本会诊的劳务费中选择一笔。", "10")
    if fee.state != state:
        raise Refusal(f"这笔劳务费现在是“{STATES[fee.state]}”，不能办理这一步。", article="10")
    return fee


def view_fees(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> FeePage:
    """The fees' page; NotFound for everybody but the applicant."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_fees", now=now)
    found = summary(db, loaded, now)
    if found is None:
        raise NotFound
    return found
