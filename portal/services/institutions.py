"""The institutions of the alliance: setting it up from the edition, and how each is called (Art. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal.models.institution import Alliance, AllianceMember, Institution
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor, is_granted
from portal.rules.editions import load_edition
from portal.rules.problem import Problem
from portal.services.kernel.events import record

_LONGEST = {"name": 80, "short_name": 20, "badge": 1}
_CALLED = {"name": "单位名称", "short_name": "简称", "badge": "徽标字"}


def the_alliance(db: Session) -> Alliance:
    """The alliance of this installation with its members; refused while none has been set up."""
    alliance = find_alliance(db)
    if alliance is None:
        raise Refusal("尚未建立会诊机制的成员单位，请系统管理员先在“机构”中建立。", article="2")
    return alliance


def find_alliance(db: Session) -> Alliance | None:
    """The alliance of this installation with its members, None while none has been set up."""
    members = selectinload(Alliance.members).joinedload(AllianceMember.institution)
    return db.scalar(select(Alliance).options(members).order_by(Alliance.id).limit(1))


def establish_alliance(db: Session, *, actor: Actor | None, now: datetime) -> Alliance:
    """Set up the alliance of the edition with a technical institution for each province, once.

    `actor` None is the operator at the command line. The names of the institutions are not in the Standard:
    they begin as the province's and are corrected with `rename_institution`.
    """
    if actor is not None:
        _require_editor(actor)
    if find_alliance(db) is not None:
        raise Refusal("成员单位已经建立。", article="2")
    edition = load_edition()
    alliance = Alliance(name=edition.alliance.name, number_prefix=edition.document_series["consultation"])
    db.add(alliance)
    db.flush()
    for position, member in enumerate(edition.alliance.members):
        institution = Institution(
            kind="technical",
            name=f"{member.province}缺陷消费品召回技术机构",
            short_name=member.short_name,
            badge=member.abbreviation,
            province=member.key,
        )
        db.add(institution)
        db.flush()
        db.add(AllianceMember(alliance_id=alliance.id, institution_id=institution.id, position=position))
    db.flush()
    db.refresh(alliance)
    record(
        db, "alliance_established", now=now, actor=actor,
        alliance=alliance.name, members=[member.institution.name for member in alliance.members],
    )  # fmt: skip
    return alliance


def rename_institution(
    db: Session, *, actor: Actor, institution_id: int, name: str, short_name: str, badge: str, now: datetime
) -> Institution:
    """Change how an institution is called; kind and province stay, because consultations rest on them."""
    _require_editor(actor)
    institution = db.get(Institution, institution_id)
    if institution is None:
        raise NotFound
    given = {"name": name.strip(), "short_name": short_name.strip(), "badge": badge.strip()}
    problems = [*_shape_problems(given), *_double_problems(db, institution, given)]
    if problems:
        raise Invalid(problems)
    before = {field: getattr(institution, field) for field in given}
    for field, value in given.items():
        setattr(institution, field, value)
    db.flush()
    record(
        db, "institution_renamed", now=now, actor=actor, renamed_institution_id=institution.id,
        before=before, after=given,
    )  # fmt: skip
    return institution


def list_institutions(db: Session, *, actor: Actor, now: datetime) -> Sequence[Institution]:
    """The technical institutions; regulators have a page of their own (portal.services.regulators)."""
    _require_editor(actor)
    return db.scalars(select(Institution).where(Institution.kind == "technical").order_by(Institution.id)).all()


def find_institution(db: Session, *, actor: Actor, institution_id: int, now: datetime) -> Institution:
    """One institution, for the page that changes it."""
    _require_editor(actor)
    institution = db.get(Institution, institution_id)
    if institution is None:
        raise NotFound
    return institution


def _shape_problems(given: dict[str, str]) -> list[Problem]:
    problems = []
    for field, value in given.items():
        if not value:
            problems.append(Problem(field, f"请填写{_CALLED[field]}。", "2"))
        elif len(value) > _LONGEST[field]:
            problems.append(Problem(field, f"{_CALLED[field]}最长 {_LONGEST[field]} 个字，现为 {len(value)} 个。", "2"))
    return problems


def _double_problems(db: Session, institution: Institution, given: dict[str, str]) -> list[Problem]:
    """A name belongs to one institution; so does the badge of a technical one, by which people tell them apart."""
    others = db.scalars(select(Institution).where(Institution.id != institution.id)).all()
    problems = []
    for field in ("name", "short_name", "badge"):
        rivals = [other for other in others if field == "name" or other.kind == institution.kind]
        owner = next((other for other in rivals if getattr(other, field) == given[field]), None)
        if owner is not None:
            problems.append(Problem(field, f"{_CALLED[field]}“{given[field]}”已由{owner.name}使用。", "2"))
    return problems


def _require_editor(actor: Actor) -> None:
    if not is_granted("edit_institutions", actor):
        raise NotAllowed("机构信息由系统管理员维护。", article="2")
