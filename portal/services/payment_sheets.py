"""劳务费付款单: the approved fees as a spreadsheet. It holds personal data, so that each one made is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.documents.spreadsheet import Column, Spreadsheet, xlsx, yuan_of
from portal.field_keys import FieldKeys
from portal.models.institution import Institution
from portal.process.errors import Invalid, Refusal
from portal.process.permissions import Actor
from portal.rules.date_words import beijing_date
from portal.services.consultation.fees import fees_of
from portal.services.fee_totals import FeeRow, fees_to_pay
from portal.services.kernel.events import record
from portal.services.kernel.loading import load
from portal.services.payment_details import read_in_full

TITLE = "专家劳务费付款单"
_COLUMNS = (
    Column("序号", 6),
    Column("姓名", 10),
    Column("会诊编号", 20),
    Column("证件类型", 14),
    Column("证件号码", 22),
    Column("联系电话", 15),
    Column("开户银行及支行", 28),
    Column("银行账号", 24),
    Column("税前金额（元）", 14, is_money=True),
    Column("代扣个人所得税（元）", 20, is_money=True),
    Column("实发金额（元）", 14, is_money=True),
    Column("签收", 14),
)
_NOT_GIVEN = "未登记"


@dataclass(frozen=True)
class MadeSheet:
    """A payment sheet: its bytes, and the name it is downloaded under."""

    content: bytes
    file_name: str


def make_payment_sheet(db: Session, *, actor: Actor, consultation_id: int, keys: FieldKeys, now: datetime) -> MadeSheet:
    """The payment sheet of one consultation: its approved fees that are not paid yet."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="pay_fee", now=now)
    approved = [fee.id for fee in fees_of(db, consultation_id) if fee.state == "approved"]
    if not approved:
        raise Refusal("没有待支付的劳务费：付款单只列已审核、尚未支付的。", article="10")
    rows = fees_to_pay(db, actor=actor, fee_ids=approved, now=now)
    return _sheet(db, actor, rows, f"{TITLE}（{loaded.consultation.number}）", keys, now)


def make_payment_sheet_of_selection(
    db: Session, *, actor: Actor, fee_ids: Sequence[int], keys: FieldKeys, now: datetime
) -> MadeSheet:
    """The payment sheet of chosen approved fees of the own institution, of any consultations."""
    rows = fees_to_pay(db, actor=actor, fee_ids=fee_ids, now=now)
    if not rows or len(rows) != len(set(fee_ids)):
        raise Invalid.field("fee_ids", "请从本单位待支付的劳务费中至少选择一笔。", "10")
    return _sheet(db, actor, rows, TITLE, keys, now)


def _sheet(db: Session, actor: Actor, rows: Sequence[FeeRow], title: str, keys: FieldKeys, now: datetime) -> MadeSheet:
    institution = db.get_one(Institution, actor.institution_id)
    details = read_in_full(
        db,
        actor=actor,
        expert_ids=[row.line.fee.expert_id for row in rows],
        purpose=f"制作{TITLE}",
        keys=keys,
        now=now,
    )
    listed = []
    for number, row in enumerate(rows, 1):
        known = details.get(row.line.fee.expert_id, {})
        where = [known.get(name, _NOT_GIVEN) for name in ("id_kind", "id_number", "phone")]
        bank = f"{known['bank']} {known['branch']}".strip() if known else _NOT_GIVEN
        account = known.get("account", _NOT_GIVEN)
        listed.append([number, row.name, row.number, *where, bank, account, *_figures([row]), ""])
    table = Spreadsheet(
        title=title,
        subtitle=f"付款单位：{institution.name}　　制表日期：{beijing_date(now)}　　共 {len(rows)} 笔",
        columns=_COLUMNS,
        rows=listed,
        totals=["合计", *[""] * 7, *_figures(rows), ""],
        notes=[
            f"制表人：{actor.name}　　　　审核人：　　　　　　　　付款人：　　　　　　　　付款日期：　　　　　　　　"
        ],
    )
    numbers = sorted({row.number for row in rows})
    record(db, "payment_sheet_made", now=now, actor=actor, count=len(rows), items=numbers)
    return MadeSheet(xlsx(table, made_at=now), f"{title}.xlsx")


def _figures(rows: Iterable[FeeRow]) -> list[object]:
    lines = [row.line for row in rows]
    return [
        yuan_of(sum(amounts)) for amounts in zip(*((line.gross, line.tax, line.net) for line in lines), strict=True)
    ]
