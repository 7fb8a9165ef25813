"""What a producer hands in, through a link or on paper that an officer records (annexes 2, 6–10, the objection).

What comes late is taken and marked late; only a late objection has lapsed (annex 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, ProducerLink
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallProgress
from portal.models.recall_publication import RecallPublication
from portal.process.errors import Invalid, NotAllowed
from portal.process.permissions import Actor
from portal.process.recall_case import Stage, transition
from portal.rules.dates import beijing_day
from portal.rules.problem import Problem
from portal.rules.recall.annex_check import check_plan_agrees
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case, load_for_producer
from portal.services.kernel.case_obligations import (
    close_in_case,
    oblige_in_case,
    open_in_case,
    owe_interim_summary,
)
from portal.services.recall.case_documents import (
    OBJECTION,
    PLAN_ANNEXES,
    Typed,
    annex_of,
    checked,
    latest,
    settle_document,
)
from portal.services.recall.given import in_words, keep_files, noon_of, past_day, refuse, required_text
from portal.services.recall.producer_links import ACTS_OF, link_of_token, why_not_in_force
from portal.services.recall.producer_sendings import note_sending
from portal.services.recall.producer_tokens import is_in_force


@dataclass(frozen=True)
class Source:
    """Where an answer comes from: an officer who records paper (`actor`, `case_id`, `arrived_on`), or a link's `token`.

    `signed_by` is who signed it off for the producer, `address` the network address that it came from.
    """

    actor: Actor | None = None
    case_id: int | None = None
    arrived_on: date | None = None
    token: str = ""
    signed_by: str = ""
    address: str = ""

    @property
    def typed_by(self) -> str:
        """Whose drafts are meant: the producer's own, or the authority's of what came on paper."""
        return "producer" if self.token else "authority"


@dataclass(frozen=True)
class Answering:
    """A case loaded for an answer, the link it comes through, and the instant at which it arrived."""

    loaded: LoadedCase
    link: ProducerLink | None
    arrived_at: datetime
    signed_by: str

    @property
    def arrived_on(self) -> date:
        """The day on which it arrived."""
        return beijing_day(self.arrived_at)


def hand_in_report(
    db: Session, *, source: Source, typed: Typed, files: Sequence[UploadedFile] = (), now: datetime
) -> CaseDocument:
    """Take the report of the producer's analysis (annex 2); the authority reviews it (Art. 11)."""
    answer = answering(db, source, "hand_in_report", now)
    document = _take(db, answer, "producer_report", typed, owed="hand_in_report", now=now)
    _keep(db, answer, document, files, now)
    advance_case(db, answer.loaded, "hand_in_report", now=now, **_said(answer, document))
    return document


def raise_objection(
    db: Session, *, source: Source, words: str, files: Sequence[UploadedFile] = (), now: datetime
) -> CaseDocument:
    """Take an objection against the finding, in time alone: later the right has lapsed (annex 4)."""
    answer = answering(db, source, "raise_objection", now)
    typed = Typed({"words": required_text(words, "异议的书面说明", field="words")})
    owed = open_in_case(db, answer.loaded.case.id, ("raise_objection",))
    if owed and owed[0].due_at is not None and answer.arrived_at >= owed[0].due_at:
        last = beijing_day(owed[0].due_at)
        raise refuse(f"异议应当在{last:%Y-%m-%d}零时以前提出，逾期视为放弃权利", "annex4", answer.loaded.edition)
    due_at = owed[0].due_at if owed else None
    document = _settle(db, answer, OBJECTION, typed, due_at=due_at, now=now)
    _keep(db, answer, document, files, now)
    advance_case(db, answer.loaded, "raise_objection", now=now, **_said(answer, document))
    return document


