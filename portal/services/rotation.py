"""The rotation: generating the schedule of leads, changing terms that have not begun, showing it (Art. 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload

from portal.models.consultation import Consultation
from portal.models.institution import Alliance, Institution, RotationTerm
from portal.process.consultation import ENDED
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import beijing_day, end_of_day
from portal.rules.editions import Edition, load_edition
from portal.rules.problem import Problem
from portal.rules.rotation import Term, check_terms, generate_terms
from portal.services.institutions import find_alliance, the_alliance
from portal.services.kernel.events import record

MOST_YEARS = 40
_FIRST_YEAR, _LAST_YEAR = 2000, 2200  # a slip of the finger is no schedule
_ONE_DAY = timedelta(days=1)


def generate_schedule(
    db: Session, *, actor: Actor, start: date | None, order: Sequence[int], years: int | None, now: datetime
) -> list[RotationTerm]:
    """Lay out terms for `years` years from `start`, the institutions (ids) leading in `order`.

    Terms that have begun stay, and so do terms that begin before `start`; later ones give way to the new
    schedule. Invalid, at `start`, when the whole would then have a gap or an overlap (Art. 3); nothing is written.
    """
    _require_editor(actor)
    alliance, edition, today = the_alliance(db), load_edition(), beijing_day(now)
    _check_order(alliance, order, edition)
    if start is None or not _FIRST_YEAR <= start.year <= _LAST_YEAR:
        raise Invalid.field("start", f"请填写开始日期，年份在 {_FIRST_YEAR} 至 {_LAST_YEAR} 之间。", "3")
    if years is None or not 1 <= years <= MOST_YEARS:
        raise Invalid.field("years", f"年数应为 1 至 {MOST_YEARS}。", "3")
    given = generate_terms(start, [str(institution_id) for institution_id in order], years, edition)
    existing = _terms(db, alliance.id)
    kept = [term for term in existing if term.starts_on <= today or term.starts_on < start]
    gone = [term for term in existing if term not in kept]
    names = {member.institution_id: member.institution.short_name for member in alliance.members}
    _refuse_problems([*map(_as_term, kept), *given], names, edition, field="start")
    for term in gone:
        db.delete(term)
    db.flush()
    added = [
        RotationTerm(
            alliance_id=alliance.id,
            institution_id=int(term.institution),
            starts_on=term.starts_on,
            ends_on=term.ends_on,
        )
        for term in given
    ]
    db.add_all(added)
    db.flush()
    record(
        db, "rotation_generated", now=now, actor=actor,
        before=[_said(_as_term(term), names) for term in gone], after=[_said(_as_term(term), names) for term in added],
    )  # fmt: skip
    return added


def change_term(db: Session, *, actor: Actor, term_id: int, institution_id: int, now: datetime) -> RotationTerm:
    """Give a term that has not begun to another institution of the alliance."""
    _require_editor(actor)
    alliance, term = the_alliance(db), _future_term(db, term_id, now)
    names = {member.institution_id: member.institution.short_name for member in alliance.members}
    if institution_id not in names:
        raise Invalid.field("institution_id", "请在成员单位中选择牵头单位。", "3")
    if institution_id == term.institution_id:
        raise Invalid.field("institution_id", "这一任本来就由该单位牵头。", "3")
    before = _said(_as_term(term), names)
    term.institution = db.get_one(Institution, institution_id)
    db.flush()
    record(db, "term_changed", now=now, actor=actor, before=before, after=_said(_as_term(term), names))
    return term


def swap_terms(db: Session, *, actor: Actor, term_id: int, other_term_id: int, now: datetime) -> None:
    """Let the institutions of two terms that have not begun change places."""
    _require_editor(actor)
    alliance = the_alliance(db)
    one, other = _future_term(db, term_id, now), _future_term(db, other_term_id, now, field="other_term_id")
    if one.institution_id == other.institution_id:
        raise Invalid.field("other_term_id", "两任由同一单位牵头，对调没有变化。", "3")
    names = {member.institution_id: member.institution.short_name for member in alliance.members}
    before = [_said(_as_term(one), names), _said(_as_term(other), names)]
    one.institution_id, other.institution_id = other.institution_id, one.institution_id
    db.flush()
    record(
        db, "terms_swapped", now=now, actor=actor,
        before=before, after=[_said(_as_term(one), names), _said(_as_term(other), names)],
    )  # fmt: skip


def schedule_problems(db: Session, alliance_id: int) -> tuple[Problem, ...]:
    """Each gap and overlap of the schedule as it stands, naming both terms and Article 3."""
    terms = _terms(db, alliance_id)
    names = {term.institution_id: term.institution.short_name for term in terms}
    return check_terms([_named(_as_term(term), names) for term in terms], load_edition())


@dataclass(frozen=True, slots=True)
class TermLine:
    """One term as pages show it; `open_consultations` are those that this institution received and still leads."""

    term_id: int
    institution: Institution
    starts_on: date
    ends_on: date
    state: str  # past, now, next
    day_of_term: int  # 1 on the first day; 0 unless it is the present term
    open_consultations: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """The schedule, oldest term first, and what the form for going on with it starts from."""

    alliance_name: str
    terms: tuple[TermLine, ...]
    members: tuple[Institution, ...]
    problems: tuple[Problem, ...]
    next_start: date
    next_order: tuple[int, ...]
    ends_within_a_year: bool
    may_edit: bool

    @property
    def future(self) -> tuple[TermLine, ...]:
        """The terms that can still be changed."""
        return tuple(term for term in self.terms if term.state == "next")


def view_rotation(db: Session, *, actor: Actor, now: datetime) -> Rotation:
    """The schedule for staff and administrator."""
    if not is_granted("view_rotation", actor):
        raise NotFound
    alliance, today, edition = the_alliance(db), beijing_day(now), load_edition()
    terms = _terms(db, alliance.id)
    members = tuple(member.institution for member in alliance.members)
    return Rotation(
        alliance_name=alliance.name,
        terms=_lines(db, terms, today),
        members=members,
        problems=schedule_problems(db, alliance.id),
        next_start=terms[-1].ends_on + _ONE_DAY if terms else edition.rotation.first_start,
        next_order=_next_order(terms, members, edition),
        ends_within_a_year=not terms or (terms[-1].ends_on - today).days < 365,
        may_edit=is_granted("edit_rotation", actor),
    )


def rotation_strip(db: Session, now: datetime) -> tuple[TermLine, ...]:
    """Four terms around the present one, as the first screen shows them; none while there is no schedule."""
    alliance = find_alliance(db)
    if alliance is None:
        return ()
    lines = _lines(db, _terms(db, alliance.id), beijing_day(now))
    present = next((place for place, line in enumerate(lines) if line.state != "past"), len(lines))
    first = max(0, min(present - 2, len(lines) - 4))
    return lines[first : first + 4]


def _lines(db: Session, terms: Sequence[RotationTerm], today: date) -> tuple[TermLine, ...]:
    led = _open_consultations_by_term(db, terms)
    return tuple(_line(term, today, led[term.id]) for term in terms)


def _line(term: RotationTerm, today: date, led: int) -> TermLine:
    is_now = term.starts_on <= today <= term.ends_on
    state = "now" if is_now else "past" if term.ends_on < today else "next"
    return TermLine(
        term_id=term.id,
        institution=term.institution,
        starts_on=term.starts_on,
        ends_on=term.ends_on,
        state=state,
        day_of_term=(today - term.starts_on).days + 1 if is_now else 0,
        open_consultations=led,
    )


def _open_consultations_by_term(db: Session, terms: Sequence[RotationTerm]) -> dict[int, int]:
    """A consultation keeps the lead it was submitted to (decided), so it counts for the term of that day."""
    if not terms:
        return {}
    received = [
        func.count(
            case(
                (
                    (Consultation.lead_institution_id == term.institution_id)
                    & (Consultation.submitted_at >= end_of_day(term.starts_on - _ONE_DAY))
                    & (Consultation.submitted_at < end_of_day(term.ends_on)),
                    1,
                )
            )
        )
        for term in terms
    ]
    counts = db.execute(select(*received).where(Consultation.stage.not_in(ENDED))).one()
    return {term.id: number for term, number in zip(terms, counts, strict=True)}


def _next_order(terms: Sequence[RotationTerm], members: Sequence[Institution], edition: Edition) -> tuple[int, ...]:
    """The order of leads that goes on where the schedule ends; the edition's where there is none yet."""
    by_key = {member.province: member.id for member in members}
    order = [by_key[key] for key in edition.rotation.order if key in by_key]
    order += [member.id for member in members if member.id not in order]
    if terms and terms[-1].institution_id in order:
        place = order.index(terms[-1].institution_id) + 1
        order = order[place:] + order[:place]
    return tuple(order)


