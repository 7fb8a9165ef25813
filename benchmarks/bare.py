"""The bare twins: the same rows out of the same tables through Flask, SQLAlchemy and Jinja, and nothing else.

No accounts, no permissions, no components, no words worked out. What is left is what any page costs that shows
these rows, so that the ratio says what the portal adds.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, render_template, request
from sqlalchemy import Engine, func, or_, select
from sqlalchemy.orm import Session, aliased

from benchmarks.bare_forms import add_forms
from portal.models.account import Person
from portal.models.consultation import ApplicationGround, Consultation, PreliminaryVerification, ProductInformation
from portal.models.event import Event
from portal.models.institution import Institution, Liaison
from portal.models.material import Material
from portal.models.obligation import Obligation
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis

PAGE_SIZE = 25
STEPS = ("申请", "组建专家组", "材料与初步分析", "预约会诊", "线上会诊", "填表表决", "会议纪要", "归档")


def bare_app(engine: Engine) -> Flask:
    """An application with the list's first page at /list?year= and a page at /page/<id>."""
    app = Flask("benchmarks.bare", root_path=__file__.rpartition("/")[0], static_folder=None)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if "db" in g:
            g.db.close()

    @app.get("/list")
    def bare_list() -> str:
        return _list(_db(engine), int(request.args["year"]))

    @app.get("/page/<int:number>")
    def bare_page(number: int) -> str:
        return _page(_db(engine), number)

    add_forms(app, engine)
    return app


def _db(engine: Engine) -> Session:
    g.db = Session(engine)
    return g.db  # type: ignore[no-any-return]


def _list(db: Session, year: int) -> str:
    wanted = or_(Consultation.year == year, Consultation.year.is_(None)) & (Consultation.stage != "discarded")
    total = db.scalar(select(func.count()).select_from(Consultation).where(wanted))
    order = (Consultation.next_due_at, Consultation.id)
    ids = (
        select(Consultation.id)
        .where(wanted, Consultation.next_due_at.is_not(None))  # the first page has none without a deadline
        .order_by(*order)
        .limit(PAGE_SIZE)
        .subquery()
    )
    applicant, lead = aliased(Institution), aliased(Institution)
    rows = db.execute(
        select(Consultation, ProductInformation, applicant.short_name.label("applicant"), lead.short_name.label("lead"))
        .join(ids, ids.c.id == Consultation.id)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .join(applicant, applicant.id == Consultation.applicant_institution_id)
        .outerjoin(lead, lead.id == Consultation.lead_institution_id)
        .order_by(*order)
    ).all()
    duties: dict[int, list[Any]] = {}
    for duty in _duties(db, [row.Consultation.id for row in rows]):
        duties.setdefault(duty.Obligation.consultation_id, []).append(duty)
    return render_template("list.html", rows=rows, duties=duties, total=total)


def _duties(db: Session, ids: list[int]) -> Any:
    return db.execute(
        select(Obligation, Institution.short_name, Person.name)
        .outerjoin(Institution, Institution.id == Obligation.institution_id)
        .outerjoin(Person, Person.id == Obligation.person_id)
        .where(Obligation.consultation_id.in_(ids), Obligation.closed_at.is_(None))
        .order_by(Obligation.due_at.is_(None), Obligation.due_at, Obligation.id)
    ).all()


def _page(db: Session, number: int) -> str:
    applicant, lead = aliased(Institution), aliased(Institution)
    found = db.execute(
        select(Consultation, ProductInformation, PreliminaryVerification, applicant.name, lead.name)
        .join(ProductInformation, ProductInformation.consultation_id == Consultation.id)
        .join(PreliminaryVerification, PreliminaryVerification.consultation_id == Consultation.id)
        .join(applicant, applicant.id == Consultation.applicant_institution_id)
        .join(lead, lead.id == Consultation.lead_institution_id)
        .where(Consultation.id == number)
    ).one()
    return render_template(
        "page.html",
        steps=STEPS,
        consultation=found[0],
        product=found[1],
        verification=found[2],
        applicant=found[3],
        lead=found[4],
        grounds=db.scalars(select(ApplicationGround).where(ApplicationGround.consultation_id == number)).all(),
        entered=dict(
            db.execute(
                select(Event.stage, func.max(Event.at))
                .where(Event.consultation_id == number, Event.stage.is_not(None))
                .group_by(Event.stage)
            ).all()
        ),
        duties=_duties(db, [number]),
        deadlines=db.scalars(
            select(Obligation).where(Obligation.consultation_id == number, Obligation.due_at.is_not(None))
        ).all(),
        liaisons=db.execute(
            select(Institution.name, Institution.short_name, Person.name.label("person"))
            .join(Liaison, Liaison.institution_id == Institution.id)
            .join(Person, Person.id == Liaison.person_id)
            .order_by(Institution.id, Liaison.seat)
        ).all(),
        members=db.execute(
            select(PanelMember, Institution.short_name)
            .join(Institution, Institution.id == PanelMember.institution_id)
            .where(PanelMember.consultation_id == number)
            .order_by(PanelMember.seat)
        ).all(),
        analyses=db.scalars(
            select(PreliminaryAnalysis)
            .join(PanelMember, PanelMember.id == PreliminaryAnalysis.member_id)
            .where(PanelMember.consultation_id == number)
        ).all(),
        material=db.scalars(select(Material).where(Material.consultation_id == number)).all(),
        events=db.execute(
            select(Event, Institution.short_name)
            .outerjoin(Institution, Institution.id == Event.institution_id)
            .where(Event.consultation_id == number)
            .order_by(Event.id.desc())
            .limit(60)
        ).all(),
    )
