"""劳务费 beyond one consultation: what an institution has to pay and paid in a year, an expert's own (Art. 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from portal.documents.spreadsheet import Column, Spreadsheet, xlsx, yuan_of
from portal.models.consultation import Consultation
from portal.models.expert import Expert
from portal.models.fee import ExpertFee
from portal.models.institution import Institution
from portal.models.panel import PanelMember
from portal.process.consultation import transition
from portal.process.errors import NotFound
from portal.process.permissions import Actor, is_granted
from portal.rules.date_words import beijing_date
from portal.rules.dates import beijing_day
from portal.rules.fees import withholding_on
from portal.services.consultation.fees import STATES
from portal.services.consultation.fees_view import FeeLine, line_of
from portal.services.fee_rates import fen_of


@dataclass(frozen=True)
class FeeRow:
    """A fee with its consultation. `day` is that of the approval, or of the payment."""

    consultation_id: int
    number: str
    product_name: str
    name: str
    register: str
    state: str
    line: FeeLine
    day: date | None


@dataclass(frozen=True)
class YearTotal:
    """What one expert was paid in a year: how many payments, and the sums in fen."""

    name: str
    register: str
    payments: int
    gross: int
    tax: int

    @property
    def net(self) -> int:
        """What the expert received."""
        return self.gross - self.tax


@dataclass(frozen=True)
class FeeOverview:
    """An institution's fees: what waits for payment, narrowed to the month of the approval, and one year's totals."""

    to_pay: tuple[FeeRow, ...]
    months: tuple[str, ...]
    month: str
    year: int
    years: tuple[int, ...]
    totals: tuple[YearTotal, ...]
    total: YearTotal


@dataclass(frozen=True)
class OwnFees:
    """An expert's own fees, the latest consultation first, and the totals of each year."""

    rows: tuple[FeeRow, ...]
    years: tuple[tuple[int, YearTotal], ...]


def overview(db: Session, *, actor: Actor, year: int | None = None, month: str = "", now: datetime) -> FeeOverview:
    """The own institution's fees; a year or month without any is empty, not an error."""
    own, this_year = _own(actor, "view_fee_totals"), beijing_day(now).year
    waiting = [row for row in rows_of(db, _of_applicant(own).where(ExpertFee.state == "approved"), now) if row.day]
    months = sorted({_month(row) for row in waiting}, reverse=True)
    paid = rows_of(db, _of_applicant(own).where(ExpertFee.state == "paid"), now)
    years = sorted({this_year, *(row.day.year for row in paid if row.day)}, reverse=True)
    year = year or this_year
    totals = _totals(row for row in paid if row.day and row.day.year == year)
    return FeeOverview(
        to_pay=tuple(row for row in waiting if not month or _month(row) == month),
        months=tuple(months),
        month=month,
        year=year,
        years=tuple(years),
        totals=totals,
        total=_sum("合计", "", totals),
    )


def totals_sheet(db: Session, *, actor: Actor, year: int, now: datetime) -> bytes:
    """One year's totals as XLSX: names and sums, nothing about where they were paid."""
    found = overview(db, actor=actor, year=year, now=now)
    institution = db.get_one(Institution, actor.institution_id)
    columns = [Column("序号", 8), Column("专家", 14), Column("所属专家库", 18), Column("支付笔数", 12)]
    columns += [
        Column(label, 20, is_money=True) for label in ("税前金额（元）", "代扣个人所得税（元）", "实发金额（元）")
    ]
    table = Spreadsheet(
        title=f"{year}年专家劳务费汇总表",
        subtitle=f"单位：{institution.name}　　按支付日期统计，制表日期：{beijing_date(now)}",
        columns=columns,
        rows=[[number, one.name, one.register, *_figures(one)] for number, one in enumerate(found.totals, 1)],
        totals=["合计", "", "", *_figures(found.total)],
        notes=[f"制表人：{actor.name}"],
    )
    return xlsx(table, made_at=now)


def own_fees(db: Session, *, actor: Actor, now: datetime) -> OwnFees:
    """The actor's own fees as an expert, in every consultation."""
    if not is_granted("view_own_fees", actor) or actor.expert_id is None:
        raise NotFound
    rows = rows_of(db, _all_fees().where(ExpertFee.expert_id == actor.expert_id), now)
    years = sorted({row.day.year for row in rows if row.line.fee.state == "paid" and row.day}, reverse=True)
    by_year = [
        (year, [row for row in rows if row.line.fee.state == "paid" and row.day and row.day.year == year])
        for year in years
    ]
    return OwnFees(tuple(rows), tuple((year, _sum(actor.name, "", _totals(paid))) for year, paid in by_year))


