"""What the session's page shows: who is there, who speaks next, what was noted, on what the experts differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models.account import Person
from portal.models.institution import AllianceMember, Institution
from portal.models.online_session import OnlineSession, SessionParticipant, SpeakingTurn
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage
from portal.process.permissions import Actor
from portal.rules.editions import Edition
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import OPENS_BEFORE
from portal.services.consultation.preliminary_analysis import FIRST_VIEW
from portal.services.consultation.session_invitation import CURRENT, MODES
from portal.services.consultation.session_vote_view import SessionVote, session_vote
from portal.services.kernel.loading import Loaded, load

STATES = {"fixed": "已约定", "open": "进行中", "closed": "讨论结束", "adjourned": "已休会", "cancelled": "已取消"}
VIEW_LABELS = {"yes": "是", "no": "否", "uncertain": "不确定"}


@dataclass(frozen=True)
class Question:
    """One question of the first views: who answered what; `disagreement` is the share outside the largest group."""

    name: str
    label: str
    answers: tuple[tuple[str, tuple[str, ...]], ...]
    disagreement: float

    @property
    def is_agreed(self) -> bool:
        """Whether all who answered said the same."""
        return len(self.answers) == 1


@dataclass(frozen=True)
class Topic:
    """A question of the agenda with what was said on it in the session."""

    question: Question
    text: str
    version: int
    is_discussed: bool


@dataclass(frozen=True)
class Speaker:
    """A member in the speaking order. `notes` is None for those who may not read them."""

    member_id: int
    name: str
    field: str
    institution: Institution
    has_attended: bool
    claims: bool  # says to be there, and nobody has confirmed it yet
    spoken_at: datetime | None
    began_at: datetime | None  # while the member speaks
    state: str  # done, now, next, later
    notes: SpeakingTurn | None
    analysis: PreliminaryAnalysis | None


@dataclass(frozen=True)
class Delegation:
    """Whom an institution sends; nobody yet when `people` is empty."""

    institution: Institution
    people: tuple[SessionParticipant, ...]
    claiming: frozenset[int]  # persons of it who say to be there


@dataclass(frozen=True)
class SessionPage:
    """Everything the session's page shows."""

    loaded: Loaded
    online: OnlineSession | None
    mode: str
    state: str
    host_name: str
    speakers: tuple[Speaker, ...]
    delegations: tuple[Delegation, ...]
    agenda: tuple[Topic, ...]
    sees_analyses: bool
    claiming: frozenset[int]  # persons who say to be there, to be confirmed by the host
    lets_in: bool  # people may say that they are there, also before it begins
    vote: SessionVote | None

    @property
    def is_open(self) -> bool:
        """Whether the session is going on."""
        return self.online is not None and self.online.state == "open"

    @property
    def has_begun(self) -> bool:
        """Whether attendance has been taken: before, nobody is absent."""
        return self.online is not None and self.online.opened_at is not None

    @property
    def is_hosted(self) -> bool:
        """Whether the actor hosts it now."""
        return self.is_open and self.loaded.may("host_session")

    @property
    def has_everybody_spoken(self) -> bool:
        """Whether nobody who is there speaks or waits to speak: the vote may be opened."""
        return self.is_open and self.speaking is None and self.next_speaker is None

    @property
    def speaking(self) -> Speaker | None:
        """Who has the floor."""
        return next((one for one in self.speakers if one.state == "now"), None)

    @property
    def next_speaker(self) -> Speaker | None:
        """Who is next."""
        return next((one for one in self.speakers if one.state == "next"), None)

    @property
    def is_live(self) -> bool:
        """Whether anything on the page may still change while it is open: the page asks for it."""
        return self.loaded.stage in (Stage.SCHEDULED, Stage.IN_SESSION, Stage.VOTING, Stage.TALLIED)

    @property
    def may_claim(self) -> bool:
        """Whether the actor may say now to be there, and has not yet."""
        actor, online = self.loaded.actor, self.online
        if online is None or self.has_claimed or not self.loaded.may("claim_attendance"):
            return False
        if online.state == "open":
            there = {one.person_id for one in online.participants if one.has_attended}
            there |= {turn.member.expert.person_id for turn in online.turns if turn.has_attended}
            return actor.person_id not in there
        return self.lets_in

    @property
    def has_claimed(self) -> bool:
        """Whether the actor says to be there, and waits for the host."""
        return self.loaded.actor.person_id in self.claiming

    @property
    def present(self) -> int:
        """How many members are there."""
        return sum(speaker.has_attended for speaker in self.speakers)


