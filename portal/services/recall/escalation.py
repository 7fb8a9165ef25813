"""Article 19, its two things apart: the ordered recall, and sanctions for who refuses or hides; and public warnings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.models.recall_publication import RecallPublication
from portal.process.errors import Invalid
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall.given import chosen, chosen_many, future_day, keep_files, refuse, required_text
from portal.services.recall.implementation import publish_words


def record_silence(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Record that the producer let its limit pass: neither plan nor objection (Art. 19).

    Refused while the recall notice was not served, so that no day runs (annex 5), or the limit is not over.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="record_silence", now=now)
    why = why_not_silent(db, loaded, now)
    if why is not None:
        raise refuse(why[0], why[1], loaded.edition)
    advance_case(db, loaded, "record_silence", now=now, reason=required_text(reason, "情况说明"))


def why_not_silent(db: Session, loaded: LoadedCase, now: datetime) -> tuple[str, str] | None:
    """Why silence cannot be recorded yet, with its article; else None."""
    owed = open_in_case(db, loaded.case.id, ("hand_in_noticed_plan", "hand_in_plan"))
    if not owed:
        return "召回通知书还没有登记送达，生产者的十个工作日没有起算", "annex5"
    due_at = owed[0].due_at
    if due_at is not None and due_at > now:
        last = beijing_day(due_at - timedelta(microseconds=1))
        return f"生产者的期限到{last:%Y-%m-%d}24:00为止，还没有届满", "annex4"
    return None


def submit_escalation(
    db: Session, *, actor: Actor, case_id: int, reason: str, files: Sequence[UploadedFile] = (), now: datetime
) -> None:
    """Submit the written material for an ordered recall to the province (Art. 19). A file is required."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="submit_escalation", now=now)
    if not open_in_case(db, case_id, ("submit_escalation",)):
        raise refuse("书面材料已经提交", "19", loaded.edition)
    reason = required_text(reason, "情况说明")
    if not files:
        raise Invalid.field("files", f"请上传书面材料（{loaded.edition.cite_in_full('19')}）。")
    event = advance_case(db, loaded, "submit_escalation", now=now, reason=reason, files=[one.sha256 for one in files])
    keep_files(db, loaded.case, files, now=now, actor=actor, event=event.name)


def forward_escalation(
    db: Session, *, actor: Actor, case_id: int, reason: str, files: Sequence[UploadedFile] = (), now: datetime
) -> None:
    """Pass the material on to the national regulator (Art. 19); before that it was submitted."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="forward_escalation", now=now)
    if not open_in_case(db, case_id, ("forward_escalation",)):
        raise refuse("书面材料还没有提交，或者已经上报", "19", loaded.edition)
    event = advance_case(
        db, loaded, "forward_escalation", now=now, reason=required_text(reason, "上报情况"),
        files=[one.sha256 for one in files],
    )  # fmt: skip
    keep_files(db, loaded.case, files, now=now, actor=actor, event=event.name)


def record_order(
    db: Session, *, actor: Actor, case_id: int, reason: str, plan_on: date | None, files: Sequence[UploadedFile] = (),
    now: datetime,
) -> None:  # fmt: skip
    """Record that the national regulator ordered the recall, and until when a plan is due (Art. 19)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="record_order", now=now)
    if not open_in_case(db, case_id, ("record_order",)):
        raise refuse("材料还没有上报国家市场监督管理总局", "19", loaded.edition)
    reason = required_text(reason, "责令召回的文号和内容")
    day = future_day(plan_on, "报告召回计划的日期", field="plan_on", now=now)
    event = advance_case(
        db, loaded, "record_order", now=now, dates={"hand_in_plan": day}, reason=reason, plan_on=day.isoformat(),
        files=[one.sha256 for one in files],
    )  # fmt: skip
    keep_files(db, loaded.case, files, now=now, actor=actor, event=event.name)


def resume_investigation(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Go back to the investigation, as the national regulator asks for more; before that it got the material."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="resume_investigation", now=now)
    if not open_in_case(db, case_id, ("record_order",)):
        raise refuse("材料还没有上报国家市场监督管理总局", "19", loaded.edition)
    advance_case(db, loaded, "resume_investigation", now=now, reason=required_text(reason, "需要补充调查的内容"))


def sanction_producer(
    db: Session, *, actor: Actor, case_id: int, ground: str, measures: Collection[str], reason: str,
    files: Sequence[UploadedFile] = (), now: datetime,
) -> RecallPublication | None:  # fmt: skip
    """Record what was done about a producer that refuses or hides: talk, penalty, credit record, publication (Art. 19).

    The stage stays: an ordered recall is another thing. 向社会公布 puts `reason` on the public pages.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="sanction_producer", now=now)
    ground = chosen(loaded.edition, "sanction_grounds", ground, "情形", field="ground")
    named = chosen_many(loaded.edition, "sanctions", measures, "采取的措施", field="measures")
    reason = required_text(reason, "事实和措施的说明")
    publication = None
    if "publication" in named:
        label = loaded.edition.choice("sanction_grounds", ground).label
        title = f"关于{loaded.case.product.producer}{label}的公告"
        publication = publish_words(db, loaded, "sanction", title, reason, now)
    event = advance_case(
        db, loaded, "sanction_producer", now=now, ground=ground, measures=named, reason=reason,
        files=[one.sha256 for one in files], publication=publication.number if publication is not None else "",
    )  # fmt: skip
    keep_files(db, loaded.case, files, now=now, actor=actor, event=event.name)
    return publication


def warn_public(
    db: Session, *, actor: Actor, case_id: int, reason: str, words: str, now: datetime
) -> RecallPublication:
    """Warn the public of a product whose producer is gone or abroad (decided); the file is completed afterwards."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="warn_public", now=now)
    reason = required_text(reason, "生产者无法联系的情况")
    words = required_text(words, "消费警示内容", field="words")
    title = f"关于{loaded.case.product.product_name}的消费警示"
    publication = publish_words(db, loaded, "warning", title, words, now)
    advance_case(db, loaded, "warn_public", now=now, reason=reason, publication=publication.number)
    return publication
