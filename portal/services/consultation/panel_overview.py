"""专家组一览表: who sits in the panel, from which register, how, and with which declarations (Art. 8(1), 10).

Nothing of what anybody thinks or votes stands on it, so that whoever may see the panel may take it along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.table_paper import Column, PaperTable, TablePaper
from portal.models.expert import ExpertUndertaking
from portal.models.institution import Institution
from portal.models.panel import PanelMember
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.panel import is_odd_panel
from portal.services.consultation.members import members_of
from portal.services.consultation.sheet_text import chinese_day, full_number
from portal.services.kernel.loading import Loaded, load

TITLE = "专家组一览表"
COLUMNS = (
    Column("序号", 1.0), Column("姓名", 1.6), Column("召回技术机构", 3.4), Column("专业领域", 2.3),
    Column("工作单位", 3.2), Column("职务/职称", 2.3), Column("入组方式", 2.2), Column("利益冲突声明", 2.3),
    Column("承诺书签署日", 2.4), Column("本次会诊中", 2.0),
)  # fmt: skip
DECLARATIONS = {"not_asked": "尚未声明", "none": "无利益冲突", "declared": "有利益冲突"}
ROLES = {"accepted": "专家组成员", "invited": "待答复", "nominated": "已选取", "recused": "已回避", "removed": "已退出"}
_LEFT = {"declined": "不接受", "recused": "回避", "removed": "退出"}
_NOT_CONFIRMED = "已接受，待确认"
_ORDER = {"accepted": 0, "invited": 1, "nominated": 1}


def panel_overview(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> tuple[str, TablePaper]:
    """The overview and the consultation's short number, for whoever may see the panel. NotFound before anybody sits."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_panel_overview", now=now)
    paper = overview_of(db, loaded, now)
    if paper is None:
        raise NotFound
    return loaded.consultation.number or "", paper


def overview_of(db: Session, loaded: Loaded, now: datetime) -> TablePaper | None:
    """The same for a page that has loaded the consultation; None before anybody was chosen.

    Who left a seat of the confirmed panel stays on it, below those who sit; who never took one is not on it.
    """
    if not loaded.may("view_panel_overview"):
        return None
    consultation, every = loaded.consultation, members_of(db, loaded.consultation.id)
    members = [member for member in every if member.state in _ORDER or member.seat is not None]
    if not members:
        return None
    members.sort(key=lambda one: (_ORDER.get(one.state, 2), one.seat or len(every), one.institution_id, one.id))
    signed = _undertakings(db, members, beijing_day(now))
    names = {member.id: member for member in every}
    size = sum(member.state == "accepted" for member in members)
    is_even = not is_odd_panel(size, loaded.edition)
    reason = consultation.even_panel_reason if is_even else None
    product, lead = consultation.product, consultation.lead_institution
    facts = (
        ("产品名称", product.product_name),
        ("型号", product.model),
        ("牵头单位", lead.name if lead else ""),
        ("申请单位", consultation.applicant_institution.name),
        ("专家组人数", f"{size}人"),
        ("制表日期", chinese_day(beijing_day(now))),
    )
    return TablePaper(
        title=TITLE,
        number=full_number(consultation, loaded.edition),
        facts=tuple((label, words) for label, words in facts if words),
        tables=(PaperTable(COLUMNS, tuple(_row(member, names, signed) for member in members)),),
        notes=(f"注：专家组人数为双数的理由：{reason}",) if reason else (),
        day=beijing_day(now),
        is_landscape=True,
    )


def _row(member: PanelMember, members: Mapping[int, PanelMember], signed: Mapping[int, date]) -> tuple[str, ...]:
    replaced = members.get(member.replaces_id or 0)
    is_waiting = member.state == "accepted" and member.seat is None
    return (
        str(member.seat or "—"),
        member.name,
        _named(member.institution),
        member.field,
        member.employer,
        member.title,
        f"接替{replaced.name}（{_LEFT.get(replaced.state, '退出')}）" if replaced else "专家库选取",
        DECLARATIONS[member.declaration],
        chinese_day(signed[member.id]) if member.id in signed else "未签署",
        _NOT_CONFIRMED if is_waiting else ROLES[member.state],
    )


def _named(institution: Institution) -> str:
    """The institution with its province, where the name does not say it."""
    name, province = institution.name, institution.short_name
    return name if province in name else f"{name}（{province}）"


def _undertakings(db: Session, members: Iterable[PanelMember], today: date) -> dict[int, date]:
    """By member: when the undertaking was signed that held as the expert answered, or that holds today."""
    experts = {member.expert_id for member in members}
    query = select(ExpertUndertaking).where(ExpertUndertaking.expert_id.in_(experts)).order_by(ExpertUndertaking.id)
    signed: dict[int, list[ExpertUndertaking]] = {}
    for one in db.scalars(query):
        signed.setdefault(one.expert_id, []).append(one)
    found = {}
    for member in members:
        day = beijing_day(member.answered_at) if member.answered_at else today
        for one in signed.get(member.expert_id, ()):
            if one.signed_on <= day < one.expires_on:
                found[member.id] = one.signed_on
    return found