def hand_in_plan(
    db: Session, *, source: Source, plan: Mapping[str, Typed], files: Sequence[UploadedFile] = (), now: datetime
) -> list[CaseDocument]:
    """Take a recall plan: annexes 6, 7 and 8 together, naming one quantity (Art. 14). Also late, then marked."""
    answer = answering(db, source, "hand_in_plan", now)
    case = answer.loaded.case
    if answer.loaded.stage is Stage.PLAN_REVIEW and latest(db, case.id, "recall_plan") is not None:
        raise refuse("已有一份召回计划正在审查，退回后才能修改", "14", answer.loaded.edition)
    problems: list[Problem] = []
    for slug in PLAN_ANNEXES:
        try:
            checked(answer.loaded, slug, plan[slug].values)
        except Invalid as refused:
            problems += [Problem(f"{slug}.{one.field}", one.message, one.article) for one in refused.problems]
    values = [plan[slug].values for slug in PLAN_ANNEXES]
    problems += in_words(check_plan_agrees(values[0], values[1], values[2], answer.loaded.edition))
    if problems:
        raise Invalid(problems)
    due_at = _due(db, answer, ("hand_in_noticed_plan", "hand_in_plan"))
    documents = [_settle(db, answer, slug, plan[slug], due_at=due_at, now=now) for slug in PLAN_ANNEXES]
    _keep(db, answer, documents[0], files, now)
    number = plan["recall_statement"].values.get("recall_number")
    if number and not case.recall_number:
        case.recall_number = str(number)
    advance_case(db, answer.loaded, "hand_in_plan", now=now, **_said(answer, documents[0]))
    return documents


def hand_in_interim_summary(
    db: Session, *, source: Source, typed: Typed, channels: Mapping[str, int], now: datetime
) -> CaseDocument:
    """Take an interim summary (annex 10); the next is owed three months later (Art. 16).

    `channels` are the quantities of this period by sales channel, as far as the producer tells them apart. New
    injuries or new defects alert the supervisor (Art. 17): the event says so.
    """
    answer = answering(db, source, "hand_in_interim_summary", now)
    case = answer.loaded.case
    document = _take(db, answer, "interim_summary", typed, owed="hand_in_interim_summary", now=now)
    reported = typed.values["reported_between"]
    assert isinstance(reported, tuple)  # checked with the annex  # noqa: S101
    _progress(db, answer, document, typed, reported[1], channels)
    alerts = [one.message for one in checked(answer.loaded, "interim_summary", typed.values).alerts]
    advance_case(db, answer.loaded, "hand_in_interim_summary", now=now, alerts=alerts, **_said(answer, document))
    if case.completed_on is None:
        owe_interim_summary(db, case, number=interim_count(db, case.id) + 1, now=now)
    return document


def record_completion(db: Session, *, source: Source, completed_on: date | None, now: datetime) -> None:
    """Record that the producer has completed the plan: the summary is owed within fifteen working days (Art. 16)."""
    answer = answering(db, source, "record_completion", now)
    case = answer.loaded.case
    if case.completed_on is not None:
        raise refuse(f"召回已登记于{case.completed_on:%Y-%m-%d}完成", "16", answer.loaded.edition)
    case.completed_on = past_day(completed_on, "完成日期", field="completed_on", now=now, since=case.started_on)
    close_in_case(db, case, open_in_case(db, case.id, ("hand_in_interim_summary",)), now=now, met=False)
    advance_case(db, answer.loaded, "record_completion", now=now, completed_on=case.completed_on.isoformat())
    oblige_in_case(db, case, "hand_in_summary", now=now, since_at=noon_of(case.completed_on))


def hand_in_summary(
    db: Session, *, source: Source, typed: Typed, channels: Mapping[str, int], now: datetime
) -> CaseDocument:
    """Take the summary of the recall (annex 9); the authority assesses its effect (Art. 5, 16)."""
    answer = answering(db, source, "hand_in_summary", now)
    document = _take(db, answer, "recall_summary", typed, owed="hand_in_summary", now=now)
    recalled = typed.values["recalled_between"]
    assert isinstance(recalled, tuple)  # checked with the annex  # noqa: S101
    _progress(db, answer, document, typed, recalled[1], channels)
    if answer.loaded.case.completed_on is None:
        answer.loaded.case.completed_on = min(recalled[1], answer.arrived_on)
    alerts = [one.message for one in checked(answer.loaded, "recall_summary", typed.values).alerts]
    advance_case(db, answer.loaded, "hand_in_summary", now=now, alerts=alerts, **_said(answer, document))
    return document


