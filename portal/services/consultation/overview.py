"""The consultation's page: whose turn it is, until when, what this person can do, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.event import Event
from portal.models.institution import AllianceMember, Liaison
from portal.models.obligation import Obligation
from portal.process.consultation import BY_ACT, OFF_PATH, STEPS, TRANSITIONS, Stage, Transition, step_of
from portal.process.events import event_label
from portal.process.outlook import OUTLOOK
from portal.process.permissions import Actor, Relation
from portal.rules.dates import beijing_day
from portal.services.consultation.contributions import BY_EXCEPTION, SUMMARIES, WHY_NOT
from portal.services.duties import Duty, duties_in
from portal.services.kernel.institutions import InstitutionFacts, technical_institutions
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.remembering import remembered

TIMELINE_LENGTH = 60
_EventRow = Row[*tuple[Any, ...]]
# What a linked recall case did has the stage of that case.
_OWN_STAGE = case((Event.recall_case_id.is_(None), Event.stage)).label("stage")
_SHOWN = (Event.at, Event.name, _OWN_STAGE, Event.person_name, Event.institution_id, Event.facts)
_WITH_APPLICATION = (
    joinedload(Consultation.product),
    joinedload(Consultation.verification),
    joinedload(Consultation.grounds),
)
# Acts of a rare turn: they stand behind “更多操作”, so that the usual next act is found at once.
_ASIDE = frozenset(
    {
        "discard_application", "withdraw_application", "lapse_application", "hand_over_lead", "terminate_consultation",
        "extend_analysis", "replace_member", "adjourn_session", "recuse_member", "move_session", "add_material",
        "hold_archive", "lift_hold", "extend_retention", "propose_disposal", "dispose_archive", "correct_minutes",
        "withdraw_signature", "refill_place", "record_paper_sheet",
    }
)  # fmt: skip
# Some of them come forward as soon as there is an occasion.
_FORWARD_WHEN_OPEN = frozenset({"lapse_application", "refill_place", "replace_member"})

# Acts whose buttons stand in the step's own section; here only when they are what the person owes.
_IN_THEIR_SECTION = frozenset(
    {
        "propose_fees", "record_fee", "approve_fee", "send_back_fee", "pay_fee", "continue_watch", "end_watch",
        "apply_anew", "note_speech", "explain_even_panel", "answer_time_poll", "remind_time_poll",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Action:
    """An act the person may do in this stage; `reason` says why it is not open yet."""

    act: str
    label: str
    reason: str | None
    is_aside: bool
    article: str | None
    is_exception: bool = False


@dataclass(frozen=True)
class StepMark:
    """One of the eight steps: done, now or later, with the days it was entered and left."""

    label: str
    state: str
    entered_at: datetime | None


@dataclass(frozen=True)
class TimelineEntry:
    """One event as the timeline shows it."""

    at: datetime
    says: str
    who: str
    institution: InstitutionFacts | None
    detail: str
    is_stage: bool


@dataclass(frozen=True)
class Attendant:
    """An institution taking part, with what it is here and its liaisons."""

    institution: InstitutionFacts
    is_applicant: bool
    is_lead: bool
    liaisons: tuple[str, ...]


@dataclass(frozen=True)
class Overview:
    """Everything the consultation's page shows."""

    loaded: Loaded
    steps: tuple[StepMark, ...]
    duties: tuple[Duty, ...]
    own_duty: Duty | None
    actions: tuple[Action, ...]
    outlook: str
    timeline: tuple[TimelineEntry, ...]
    event_count: int
    deadlines: tuple[tuple[Obligation, int], ...]
    attendants: tuple[Attendant, ...]
    summaries: Mapping[str, Any]

    @property
    def consultation(self) -> Consultation:
        """The consultation itself."""
        return self.loaded.consultation


