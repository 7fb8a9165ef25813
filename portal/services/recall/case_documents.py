"""The annexes of a case: what they begin with, drafts in which nothing typed is lost, and versions that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from portal.models.case_document import CaseDocument, CaseFile, ProducerLink
from portal.models.institution import Institution
from portal.models.recall_case import RecallCase
from portal.models.recall_publication import RecallPublication
from portal.process.errors import Invalid, Stale
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.recall.annex_check import Findings, Values, check_annex
from portal.rules.recall.annex_values import from_stored, prefilled, to_stored
from portal.rules.recall.annexes import Annex, load_annexes
from portal.rules.recall.numbers import number_series
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.numbers import next_number
from portal.services.recall.given import in_words, refuse

OBJECTION = "objection"
NOTICES = ("investigation_notice", "defect_investigation_notice", "recall_notice")
PLAN_ANNEXES = ("recall_plan", "press_release", "recall_statement")
_SHARED_BY_PLAN = ("produced_between", "affected_quantity", "model", "batches", "brand", "defect", "consequence")


@dataclass(frozen=True)
class Typed:
    """What was typed into an annex: the typed values, and everything as it was typed, readable or not."""

    values: Values
    raw: Mapping[str, Any] | None = None


def annex_of(case: RecallCase, slug: str) -> Annex:
    """The description of an annex in the edition of the case; KeyError for none of that name."""
    return load_annexes(case.edition)[slug]


def documents_of(db: Session, case_id: int, annex: str | None = None) -> list[CaseDocument]:
    """The documents of a case that stand, oldest first; of one annex or of all. Drafts are nobody's but who writes."""
    query = select(CaseDocument).where(CaseDocument.case_id == case_id, CaseDocument.state != "draft")
    if annex is not None:
        query = query.where(CaseDocument.annex == annex)
    return list(db.scalars(query.order_by(CaseDocument.settled_at, CaseDocument.id)))


def latest(db: Session, case_id: int, annex: str) -> CaseDocument | None:
    """The latest version of an annex that stands."""
    return latest_of(documents_of(db, case_id, annex), annex)


def latest_of(documents: Sequence[CaseDocument], annex: str) -> CaseDocument | None:
    """The latest version of an annex among `documents`, oldest first."""
    return next((one for one in reversed(documents) if one.annex == annex), None)


def report_on_notice(db: Session, case_id: int) -> CaseDocument | None:
    """The latest report of the producer that answers the latest notice of annex 1; an earlier one answers another."""
    notice, report = latest(db, case_id, "investigation_notice"), latest(db, case_id, "producer_report")
    if notice is None or report is None or notice.settled_at is None or report.settled_at is None:
        return None
    return report if report.settled_at >= notice.settled_at else None


def draft_of(db: Session, case_id: int, annex: str, typed_by: str) -> CaseDocument | None:
    """The draft of an annex that the authority or the producer (`typed_by`) is filling in: each has its own."""
    return db.scalar(
        select(CaseDocument).where(
            CaseDocument.case_id == case_id,
            CaseDocument.annex == annex,
            CaseDocument.typed_by == typed_by,
            CaseDocument.state == "draft",
        )
    )


def values_of(case: RecallCase, document: CaseDocument) -> dict[str, object]:
    """The typed values of a document."""
    return from_stored(annex_of(case, document.annex), document.stored_values)


