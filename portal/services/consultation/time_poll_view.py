"""What the lead sees of a time poll: the slots in order, who marked what, who has not answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal.models.account import Person, PersonRole
from portal.models.consultation import Consultation
from portal.models.institution import AllianceMember, Institution
from portal.models.time_poll import TimePoll, TimePollAnswer, TimePollSlot
from portal.process.consultation import Stage
from portal.process.permissions import Actor, Role
from portal.rules.time_poll import MARKS, RankedSlot, Slot, Voice, best_mark, rank_slots
from portal.services.consultation.members import accepted_members
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import open_obligations

_SILENT = "未答复"


@dataclass(frozen=True)
class Respondent:
    """One person who was asked or has answered; `marks` by slot id, empty while there is no answer."""

    name: str
    institution: Institution
    is_expert: bool
    marks: Mapping[int, str]


@dataclass(frozen=True)
class SlotLine:
    """A slot with its place in the order, why it stands there, and who said what."""

    ranked: RankedSlot
    place: int
    is_late: bool
    is_past: bool
    is_fixed: bool
    reasons: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def slot(self) -> Slot:
        """The time itself."""
        return self.ranked.slot


@dataclass(frozen=True)
class TimePollPage:
    """Everything the lead's page shows; `poll` is None until slots are proposed."""

    loaded: Loaded
    poll: TimePoll | None
    lines: tuple[SlotLine, ...]
    by_time: tuple[SlotLine, ...]
    respondents: tuple[Respondent, ...]
    silent: tuple[str, ...]
    due_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it can still be answered."""
        return self.poll is not None and self.poll.closed_at is None

    @property
    def asked(self) -> int:
        """How many experts and institutions were asked."""
        ranked = self.lines[0].ranked
        return ranked.yes + ranked.if_need_be + ranked.no + ranked.silent


def time_poll_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> TimePollPage:
    """Load the latest poll for the lead, named: whoever fixes the time has to know whom it does not suit."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_time_poll", now=now)
    poll = _latest(db, consultation_id)
    owed = next(iter(open_obligations(db, consultation_id, kinds=("hold_session",))), None)
    due_at = owed.due_at if owed else None
    if poll is None:
        return TimePollPage(loaded, None, (), (), (), (), due_at)
    institutions = _institutions(db, loaded.consultation)
    respondents, voices = _respondents(db, poll, consultation_id, institutions)
    slots = [Slot(slot.id, slot.starts_at, slot.ends_at) for slot in poll.slots]
    fixed = {slot.id for slot in poll.slots if slot.is_fixed}
    lines = tuple(
        SlotLine(
            one, place, due_at is not None and one.slot.starts_at >= due_at, one.slot.starts_at <= now,
            one.slot.key in fixed, _reasons(one, len(institutions)), _groups(one.slot.key, respondents),
        )
        for place, one in enumerate(rank_slots(slots, voices, loaded.edition), start=1)
    )  # fmt: skip
    silent = tuple(voice.name for voice in voices if not voice.marks)
    by_time = tuple(sorted(lines, key=lambda line: line.slot.starts_at))
    return TimePollPage(loaded, poll, lines, by_time, respondents, silent, due_at)


def proposed_slot(db: Session, *, consultation_id: int, slot_id: int) -> Slot | None:
    """A slot of the open poll, to fill the form that fixes it, for who is authorised to; None for any other."""
    slot = db.scalar(
        select(TimePollSlot)
        .join(TimePoll, TimePoll.id == TimePollSlot.poll_id)
        .where(
            TimePollSlot.id == slot_id, TimePoll.consultation_id == consultation_id, TimePoll.closed_at.is_(None)
        )
    )  # fmt: skip
    return Slot(slot.id, slot.starts_at, slot.ends_at) if slot is not None else None


def has_open_poll(db: Session, *, consultation_id: int) -> bool:
    """Whether slots are proposed and none is fixed yet."""
    found = select(TimePoll.id).where(TimePoll.consultation_id == consultation_id, TimePoll.closed_at.is_(None))
    return db.scalar(found) is not None


@dataclass(frozen=True)
class TimePollSummary:
    """What the consultation's page shows while a poll is open: of the lead how many answered, of others their own."""

    page: TimePollPage | None
    slots: int
    answer_by: datetime
    may_answer: bool
    has_answered: bool