@dataclass(frozen=True)
class Trial:
    """A payment worked out, in fen, and the rule's sources."""

    gross: int
    tax: int
    net: int
    sources: tuple[str, ...]


def try_amount(db: Session, *, actor: Actor, amount: str, basis: str, now: datetime) -> Trial:
    """What is withheld of an amount in yuan before tax (`basis` "gross"), or leaves one after tax ("net")."""
    _own(actor, "view_fee_totals")
    rule, fen = withholding_on(beijing_day(now)), fen_of(amount)
    gross = rule.gross_for(fen) if basis == "net" else fen
    return Trial(gross, rule.tax(gross), rule.net(gross), rule.sources)


def fees_to_pay(db: Session, *, actor: Actor, fee_ids: Iterable[int], now: datetime) -> list[FeeRow]:
    """Those approved fees of the own institution, in stages in which they may be paid, that are named."""
    own = _own(actor, "make_payment_sheet")
    wanted = _of_applicant(own).where(ExpertFee.state == "approved", ExpertFee.id.in_(set(fee_ids)))
    return rows_of(db, wanted, now)


def rows_of(db: Session, query: Select[ExpertFee], now: datetime) -> list[FeeRow]:
    """The fees of a query made here as rows."""
    return [_row(fee, now) for fee in db.scalars(query).unique()]


def _all_fees() -> Select[ExpertFee]:
    return (
        select(ExpertFee)
        .join(PanelMember, PanelMember.id == ExpertFee.member_id)
        .join(Consultation, Consultation.id == ExpertFee.consultation_id)
        .options(
            contains_eager(ExpertFee.member).joinedload(PanelMember.institution),
            contains_eager(ExpertFee.member).joinedload(PanelMember.expert).joinedload(Expert.person),
            joinedload(ExpertFee.consultation).joinedload(Consultation.product),
            selectinload(ExpertFee.items),
        )
        .order_by(Consultation.id.desc(), PanelMember.seat)
    )


def _of_applicant(institution_id: int) -> Select[ExpertFee]:
    stages = [stage.value for stage in transition("pay_fee").stages]
    return _all_fees().where(Consultation.applicant_institution_id == institution_id, Consultation.stage.in_(stages))


def _row(fee: ExpertFee, now: datetime) -> FeeRow:
    approved_on = beijing_day(fee.approved_at) if fee.approved_at else None
    consultation = fee.consultation
    return FeeRow(
        consultation_id=consultation.id,
        number=consultation.number or "",
        product_name=consultation.product.product_name,
        name=fee.member.expert.person.name,
        register=fee.member.institution.short_name,
        state=STATES[fee.state],
        line=line_of(fee, now),
        day=fee.paid_on or approved_on,
    )


def _month(row: FeeRow) -> str:
    return f"{row.day:%Y-%m}" if row.day else ""


def _totals(rows: Iterable[FeeRow]) -> tuple[YearTotal, ...]:
    """One line per expert, by register and name."""
    groups: dict[int, list[FeeRow]] = {}
    for row in rows:
        groups.setdefault(row.line.fee.expert_id, []).append(row)
    totals = [
        YearTotal(
            many[0].name,
            many[0].register,
            len(many),
            sum(row.line.gross for row in many),
            sum(row.line.tax for row in many),
        )
        for many in groups.values()
    ]
    return tuple(sorted(totals, key=lambda one: (one.register, one.name)))


def _sum(name: str, register: str, totals: Iterable[YearTotal]) -> YearTotal:
    many = list(totals)
    return YearTotal(
        name, register, sum(one.payments for one in many), sum(one.gross for one in many), sum(one.tax for one in many)
    )


def _figures(one: YearTotal) -> list[object]:
    return [one.payments, *(yuan_of(fen) for fen in (one.gross, one.tax, one.net))]


def _own(actor: Actor, permission: str) -> int:
    if not is_granted(permission, actor) or actor.institution_id is None:
        raise NotFound
    return actor.institution_id