def beginning_of(db: Session, case: RecallCase, slug: str, typed_by: str) -> dict[str, object]:
    """What a draft of an annex begins with: the earlier version that was returned, else what the case knows.

    What annex 6 is now given anew goes into annexes 7 and 8 as well.
    """
    earlier, annex = latest(db, case.id, slug), annex_of(case, slug)
    if earlier is not None and earlier.state == "returned":
        return values_of(case, earlier) | _changed_in_plan(db, case, annex, typed_by)
    begun = prefilled(annex, known_facts(db, case))
    if slug == "service_receipt":
        waiting = [one for one in documents_of(db, case.id) if one.annex in NOTICES and one.received_on is None]
        begun.update({f"{one.annex}_number": one.number for one in waiting})
        begun["documents"] = tuple(one.annex for one in waiting)
    plan = latest(db, case.id, "recall_plan") or draft_of(db, case.id, "recall_plan", typed_by)
    if slug in PLAN_ANNEXES[1:] and plan is not None:
        shared = values_of(case, plan)
        begun.update({name: shared[name] for name in _SHARED_BY_PLAN if name in annex.fields and shared[name]})
    return begun


def _changed_in_plan(db: Session, case: RecallCase, annex: Annex, typed_by: str) -> dict[str, object]:
    """What annexes 7 and 8 share with the plan, where its new draft says something else than the version before."""
    before, now = latest(db, case.id, "recall_plan"), draft_of(db, case.id, "recall_plan", typed_by)
    if annex.slug not in PLAN_ANNEXES[1:] or before is None or now is None:
        return {}
    old, new = values_of(case, before), values_of(case, now)
    return {
        name: new[name] for name in _SHARED_BY_PLAN if name in annex.fields and new[name] and new[name] != old[name]
    }


def known_facts(db: Session, case: RecallCase) -> dict[str, object]:
    """What a case knows, by the names that the annexes begin with (portal.rules.recall.annexes.FACTS)."""
    product, authority = case.product, case.authority
    plan, notice = latest(db, case.id, "recall_plan"), _last_notice(db, case.id)
    planned = values_of(case, plan) if plan is not None else {}
    published = db.scalar(
        select(func.max(RecallPublication.published_at)).where(
            RecallPublication.case_id == case.id, RecallPublication.kind == "recall"
        )
    )
    return {
        "producer.name": product.producer,
        "producer.credit_code": product.credit_code,
        "producer.address": product.address,
        "producer.legal_representative": product.legal_representative,
        "product.name": product.product_name,
        "product.kind": product.product_class,
        "product.brand": product.brand,
        "product.model": product.model,
        "product.specification": product.specification,
        "product.batches": product.batches,
        "case.defect": product.defect,
        "case.consequence": product.consequence,
        "case.recall_number": case.recall_number,
        "case.published_on": beijing_day(published) if published is not None else None,
        "case.investigated_between": _investigated_between(db, case),
        "plan.affected_quantity": planned.get("affected_quantity"),
        "plan.produced_between": planned.get("produced_between"),
        "notice.number": notice.number if notice is not None else "",
        "authority.name": authority.name,
        "authority.phone": authority.phone,
    }