def record_producer_publication(
    db: Session, *, source: Source, place: str, published_on: date | None, now: datetime
) -> None:
    """Record where the producer told the public of the recall: its site, a shop, the press (Art. 15)."""
    answer = answering(db, source, "record_producer_publication", now)
    place = required_text(place, "发布渠道和网址", field="place", longest=500)
    day = past_day(published_on, "发布日期", field="published_on", now=now)
    advance_case(db, answer.loaded, "record_producer_publication", now=now, place=place, published_on=day.isoformat())


def record_recall_number(db: Session, *, source: Source, number: str, now: datetime) -> None:
    """Record the number that the national system gave the recall (annex 8)."""
    answer = answering(db, source, "record_recall_number", now)
    number = required_text(number, "召回编号", field="number", longest=40)
    before = answer.loaded.case.recall_number
    answer.loaded.case.recall_number = number
    advance_case(db, answer.loaded, "record_recall_number", now=now, number=number, before=before)


def answering(db: Session, source: Source, act: str, now: datetime, *, is_signed: bool = True) -> Answering:
    """Load and authorise for an act of the producer. A link that is not in force, or not for this, is refused.

    Through a link an act is signed off with a name, and counted; `is_signed` no is for what only leads there.
    """
    if source.token:
        link, _ = link_in_force(db, source.token, now)
        if act not in ACTS_OF[link.purpose]:
            raise NotAllowed(f"这个链接不能用于{transition(act).label}。")
        loaded = load_for_producer(db, case_id=link.case_id, permission=act)
        if is_signed:
            note_sending(db, link=link, address=source.address, now=now)
        name = required_text(source.signed_by, "签署人姓名", field="signed_by", longest=60) if is_signed else ""
        return Answering(loaded, link, now, name)
    if source.actor is None or source.case_id is None:
        raise ValueError("an answer comes through a link, or an officer records it")
    loaded = load_case(db, actor=source.actor, case_id=source.case_id, permission=act, now=now)
    arrived = source.arrived_on or beijing_day(now)
    past_day(arrived, "收到日期", field="arrived_on", now=now, since=loaded.case.found_on)
    arrived_at = now if arrived == beijing_day(now) else noon_of(arrived)
    return Answering(loaded, None, arrived_at, source.signed_by.strip()[:60])


def link_in_force(db: Session, token: str, now: datetime) -> tuple[ProducerLink, LoadedCase]:
    """The link of a token with its case. NotFound for none, NotAllowed, with what to do, for one that was ended."""
    link = link_of_token(db, token)
    loaded = load_for_producer(db, case_id=link.case_id, permission="view_own_request")
    if not is_in_force(link, now):
        raise NotAllowed(why_not_in_force(link, loaded.case))
    return link, loaded


def _recalled_before(db: Session, case_id: int) -> int:
    """What was reported as recalled since the recall was published last; an earlier recall counts for itself."""
    query = (
        select(func.sum(RecallProgress.quantity))
        .join(CaseDocument, CaseDocument.id == RecallProgress.document_id)
        .where(RecallProgress.case_id == case_id)
    )
    since = _published_at(db, case_id)
    return db.scalar(query if since is None else query.where(CaseDocument.settled_at >= since)) or 0


def _published_at(db: Session, case_id: int) -> datetime | None:
    return db.scalar(
        select(func.max(RecallPublication.published_at)).where(
            RecallPublication.case_id == case_id, RecallPublication.kind == "recall"
        )
    )


