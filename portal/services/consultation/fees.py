"""劳务费: the applicant pays the experts' fees: proposed or recorded, approved by a second person, paid (Art. 10).

All that an expert is paid for one consultation is one fee and one payment, with one tax (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models.consultation import Consultation
from portal.models.fee import ExpertFee, FeeItem
from portal.models.online_session import OnlineSession, SpeakingTurn
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.errors import Invalid, NotAllowed, Refusal
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.fees import TITLE_CLASS_LABELS, WORKS, title_class_of, withholding_on, yuan
from portal.services.fee_rates import fen_of, rates_on
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import close, oblige, open_obligations

STATES = {"due": "待审核", "approved": "待支付", "paid": "已支付"}
WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {}
LONGEST_VOUCHER = 120
LONGEST_REASON = 200
_PROPOSED = ("preliminary_analysis", "session")
_DUTIES = {"due": "approve_fees", "approved": "pay_fees"}


@dataclass(frozen=True)
class Proposal:
    """What came of proposing: how many items were entered, and what has no rate (work, class of experts)."""

    entered: int
    without_rate: tuple[str, ...]


def propose_fees(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Proposal:
    """Enter a fee for every analysis handed in and every session attended that has none yet.

    The amounts are the applicant's rates in force on the day of the session. Refused where that enters nothing.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="propose_fees", now=now)
    rates = _rates(db, loaded, now)
    entered, names, missing = 0, [], {}
    for member, works in works_done(db, consultation_id).items():
        fee = _fee_of(db, consultation_id, member)
        if fee is not None and fee.state != "due":
            continue
        has = {item.work for item in fee.items} if fee else set()
        title_class = title_class_of(member.title)
        for work in [one for one in _PROPOSED if one in works and one not in has]:
            rate = rates.get((work, title_class))
            if rate is None:
                missing[f"{WORKS[work]}（{TITLE_CLASS_LABELS[title_class]}）"] = True
                continue
            fee = fee or _new_fee(db, consultation_id, member)
            _enter(db, actor, fee, work, rate, rate, "", now)
            entered += 1
            names.append(f"{member.name} {WORKS[work]}")
    if not entered and missing:
        words = (
            f"没有可以登记的劳务费：还没有确定{'、'.join(missing)}在会诊当日的标准。请先确定劳务费标准，或逐项登记。"
        )
        raise Refusal(words, article="10")
    if not entered:
        raise Refusal("专家完成的工作都已登记劳务费。", article="10")
    advance(db, loaded, "propose_fees", actor=actor, now=now, count=entered, items=names)
    _settle_duties(db, loaded.consultation, now)
    return Proposal(entered, tuple(missing))


def record_fee(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_id: int | None,
    work: str,
    amount: str,
    reason: str = "",
    now: datetime,
) -> ExpertFee | None:
    """Enter or change one item, in yuan before tax; `reason` where it differs from the rate of the session's day.

    The amount 0 takes the item away, with a reason as well; None when nothing is left of the fee.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="record_fee", now=now)
    done = works_done(db, consultation_id)
    member = next((one for one in done if one.id == member_id), None)
    if member is None:
        raise Invalid.field("member_id", "请选择本次会诊的专家。", "10")
    if work not in WORKS:
        raise Invalid.field("work", "请选择费用事项。", "10")
    if work not in done[member]:
        raise Invalid.field("work", f"{member.name}没有完成“{WORKS[work]}”，不能登记这项费用。", "10")
    fee, reason = _fee_of(db, consultation_id, member), reason.strip()
    if fee is not None and fee.state != "due":
        raise Refusal(f"{member.name}的劳务费{STATES[fee.state]}，不能再改。审核后要更正的，请先退回。", article="10")
    is_taken_away = amount.strip() in ("0", "0.00") and fee is not None
    fen = 0 if is_taken_away else fen_of(amount)
    rate = _rates(db, loaded, now).get((work, title_class_of(member.title)))
    if len(reason) > LONGEST_REASON:
        raise Invalid.field("reason", f"理由最多 {LONGEST_REASON} 个字。", "10")
    if not reason and (is_taken_away or (rate is not None and rate != fen)):
        words = "请写明取消的理由。" if is_taken_away else f"标准为 {yuan(rate or 0)} 元，请写明不同的理由。"
        raise Invalid.field("reason", words, "10")
    if fee is not None and is_taken_away:
        left = _take_away(db, actor, fee, work, now)
    else:
        left = fee or _new_fee(db, consultation_id, member)
        _enter(db, actor, left, work, fen, rate, reason, now)
    advance(db, loaded, "record_fee", actor=actor, now=now, member=member.name, work=WORKS[work], amount_fen=fen,
            why=reason)  # fmt: skip
    _settle_duties(db, loaded.consultation, now)
    return left


def approve_fee(
    db: Session, *, actor: Actor, consultation_id: int, fee_ids: Iterable[int], now: datetime
) -> list[ExpertFee]:
    """Approve fees, as another person than those who entered them (decided); gross and tax are fixed by it."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="approve_fee", now=now)
    fees = _chosen(db, consultation_id, fee_ids, "due")
    rule = withholding_on(beijing_day(now))
    for fee in fees:
        if actor.person_id in {fee.entered_by_id, *(item.entered_by_id for item in fee.items)}:
            raise NotAllowed(f"劳务费由登记人以外的另一人审核；{fee.member.name}的劳务费由您登记。", article="10")
    for fee in fees:
        fee.gross_fen = sum(item.amount_fen for item in fee.items)
        fee.tax_fen, fee.withholding = rule.tax(fee.gross_fen), rule.name
        fee.state, fee.approved_by_id, fee.approved_at, fee.sent_back_reason = "approved", actor.person_id, now, ""
        advance(db, loaded, "approve_fee", actor=actor, now=now, member=fee.member.name, amount_fen=fee.gross_fen,
                tax_fen=fee.tax_fen)  # fmt: skip
    _settle_duties(db, loaded.consultation, now)
    return fees


