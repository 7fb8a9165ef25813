"""Step 4, the investigation: reports of the technical institution, and a finding without recall (Art. 7, 12, 13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.process.errors import Invalid
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import load_case
from portal.services.recall.given import future_day, keep_files, refuse, required_text
from portal.services.recall.notices import why_not_conclude

CONCLUSIONS = {"not_established": "未认定存在缺陷，办结", "unclear": "暂不能认定，持续关注"}


def record_investigation_report(
    db: Session, *, actor: Actor, case_id: int, reason: str, files: Sequence[UploadedFile] = (), now: datetime
) -> None:
    """Hand in the report of the investigation (Art. 7(3)); `reason` sums up what it found. A file is required."""
    _report(db, "record_investigation_report", "缺陷调查报告", actor, case_id, reason, files, now)


def assess_risk(
    db: Session, *, actor: Actor, case_id: int, reason: str, files: Sequence[UploadedFile] = (), now: datetime
) -> None:
    """Hand in the assessment of the risk, on which the finding rests (Art. 13). A file is required."""
    _report(db, "assess_risk", "风险评估报告", actor, case_id, reason, files, now)


def conclude_without_recall(
    db: Session, *, actor: Actor, case_id: int, conclusion: str, reason: str, review_on: date | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Conclude an investigation that established no defect, or left it unclear; it rests on a report (Art. 12)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="conclude_without_recall", now=now)
    why = why_not_conclude(db, loaded)
    if why is not None:
        raise refuse(why, "7(3)", loaded.edition)
    if conclusion not in CONCLUSIONS:
        raise Invalid.field("conclusion", "请选择调查结论。")
    reason = required_text(reason, "理由")
    if conclusion == "not_established":
        advance_case(
            db, loaded, "conclude_without_recall", now=now, to=Stage.CLOSED, outcome="not_established", reason=reason
        )
        return
    day = future_day(review_on, "复核日期", field="review_on", now=now)
    loaded.case.watch_review_on = day
    advance_case(
        db, loaded, "conclude_without_recall", now=now, to=Stage.WATCHED, dates={"review_case_watch": day},
        reason=reason, review_case_watch=day.isoformat(),
    )  # fmt: skip


def _report(
    db: Session, act: str, name: str, actor: Actor, case_id: int, words: str, files: Sequence[UploadedFile],
    now: datetime,
) -> None:  # fmt: skip
    loaded = load_case(db, actor=actor, case_id=case_id, permission=act, now=now)
    words = required_text(words, f"{name}的结论")
    if not files:
        raise Invalid.field("files", f"请上传{name}。")
    event = advance_case(db, loaded, act, now=now, reason=words, files=[file.sha256 for file in files])
    keep_files(db, loaded.case, files, now=now, actor=actor, event=event.name)