def _terms(db: Session, alliance_id: int) -> list[RotationTerm]:
    return list(
        db.scalars(
            select(RotationTerm)
            .options(joinedload(RotationTerm.institution))
            .where(RotationTerm.alliance_id == alliance_id)
            .order_by(RotationTerm.starts_on)
        )
    )


def _future_term(db: Session, term_id: int, now: datetime, *, field: str = "term_id") -> RotationTerm:
    term = db.get(RotationTerm, term_id)
    if term is None:
        raise Invalid.field(field, "请选择一任轮值。", "3")
    if term.starts_on <= beijing_day(now):
        raise Refusal(f"{term.starts_on:%Y年%m月%d日}开始的轮值已经开始，不能再改。", article="3")
    return term


def _check_order(alliance: Alliance, order: Sequence[int], edition: Edition) -> None:
    article = edition.rotation.article
    if sorted(order) != sorted(member.institution_id for member in alliance.members):
        raise Invalid.field("order", "轮值顺序应列出每个成员单位，各一次。", article)


def _refuse_problems(terms: Iterable[Term], names: dict[int, str], edition: Edition, *, field: str) -> None:
    problems = check_terms([_named(term, names) for term in terms], edition)
    if problems:
        raise Invalid([replace(problem, field=field) for problem in problems])


def _as_term(term: RotationTerm) -> Term:
    return Term(str(term.institution_id), term.starts_on, term.ends_on)


def _named(term: Term, names: dict[int, str]) -> Term:
    return replace(term, institution=names.get(int(term.institution), term.institution))


def _said(term: Term, names: dict[int, str]) -> str:
    return f"{_named(term, names).institution} {term.starts_on}至{term.ends_on}"


def _require_editor(actor: Actor) -> None:
    if not is_granted("edit_rotation", actor):
        raise NotAllowed("轮值由系统管理员编排。", article="3")
