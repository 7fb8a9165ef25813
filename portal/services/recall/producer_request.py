"""What the holder of a producer's link sees: what is asked until when, the notice, what was handed in, what is next.

Nothing else of the case: no event, no officer, no document that is not the producer's own or the notice to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, CaseFile, ProducerLink
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.errors import NotFound, Refusal
from portal.process.recall_case import Stage, transition
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.rules.recall.annexes import Annex
from portal.services.kernel.case_loading import LoadedCase
from portal.services.kernel.case_mailing import OWED_BY_PURPOSE
from portal.services.kernel.case_obligations import open_in_case
from portal.services.kernel.mailing import counting_of
from portal.services.recall.annex_copies import document_title
from portal.services.recall.answer_drafts import ANNEXES_OF
from portal.services.recall.case_documents import OBJECTION, annex_of, documents_of, draft_of, latest, values_of
from portal.services.recall.producer_answers import Source, answering, link_in_force
from portal.services.recall.producer_links import ACTS_OF, PURPOSE_LABELS
from portal.services.recall.producer_tokens import is_in_force

_NOTICE_OF = {
    "producer_report": "investigation_notice",
    "recall_plan": "recall_notice",
    "recall_summary": "recall_notice",
}
LABELS: Mapping[str, str] = {
    "record_completion": "报告召回已完成",
    "record_producer_publication": "填报发布情况",
    "record_recall_number": "填报召回编号",
}
"""What acts are called for the producer that does them, where it is not what they are called for an officer."""
_NEXT: Mapping[Stage, str] = {
    Stage.PRODUCER_ANALYSIS: "市场监督管理局审查调查分析报告：能够证明不存在缺陷的办结，否则开展缺陷调查",
    Stage.NOTIFIED: "提交召回计划后由市场监督管理局审查；提出异议的，由其审查并答复",
    Stage.OBJECTION: "市场监督管理局审查异议并答复，请等待",
    Stage.PLAN_DUE: "提交后由市场监督管理局审查召回计划",
    Stage.PLAN_REVIEW: "市场监督管理局正在审查召回计划：通过的公示召回信息，不符合的退回修改",
    Stage.PUBLICATION: "市场监督管理局公示召回信息，请按召回计划实施召回，并向社会发布召回信息",
    Stage.IMPLEMENTING: "召回完成前按期提交阶段性总结，完成后提交召回总结",
    Stage.SUMMARY: "市场监督管理局正在评估召回效果、审查召回总结",
    Stage.ESCALATED: "已按规定报请责令召回；现在提交召回计划仍会接收，注明逾期",
}
_FINISHED = "这件事已经办结，没有需要您办理的事项"


@dataclass(frozen=True)
class OwedByProducer:
    """One thing that is owed: until when, how that was counted, by which article."""

    obligation: Obligation
    act: str
    label: str
    article: str
    how_counted: str
    is_late: bool
    has_lapsed: bool  # late, and no longer taken


@dataclass(frozen=True)
class ActOffered:
    """An act of the link; `reason` says why it cannot be done now, "" where it can."""

    act: str
    label: str
    reason: str
    has_draft: bool


@dataclass(frozen=True)
class HandedIn:
    """A version that was handed in, with its review."""

    document: CaseDocument
    title: str
    points: tuple[tuple[str, bool, str], ...]  # of the review: label, is met, words


@dataclass(frozen=True)
class ProducerRequest:
    """Everything that the page of a link shows."""

    link: ProducerLink
    loaded: LoadedCase
    asked: str
    owed: tuple[OwedByProducer, ...]
    acts: tuple[ActOffered, ...]
    notice: CaseDocument | None
    notice_waits: bool  # a notice was made, and is still to be served
    handed_in: tuple[HandedIn, ...]
    returned: tuple[HandedIn, ...]  # what was returned last, and nothing new has come
    next: str

    @property
    def case(self) -> RecallCase:
        """The case, of which the page shows product and authority alone."""
        return self.loaded.case


@dataclass(frozen=True)
class ProducerDocument:
    """A document that the holder of a link may read: own ones, and the notice."""

    request: ProducerRequest
    document: CaseDocument
    title: str
    annex: Annex | None
    values: dict[str, object]
    files: tuple[CaseFile, ...]


def producer_request(db: Session, *, token: str, now: datetime) -> ProducerRequest:
    """What a link asks for. NotFound for a token that is none, NotAllowed for a link that was ended."""
    link, loaded = link_in_force(db, token, now)
    case, handed_in = loaded.case, _handed_in(db, link, loaded)
    acts = tuple(_offered(db, Source(token=token), act, case, now) for act in ACTS_OF[link.purpose])
    newest = {one.document.annex: one for one in handed_in}
    return ProducerRequest(
        link=link,
        loaded=loaded,
        asked=PURPOSE_LABELS[link.purpose],
        owed=tuple(_all_owed(db, link, loaded, now)),
        acts=acts,
        notice=_notice(db, link),
        notice_waits=_notice(db, link) is None and latest(db, case.id, _NOTICE_OF[link.purpose]) is not None,
        handed_in=tuple(reversed(handed_in)),
        returned=tuple(one for one in newest.values() if one.document.state == "returned"),
        next=_NEXT.get(loaded.stage, _FINISHED),
    )


def note_opening(db: Session, *, token: str, now: datetime) -> None:
    """Note that a link was opened, so that the authority sees whether it has arrived."""
    link, _ = link_in_force(db, token, now)
    link.first_opened_at = link.first_opened_at or now
    link.last_opened_at = now


def is_held(db: Session, *, token: str, now: datetime) -> bool:
    """Whether a token is that of a link in force."""
    try:
        link, _ = link_in_force(db, token, now)
    except Refusal:
        return False
    return is_in_force(link, now)


def producer_document(db: Session, *, token: str, document_id: int, now: datetime) -> ProducerDocument:
    """One document: the notice that was served, or what was handed in for this. NotFound for any other."""
    found = producer_request(db, token=token, now=now)
    seen = [one.document for one in found.handed_in] + ([found.notice] if found.notice is not None else [])
    document = next((one for one in seen if one.id == document_id), None)
    if document is None:
        raise NotFound
    annex = annex_of(found.case, document.annex) if document.annex != OBJECTION else None
    values = values_of(found.case, document) if annex is not None else dict(document.stored_values)
    files = tuple(document.files) if document is not found.notice else ()
    return ProducerDocument(found, document, document_title(found.case, document), annex, values, files)


def producer_file(db: Session, *, token: str, file_id: int, now: datetime) -> CaseFile:
    """A file that came with what is, or was, filled in through links of this purpose. NotFound for any other."""
    link, loaded = link_in_force(db, token, now)
    file = db.get(CaseFile, file_id)
    if file is None or file.case_id != loaded.case.id or file.document_id is None:
        raise NotFound
    document = db.get_one(CaseDocument, file.document_id)
    is_another_draft = document.state == "draft" and document.typed_by != "producer"
    if is_another_draft or document.made_by != "producer" or document.annex not in _annexes_of(link):
        raise NotFound
    return file


def _annexes_of(link: ProducerLink) -> tuple[str, ...]:
    return tuple(slug for act in ACTS_OF[link.purpose] for slug in ANNEXES_OF.get(act, ()))


def _offered(db: Session, source: Source, act: str, case: RecallCase, now: datetime) -> ActOffered:
    has_draft = any(draft_of(db, case.id, slug, source.typed_by) is not None for slug in ANNEXES_OF.get(act, ()))
    label = LABELS.get(act, transition(act).label)
    try:
        answering(db, source, act, now, is_signed=False)
    except Refusal:
        return ActOffered(act, label, "现在不需要办理", has_draft)
    return ActOffered(act, label, _why_not(db, act, case, now), has_draft)


def _why_not(db: Session, act: str, case: RecallCase, now: datetime) -> str:
    """Why an act of the stage cannot be done all the same."""
    if act == "hand_in_plan" and case.stage == Stage.PLAN_REVIEW and latest(db, case.id, "recall_plan") is not None:
        return "召回计划正在审查，退回后才能修改"
    if act == "record_completion" and case.completed_on is not None:
        return f"已登记于{case.completed_on:%Y-%m-%d}完成"
    if act == "raise_objection":
        owed = open_in_case(db, case.id, ("raise_objection",))
        if owed and owed[0].due_at is not None and now >= owed[0].due_at:
            return "提出异议的期限已过，视为放弃权利（工作流程附件4）"
    return ""


def _all_owed(db: Session, link: ProducerLink, loaded: LoadedCase, now: datetime) -> list[OwedByProducer]:
    """What is owed, soonest first; what may be left undone (an objection) comes behind what may not."""
    owed = open_in_case(db, loaded.case.id, OWED_BY_PURPOSE[link.purpose])
    return [_owed(db, one, loaded, now) for one in sorted(owed, key=lambda one: RECALL_OBLIGATIONS[one.kind].lapses)]


def _owed(db: Session, owed: Obligation, loaded: LoadedCase, now: datetime) -> OwedByProducer:
    kind = RECALL_OBLIGATIONS[owed.kind]
    is_late = owed.due_at is not None and now >= owed.due_at
    return OwedByProducer(
        owed, kind.act, kind.label, loaded.edition.cite_in_full(kind.article) if kind.article else "",
        counting_of(db, owed), is_late, is_late and kind.lapses,
    )  # fmt: skip


def _notice(db: Session, link: ProducerLink) -> CaseDocument | None:
    """The notice that was served; one that still lies with the authority is nobody's to read."""
    found = latest(db, link.case_id, _NOTICE_OF[link.purpose])
    return found if found is not None and found.service_outcome else None


def _handed_in(db: Session, link: ProducerLink, loaded: LoadedCase) -> list[HandedIn]:
    """What was handed in for this purpose, oldest first, through whatever link or on paper."""
    own = set(_annexes_of(link))
    documents = [one for one in documents_of(db, link.case_id) if one.annex in own and one.made_by == "producer"]
    return [HandedIn(one, document_title(loaded.case, one), _points(one, loaded)) for one in documents]


def _points(document: CaseDocument, loaded: LoadedCase) -> tuple[tuple[str, bool, str], ...]:
    said = document.review_points or {}
    return tuple(
        (choice.label, bool(said[choice.name]["is_met"]), str(said[choice.name]["words"]))
        for choice in loaded.edition.choices["plan_points"]
        if choice.name in said
    )
