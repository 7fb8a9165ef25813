"""Liaisons: one or two staff of each institution, appointed and replaced with a date, kept as history (Art. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models.institution import Institution, Liaison
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day
from portal.rules.editions import load_edition
from portal.rules.panel import check_liaisons
from portal.services.heads import HeadLine, heads_of
from portal.services.institutions import find_alliance, the_alliance
from portal.services.kernel.events import record
from portal.services.kernel.mailing import staff
from portal.services.kernel.standing import Standing, keep

ARTICLE = "3"


def appoint_liaison(db: Session, *, actor: Actor, person_id: int, from_on: date | None, now: datetime) -> Liaison:
    """Appoint one of the own institution's staff from a day on. A third liaison is refused (Art. 3)."""
    institution_id = _require_editor(db, actor, now)
    from_on = _checked_day(from_on, now, "from_on")
    _check_person(db, institution_id, person_id, from_on)
    rows = _rows(db, institution_id)
    taken = {row.seat for row in rows if row.until_on is None or row.until_on > from_on}
    problems = check_liaisons(len(taken) + 1, load_edition())
    if problems:
        raise Invalid([replace(problem, field="person_id") for problem in problems])
    free = next(seat for seat in _seats() if seat not in taken)
    appointed = _seat(db, actor, institution_id, person_id, free, from_on, now)
    _settle(db, institution_id, now)
    return appointed


def replace_liaison(
    db: Session, *, actor: Actor, liaison_id: int, person_id: int, from_on: date | None, now: datetime
) -> Liaison:
    """Let another person take the seat of a liaison from a day on; the earlier one stays in the history."""
    institution_id = _require_editor(db, actor, now)
    leaving = _own_liaison(db, institution_id, liaison_id)
    from_on = _checked_last_day(leaving, from_on, now, "from_on")
    _check_person(db, institution_id, person_id, from_on)
    _end(db, actor, leaving, from_on, now)
    appointed = _seat(db, actor, institution_id, person_id, leaving.seat, from_on, now)
    _settle(db, institution_id, now)
    return appointed


def end_liaison(db: Session, *, actor: Actor, liaison_id: int, until_on: date | None, now: datetime) -> None:
    """End the task of a liaison; from `until_on` on he or she is none any more. Having none is a warning only."""
    institution_id = _require_editor(db, actor, now)
    leaving = _own_liaison(db, institution_id, liaison_id)
    until_on = _checked_last_day(leaving, until_on, now, "until_on")
    _end(db, actor, leaving, until_on, now)
    _settle(db, institution_id, now)


def liaisons_owed(db: Session, now: datetime, until: datetime) -> list[Standing]:
    """The institutions of the alliance that have no liaison now, and owe one (Art. 3).

    A liaison whose account is disabled gets no mail, so does not count.
    """
    alliance, today = find_alliance(db), beijing_day(now)
    members = [member.institution_id for member in alliance.members] if alliance else []
    serving = {row.institution_id for row in _rows(db, *members) if _is_serving(row, today) and row.person.is_active}
    return [Standing(now, institution_id=one) for one in members if one not in serving]


def _settle(db: Session, institution_id: int | None, now: datetime) -> None:
    """Keep what the institution owes in step with the change that was just made."""
    if institution_id is not None:
        owed = liaisons_owed(db, now, now)
        keep(db, "name_liaisons", owed, now=now, met=True, only={"institution_id": institution_id})


@dataclass(frozen=True, slots=True)
class LiaisonLine:
    """One liaison as pages show it; `state` is serving, coming or past."""

    liaison_id: int
    name: str
    email: str
    is_active: bool
    from_on: date
    until_on: date | None
    state: str


@dataclass(frozen=True, slots=True)
class InstitutionLiaisons:
    """The liaisons of one institution, present ones first, and what is wrong with their number."""

    institution: Institution
    present: tuple[LiaisonLine, ...]
    coming: tuple[LiaisonLine, ...]
    past: tuple[LiaisonLine, ...]
    warnings: tuple[str, ...]
    heads: tuple[HeadLine, ...]


@dataclass(frozen=True, slots=True)
class Liaisons:
    """The liaisons of all institutions; `own_id` is the institution whose list the actor may change, if any.

    `headed_id` is the one whose head the actor may name.
    """

    institutions: tuple[InstitutionLiaisons, ...]
    own_id: int | None
    has_free_seat: bool
    headed_id: int | None

    @property
    def own(self) -> InstitutionLiaisons | None:
        """The list that the actor may change."""
        return next((one for one in self.institutions if one.institution.id == self.own_id), None)


def view_liaisons(db: Session, *, actor: Actor, now: datetime) -> Liaisons:
    """All institutions' liaisons with their address, and which list the actor may change."""
    if not is_granted("view_liaisons", actor):
        raise NotFound
    members = [member.institution for member in the_alliance(db).members]
    rows = _rows(db, *(institution.id for institution in members))
    today, edition = beijing_day(now), load_edition()
    heads = heads_of(db, [institution.id for institution in members], today)
    lists = []
    for institution in members:
        lines = [(_line(row, today), row) for row in rows if row.institution_id == institution.id]
        serving = sum(line.state == "serving" and line.is_active for line, _ in lines)
        lists.append(
            InstitutionLiaisons(
                institution,
                present=tuple(line for line, _ in lines if line.state == "serving"),
                coming=tuple(line for line, _ in lines if line.state == "coming"),
                past=tuple(line for line, _ in reversed(lines) if line.state == "past"),
                warnings=tuple(problem.message for problem in check_liaisons(serving, edition)),
                heads=heads.get(institution.id, ()),
            )
        )
    own_id = actor.institution_id if _may_edit(rows, actor, today) else None
    held = [row for row in rows if row.institution_id == own_id and row.until_on is None]
    return Liaisons(
        tuple(lists),
        own_id,
        has_free_seat=own_id is not None and len(held) < len(_seats()),
        headed_id=actor.institution_id if is_granted("name_head", actor) else None,
    )


