"""The authority's notices, annexes 1, 3 and 4, and their service, annex 5 (Workflow Art. 6, 9, 11, 12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, CaseFile
from portal.models.event import Event
from portal.process.errors import Invalid
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.rules.dates import beijing_day
from portal.rules.regions import is_municipality
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.case_obligations import oblige_in_case, open_in_case
from portal.services.recall.case_documents import (
    NOTICES,
    Typed,
    checked,
    document_number,
    documents_of,
    kind_article,
    latest,
    report_on_notice,
    settle_document,
)
from portal.services.recall.given import chosen, future_day, noon_of, past_day, refuse, required_text

NOT_CONVINCING, NO_REPORT, NATIONAL, OWN = "not_convincing", "no_report", "national_request", "own_review"


def issue_investigation_notice(db: Session, *, actor: Actor, case_id: int, typed: Typed, now: datetime) -> CaseDocument:
    """Ask the producer to analyse (annex 1), within three working days of the finding (Art. 11).

    The date set in it is the producer's. Refused before the review found a defect possible.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="issue_investigation_notice", now=now)
    if loaded.case.discovered_at is None:
        raise refuse("请先作出技术会商决定，认为可能存在缺陷的再通知生产者", "11", loaded.edition)
    answer_on = typed.values.get("report_due_on")
    if answer_on is not None:
        future_day(answer_on if isinstance(answer_on, date) else None, "报送日期", field="report_due_on", now=now)
    document = _issue(db, loaded, "investigation_notice", typed, now)
    assert isinstance(answer_on, date)  # checked with the annex  # noqa: S101
    advance_case(
        db, loaded, "issue_investigation_notice", now=now, dates={"hand_in_report": answer_on}, number=document.number
    )
    return document


def investigate_at_once(db: Session, *, actor: Actor, case_id: int, typed: Typed, now: datetime) -> CaseDocument:
    """Investigate without asking the producer first (annex 3): the own review, or the national regulator (Art. 9)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="investigate_at_once", now=now)
    reason = _reason_among(typed, (NATIONAL, OWN))
    if reason == OWN and loaded.case.discovered_at is None:
        raise refuse("请先作出技术会商决定，认为可能存在缺陷的再启动缺陷调查", "9", loaded.edition)
    loaded.case.discovered_at = loaded.case.discovered_at or now
    document = _issue(db, loaded, "defect_investigation_notice", typed, now)
    advance_case(db, loaded, "investigate_at_once", now=now, number=document.number, ground=reason)
    return document


def investigate_after_report(db: Session, *, actor: Actor, case_id: int, typed: Typed, now: datetime) -> CaseDocument:
    """Investigate because the producer did not report, or not convincingly (annex 3, Art. 12).

    That nothing was reported can be said once the date of a notice that was served is over.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="investigate_after_report", now=now)
    reason = _reason_among(typed, (NO_REPORT, NOT_CONVINCING, NATIONAL))
    report = report_on_notice(db, case_id)
    if reason == NOT_CONVINCING and report is None:
        raise Invalid.field("reason", "生产者还没有提交调查分析报告，不能以其结果不足以证明为由。")
    if reason == NO_REPORT:
        _require_no_report(db, loaded, report, now)
    if report is not None and report.state == "handed_in":
        report.state = "returned"
    document = _issue(db, loaded, "defect_investigation_notice", typed, now)
    advance_case(db, loaded, "investigate_after_report", now=now, number=document.number, ground=reason)
    return document


def issue_recall_notice(db: Session, *, actor: Actor, case_id: int, typed: Typed, now: datetime) -> CaseDocument:
    """Find a defect and ask the producer to recall (annex 4). It rests on a report of the investigation (Art. 12, 13).

    The ten working days for plan or objection run from receipt (annex 5), so not yet.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="issue_recall_notice", now=now)
    why = why_not_conclude(db, loaded)
    if why is not None:
        raise refuse(why, "7(3)", loaded.edition)
    document = _issue(db, loaded, "recall_notice", typed, now)
    product = loaded.case.product
    product.defect, product.consequence = str(typed.values["defect"]), str(typed.values["consequence"])
    advance_case(db, loaded, "issue_recall_notice", now=now, number=document.number)
    return document


def why_not_conclude(db: Session, loaded: LoadedCase) -> str | None:
    """Why an investigation cannot be concluded yet, else None: reports are kept as files of their events."""
    events = {file.event for file in _files_of(db, loaded)}
    if "investigation_report_recorded" not in events:
        return "缺陷调查报告还没有提交，不能作出认定"
    is_provinces = loaded.case.authority.level == "province" and not is_municipality(loaded.case.authority.division)
    if is_provinces and "risk_assessed" not in events:
        return "省局直接组织的缺陷调查，还没有召回技术机构的风险评估结论"
    return None


def record_service(
    db: Session, *, actor: Actor, case_id: int, notice_id: int | None, outcome: str, typed: Typed, now: datetime
) -> CaseDocument:
    """Record with annex 5 how a notice was served. From the recipient's signature the producer's days run.

    Where the recipient refused to sign, the remarks say so, and the day of service counts.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="record_service", now=now)
    notice = next((one for one in unserved(db, case_id) if one.id == notice_id), None)
    if notice is None:
        raise Invalid.field("notice_id", "请选择还没有登记送达的通知书。")
    outcome = chosen(loaded.edition, "service_outcomes", outcome, "送达结果", field="outcome")
    received_on = _received_on(typed, notice, outcome, now)
    checked(loaded, "service_receipt", typed.values)
    receipt = settle_document(
        db, loaded, "service_receipt", typed, state="issued", made_by="authority", now=now, dated_on=received_on,
        serves=notice,
    )  # fmt: skip
    receipt.service_outcome = outcome
    notice.received_on, notice.service_outcome = received_on, outcome
    # Another notice of the case may still wait for its receipt.
    advance_case(
        db,
        loaded,
        "record_service",
        now=now,
        skip=_BEGUN_BY_RECEIPT,
        number=notice.number,
        received_on=received_on.isoformat(),
        outcome=outcome,
    )
    # An earlier notice, whose objection was upheld, begins nothing any more.
    if loaded.stage is Stage.NOTIFIED and notice is latest(db, case_id, "recall_notice"):
        for kind in _BEGUN_BY_RECEIPT:
            oblige_in_case(db, loaded.case, kind, now=now, since_at=noon_of(received_on))
    for other in unserved(db, case_id)[:1] if loaded.stage in RECALL_OBLIGATIONS["serve_notice"].stages else ():
        oblige_in_case(db, loaded.case, "serve_notice", now=now, since_at=other.settled_at)
    return receipt


