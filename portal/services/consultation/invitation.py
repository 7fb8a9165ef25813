"""Step 2, the invitation: an expert declares interests, renews the undertaking, accepts or declines (Art. 8(1), 10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.models.expert import Expert, ExpertUndertaking
from portal.models.panel import PanelMember
from portal.process.consultation import Stage
from portal.process.errors import Invalid
from portal.process.permissions import Actor, authorise
from portal.rules.dates import add_years, beijing_day
from portal.rules.editions import Edition
from portal.rules.problem import Problem
from portal.services.consultation.members import leave, members_of, next_seat, own_place, seat, settle_panel
from portal.services.consultation.preliminary_analysis import settle_telling
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import find, load
from portal.services.kernel.obligations import open_obligations

NO_INTEREST = "none"
INTEREST = "declared"
OUTCOMES = {"accepted": "接受邀请，声明无利益冲突", "declined": "不接受邀请", "recused": "声明有利益冲突，回避"}


@dataclass(frozen=True)
class InvitationAnswer:
    """What the expert answered. `declaration` is none, declared or, while not given, not_asked."""

    accepts: bool | None = None
    reason: str = ""
    declaration: str = "not_asked"
    declaration_text: str = ""
    signs_undertaking: bool = False


@dataclass(frozen=True)
class Invitation:
    """What the invited expert sees: three facts of the product, who asks, until when; never more before accepting."""

    number: str
    product_name: str
    model: str
    producer: str
    lead: str
    state: str
    invited_at: datetime | None
    due_at: datetime | None
    is_provisional: bool
    answered_at: datetime | None
    is_undertaking_valid: bool
    undertaking_until: date | None
    analysis_days: int
    stage: Stage
    material_sent: bool


def view_invitation(
    db: Session, *, actor: Actor, consultation_id: int, now: datetime, is_answering: bool = False
) -> Invitation:
    """The expert's own invitation, answered or not. `is_answering`: others are told whose act it is."""
    loaded = find(db, actor=actor, consultation_id=consultation_id, now=now)
    if not (is_answering and loaded.may("view_invitation")):
        authorise("answer_invitation" if is_answering else "view_invitation", loaded.relations, loaded.stage)
    member = own_place(db, loaded)
    owed = open_obligations(db, consultation_id, kinds=("answer_invitation",), person_id=actor.person_id)
    consultation, product = loaded.consultation, loaded.consultation.product
    last = _last_undertaking(member.expert)
    return Invitation(
        number=consultation.number or "",
        product_name=product.product_name,
        model=product.model,
        producer=product.producer,
        lead=consultation.lead_institution.name if consultation.lead_institution else "",
        state=member.state,
        invited_at=member.invited_at,
        due_at=owed[0].due_at if owed else None,
        is_provisional=bool(owed and owed[0].is_provisional),
        answered_at=member.answered_at,
        is_undertaking_valid=_is_undertaking_valid(last, beijing_day(now)),
        undertaking_until=last.expires_on if last else None,
        analysis_days=loaded.edition.value("preliminary_analysis_days").value,
        stage=loaded.stage,
        material_sent=consultation.material_sent_at is not None,
    )


def answer_invitation(
    db: Session, *, actor: Actor, consultation_id: int, answer: InvitationAnswer, now: datetime
) -> PanelMember:
    """Accept without a conflict, accept and declare one (which leads to recusal), or decline with a reason.

    Accepting needs the declaration, and the yearly undertaking where the last one has lapsed. Who accepts after the
    panel was confirmed is seated at once.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="answer_invitation", now=now)
    member = own_place(db, loaded)
    today = beijing_day(now)
    needs_undertaking = not _is_undertaking_valid(_last_undertaking(member.expert), today)
    problems = _problems(answer, needs_undertaking, loaded.edition)
    if problems:
        raise Invalid(problems)
    member.answered_at = now
    if not answer.accepts:
        outcome = "declined"
        leave(db, loaded, member, state=outcome, reason=answer.reason.strip(), now=now, tells_lead=True)
    elif answer.declaration == INTEREST:
        outcome = "recused"
        member.declaration, member.declaration_text = INTEREST, answer.declaration_text.strip()
        leave(db, loaded, member, state=outcome, reason="答复邀请时声明有利益冲突", now=now, tells_lead=True)
    else:
        outcome = "accepted"
        member.state, member.declaration = outcome, NO_INTEREST
        if needs_undertaking:
            years = loaded.edition.value("undertaking_years").value
            member.expert.undertakings.append(
                ExpertUndertaking(signed_on=today, signed_at=now, expires_on=add_years(today, years))
            )
    advance(
        db, loaded, "answer_invitation", actor=actor, now=now,
        detail=f"{member.name}{OUTCOMES[outcome]}", signed_undertaking=outcome == "accepted" and needs_undertaking,
    )  # fmt: skip
    if loaded.stage != Stage.PANEL:
        if outcome == "accepted":
            seat(db, loaded, member, number=next_seat(members_of(db, consultation_id)), now=now)
        settle_panel(db, loaded, now)
        settle_telling(db, loaded.consultation, now=now)
    return member


def _problems(answer: InvitationAnswer, needs_undertaking: bool, edition: Edition) -> list[Problem]:
    if answer.accepts is None:
        return [Problem("accepts", "请选择接受或不接受邀请。", "8(1)")]
    if not answer.accepts:
        return [] if answer.reason.strip() else [Problem("reason", "请写明不接受邀请的理由。", "8(1)")]
    problems = []
    if answer.declaration not in (NO_INTEREST, INTEREST):
        problems.append(Problem("declaration", "请声明与该产品的生产者等有无利益冲突。", "8(1)"))
    if answer.declaration == INTEREST and not answer.declaration_text.strip():
        problems.append(Problem("declaration_text", "请说明利益冲突的情形。", "8(1)"))
    if answer.declaration == NO_INTEREST and needs_undertaking and not answer.signs_undertaking:
        value = edition.value("undertaking_years")
        problems.append(Problem("signs_undertaking", f"承诺书不在有效期内，请签署：{value.text}", value.article))
    return problems


def _last_undertaking(expert: Expert) -> ExpertUndertaking | None:
    return expert.undertakings[-1] if expert.undertakings else None


def _is_undertaking_valid(last: ExpertUndertaking | None, today: date) -> bool:
    return last is not None and last.expires_on > today
