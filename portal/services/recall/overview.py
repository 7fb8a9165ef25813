"""The page of a recall case: whose turn it is, until when, what this person can do, what there is, what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, CaseFile, ProducerLink
from portal.models.consultation import Consultation
from portal.models.event import Event
from portal.models.obligation import Obligation
from portal.models.recall_case import CaseConsultation, RecallCase
from portal.models.recall_publication import RecallPublication
from portal.process.consultation import STAGE_LABELS as CONSULTATION_STAGES
from portal.process.consultation import Stage as ConsultationStage
from portal.process.errors import NotFound
from portal.process.events import event_label
from portal.process.obligations import OWNING_ROLE_LABELS
from portal.process.permissions import Actor
from portal.process.recall_case import ENDED, OFF_PATH, STEPS, TRANSITIONS, Stage, step_of, transition
from portal.process.recall_obligations import RECALL_OBLIGATIONS, RecallObligationKind
from portal.services.consultation.meeting_minutes import issued_minutes
from portal.services.consultation.overview import Action, StepMark
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.case_obligations import open_in_case
from portal.services.kernel.institutions import InstitutionFacts, all_institutions
from portal.services.recall.case_documents import PLAN_ANNEXES, documents_of
from portal.services.recall.effect import EffectView, effect_view
from portal.services.recall.escalation import why_not_silent
from portal.services.recall.notices import unserved_of, why_not_conclude
from portal.services.recall.producer_links import links_of
from portal.services.recall.review import asked_consultation, why_not_take, why_not_take_over

TIMELINE_LENGTH = 60
_DETAILS = ("number", "item", "place", "person", "to_name", "task", "reason")
# Acts of a rare turn, and what is recorded for a producer that answers on paper: they stand behind “更多操作”.
_ASIDE = frozenset(
    {
        *("sanction_producer", "warn_public", "ask_technical_institution", "ask_county", "name_person_in_charge"),
        *("revoke_producer_link", "record_upload", "record_recall_number", "record_producer_publication"),
        *("hand_in_report", "raise_objection", "hand_in_plan", "hand_in_interim_summary", "hand_in_summary"),
        *("record_completion", "record_noncompliance", "order_recall_again", "take_case", "resume_investigation"),
        *("close_clue", "pass_on_clue", "inspect_recall", "reopen_case", "end_case_watch", "record_admission"),
    }
)


class AtHand:
    """A case with what several parts of its page ask for, read once."""

    def __init__(self, db: Session, loaded: LoadedCase, now: datetime) -> None:
        self.db, self.loaded, self.now = db, loaded, now

    @cached_property
    def documents(self) -> Sequence[CaseDocument]:
        """The documents that stand, oldest first."""
        return documents_of(self.db, self.loaded.case.id)

    @cached_property
    def owed(self) -> Sequence[Obligation]:
        """What is open, soonest first."""
        return open_in_case(self.db, self.loaded.case.id)

    @cached_property
    def institutions(self) -> Mapping[int, InstitutionFacts]:
        """All of them by id: of an event, a duty and a participant only the id is kept."""
        return all_institutions(self.db)


@dataclass(frozen=True)
class CaseDuty:
    """What is owed now: by whom, until when."""

    obligation: Obligation
    kind: RecallObligationKind
    owner: str
    is_own: bool


@dataclass(frozen=True)
class CaseEvent:
    """One event as the timeline shows it."""

    at: datetime
    says: str
    who: str
    institution: InstitutionFacts | None
    detail: str
    is_stage: bool


@dataclass(frozen=True)
class LinkedConsultation:
    """The consultation of a case, as a regulator sees it: its state and its issued minutes."""

    consultation_id: int
    number: str | None
    stage_label: str
    has_minutes: bool


@dataclass(frozen=True)
class CasePage:
    """Everything that the page of a case shows."""

    loaded: LoadedCase
    steps: tuple[StepMark, ...]
    duties: tuple[CaseDuty, ...]
    actions: tuple[Action, ...]
    documents: tuple[CaseDocument, ...]
    unserved: tuple[CaseDocument, ...]
    files: tuple[CaseFile, ...]
    links: tuple[ProducerLink, ...]
    participants: tuple[tuple[InstitutionFacts, str], ...]
    consultation: LinkedConsultation | None
    effect: EffectView | None
    publications: tuple[RecallPublication, ...]
    timeline: tuple[CaseEvent, ...]
    event_count: int

    @property
    def case(self) -> RecallCase:
        """The case itself."""
        return self.loaded.case

    @property
    def own_duty(self) -> CaseDuty | None:
        """What the actor's own institution owes first."""
        return next((duty for duty in self.duties if duty.is_own), None)


