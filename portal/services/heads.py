"""负责人: the head of an institution, whom an escalation reaches; named and replaced with a date, kept as history.

A technical institution's liaisons name theirs; a regulator's is entered by the administrator among its officers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.account import Person
from portal.models.institution import Institution, InstitutionHead
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day
from portal.services.institutions import the_alliance
from portal.services.kernel.events import record
from portal.services.kernel.mailing import officers, staff

ARTICLE = "3"


@dataclass(frozen=True, slots=True)
class HeadLine:
    """A head as the page shows it; `state` is serving, coming or past."""

    name: str
    email: str
    is_active: bool
    from_on: date
    until_on: date | None
    state: str


@dataclass(frozen=True, slots=True)
class HeadPage:
    """The own institution's heads, the latest first, and who may become one (id, name)."""

    lines: tuple[HeadLine, ...]
    candidates: tuple[tuple[int, str], ...]


def name_head(db: Session, *, actor: Actor, person_id: int, from_on: date | None, now: datetime) -> InstitutionHead:
    """Name the head of the own institution from a day on, in place of the present one. Invalid names the field."""
    own = _require_liaison(db, actor)
    from_on = _checked_day(from_on, now, "from_on")
    if person_id not in {person.id for person in staff(db, [own])}:
        raise Invalid.field("person_id", "负责人须是本单位在用账号的工作人员。", ARTICLE)
    last = _last(db, own)
    if last is not None and (last.until_on is None or last.until_on > from_on):
        if last.person_id == person_id and last.until_on is None:
            raise Invalid.field("person_id", "此人已是本单位负责人。", ARTICLE)
        if from_on < last.from_on:
            raise Invalid.field("from_on", f"日期早于{last.person.name}开始担任负责人的{last.from_on}。", ARTICLE)
        _end(db, actor, last, from_on, now)
    return _begin(db, actor, own, person_id, from_on, now)


def end_head(db: Session, *, actor: Actor, until_on: date | None, now: datetime) -> None:
    """Let the own institution have no head from a day on; its liaisons get what would reach the head."""
    last = _last(db, _require_liaison(db, actor))
    if last is None or last.until_on is not None:
        raise Refusal("本单位现在没有负责人，不需要结束。", article=ARTICLE)
    until_on = _checked_day(until_on, now, "until_on")
    if until_on < last.from_on:
        raise Invalid.field("until_on", f"日期早于{last.person.name}开始担任负责人的{last.from_on}。", ARTICLE)
    _end(db, actor, last, until_on, now)


def head_page(db: Session, *, actor: Actor, now: datetime) -> HeadPage:
    """The own institution's heads, for the page that names one."""
    own = _require_liaison(db, actor)
    rows = _rows(db, [own])
    serving = {row.person_id for row in rows if row.until_on is None}
    choices = tuple((person.id, person.name) for person in staff(db, [own]) if person.id not in serving)
    return HeadPage(tuple(_line(row, beijing_day(now)) for row in rows), choices)


def heads_of(db: Session, institution_ids: Sequence[int], on: date) -> Mapping[int, tuple[HeadLine, ...]]:
    """The present and coming heads of institutions, by institution."""
    found: dict[int, tuple[HeadLine, ...]] = {}
    for row in reversed(_rows(db, institution_ids)):
        line = _line(row, on)
        if line.state != "past":
            found[row.institution_id] = (*found.get(row.institution_id, ()), line)
    return found


def head_today(db: Session, institution_id: int, on: date) -> Person | None:
    """Who is the head of an institution on a day; None where nobody is."""
    serving = (row for row in _rows(db, [institution_id]) if _line(row, on).state == "serving")
    return next((row.person for row in serving), None)


def replace_regulators_head(
    db: Session, *, actor: Actor, regulator: Institution, person_id: int | None, now: datetime
) -> None:
    """Let one of its open officers be the head of a regulator from today on, or nobody (None).

    The caller has authorised it. Invalid at `head_id` for anybody else.
    """
    today, last = beijing_day(now), _last(db, regulator.id)
    serving = last if last is not None and last.until_on is None else None
    if person_id == (serving.person_id if serving is not None else None):
        return
    if person_id is not None and person_id not in {person.id for person in officers(db, [regulator.id])}:
        raise Invalid.field("head_id", "负责人须是本单位在用账号的监管人员。", "")
    if serving is not None:
        _end(db, actor, serving, today, now)
    if person_id is not None:
        _begin(db, actor, regulator.id, person_id, today, now)


def _require_liaison(db: Session, actor: Actor) -> int:
    if not is_granted("name_head", actor) or actor.institution_id is None:
        raise NotFound
    if actor.institution_id not in {member.institution_id for member in the_alliance(db).members}:
        raise NotAllowed("本单位不是会诊机制的成员单位。", article="2")
    return actor.institution_id


def _checked_day(day: date | None, now: datetime, field: str) -> date:
    if day is None:
        raise Invalid.field(field, "请填写日期。", ARTICLE)
    if day < beijing_day(now):
        raise Invalid.field(field, "日期不能早于今天：负责人的历史不能改写。", ARTICLE)
    return day


def _begin(
    db: Session, actor: Actor, institution_id: int, person_id: int, from_on: date, now: datetime
) -> InstitutionHead:
    head = InstitutionHead(institution_id=institution_id, person_id=person_id, from_on=from_on)
    db.add(head)
    db.flush()
    record(
        db, "head_named", now=now, actor=actor,
        head=head.person.name, head_person_id=person_id, from_on=from_on.isoformat(),
    )  # fmt: skip
    return head


def _end(db: Session, actor: Actor, leaving: InstitutionHead, until_on: date, now: datetime) -> None:
    leaving.until_on = until_on
    db.flush()
    record(
        db, "head_ended", now=now, actor=actor,
        head=leaving.person.name, head_person_id=leaving.person_id, until_on=until_on.isoformat(),
    )  # fmt: skip


def _last(db: Session, institution_id: int) -> InstitutionHead | None:
    return next(iter(_rows(db, [institution_id])), None)


def _rows(db: Session, institution_ids: Sequence[int]) -> Sequence[InstitutionHead]:
    return db.scalars(
        select(InstitutionHead)
        .options(joinedload(InstitutionHead.person))
        .where(InstitutionHead.institution_id.in_(institution_ids))
        .order_by(InstitutionHead.from_on.desc(), InstitutionHead.id.desc())
    ).all()


def _line(row: InstitutionHead, on: date) -> HeadLine:
    is_over = row.until_on is not None and row.until_on <= on
    state = "past" if is_over else "coming" if row.from_on > on else "serving"
    return HeadLine(row.person.name, row.person.email, row.person.is_active, row.from_on, row.until_on, state)
