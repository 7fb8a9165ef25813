"""Spreadsheets of the expert register: the template to fill in, the own register, the problems of an import."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.documents.spreadsheet import Column, Spreadsheet, xlsx
from portal.models.account import Person
from portal.models.expert import Expert
from portal.process.permissions import Actor
from portal.rules.date_words import beijing_date
from portal.rules.dates import beijing_day
from portal.rules.expertise import expertise_fields, field_labels
from portal.services.expert_entry import former_text, relations_text
from portal.services.expert_import import import_problems
from portal.services.expert_import_rows import COLUMNS
from portal.services.experts import own_institution
from portal.services.kernel.events import record

_WIDTHS = {"name": 12, "email": 26, "fields": 26, "field": 22, "employer": 28, "former_employers": 32, "relations": 32}
_HOW = (
    "专业领域从以下列表选择，用顿号分开；曾任单位、利益关系每行一个单位，如“某某公司，2015-07至2023-12”、"
    "“某某公司，顾问，2021-03至今”。不填专业领域说明的，以专业领域代替。"
)


def import_template(db: Session, *, actor: Actor, now: datetime) -> bytes:
    """The empty list to be filled in; the fields to choose from stand above it."""
    own_institution(actor, "edit_expert_register")
    fields = "、".join(one.label for one in expertise_fields().values())
    return xlsx(Spreadsheet("专家名单", f"{_HOW}专业领域：{fields}", _columns(), (), subtitle_lines=3), made_at=now)


def export_register(db: Session, *, actor: Actor, now: datetime) -> bytes:
    """The own register as a spreadsheet with the columns of the template; recorded, for it is personal data."""
    own, today = own_institution(actor, "view_expert_register"), beijing_day(now)
    experts = db.scalars(
        select(Expert)
        .join(Person, Person.id == Expert.person_id)
        .where(Expert.institution_id == own)
        .options(
            joinedload(Expert.person),
            joinedload(Expert.institution),
            selectinload(Expert.fields),
            selectinload(Expert.former_employers),
            selectinload(Expert.relations),
            selectinload(Expert.undertakings),
        )
        .order_by(Person.name, Expert.id)
    ).all()
    record(db, "experts_exported", now=now, actor=actor, count=len(experts), detail=f"{len(experts)} 人")
    rows = [_line(one, today) for one in experts]
    columns = (*_columns(), Column("状态", 12), Column("承诺书有效期至", 16))
    title = f"{experts[0].institution.name}专家库" if experts else "专家库"
    return xlsx(Spreadsheet(title, f"{beijing_date(today)}，共 {len(experts)} 人", columns, rows), made_at=now)


def _line(expert: Expert, today: date) -> tuple[str, ...]:
    state = "待开通账号" if expert.person.is_pending else "暂不参加" if expert.is_away(today) else "可参加"
    return (
        expert.person.name,
        expert.person.email,
        "、".join(field_labels([one.field_key for one in expert.fields])),
        expert.field,
        expert.employer,
        expert.employed_from.isoformat() if expert.employed_from else "",
        expert.title,
        former_text(expert).replace("\n", "；"),
        relations_text(expert).replace("\n", "；"),
        expert.languages,
        state,
        beijing_date(expert.undertakings[-1].expires_on) if expert.undertakings else "",
    )


def problem_sheet(db: Session, *, actor: Actor, import_id: int, now: datetime) -> bytes:
    """The problems of an import, row by row, to be worked through beside the list."""
    problems = import_problems(db, actor=actor, import_id=import_id, now=now)
    columns = (Column("行", 8), Column("姓名", 14), Column("列", 16), Column("原因", 70))
    rows = [(one.row, one.name, one.column, one.reason) for one in problems]
    return xlsx(Spreadsheet("专家名单中需要改正的地方", f"共 {len(rows)} 处", columns, rows), made_at=now)


def _columns() -> tuple[Column, ...]:
    return tuple(Column(label, _WIDTHS.get(name, 16)) for name, label in COLUMNS.items())