def send_back_fee(
    db: Session, *, actor: Actor, consultation_id: int, fee_ids: Iterable[int], reason: str, now: datetime
) -> list[ExpertFee]:
    """Send approved fees back to be corrected, with a reason: they are due again, and approved anew."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="send_back_fee", now=now)
    fees, reason = _chosen(db, consultation_id, fee_ids, "approved"), reason.strip()
    if not reason:
        raise Invalid.field("reason", "请写明退回的理由。", "10")
    if len(reason) > LONGEST_REASON:
        raise Invalid.field("reason", f"理由最多 {LONGEST_REASON} 个字。", "10")
    for fee in fees:
        fee.state, fee.approved_by_id, fee.approved_at = "due", None, None
        fee.gross_fen = fee.tax_fen = fee.withholding = None
        fee.sent_back_reason = reason
        advance(db, loaded, "send_back_fee", actor=actor, now=now, member=fee.member.name, why=reason)
    _settle_duties(db, loaded.consultation, now)
    return fees


def pay_fee(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    fee_ids: Iterable[int],
    paid_on: date | None,
    voucher: str,
    now: datetime,
) -> list[ExpertFee]:
    """Note that approved fees were paid: on which day, and by which voucher."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="pay_fee", now=now)
    fees, voucher = _chosen(db, consultation_id, fee_ids, "approved"), voucher.strip()
    if paid_on is None or paid_on > beijing_day(now):
        raise Invalid.field("paid_on", "请填写支付日期，不晚于今天。", "10")
    if not voucher or len(voucher) > LONGEST_VOUCHER:
        raise Invalid.field("voucher", f"请填写支付凭证（凭证号、转账），最多 {LONGEST_VOUCHER} 个字。", "10")
    for fee in fees:
        if fee.approved_at is None or paid_on < beijing_day(fee.approved_at):
            raise Invalid.field("paid_on", f"支付日期不能早于审核日期；{fee.member.name}的劳务费是后来审核的。", "10")
        if withholding_on(paid_on).name != fee.withholding:
            raise Refusal(f"{fee.member.name}的税额按已变更的规定算出，请退回后重新审核。", article="10")
    for fee in fees:
        fee.state, fee.paid_by_id, fee.paid_at = "paid", actor.person_id, now
        fee.paid_on, fee.voucher = paid_on, voucher
        advance(db, loaded, "pay_fee", actor=actor, now=now, member=fee.member.name, on=paid_on.isoformat(),
                voucher=voucher)  # fmt: skip
    _settle_duties(db, loaded.consultation, now)
    return fees


def works_done(db: Session, consultation_id: int) -> dict[PanelMember, frozenset[str]]:
    """Who did what: analysis handed in; session attended or sheet signed; who did either may have another fee as well.

    An expert who left the panel and came back stands here once, with the latest place and all that was done.
    """
    members = db.scalars(
        select(PanelMember)
        .where(PanelMember.consultation_id == consultation_id, PanelMember.seat.is_not(None))
        .order_by(PanelMember.seat)
    ).all()
    analysed = select(PreliminaryAnalysis.member_id).where(PreliminaryAnalysis.handed_in_at.is_not(None))
    attended = (
        select(SpeakingTurn.member_id)
        .join(OnlineSession, OnlineSession.id == SpeakingTurn.session_id)
        .where(OnlineSession.consultation_id == consultation_id, SpeakingTurn.has_attended.is_(True))
    )
    signed = (
        select(ConsultationSheet.member_id)
        .join(VotingRound, VotingRound.id == ConsultationSheet.round_id)
        .where(VotingRound.consultation_id == consultation_id, ConsultationSheet.state == "signed")
    )
    ids = [member.id for member in members]
    by_work: Mapping[str, set[int]] = {
        "preliminary_analysis": set(db.scalars(analysed.where(PreliminaryAnalysis.member_id.in_(ids)))),
        "session": {*db.scalars(attended), *db.scalars(signed)},
    }
    latest: dict[int, PanelMember] = {}
    works: dict[int, set[str]] = {}
    for member in members:
        latest[member.expert_id] = member
        works.setdefault(member.expert_id, set()).update(work for work, who in by_work.items() if member.id in who)
    return {member: frozenset(works[expert] | {"other"}) for expert, member in latest.items() if works[expert]}