def interim_count(db: Session, case_id: int) -> int:
    """How many interim summaries stand since the recall was published last."""
    since = _published_at(db, case_id)
    query = select(func.count(CaseDocument.id)).where(
        CaseDocument.case_id == case_id, CaseDocument.annex == "interim_summary", CaseDocument.state != "draft"
    )
    return db.scalar(query if since is None else query.where(CaseDocument.settled_at >= since)) or 0


def _take(db: Session, answer: Answering, annex: str, typed: Typed, *, owed: str, now: datetime) -> CaseDocument:
    checked(answer.loaded, annex, typed.values)
    return _settle(db, answer, annex, typed, due_at=_due(db, answer, (owed,)), now=now)


def _settle(
    db: Session, answer: Answering, annex: str, typed: Typed, *, due_at: datetime | None, now: datetime
) -> CaseDocument:
    return settle_document(
        db, answer.loaded, annex, typed, state="handed_in", made_by="producer", now=now, dated_on=answer.arrived_on,
        link=answer.link, signed_by=answer.signed_by, due_at=due_at,
        is_late=due_at is not None and answer.arrived_at >= due_at,
    )  # fmt: skip


def _due(db: Session, answer: Answering, kinds: tuple[str, ...]) -> datetime | None:
    """Until when it was owed; of a plan that comes after its silence was recorded, the limit that was let pass."""
    case_id = answer.loaded.case.id
    owed = open_in_case(db, case_id, kinds)
    if not owed and answer.loaded.stage is Stage.ESCALATED:
        passed = select(Obligation).where(Obligation.recall_case_id == case_id, Obligation.kind.in_(kinds))
        last = db.scalar(passed.order_by(Obligation.id.desc()).limit(1))
        owed = [last] if last is not None and not last.is_met else []
    return owed[0].due_at if owed else None


def _keep(db: Session, answer: Answering, document: CaseDocument, files: Sequence[UploadedFile], now: datetime) -> None:
    keep_files(db, answer.loaded.case, files, now=now, actor=answer.loaded.actor, document=document, link=answer.link)


def _said(answer: Answering, document: CaseDocument) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "revision": document.revision,
        "is_late": document.is_late,
        "by_link": answer.link is not None,
        "signed_by": answer.signed_by,
    }


def _progress(
    db: Session, answer: Answering, document: CaseDocument, typed: Typed, until: date, channels: Mapping[str, int]
) -> None:
    """The quantity of the period by channel; what no channel accounts for stands without one.

    Annex 9 tells the whole, so that the last period is what the interim summaries have not told yet.
    """
    case = answer.loaded.case
    total = typed.values["recalled_quantity"]
    assert isinstance(total, int)  # checked with the annex  # noqa: S101
    known = annex_of(case, document.annex).field("sales_channels").values
    if set(channels) - set(known) or any(quantity < 0 for quantity in channels.values()):
        raise Invalid.field("channels", "各渠道的召回数量应当是不小于0的整数。")
    before = _recalled_before(db, case.id)
    affected = typed.values["affected_quantity"]
    if document.annex == "recall_summary":
        if before > total:
            message = f"实际召回数量{total}少于各阶段性总结已报的合计{before}，请核对"
            raise Invalid.field("recalled_quantity", f"{message}（{answer.loaded.edition.cite_in_full('16')}）。")
        total -= before
    elif isinstance(affected, int) and before + total > affected:
        message = f"各阶段召回数量合计{before + total}，多于涉及数量{affected}，数量应当真实"
        raise Invalid.field("recalled_quantity", f"{message}（{answer.loaded.edition.cite_in_full('14')}）。")
    if sum(channels.values()) > total:
        raise Invalid.field("channels", f"各渠道召回数量合计{sum(channels.values())}，多于本阶段召回数量{total}。")
    parts = {**{name: quantity for name, quantity in channels.items() if quantity}, "": total - sum(channels.values())}
    db.add_all(
        RecallProgress(case_id=case.id, document_id=document.id, until_on=until, channel=name, quantity=quantity)
        for name, quantity in parts.items()
        if quantity
    )
