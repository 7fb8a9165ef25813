"""The authority reviews what a producer handed in: report, objection, plan, summary (Art. 5, 11, 14, annex 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument
from portal.models.recall_case import RecallProgress
from portal.process.errors import Invalid
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.rules.problem import Problem
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.case_obligations import oblige_in_case
from portal.services.recall.case_documents import OBJECTION, PLAN_ANNEXES, latest, report_on_notice
from portal.services.recall.given import future_day, keep_files, refuse, required_text


@dataclass(frozen=True)
class Point:
    """One point of the review of a plan (Art. 14); what is not met says why."""

    is_met: bool | None
    words: str = ""


def accept_report(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Find the report of the producer convincing: no defect, the case is closed (Art. 11)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="accept_report", now=now)
    report = report_on_notice(db, case_id)
    if report is None or report.state != "handed_in":
        raise refuse("没有待审查的调查分析报告", "11", loaded.edition)
    reason = required_text(reason, "审查意见")
    report.state, report.review_words = "accepted", reason
    advance_case(db, loaded, "accept_report", now=now, outcome="report_convincing", reason=reason)


def record_admission(
    db: Session, *, actor: Actor, case_id: int, reason: str, plan_on: date | None, now: datetime
) -> None:
    """Record that the producer admits the defect and recalls by itself; its plan is due on `plan_on` (annex 1)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="record_admission", now=now)
    reason = required_text(reason, "确认情况")
    day = future_day(plan_on, "报告召回计划的日期", field="plan_on", now=now)
    report = report_on_notice(db, case_id)
    if report is not None and report.state == "handed_in":
        report.state, report.review_words = "accepted", reason
    loaded.case.is_voluntary = True
    advance_case(
        db, loaded, "record_admission", now=now, dates={"hand_in_plan": day}, reason=reason, plan_on=day.isoformat()
    )


def uphold_objection(
    db: Session, *, actor: Actor, case_id: int, reason: str, investigates: bool, now: datetime
) -> None:
    """Uphold an objection: the case is closed, or the investigation goes on (annex 4, decided)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="uphold_objection", now=now)
    objection = _in_review(db, loaded, OBJECTION, "异议", "annex4")
    reason = required_text(reason, "理由")
    objection.state, objection.review_words = "accepted", reason
    to = Stage.INVESTIGATION if investigates else Stage.CLOSED
    advance_case(db, loaded, "uphold_objection", now=now, to=to, outcome="objection_upheld", reason=reason)


def reject_objection(
    db: Session, *, actor: Actor, case_id: int, reason: str, plan_on: date | None, now: datetime
) -> None:
    """Reject an objection, and set a new date for the plan (annex 4, decided)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="reject_objection", now=now)
    objection = _in_review(db, loaded, OBJECTION, "异议", "annex4")
    reason = required_text(reason, "理由")
    day = future_day(plan_on, "报告召回计划的日期", field="plan_on", now=now)
    objection.state, objection.review_words = "returned", reason
    advance_case(
        db, loaded, "reject_objection", now=now, dates={"hand_in_plan": day}, reason=reason, plan_on=day.isoformat()
    )


def return_plan(
    db: Session, *, actor: Actor, case_id: int, points: Mapping[str, Point], reason: str, plan_on: date | None,
    now: datetime,
) -> None:  # fmt: skip
    """Return a plan, point by point, with a new date (Art. 14). At least one point is not met."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="return_plan", now=now)
    said = _points(loaded, points)
    if all(point["is_met"] for point in said.values()):
        raise Invalid.field("points", f"退回时至少一项不符合，并写明问题（{loaded.edition.cite_in_full('14')}）。")
    day = future_day(plan_on, "重新报告的日期", field="plan_on", now=now)
    for document in _plan(db, loaded):
        document.state, document.review_points, document.review_words = "returned", said, reason.strip()
    advance_case(
        db, loaded, "return_plan", now=now, dates={"hand_in_plan": day}, points=said, reason=reason.strip(),
        plan_on=day.isoformat(),
    )  # fmt: skip


def accept_plan(
    db: Session, *, actor: Actor, case_id: int, points: Mapping[str, Point], reason: str, now: datetime
) -> None:
    """Accept a plan: batches exact, numbers true, content complete, measures workable (Art. 14)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="accept_plan", now=now)
    said = _points(loaded, points)
    if not all(point["is_met"] for point in said.values()):
        raise Invalid.field("points", f"四项全部符合才能通过审查（{loaded.edition.cite_in_full('14')}）。")
    for document in _plan(db, loaded):
        document.state, document.review_points, document.review_words = "accepted", said, reason.strip()
    advance_case(db, loaded, "accept_plan", now=now, points=said, reason=reason.strip())


