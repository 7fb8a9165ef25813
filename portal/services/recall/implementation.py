"""Steps 6 and 7: publishing the recall, supervising it, ordering it again (Art. 15, 17, 19)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseFile
from portal.models.recall_case import RecallCase
from portal.models.recall_publication import RecallPublication
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.recall.press_release import press_release_text
from portal.rules.recall.publication_search import searchable
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.case_obligations import owe_interim_summary
from portal.services.kernel.numbers import next_number
from portal.services.recall.case_documents import annex_of, latest, values_of
from portal.services.recall.given import chosen_many, future_day, keep_files, refuse, required_text


def publish_recall(db: Session, *, actor: Actor, case_id: int, now: datetime) -> RecallPublication:
    """Publish a recall with its accepted annexes 6 and 7 (Art. 15); the recall begins, and with it the three months."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="publish_recall", now=now)
    case = loaded.case
    plan, press = latest(db, case_id, "recall_plan"), latest(db, case_id, "press_release")
    if plan is None or press is None or {plan.state, press.state} != {"accepted"}:
        raise refuse("召回计划和新闻稿（附件6、7）还没有通过审查", "15", loaded.edition)
    planned, told = values_of(case, plan), values_of(case, press)
    title, _ = press_release_text(told, annex_of(case, "press_release"))
    begins_on = told["begins_on"]
    publication = _publication(db, loaded, "recall", title, now)
    publication.product_name, publication.brand = str(planned["product_name"]), str(planned["brand"])
    publication.model, publication.batches = str(planned["model"]), str(planned["batches"])
    publication.producer = str(planned["producer_name"])
    quantity = planned["affected_quantity"]
    publication.affected_quantity = quantity if isinstance(quantity, int) else None
    publication.begins_on = begins_on if isinstance(begins_on, date) else None
    publication.defect, publication.consequence = str(planned["defect"]), str(planned["consequence"])
    publication.recall_plan = {k: v for k, v in plan.stored_values.items() if k != "photographs"}
    publication.press_release = dict(press.stored_values)
    publication.pictures = _pictures(db, plan.id)
    for earlier in _listed(db, case_id, "recall"):
        earlier.replaced_at = now
    _add(db, publication)
    case.started_on, case.completed_on = publication.begins_on or beijing_day(now), None
    advance_case(
        db, loaded, "publish_recall", now=now, publication=publication.number, started_on=case.started_on.isoformat()
    )
    owe_interim_summary(db, case, number=1, now=now)
    return publication


def inspect_recall(
    db: Session, *, actor: Actor, case_id: int, reason: str, files: Sequence[UploadedFile] = (), now: datetime
) -> None:
    """Record an inspection of how the recall is carried out, by the authority or a county (Art. 6, 17)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="inspect_recall", now=now)
    reason = required_text(reason, "监督检查情况")
    event = advance_case(db, loaded, "inspect_recall", now=now, reason=reason, files=[one.sha256 for one in files])
    keep_files(db, loaded.case, files, now=now, actor=actor, event=event.name)


def order_recall_again(
    db: Session, *, actor: Actor, case_id: int, whys: Collection[str], reason: str, plan_on: date | None, now: datetime
) -> None:
    """Order the recall again: its scope was wrong, or its measure useless (Art. 17). A plan is due on `plan_on`."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="order_recall_again", now=now)
    named = chosen_many(loaded.edition, "recall_again_reasons", whys, "重新实施召回的情形", field="whys")
    reason = required_text(reason, "理由")
    day = future_day(plan_on, "报告召回计划的日期", field="plan_on", now=now)
    summary = latest(db, case_id, "recall_summary")
    if summary is not None and summary.state == "handed_in":
        summary.state, summary.review_words = "returned", reason
    loaded.case.completed_on = None
    advance_case(
        db, loaded, "order_recall_again", now=now, dates={"hand_in_plan": day}, whys=named, reason=reason,
        plan_on=day.isoformat(),
    )  # fmt: skip


def record_noncompliance(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Record that a producer does not carry the recall out: material for an ordered recall follows (Art. 19)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="record_noncompliance", now=now)
    reason = required_text(reason, "未实施召回的情况")
    advance_case(db, loaded, "record_noncompliance", now=now, reason=reason)


def publish_words(
    db: Session, loaded: LoadedCase, kind: str, title: str, words: str, now: datetime
) -> RecallPublication:
    """Publish a warning or a sanction: what is known of the product, and the words of the authority (Art. 19)."""
    product = loaded.case.product
    publication = _publication(db, loaded, kind, title, now)
    publication.product_name, publication.brand = product.product_name, product.brand
    publication.model, publication.batches = product.model, product.batches
    publication.producer, publication.words = product.producer, words
    publication.defect, publication.consequence = product.defect, product.consequence
    _add(db, publication)
    return publication


def _publication(db: Session, loaded: LoadedCase, kind: str, title: str, now: datetime) -> RecallPublication:
    case: RecallCase = loaded.case
    year = beijing_day(now).year
    return RecallPublication(
        case_id=case.id, kind=kind, province=case.province, year=year,
        serial=next_number(db, series=f"recall_publication:{case.province}", year=year), edition=case.edition,
        authority=case.authority.name, title=title, product_class=case.product.product_class, published_at=now,
    )  # fmt: skip


def _add(db: Session, publication: RecallPublication) -> None:
    publication.searched = searchable(
        publication.title, publication.product_name, publication.brand, publication.model, publication.batches,
        publication.producer, publication.product_class, publication.authority,
    )  # fmt: skip
    db.add(publication)
    db.flush()


def _listed(db: Session, case_id: int, kind: str) -> list[RecallPublication]:
    return list(
        db.scalars(
            select(RecallPublication).where(
                RecallPublication.case_id == case_id,
                RecallPublication.kind == kind,
                RecallPublication.replaced_at.is_(None),
            )
        )
    )


def _pictures(db: Session, document_id: int) -> list[dict[str, str]]:
    files = db.scalars(
        select(CaseFile)
        .where(CaseFile.document_id == document_id, CaseFile.field == "photographs")
        .order_by(CaseFile.id)
    )
    return [{"sha256": one.sha256, "content_type": one.content_type, "title": one.title} for one in files]