def save_document_draft(
    db: Session, *, actor: Actor, case_id: int, act: str, annex: str, typed: Typed, version: int | None, now: datetime
) -> CaseDocument:
    """Save what was typed so far into an annex that `act` will issue or hand in. `version`: of the draft, if any."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission=act, now=now)
    require_known(db, loaded.case, annex, version, typed_by="authority")
    return write_draft(db, loaded.case, annex, typed, now=now, made_by="authority", typed_by="authority")


def write_draft(
    db: Session, case: RecallCase, annex: str, typed: Typed, *, now: datetime, made_by: str, typed_by: str
) -> CaseDocument:
    """Write a draft, whatever it held before (`require_known`)."""
    draft = draft_of(db, case.id, annex, typed_by)
    if draft is None:
        draft = CaseDocument(case_id=case.id, annex=annex, made_by=made_by, typed_by=typed_by)
        db.add(draft)
    draft.saved_at = now
    flag_modified(draft, "saved_at")  # two saves in one instant are two versions as well
    draft.raw = dict(typed.raw) if typed.raw is not None else None
    draft.stored_values = to_stored(annex_of(case, annex), typed.values) if annex != OBJECTION else dict(typed.values)
    db.flush()
    return draft


def require_known(db: Session, case: RecallCase, annex: str, version: int | None, *, typed_by: str) -> None:
    """Stale unless the draft is still the one that was seen: `version` None where there was none yet."""
    draft = draft_of(db, case.id, annex, typed_by)
    if (draft.version if draft is not None else None) != version:
        raise Stale("这份文书刚刚被他人保存过。请核对后再保存，您填写的内容仍在页面上。")


def settle_document(
    db: Session,
    loaded: LoadedCase,
    annex: str,
    typed: Typed,
    *,
    state: str,
    made_by: str,
    now: datetime,
    dated_on: date | None = None,
    number: str = "",
    link: ProducerLink | None = None,
    signed_by: str = "",
    serves: CaseDocument | None = None,
    due_at: datetime | None = None,
    is_late: bool = False,
) -> CaseDocument:
    """Make a version that stays, of what was typed; the draft becomes it. Checked before (`checked`)."""
    case, actor = loaded.case, loaded.actor
    typed_by = "producer" if link is not None else "authority"
    document = write_draft(db, case, annex, typed, now=now, made_by=made_by, typed_by=typed_by)
    document.revision = _next_revision(db, case.id, annex)
    document.state, document.made_by, document.raw = state, made_by, None
    document.settled_at, document.dated_on = now, dated_on or beijing_day(now)
    document.number, document.signed_by = number, signed_by
    document.person_id = actor.person_id if actor is not None else None
    document.link_id = link.id if link is not None else None
    document.due_at, document.is_late = due_at, is_late
    document.serves_id = serves.id if serves is not None else None
    document.reason = str(typed.values.get("reason") or "") if annex == "defect_investigation_notice" else ""
    db.flush()
    return document


def checked(loaded: LoadedCase, slug: str, values: Values) -> Findings:
    """The warnings and alerts of an annex; Invalid, with each problem at its field, while it cannot stand."""
    findings = check_annex(annex_of(loaded.case, slug), values, loaded.edition)
    if findings.problems:
        raise Invalid(in_words(findings.problems))
    return findings


def document_number(db: Session, loaded: LoadedCase, kind: str, now: datetime) -> str:
    """The next number of a kind of notice of the authority in this year: 宁市监调查分析〔2026〕8号."""
    authority: Institution = loaded.case.authority
    if not authority.abbreviation:
        raise refuse(
            f"{authority.name}还没有登记机关代字，不能编文号，请系统管理员登记", kind_article(kind), loaded.edition
        )
    series, year = number_series(authority.abbreviation, kind, loaded.edition), beijing_day(now).year
    serial = next_number(db, series=f"notice:{authority.id}:{kind}", year=year)
    return f"{series}〔{year}〕{serial}号"


def kind_article(slug: str) -> str:
    """The annex that a kind of notice is printed in."""
    return f"annex{(1, 3, 4)[NOTICES.index(slug)]}"


def _last_notice(db: Session, case_id: int) -> CaseDocument | None:
    notices = [one for one in documents_of(db, case_id) if one.annex in NOTICES]
    return notices[-1] if notices else None


def _investigated_between(db: Session, case: RecallCase) -> tuple[date, date] | None:
    """From the notice to the last report of the investigation; None while there is none, as nobody knows its end."""
    begun = latest(db, case.id, "defect_investigation_notice")
    reported = db.scalar(
        select(func.max(CaseFile.uploaded_at)).where(
            CaseFile.case_id == case.id, CaseFile.event == "investigation_report_recorded"
        )
    )
    if begun is None or begun.dated_on is None or reported is None:
        return None
    return (begun.dated_on, max(begun.dated_on, beijing_day(reported)))


def _next_revision(db: Session, case_id: int, annex: str) -> int:
    last = select(func.max(CaseDocument.revision)).where(
        CaseDocument.case_id == case_id, CaseDocument.annex == annex, CaseDocument.state != "draft"
    )
    return (db.scalar(last) or 0) + 1