def fees_of(db: Session, consultation_id: int) -> list[ExpertFee]:
    """All fees of a consultation by seat, with items, member and institution."""
    return list(
        db.scalars(
            select(ExpertFee)
            .join(PanelMember, PanelMember.id == ExpertFee.member_id)
            .where(ExpertFee.consultation_id == consultation_id)
            .options(joinedload(ExpertFee.member).joinedload(PanelMember.institution), selectinload(ExpertFee.items))
            .order_by(PanelMember.seat, ExpertFee.id)
        )
    )


def expect_fees(db: Session, consultation: Consultation, now: datetime) -> None:
    """Let the applicant owe the entering of the fees, where it has rates, and so pays them by the portal."""
    applicant = consultation.applicant_institution_id
    if rates_on(db, applicant, beijing_day(now)):
        oblige(db, consultation, "enter_fees", now=now, institution_id=applicant)


def _settle_duties(db: Session, consultation: Consultation, now: datetime) -> None:
    """Let the applicant owe approval while a fee is due, and payment while one is approved; and not otherwise."""
    states = set(db.scalars(select(ExpertFee.state).where(ExpertFee.consultation_id == consultation.id)))
    open_duties = open_obligations(db, consultation.id, kinds=tuple(_DUTIES.values()))
    for state, kind in _DUTIES.items():
        owed = [duty for duty in open_duties if duty.kind == kind]
        if state in states and not owed:
            oblige(db, consultation, kind, now=now, institution_id=consultation.applicant_institution_id)
        elif state not in states:
            close(db, consultation, owed, now=now, met=True)


def _rates(db: Session, loaded: Loaded, now: datetime) -> dict[tuple[str, str], int]:
    """The applicant's rates on the day of the (last) session."""
    opened_at = db.scalar(
        select(func.max(OnlineSession.opened_at)).where(OnlineSession.consultation_id == loaded.consultation.id)
    )
    return rates_on(db, loaded.consultation.applicant_institution_id, beijing_day(opened_at or now))


def _fee_of(db: Session, consultation_id: int, member: PanelMember) -> ExpertFee | None:
    return db.scalar(
        select(ExpertFee).where(ExpertFee.consultation_id == consultation_id, ExpertFee.expert_id == member.expert_id)
    )


def _new_fee(db: Session, consultation_id: int, member: PanelMember) -> ExpertFee:
    fee = ExpertFee(consultation_id=consultation_id, expert_id=member.expert_id, member=member, state="due")
    db.add(fee)
    return fee


def _enter(
    db: Session, actor: Actor, fee: ExpertFee, work: str, fen: int, rate: int | None, reason: str, now: datetime
) -> None:
    fee.entered_by_id, fee.entered_at = actor.person_id, now
    item = next((one for one in fee.items if one.work == work), None)
    if item is None:
        item = FeeItem(work=work)
        fee.items.append(item)
    item.title_class, item.amount_fen, item.rate_fen = title_class_of(fee.member.title), fen, rate
    item.reason, item.entered_by_id, item.entered_at = reason, actor.person_id, now
    db.flush()


def _take_away(db: Session, actor: Actor, fee: ExpertFee, work: str, now: datetime) -> ExpertFee | None:
    item = next((one for one in fee.items if one.work == work), None)
    if item is None:
        raise Invalid.field("work", "这一项没有登记过，不能取消。", "10")
    fee.items.remove(item)
    db.delete(item)
    fee.entered_by_id, fee.entered_at = actor.person_id, now
    if not fee.items:
        db.delete(fee)
    db.flush()
    return fee if fee.items else None


def _chosen(db: Session, consultation_id: int, fee_ids: Iterable[int], state: str) -> list[ExpertFee]:
    wanted = set(fee_ids)
    fees = [fee for fee in fees_of(db, consultation_id) if fee.id in wanted]
    if not wanted or len(fees) != len(wanted):
        raise Invalid.field("fee_ids", "请从本次会诊的劳务费中至少选择一笔。", "10")
    wrong = next((fee for fee in fees if fee.state != state), None)
    if wrong is not None:
        words = f"{wrong.member.name}的劳务费现在是“{STATES[wrong.state]}”，不能办理这一步。"
        raise Refusal(words, article="10")
    return fees