def overview(db: Session, *, actor: Actor, consultation_id: int, now: datetime, all_events: bool = False) -> Overview:
    """Load the page of one consultation, as far as the actor may see it."""
    loaded = load(
        db,
        actor=actor,
        consultation_id=consultation_id,
        permission="view_consultation",
        now=now,
        together=_WITH_APPLICATION,
    )
    # What can be done in this stage comes first; what is owed but waits for another act follows.
    owed = duties_in(db, [consultation_id], now, seen_by=actor.institution_id if actor.is_staff else None)
    duties = tuple(sorted(owed.get(consultation_id, ()), key=lambda duty: not duty.is_done_now))
    own_duty = next((duty for duty in duties if _is_own(duty, actor)), None)
    is_staff = bool(loaded.relations & {Relation.APPLICANT, Relation.LEAD, Relation.PARTY})
    institutions = technical_institutions(db)
    events, count = _events(db, consultation_id, all_events) if is_staff else ([], 0)
    values = {name: value.value for name, value in loaded.edition.values.items()}
    return Overview(
        loaded=loaded,
        steps=_steps(loaded, _entries(db, consultation_id, events if len(events) == count else None)),
        duties=duties,
        own_duty=own_duty,
        actions=_actions(db, loaded, own_duty, now),
        outlook=OUTLOOK.get(loaded.stage, "").format(**values),
        timeline=tuple(_entry(event, institutions) for event in events),
        event_count=count,
        deadlines=_deadlines(db, consultation_id) if loaded.may("view_obligations") else (),
        attendants=_attendants(db, loaded.consultation, now),
        summaries={slug: found for slug, summary in SUMMARIES if (found := summary(db, loaded, now)) is not None},
    )


def _is_own(duty: Duty, actor: Actor) -> bool:
    if duty.institution_id is not None:
        return actor.is_staff and duty.institution_id == actor.institution_id
    return duty.person_id == actor.person_id


def _actions(db: Session, loaded: Loaded, own_duty: Duty | None, now: datetime) -> tuple[Action, ...]:
    owed = own_duty.act if own_duty else None
    lines = [line for line in TRANSITIONS if line.act == owed or line.act not in _IN_THEIR_SECTION]
    actions = [one for line in lines if loaded.may(line.act) for one in _actions_of(db, loaded, line, now)]
    if own_duty is not None and own_duty.act not in BY_ACT and own_duty.act != "view_consultation":
        # What is owed is done on a page of its own, which several acts share.
        actions.insert(0, Action(own_duty.act, own_duty.button, None, False, own_duty.kind.article))
    return tuple(actions)


def _actions_of(db: Session, loaded: Loaded, line: Transition, now: datetime) -> Iterator[Action]:
    """The act as it is usually done, and where it is not open for that, the exception with its written reason."""
    why_not = WHY_NOT.get(line.act)
    reason = why_not(db, loaded, now) if why_not else None
    is_aside = line.act in _ASIDE and not (line.act in _FORWARD_WHEN_OPEN and reason is None)
    yield Action(line.act, line.label, reason, is_aside, line.article)
    if reason is not None and line.act in BY_EXCEPTION:
        label, is_usual = BY_EXCEPTION[line.act]
        yield Action(line.act, label, None, not is_usual(db, loaded, now), line.article, is_exception=True)


def _entries(db: Session, consultation_id: int, events: Sequence[_EventRow] | None) -> dict[Stage, datetime]:
    """When each stage was last entered; out of `events`, newest first, where these are known to be all."""
    if events:
        return {Stage(event.stage): event.at for event in reversed(events) if event.stage}
    rows = db.execute(
        select(Event.stage, func.max(Event.at))
        .where(Event.consultation_id == consultation_id, Event.recall_case_id.is_(None), Event.stage.is_not(None))
        .group_by(Event.stage)
    )
    return {Stage(stage): at for stage, at in rows if stage}


def _steps(loaded: Loaded, entries: Mapping[Stage, datetime]) -> tuple[StepMark, ...]:
    current = step_of(loaded.stage)
    marks = []
    for position, step in enumerate(STEPS):
        entered = min((entries[stage] for stage in step.stages if stage in entries), default=None)
        if loaded.stage in OFF_PATH or current is None:
            state = "done" if entered else "later"
        elif position == current and loaded.stage not in (Stage.ARCHIVED, Stage.DISPOSED):
            state = "now"
        else:
            state = "done" if position <= current else "later"
        marks.append(StepMark(step.label, state, entered if state != "later" else None))
    return tuple(marks)


def _events(db: Session, consultation_id: int, all_events: bool) -> tuple[Sequence[_EventRow], int]:
    query = select(*_SHOWN).where(Event.consultation_id == consultation_id).order_by(Event.id.desc())
    events = db.execute(query if all_events else query.limit(TIMELINE_LENGTH + 1)).all()
    if all_events or len(events) <= TIMELINE_LENGTH:
        return events, len(events)
    count = db.scalar(select(func.count()).select_from(Event).where(Event.consultation_id == consultation_id)) or 0
    return events[:TIMELINE_LENGTH], count


