"""Who takes part beside the authority: counties, technical institutions, the person in charge (Art. 6, 7, 20)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.institution import Institution
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid
from portal.process.permissions import Actor, Role
from portal.process.recall_case import Stage
from portal.rules.regions import covers
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import load_case
from portal.services.kernel.mailing import queue
from portal.services.recall.given import future_day, required_text
from portal.services.recall.review import take_part, technical_institution_of


def ask_technical_institution(
    db: Session, *, actor: Actor, case_id: int, task: str, report_on: date | None, now: datetime
) -> None:
    """Ask the technical institution of the province for support (Art. 7(2)); a report is due on `report_on`.

    The date is asked for while the defect is investigated, as a report is owed then.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="ask_technical_institution", now=now)
    task = required_text(task, "需要的技术支撑", field="task")
    institution = technical_institution_of(db, loaded.case.authority.province)
    dates: dict[str, date] = {}
    if loaded.stage is Stage.INVESTIGATION:
        dates = {"report_investigation": future_day(report_on, "提交报告的日期", field="report_on", now=now)}
    take_part(db, loaded.case, institution, role="technical", task=task, actor=actor, now=now)
    advance_case(
        db, loaded, "ask_technical_institution", now=now, dates=dates, task=task, to_name=institution.name,
        report_on=report_on.isoformat() if report_on is not None else "",
    )  # fmt: skip


def ask_county(
    db: Session, *, actor: Actor, case_id: int, institution_id: int | None, task: str, now: datetime
) -> None:
    """Ask a county regulator of the own area to serve, to help, to inspect (Art. 6)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="ask_county", now=now)
    counties = {one.id: one for one in counties_of(db, loaded.case)}
    if institution_id not in counties:
        raise Invalid.field("institution_id", "请选择本行政区域内的县（市、区）市场监管部门。")
    task = required_text(task, "需要协助的事项", field="task")
    county = counties[institution_id]
    take_part(db, loaded.case, county, role="county", task=task, actor=actor, now=now)
    advance_case(db, loaded, "ask_county", now=now, task=task, to_name=county.name)
    queue(
        db, "case_help_asked", officers_of(db, county.id), now=now, link_label="查看案件",
        link_path=f"/recall/{case_id}", authority=loaded.case.authority.name, task=task,
        case_product=loaded.case.product.product_name, case_number=loaded.case.number,
    )  # fmt: skip


def counties_of(db: Session, case: RecallCase) -> list[Institution]:
    """The county regulators in the authority's area."""
    found = db.scalars(
        select(Institution)
        .where(Institution.kind == "regulator", Institution.level == "county")
        .order_by(Institution.division)
    )
    return [one for one in found if covers(case.authority.division, one.division)]


def name_person_in_charge(db: Session, *, actor: Actor, case_id: int, person_id: int | None, now: datetime) -> None:
    """Name the officer of the authority who is in charge of the case (Art. 20)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="name_person_in_charge", now=now)
    officers = {one.id: one for one in officers_of(db, loaded.case.authority_id)}
    if person_id not in officers:
        raise Invalid.field("person_id", "请选择本局的监管人员。")
    loaded.case.in_charge = officers[person_id]
    db.flush()
    advance_case(db, loaded, "name_person_in_charge", now=now, person=officers[person_id].name)


def officers_of(db: Session, institution_id: int) -> list[Person]:
    """The officers of a regulator whose accounts are open."""
    return list(
        db.scalars(
            select(Person)
            .join(PersonRole, PersonRole.person_id == Person.id)
            .where(Person.institution_id == institution_id, PersonRole.role == Role.OFFICER.value, Person.is_active)
            .order_by(Person.id)
        )
    )