def case_page(db: Session, *, actor: Actor, case_id: int, now: datetime, all_events: bool = False) -> CasePage:
    """Load the page of a case, as far as the actor may see it."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="view_case", now=now)
    at_hand = AtHand(db, loaded, now)
    events, count = _events(db, loaded, all_events=all_events)
    return CasePage(
        loaded=loaded,
        steps=_steps(db, loaded),
        duties=tuple(_duties(at_hand)),
        actions=tuple(_actions(at_hand)),
        documents=tuple(at_hand.documents) if loaded.may("view_case_documents") else (),
        unserved=tuple(unserved_of(at_hand.documents)),
        files=tuple(_files(db, case_id)) if loaded.may("view_case_documents") else (),
        links=tuple(links_of(db, case_id)) if loaded.may("view_case_file") else (),
        participants=tuple((at_hand.institutions[one.institution_id], one.task) for one in loaded.case.participants),
        consultation=_consultation(db, loaded),
        effect=effect_view(db, loaded.case, at_hand.documents, now),
        publications=tuple(_publications(db, case_id)),
        timeline=tuple(_event(at_hand, event) for event in events),
        event_count=count,
    )


@dataclass(frozen=True)
class CaseBrief:
    """What the page of a single act shows of its case; `reason` says why the act is not open yet."""

    case_id: int
    number: str
    title: str
    authority: str
    article: str
    reason: str | None
    loaded: LoadedCase


def case_brief(db: Session, *, actor: Actor, case_id: int, act: str, now: datetime) -> CaseBrief:
    """Load the little that the page of an act needs; authorised for the act itself."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission=act, now=now)
    case, line = loaded.case, transition(act)
    why_not = WHY_NOT.get(act)
    return CaseBrief(
        case.id, case.number, f"{case.product.product_name} {case.product.model}".strip(), case.authority.name,
        loaded.edition.cite_in_full(line.article) if line.article else "",
        why_not(AtHand(db, loaded, now)) if why_not is not None else None, loaded,
    )  # fmt: skip


WhyNot = Callable[[AtHand], str | None]


def _not_found_possible(at_hand: AtHand) -> str | None:
    return None if at_hand.loaded.case.discovered_at is not None else "先作出技术会商决定：可能存在缺陷。"


def _silent(at_hand: AtHand) -> str | None:
    why = why_not_silent(at_hand.db, at_hand.loaded, at_hand.now)
    return f"{why[0]}。" if why is not None else None


def _in_review(annexes: tuple[str, ...], words: str) -> WhyNot:
    def why_not(at_hand: AtHand) -> str | None:
        waiting = {one.annex for one in at_hand.documents if one.state == "handed_in"}
        return None if waiting >= set(annexes) else words

    return why_not


def _served(at_hand: AtHand) -> str | None:
    return None if unserved_of(at_hand.documents) else "通知书都已登记送达。"


def _sentence(words: str | None) -> str | None:
    return f"{words}。" if words is not None else None


def _no_result(at_hand: AtHand) -> str | None:
    return _sentence(why_not_take(at_hand.db, at_hand.loaded))


def _inconclusive(at_hand: AtHand) -> str | None:
    return _sentence(why_not_conclude(at_hand.db, at_hand.loaded))


def _waits_for(kind: str, words: str) -> WhyNot:
    def why_not(at_hand: AtHand) -> str | None:
        return None if any(one.kind == kind for one in at_hand.owed) else words

    return why_not


_PLAN_MISSING = "召回计划、新闻稿和召回事项说明还没有收齐。"


def _taken(at_hand: AtHand) -> str | None:
    return _sentence(why_not_take_over(at_hand.loaded))


_NOT_FORWARDED = _waits_for("record_order", "材料还没有上报国家市场监督管理总局。")
WHY_NOT: Mapping[str, WhyNot] = {
    "take_consultation_result": _no_result,
    "take_case": _taken,
    "issue_investigation_notice": _not_found_possible,
    "issue_recall_notice": _inconclusive,
    "conclude_without_recall": _inconclusive,
    "record_silence": _silent,
    "record_service": _served,
    "accept_report": _in_review(("producer_report",), "生产者还没有提交调查分析报告。"),
    "accept_plan": _in_review(PLAN_ANNEXES, _PLAN_MISSING),
    "return_plan": _in_review(PLAN_ANNEXES, _PLAN_MISSING),
    "submit_escalation": _waits_for("submit_escalation", "书面材料已经提交。"),
    "forward_escalation": _waits_for("forward_escalation", "书面材料还没有提交，或者已经上报。"),
    "record_order": _NOT_FORWARDED,
    "resume_investigation": _NOT_FORWARDED,
}
"""Why an act of the stage is not open yet, by act; None where it is."""