_DETAILS = ("reason", "detail", "names")


def _entry(event: _EventRow, institutions: Mapping[int, InstitutionFacts]) -> TimelineEntry:
    institution = institutions.get(event.institution_id or 0)
    details = [str(event.facts[key]) for key in _DETAILS if event.facts.get(key)]
    return TimelineEntry(
        at=event.at,
        says=event_label(event.name),
        who=event.person_name or "平台",
        institution=institution,
        detail="；".join(details),
        is_stage=event.stage is not None,
    )


def _deadlines(db: Session, consultation_id: int) -> tuple[tuple[Obligation, int], ...]:
    """Each deadline once, with how many owe or owed it: four institutions, five experts; the latest event first."""
    found = db.scalars(
        select(Obligation)
        .where(Obligation.consultation_id == consultation_id, Obligation.due_at.is_not(None))
        .order_by(Obligation.since_at.desc(), Obligation.closed_at.is_not(None), Obligation.closed_at.desc())
    )
    groups: dict[tuple[str, datetime | None, bool], list[Obligation]] = {}
    for one in found:
        if one.is_met is not False:
            groups.setdefault((one.kind, one.due_at, one.is_open), []).append(one)
    return tuple((group[0], len(group)) for group in groups.values())


def _attendants(db: Session, consultation: Consultation, now: datetime) -> tuple[Attendant, ...]:
    """The alliance's institutions in its order, with the liaisons of today."""
    alliance_id, today = consultation.alliance_id, beijing_day(now)
    found = remembered(db, ("liaisons", alliance_id, today), lambda: _liaisons(db, alliance_id, today))
    institutions = technical_institutions(db)
    return tuple(
        Attendant(
            institutions[institution_id],
            institution_id == consultation.applicant_institution_id,
            institution_id == consultation.lead_institution_id,
            names,
        )
        for institution_id, names in found
    )


def _liaisons(db: Session, alliance_id: int, today: date) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The alliance's institutions by id, each with the names of its liaisons; an institution may have none."""
    names: dict[int, list[str]] = {}
    in_office = and_(
        Liaison.institution_id == AllianceMember.institution_id,
        Liaison.from_on <= today,
        or_(Liaison.until_on.is_(None), Liaison.until_on > today),
    )
    for institution_id, name in db.execute(
        select(AllianceMember.institution_id, Person.name)
        .outerjoin(Liaison, in_office)
        .outerjoin(Person, Person.id == Liaison.person_id)
        .where(AllianceMember.alliance_id == alliance_id)
        .order_by(AllianceMember.position, Liaison.seat)
    ):
        names.setdefault(institution_id, []).extend([name] if name else [])
    return tuple((institution_id, tuple(found)) for institution_id, found in names.items())


def owner_words(duties: Iterable[Duty]) -> str:
    """Whose turn it is in a few words: 专家 许静文、方志成; 浙江 …; the first kind of duty speaks."""
    duties = list(duties)
    if not duties:
        return ""
    first = duties[0].kind
    names = [duty.owner for duty in duties if duty.kind is first]
    unit = "家" if duties[0].institution_id else "位"
    listed = "、".join(names[:3]) + (f"等 {len(names)} {unit}" if len(names) > 3 else "")
    return f"{listed} {first.label}"


@dataclass(frozen=True)
class Brief:
    """What the page of a single act shows of the consultation; `reason` says why the act is not open yet."""

    consultation_id: int
    number: str | None
    title: str
    article: str
    reason: str | None


def brief(db: Session, *, actor: Actor, consultation_id: int, act: str, now: datetime) -> Brief:
    """Load the little that an act's page needs; authorised for the act itself."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=act, now=now)
    consultation, line = loaded.consultation, BY_ACT[act]
    why_not = WHY_NOT.get(act)
    title = " ".join(part for part in (consultation.number, consultation.product.product_name) if part)
    return Brief(
        consultation.id,
        consultation.number,
        title,
        loaded.edition.cite(line.article) if line.article else "",
        why_not(db, loaded, now) if why_not else None,
    )