_BEGUN_BY_RECEIPT = ("raise_objection", "hand_in_noticed_plan")


def unserved(db: Session, case_id: int) -> list[CaseDocument]:
    """The notices of a case that no receipt was recorded for."""
    return unserved_of(documents_of(db, case_id))


def unserved_of(documents: Sequence[CaseDocument]) -> list[CaseDocument]:
    """The notices among `documents` that no receipt was recorded for."""
    return [one for one in documents if one.annex in NOTICES and one.received_on is None]


def _issue(db: Session, loaded: LoadedCase, slug: str, typed: Typed, now: datetime) -> CaseDocument:
    checked(loaded, slug, typed.values)
    if not loaded.case.product.producer:
        raise refuse("还不知道生产者名称，不能制作通知书", kind_article(slug), loaded.edition)
    number = document_number(db, loaded, slug, now)
    return settle_document(
        db, loaded, slug, typed, state="issued", made_by="authority", now=now, number=number, dated_on=beijing_day(now)
    )


def _reason_among(typed: Typed, allowed: tuple[str, ...]) -> str:
    reason = str(typed.values.get("reason") or "")
    if reason not in allowed:
        raise Invalid.field("reason", "请选择与本案经过相符的缺陷调查原因。")
    return reason


def _require_no_report(db: Session, loaded: LoadedCase, report: CaseDocument | None, now: datetime) -> None:
    notice = latest(db, loaded.case.id, "investigation_notice")
    if report is not None:
        raise Invalid.field("reason", "生产者已经提交调查分析报告，请改选其他原因。")
    if notice is None or notice.received_on is None:
        raise refuse("调查分析通知书还没有登记送达，不能认定生产者未按通知要求开展调查分析", "annex5", loaded.edition)
    owed = open_in_case(db, loaded.case.id, ("hand_in_report",))
    if owed and owed[0].due_at is not None and owed[0].due_at > now:
        last = beijing_day(owed[0].due_at - timedelta(microseconds=1))
        raise refuse(f"通知书确定的报送日期{last:%Y-%m-%d}还没有到", "annex1", loaded.edition)


def _received_on(typed: Typed, notice: CaseDocument, outcome: str, now: datetime) -> date:
    values = typed.values
    since = notice.dated_on
    served = values.get("served_on")
    served_on = past_day(
        served if isinstance(served, date) else None, "送达日期", field="served_on", now=now, since=since
    )
    if outcome == "refused":
        required_text(str(values.get("remarks") or ""), "拒绝签收的情况", field="remarks")
        return served_on
    required_text(str(values.get("recipient_signature") or ""), "收件人签名", field="recipient_signature")
    signed = values.get("received_on")
    return past_day(
        signed if isinstance(signed, date) else None, "收件人签名日期", field="received_on", now=now, since=served_on
    )


def _files_of(db: Session, loaded: LoadedCase) -> list[CaseFile]:
    """The files since the investigation began: one that is taken up again rests on a report of its own."""
    query = select(CaseFile).where(CaseFile.case_id == loaded.case.id)
    begun = _investigation_begun_at(db, loaded.case.id)
    return list(db.scalars(query if begun is None else query.where(CaseFile.uploaded_at >= begun)))


def _investigation_begun_at(db: Session, case_id: int) -> datetime | None:
    """When the investigation was entered last; a province that takes it over, takes what was reported with it."""
    entries = select(Event.stage, Event.at).where(Event.recall_case_id == case_id, Event.stage.is_not(None))
    before: str | None = None
    begun: datetime | None = None
    for stage, at in db.execute(entries.order_by(Event.id)):
        begun = at if stage == Stage.INVESTIGATION and stage != before else begun
        before = stage
    return begun