def _steps(db: Session, loaded: LoadedCase) -> tuple[StepMark, ...]:
    rows = db.execute(
        select(Event.stage, func.max(Event.at))
        .where(Event.recall_case_id == loaded.case.id, Event.stage.is_not(None))
        .group_by(Event.stage)
    )
    entries = {Stage(stage): at for stage, at in rows if stage}
    current, marks = step_of(loaded.stage), []
    for position, step in enumerate(STEPS):
        entered = min((entries[stage] for stage in step.stages if stage in entries), default=None)
        if loaded.stage in OFF_PATH or loaded.stage in ENDED or current is None:
            state = "done" if entered else "later"
        else:
            state = "now" if position == current else "done" if position < current and entered else "later"
        marks.append(StepMark(step.label, state, entered if state != "later" else None))
    return tuple(marks)


def _duties(at_hand: AtHand) -> Iterator[CaseDuty]:
    actor = at_hand.loaded.actor
    for obligation in at_hand.owed:
        institution = at_hand.institutions.get(obligation.institution_id or 0)
        owner = institution.short_name if institution is not None else OWNING_ROLE_LABELS.get(obligation.role or "", "")
        is_own = institution is not None and actor is not None and obligation.institution_id == actor.institution_id
        yield CaseDuty(obligation, RECALL_OBLIGATIONS[obligation.kind], owner, is_own)


def _actions(at_hand: AtHand) -> Sequence[Action]:
    owed = {RECALL_OBLIGATIONS[one.kind].act for one in at_hand.owed}
    actions = []
    for line in TRANSITIONS:
        if not line.stages or not at_hand.loaded.may(line.act):
            continue
        why_not = WHY_NOT.get(line.act)
        reason = why_not(at_hand) if why_not is not None else None
        is_aside = line.act in _ASIDE or (reason is not None and line.act not in owed)
        actions.append(Action(line.act, line.label, reason, is_aside, line.article))
    return actions


def _files(db: Session, case_id: int) -> Sequence[CaseFile]:
    return db.scalars(
        select(CaseFile).where(CaseFile.case_id == case_id, CaseFile.field == "").order_by(CaseFile.id)
    ).all()


def _publications(db: Session, case_id: int) -> Sequence[RecallPublication]:
    return db.scalars(
        select(RecallPublication).where(RecallPublication.case_id == case_id).order_by(RecallPublication.id.desc())
    ).all()


def _consultation(db: Session, loaded: LoadedCase) -> LinkedConsultation | None:
    consultation: Consultation | None = asked_consultation(db, loaded.case.id)
    if consultation is None or not loaded.may("view_case_consultation"):
        return None
    stage = ConsultationStage(consultation.stage)
    has_minutes = stage in (ConsultationStage.ISSUED, ConsultationStage.ARCHIVED)
    return LinkedConsultation(consultation.id, consultation.number, CONSULTATION_STAGES[stage], has_minutes)


@dataclass(frozen=True)
class IssuedMinutes:
    """Issued minutes, for a download."""

    minutes_id: int
    number: str


def consultation_minutes(db: Session, *, actor: Actor, case_id: int, now: datetime) -> IssuedMinutes:
    """The issued minutes of the consultation of a case; NotFound while there are none."""
    load_case(db, actor=actor, case_id=case_id, permission="view_case_consultation", now=now)
    consultation = asked_consultation(db, case_id)
    issued = issued_minutes(db, consultation.id) if consultation is not None else []
    if not issued or consultation is None:
        raise NotFound
    return IssuedMinutes(issued[0].id, consultation.number or "")


def _events(db: Session, loaded: LoadedCase, *, all_events: bool) -> tuple[Sequence[Event], int]:
    """The product's whole life: what happened in the case, and the stages of its consultations for who may see them."""
    case_id = loaded.case.id
    told: ColumnElement[bool] = Event.recall_case_id == case_id
    if loaded.may("view_case_consultation"):
        linked = select(CaseConsultation.consultation_id).where(CaseConsultation.case_id == case_id)
        told |= Event.consultation_id.in_(linked) & Event.stage.is_not(None)
    query = select(Event).where(told).order_by(Event.id.desc())
    events = db.scalars(query if all_events else query.limit(TIMELINE_LENGTH)).all()
    count = db.scalar(select(func.count()).select_from(Event).where(told)) or 0
    return events, count


def _event(at_hand: AtHand, event: Event) -> CaseEvent:
    institution = at_hand.institutions.get(event.institution_id or 0)
    if event.recall_case_id is None:  # of a consultation: that it went on, and neither persons nor reasons
        return CaseEvent(event.at, f"专家会诊：{event_label(event.name)}", "", institution, "", is_stage=False)
    details = [str(event.facts[key]) for key in _DETAILS if event.facts.get(key)]
    if event.facts.get("is_late"):
        details.insert(0, "逾期收到")
    who = event.person_name or (event.facts.get("signed_by") if event.facts.get("by_link") else "") or "平台"
    return CaseEvent(
        event.at, event_label(event.name), str(who), institution, "；".join(details), event.stage is not None
    )