def documents_in_review(
    db: Session, *, actor: Actor, case_id: int, annexes: Sequence[str] = PLAN_ANNEXES, now: datetime
) -> list[CaseDocument]:
    """The documents that wait for their review, as far as they have come; by default those of the plan."""
    load_case(db, actor=actor, case_id=case_id, permission="view_case_documents", now=now)
    found = [latest(db, case_id, slug) for slug in annexes]
    return [one for one in found if one is not None and one.state == "handed_in"]


def return_summary(
    db: Session, *, actor: Actor, case_id: int, reason: str, summary_on: date | None, now: datetime
) -> None:
    """Return a summary: the recall goes on, and another one is due on `summary_on` (Art. 5)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="return_summary", now=now)
    summary = _in_review(db, loaded, "recall_summary", "召回总结", "5")
    reason = required_text(reason, "退回理由")
    day = future_day(summary_on, "重新提交的日期", field="summary_on", now=now)
    summary.state, summary.review_words = "returned", reason
    # What a returned summary tells is not counted; the one that follows tells the whole anew.
    db.execute(delete(RecallProgress).where(RecallProgress.document_id == summary.id))
    advance_case(db, loaded, "return_summary", now=now, reason=reason, summary_on=day.isoformat())
    oblige_in_case(db, loaded.case, "hand_in_summary", now=now, on=day)


def accept_summary(
    db: Session, *, actor: Actor, case_id: int, reason: str, files: Sequence[UploadedFile] = (), now: datetime
) -> None:
    """Accept a summary: `reason` assesses the effect of the recall (Art. 5). The file is to be completed."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="accept_summary", now=now)
    summary = _in_review(db, loaded, "recall_summary", "召回总结", "5")
    reason = required_text(reason, "召回效果评估")
    summary.state, summary.review_words = "accepted", reason
    keep_files(db, loaded.case, files, now=now, actor=actor, event="recall_summary_accepted")
    advance_case(db, loaded, "accept_summary", now=now, reason=reason)


def _in_review(db: Session, loaded: LoadedCase, annex: str, name: str, article: str) -> CaseDocument:
    found = latest(db, loaded.case.id, annex)
    if found is None or found.state != "handed_in":
        raise refuse(f"没有待审查的{name}", article, loaded.edition)
    return found


def _plan(db: Session, loaded: LoadedCase) -> list[CaseDocument]:
    found = [latest(db, loaded.case.id, slug) for slug in PLAN_ANNEXES]
    plan = [one for one in found if one is not None and one.state == "handed_in"]
    if len(plan) < len(PLAN_ANNEXES):
        raise refuse("召回计划、新闻稿和召回事项说明（附件6、7、8）还没有收齐", "14", loaded.edition)
    return plan


def _points(loaded: LoadedCase, points: Mapping[str, Point]) -> dict[str, dict[str, object]]:
    problems, said = [], {}
    for choice in loaded.edition.choices["plan_points"]:
        point = points.get(choice.name, Point(None))
        if point.is_met is None:
            problems.append(Problem(choice.name, f"请审查“{choice.label}”。", ""))
        elif not point.is_met and not point.words.strip():
            problems.append(Problem(f"{choice.name}_words", f"“{choice.label}”不符合的，请写明问题。", ""))
        said[choice.name] = {"is_met": bool(point.is_met), "words": point.words.strip()}
    if problems:
        raise Invalid(problems)
    return said