def summary(db: Session, loaded: Loaded, now: datetime) -> TimePollSummary | None:
    """The open poll on the consultation's page; None where there is none, or it is not for the actor."""
    if loaded.stage is not Stage.SCHEDULING or not loaded.may("view_session"):
        return None
    poll = _latest(db, loaded.consultation.id)
    if poll is None or poll.closed_at is not None:
        return None
    sees = loaded.may("view_time_poll")
    may_answer = loaded.may("answer_time_poll")
    if not (sees or may_answer):
        return None
    actor, consultation_id = loaded.actor, loaded.consultation.id
    page = time_poll_page(db, actor=actor, consultation_id=consultation_id, now=now) if sees else None
    own = any(answer.person_id == actor.person_id for slot in poll.slots for answer in slot.answers)
    return TimePollSummary(page, len(poll.slots), poll.answer_by, may_answer, own)


def _latest(db: Session, consultation_id: int) -> TimePoll | None:
    return db.scalar(
        select(TimePoll)
        .where(TimePoll.consultation_id == consultation_id)
        .options(selectinload(TimePoll.slots).selectinload(TimePollSlot.answers).joinedload(TimePollAnswer.person))
        .order_by(TimePoll.id.desc())
        .limit(1)
    )


def _institutions(db: Session, consultation: Consultation) -> Sequence[Institution]:
    return db.scalars(
        select(Institution)
        .join(AllianceMember, AllianceMember.institution_id == Institution.id)
        .where(AllianceMember.alliance_id == consultation.alliance_id)
        .order_by(AllianceMember.position)
    ).all()


def _respondents(
    db: Session, poll: TimePoll, consultation_id: int, institutions: Sequence[Institution]
) -> tuple[tuple[Respondent, ...], list[Voice]]:
    """Who is asked or has answered, experts first, and how they count: each expert, and each institution once."""
    said: dict[int, dict[int, str]] = {}
    people: dict[int, Person] = {}
    for slot in poll.slots:
        for answer in slot.answers:
            said.setdefault(answer.person_id, {})[slot.id] = answer.mark
            people[answer.person_id] = answer.person
    staff = set(
        db.scalars(
            select(PersonRole.person_id).where(
                PersonRole.person_id.in_(people), PersonRole.role == Role.STAFF.value
            )
        )
    )  # fmt: skip
    respondents, voices = [], []
    for member in accepted_members(db, consultation_id):
        marks = said.get(member.expert.person_id, {})
        respondents.append(Respondent(member.name, member.institution, True, marks))
        voices.append(Voice(member.name, True, marks))
    for institution in institutions:
        own = [people[one] for one in sorted(staff) if people[one].institution_id == institution.id]
        respondents += [Respondent(person.name, institution, False, said[person.id]) for person in own]
        if not own:
            respondents.append(Respondent("工作人员", institution, False, {}))
        by_slot = {slot.id: [said[person.id][slot.id] for person in own] for slot in poll.slots}
        best = {slot_id: best_mark(marks) for slot_id, marks in by_slot.items() if marks}
        voices.append(Voice(institution.short_name, False, best))
    return tuple(respondents), voices


def _reasons(one: RankedSlot, institutions: int) -> tuple[str, ...]:
    quorum = f"专家 {one.panel} 人中 {one.experts} 人能到会"
    quorum += "" if one.has_quorum else f"，不足法定人数 {one.quorum} 人"
    absent = "、".join(one.missing)
    staff = f"{absent}尚无人能参加" if one.missing else f"{institutions} 个召回技术机构均有人参加"
    return (quorum, staff)


def _groups(slot_id: int, respondents: Sequence[Respondent]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """可以：…；勉强可以：…；不可以：…；未答复：…, those without anybody left out."""
    words = {**MARKS, "": _SILENT}
    found = [
        (word, tuple(_named(one) for one in respondents if one.marks.get(slot_id, "") == mark))
        for mark, word in words.items()
    ]
    return tuple((word, names) for word, names in found if names)


def _named(one: Respondent) -> str:
    return one.name if one.is_expert else f"{one.institution.short_name} {one.name}"