def session_page(
    db: Session, *, actor: Actor, consultation_id: int, now: datetime, with_vote: bool = True
) -> SessionPage:
    """Load the page of the latest session, as far as the actor may see it."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_session", now=now)
    online = latest_session(db, consultation_id)
    sees = loaded.may("view_analyses") or loaded.may("view_analyses_in_session")
    analyses = _analyses(db, consultation_id) if sees else {}
    members = accepted_members(db, consultation_id)
    claiming = (
        frozenset(claim.person_id for claim in online.claims) if online and online.state in CURRENT else frozenset()
    )
    questions = agenda([(one.member.name, one.first_view) for one in analyses.values()], loaded.edition)
    return SessionPage(
        loaded=loaded,
        online=online,
        mode=MODES[online.mode] if online else "",
        state=STATES[online.state] if online else "尚未约定",
        host_name=_host_name(db, online),
        speakers=_speakers(online, members, analyses, claiming, sees_notes=sees),
        delegations=_delegations(db, loaded, online, claiming),
        agenda=_topics(online, questions),
        sees_analyses=sees,
        claiming=claiming,
        lets_in=online is not None and online.state in CURRENT and now >= online.starts_at - OPENS_BEFORE,
        vote=session_vote(db, loaded) if with_vote else None,
    )


def latest_session(db: Session, consultation_id: int) -> OnlineSession | None:
    """The session that is fixed, open or was held last, with its turns and participants."""
    return db.scalar(
        select(OnlineSession)
        .where(OnlineSession.consultation_id == consultation_id)
        .options(
            selectinload(OnlineSession.turns).joinedload(SpeakingTurn.member).joinedload(PanelMember.institution),
            selectinload(OnlineSession.participants).joinedload(SessionParticipant.person),
        )
        .order_by(OnlineSession.id.desc())
        .limit(1)
    )


def agenda(views: Iterable[tuple[str, dict[str, object]]], edition: Edition) -> tuple[Question, ...]:
    """The questions of the first views, those first on which the experts differ most (Art. 8(5)).

    `views` are (name, first view). A question that fewer than two answered says nothing about disagreement.
    """
    given = list(views)
    questions = []
    for name in FIRST_VIEW:
        field = edition.field(name)
        said = [(who, view[name]) for who, view in given if view.get(name) is not None]
        if len(said) < 2:
            continue
        groups = Counter(answer for _, answer in said)
        answers = tuple(
            (
                option.prefix.rstrip("．") or str(option.label),
                tuple(who for who, answer in said if answer == option.value),
            )
            for option in field.options
            if groups[option.value]
        )
        questions.append(Question(name, field.brief, answers, 1 - max(groups.values()) / len(said)))
    return tuple(sorted(questions, key=lambda question: (-question.disagreement, -len(question.answers))))


def _topics(online: OnlineSession | None, questions: Iterable[Question]) -> tuple[Topic, ...]:
    """The questions with their notes."""
    notes = {note.question: note for note in online.agenda_notes} if online else {}
    topics = []
    for question in questions:
        note = notes.get(question.name)
        text, version = (note.text, note.version) if note else ("", 0)
        topics.append(Topic(question, text, version, note is not None and note.discussed_at is not None))
    return tuple(topics)


@dataclass(frozen=True)
class SessionSummary:
    """What the consultation's page shows of the session."""

    page: SessionPage
    has_link: bool


def summary(db: Session, loaded: Loaded, now: datetime) -> SessionSummary | None:
    """The session on the consultation's page; None until one is fixed."""
    if not loaded.may("view_session") or latest_session(db, loaded.consultation.id) is None:
        return None
    page = session_page(db, actor=loaded.actor, consultation_id=loaded.consultation.id, now=now, with_vote=False)
    return SessionSummary(page, loaded.stage in (Stage.SCHEDULED, Stage.IN_SESSION))


def _analyses(db: Session, consultation_id: int) -> dict[int, PreliminaryAnalysis]:
    found = db.scalars(
        select(PreliminaryAnalysis)
        .join(PanelMember, PanelMember.id == PreliminaryAnalysis.member_id)
        .where(
            PanelMember.consultation_id == consultation_id,
            PanelMember.state == "accepted",
            PreliminaryAnalysis.handed_in_at.is_not(None),
        )
        .options(joinedload(PreliminaryAnalysis.member))
        .order_by(PanelMember.seat)
    )
    return {analysis.member_id: analysis for analysis in found}


def _speakers(
    online: OnlineSession | None,
    members: list[PanelMember],
    analyses: dict[int, PreliminaryAnalysis],
    claiming: frozenset[int],
    *,
    sees_notes: bool,
) -> tuple[Speaker, ...]:
    """The panel in the order of speaking; who joined after the opening comes last."""
    turns = {turn.member_id: turn for turn in online.turns} if online else {}
    last = len(turns) + 1
    ordered = sorted(members, key=lambda member: turns[member.id].position if member.id in turns else last)
    is_open = online is not None and online.state == "open"
    speaking = {turn.member_id for turn in turns.values() if is_open and turn.began_at and not turn.ended_at}
    waiting = [
        member.id
        for member in ordered
        if is_open and member.id in turns and turns[member.id].has_attended and turns[member.id].spoken_at is None
        if member.id not in speaking
    ]
    found = []
    for member in ordered:
        turn = turns.get(member.id)
        waits = "next" if member.id in waiting[:1] else "later"
        done = "done" if turn is not None and turn.spoken_at is not None else waits
        state = "now" if member.id in speaking else done
        found.append(
            Speaker(
                member.id, member.name, member.field, member.institution,
                turn is not None and turn.has_attended, member.expert.person_id in claiming,
                turn.spoken_at if turn else None, turn.began_at if turn and state == "now" else None, state,
                turn if sees_notes else None, analyses.get(member.id),
            )
        )  # fmt: skip
    return tuple(found)


def _delegations(
    db: Session, loaded: Loaded, online: OnlineSession | None, claiming: frozenset[int]
) -> tuple[Delegation, ...]:
    if online is None:
        return ()
    institutions = db.scalars(
        select(Institution)
        .join(AllianceMember, AllianceMember.institution_id == Institution.id)
        .where(AllianceMember.alliance_id == loaded.consultation.alliance_id)
        .order_by(AllianceMember.position)
    )
    return tuple(
        Delegation(one, tuple(who for who in online.participants if who.institution_id == one.id), claiming)
        for one in institutions
    )


def _host_name(db: Session, online: OnlineSession | None) -> str:
    if online is None or online.host_id is None:
        return ""
    return db.get_one(Person, online.host_id).name