def liaison_candidates(db: Session, *, actor: Actor, now: datetime) -> tuple[tuple[int, str], ...]:
    """Who may become a liaison of the own institution: id and name of its staff who are none."""
    institution_id = _require_editor(db, actor, now)
    serving = {row.person_id for row in _rows(db, institution_id) if row.until_on is None}
    return tuple((person.id, person.name) for person in staff(db, [institution_id]) if person.id not in serving)


def find_own_liaison(db: Session, *, actor: Actor, liaison_id: int, now: datetime) -> LiaisonLine:
    """One liaison of the own institution, for the page that replaces or ends it."""
    institution_id = _require_editor(db, actor, now)
    return _line(_own_liaison(db, institution_id, liaison_id), beijing_day(now))


def _seats() -> range:
    return range(1, load_edition().value("liaisons_maximum").value + 1)


def _line(row: Liaison, today: date) -> LiaisonLine:
    state = "serving" if _is_serving(row, today) else "coming" if row.from_on > today else "past"
    return LiaisonLine(
        row.id, row.person.name, row.person.email, row.person.is_active, row.from_on, row.until_on, state
    )


def _is_serving(row: Liaison, on: date) -> bool:
    return row.from_on <= on and (row.until_on is None or row.until_on > on)


def _rows(db: Session, *institution_ids: int) -> Sequence[Liaison]:
    return db.scalars(
        select(Liaison)
        .options(joinedload(Liaison.person))
        .where(Liaison.institution_id.in_(institution_ids))
        .order_by(Liaison.from_on, Liaison.id)
    ).all()


def _may_edit(rows: Sequence[Liaison], actor: Actor, today: date) -> bool:
    """The institution's liaisons keep the list; where it has none, any of its staff names the first."""
    if not is_granted("edit_liaisons", actor) or actor.institution_id is None:
        return False
    own = [row for row in rows if row.institution_id == actor.institution_id]
    serving = {row.person_id for row in own if _is_serving(row, today) and row.person.is_active}
    return not serving or actor.person_id in serving


def _require_editor(db: Session, actor: Actor, now: datetime) -> int:
    institution_id = actor.institution_id
    if institution_id is None or not is_granted("edit_liaisons", actor):
        raise NotAllowed("联络员由各召回技术机构自行确定。", article=ARTICLE)
    if not _may_edit(_rows(db, institution_id), actor, beijing_day(now)):
        raise NotAllowed("本单位已有联络员，由联络员办理更换。", article=ARTICLE)
    if institution_id not in {member.institution_id for member in the_alliance(db).members}:
        raise NotAllowed("本单位不是会诊机制的成员单位。", article="2")
    return institution_id


def _own_liaison(db: Session, institution_id: int, liaison_id: int) -> Liaison:
    liaison = db.get(Liaison, liaison_id)
    if liaison is None or liaison.institution_id != institution_id:
        raise NotFound
    return liaison


def _checked_day(day: date | None, now: datetime, field: str) -> date:
    if day is None:
        raise Invalid.field(field, "请填写日期。", ARTICLE)
    if day < beijing_day(now):
        raise Invalid.field(field, "日期不能早于今天：联络员的历史不能改写。", ARTICLE)
    return day


def _checked_last_day(leaving: Liaison, day: date | None, now: datetime, field: str) -> date:
    if leaving.until_on is not None:
        raise Refusal(f"{leaving.person.name}的联络员任务已定于{leaving.until_on}结束。", article=ARTICLE)
    day = _checked_day(day, now, field)
    if day < leaving.from_on:
        raise Invalid.field(field, f"日期早于{leaving.person.name}开始担任联络员的{leaving.from_on}。", ARTICLE)
    return day


def _check_person(db: Session, institution_id: int, person_id: int, from_on: date) -> None:
    if person_id not in {person.id for person in staff(db, [institution_id])}:
        raise Invalid.field("person_id", "联络员须是本单位在用账号的工作人员。", ARTICLE)
    own = [row for row in _rows(db, institution_id) if row.person_id == person_id]
    if any(row.until_on is None or row.until_on > from_on for row in own):
        raise Invalid.field("person_id", "此人已是本单位联络员。", ARTICLE)


def _end(db: Session, actor: Actor, leaving: Liaison, until_on: date, now: datetime) -> None:
    leaving.until_on = until_on
    db.flush()
    record(
        db, "liaison_ended", now=now, actor=actor,
        liaison=leaving.person.name, liaison_person_id=leaving.person_id, until_on=until_on.isoformat(),
    )  # fmt: skip


def _seat(
    db: Session, actor: Actor, institution_id: int, person_id: int, seat: int, from_on: date, now: datetime
) -> Liaison:
    liaison = Liaison(institution_id=institution_id, person_id=person_id, seat=seat, from_on=from_on)
    db.add(liaison)
    db.flush()
    record(
        db, "liaison_appointed", now=now, actor=actor,
        liaison=liaison.person.name, liaison_person_id=person_id, from_on=from_on.isoformat(),
    )  # fmt: skip
    return liaison
