"""Step 2, the technical review: its finding, asking experts, watching; the province takes a case (Art. 9, 13)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseFile
from portal.models.consultation import Consultation
from portal.models.institution import AllianceMember, Institution
from portal.models.material import Material
from portal.models.recall_case import CaseConsultation, CaseParticipant, RecallCase
from portal.process.consultation import STAGE_LABELS as CONSULTATION_STAGES
from portal.process.consultation import Stage as ConsultationStage
from portal.process.permissions import Actor
from portal.process.recall_case import Stage
from portal.rules.application import PreliminaryVerification
from portal.rules.dates import beijing_day
from portal.rules.grounds import ApplicationGrounds
from portal.rules.regions import shipped_areas
from portal.services.consultation.application import ApplicationInput, begin_draft
from portal.services.kernel.case_advancing import advance_case
from portal.services.kernel.case_loading import LoadedCase, load_case
from portal.services.kernel.case_mailing import tell_owners
from portal.services.kernel.case_obligations import hand_over_duties, provincial_regulator
from portal.services.kernel.mailing import liaisons_or_staff, queue
from portal.services.previews import ask_for_preview
from portal.services.recall.given import chosen, future_day, refuse, required_text

_ENDS = {"no_defect": Stage.CLOSED, "unclear": Stage.WATCHED, "may_be_defective": None}
_TAKEN = (
    ConsultationStage.ISSUED,
    ConsultationStage.ARCHIVED,
    ConsultationStage.WITHDRAWN,
    ConsultationStage.TERMINATED,
    ConsultationStage.DISCARDED,
)
"""Where a consultation has given what it will give."""


def decide_review(
    db: Session, *, actor: Actor, case_id: int, finding: str, reason: str, review_on: date | None = None, now: datetime
) -> None:
    """Decide the technical review: no defect, unclear (watched until `review_on`), or possibly defective (Art. 9, 11).

    From the last the three working days to the notice run (Art. 11).
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="decide_review", now=now)
    finding = chosen(loaded.edition, "review_findings", finding, "研判结论", field="finding")
    reason = required_text(reason, "研判依据")
    dates: dict[str, date] = {}
    if finding == "unclear":
        loaded.case.watch_review_on = future_day(review_on, "复核日期", field="review_on", now=now)
        dates = {"review_case_watch": loaded.case.watch_review_on}
    if finding == "may_be_defective":
        if loaded.case.discovered_at is not None:
            raise refuse("已经认为可能存在缺陷，请通知生产者调查分析或者启动缺陷调查", "11", loaded.edition)
        loaded.case.discovered_at = now
    advance_case(
        db, loaded, "decide_review", now=now, to=_ENDS[finding], dates=dates, outcome="no_defect", finding=finding,
        reason=reason, review_on=review_on.isoformat() if dates and review_on is not None else "",
    )  # fmt: skip


def ask_consultation(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> Consultation:
    """Ask the technical institution of the province for a consultation; the clue becomes the draft of its application.

    Product data, producer and files are carried over, so that nothing is typed twice.
    """
    loaded = load_case(db, actor=actor, case_id=case_id, permission="ask_consultation", now=now)
    case = loaded.case
    reason = required_text(reason, "请专家会诊的理由")
    institution = technical_institution_of(db, case.authority.province)
    draft = begin_draft(
        db, institution_id=institution.id, created_by_id=actor.person_id, given=_application(loaded, reason), now=now,
        actor=actor,
    )  # fmt: skip
    _carry_files(db, case, draft, actor, now)
    db.add(CaseConsultation(consultation_id=draft.id, case_id=case.id, origin="asked", linked_at=now))
    take_part(db, case, institution, role="technical", task=reason, actor=actor, now=now)
    advance_case(db, loaded, "ask_consultation", now=now, reason=reason, asked_consultation_id=draft.id)
    queue(
        db, "case_consultation_asked", liaisons_or_staff(db, [institution.id], beijing_day(now)), now=now,
        consultation=draft, link_label="完成会诊申请", link_path=f"/consultations/{draft.id}/application",
        authority=case.authority.name, reason=reason,
    )  # fmt: skip
    return draft


def take_consultation_result(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Take the result of the consultation: the review goes on with it, and the city decides (Art. 9)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="take_consultation_result", now=now)
    why = why_not_take(db, loaded)
    if why is not None:
        raise refuse(why, "9", loaded.edition)
    consultation = asked_consultation(db, case_id)
    opinion = dict(consultation.final_opinion or {}) if consultation is not None else {}
    # The city finds anew, with what the experts said; the three working days run from that finding (Art. 11).
    loaded.case.discovered_at = None
    advance_case(
        db, loaded, "take_consultation_result", now=now, reason=reason.strip(), opinion=opinion,
        taken_from_consultation_id=consultation.id if consultation is not None else None,
    )  # fmt: skip


def why_not_take(db: Session, loaded: LoadedCase) -> str | None:
    """Why there is no result to take yet, else None."""
    consultation = asked_consultation(db, loaded.case.id)
    if consultation is None:
        return "这件案件没有申请专家会诊"
    stage = ConsultationStage(consultation.stage)
    return None if stage in _TAKEN else f"专家会诊还没有结果，现在是“{CONSULTATION_STAGES[stage]}”"


def asked_consultation(db: Session, case_id: int) -> Consultation | None:
    """The consultation that a case asked for last, or that led to it."""
    return db.scalar(
        select(Consultation)
        .join(CaseConsultation, CaseConsultation.consultation_id == Consultation.id)
        .where(CaseConsultation.case_id == case_id)
        .order_by(CaseConsultation.linked_at.desc(), Consultation.id.desc())
        .limit(1)
    )


def continue_case_watch(
    db: Session, *, actor: Actor, case_id: int, reason: str, review_on: date | None, now: datetime
) -> None:
    """Go on watching until another day (decided)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="continue_case_watch", now=now)
    reason = required_text(reason, "复核情况")
    loaded.case.watch_review_on = future_day(review_on, "下次复核日期", field="review_on", now=now)
    advance_case(
        db, loaded, "continue_case_watch", now=now, dates={"review_case_watch": loaded.case.watch_review_on},
        reason=reason, review_case_watch=loaded.case.watch_review_on.isoformat(),
    )  # fmt: skip


def end_case_watch(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """End the watch, with the reason (decided)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="end_case_watch", now=now)
    reason = required_text(reason, "理由")
    advance_case(db, loaded, "end_case_watch", now=now, outcome="watch_ended", reason=reason)


def reopen_case(db: Session, *, actor: Actor, case_id: int, reason: str, now: datetime) -> None:
    """Look at a watched or closed case again, for the day has come or there are new facts."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="reopen_case", now=now)
    reason = required_text(reason, "新的情况")
    loaded.case.discovered_at = loaded.case.watch_review_on = None
    advance_case(db, loaded, "reopen_case", now=now, reason=reason)


def take_case(db: Session, *, actor: Actor, case_id: int, why: str, reason: str, now: datetime) -> None:
    """The province investigates by itself: the defect may be grave or wide (Art. 13)."""
    loaded = load_case(db, actor=actor, case_id=case_id, permission="take_case", now=now)
    case = loaded.case
    why = chosen(loaded.edition, "taking_reasons", why, "直接组织调查的情形", field="why")
    reason = required_text(reason, "理由")
    before = case.authority
    why_not = why_not_take_over(loaded)
    if why_not is not None:
        raise refuse(why_not, "13", loaded.edition)
    case.authority = provincial_regulator(db, before.province)
    case.authority_id, case.in_charge_id = case.authority.id, None
    case.discovered_at = case.discovered_at or now
    db.flush()
    tell_owners(db, case, hand_over_duties(db, case), actor=actor, now=now)
    advance_case(db, loaded, "take_case", now=now, why=why, reason=reason, taken_from=before.name)


def why_not_take_over(loaded: LoadedCase) -> str | None:
    """Why the province cannot take the case, else None: it investigates it already."""
    is_investigating = loaded.stage is Stage.INVESTIGATION and loaded.case.authority.level == "province"
    return f"{loaded.case.authority.name}已在组织这件案件的缺陷调查" if is_investigating else None


def take_part(
    db: Session, case: RecallCase, institution: Institution, *, role: str, task: str, actor: Actor, now: datetime
) -> None:
    """Let an institution take part; asked again, its task is the new one."""
    known = db.get(CaseParticipant, (case.id, institution.id))
    if known is None:
        known = CaseParticipant(case_id=case.id, institution_id=institution.id, role=role)
        db.add(known)
    known.task, known.asked_at, known.asked_by_id = task, now, actor.person_id
    db.flush()


def technical_institution_of(db: Session, province: str) -> Institution:
    """The technical institution of a province (Art. 7(4)); LookupError while there is none."""
    found = db.scalar(
        select(Institution)
        .join(AllianceMember, AllianceMember.institution_id == Institution.id)
        .where(Institution.province == province, Institution.kind == "technical")
    )
    if found is None:
        raise LookupError(f"no technical institution of {province}")
    return found


def _application(loaded: LoadedCase, reason: str) -> ApplicationInput:
    case, product = loaded.case, loaded.case.product
    province = _province_of(product.producer_area) or case.authority.province
    source = loaded.edition.channels[case.channel].information_source
    return ApplicationInput(
        grounds=ApplicationGrounds(ticked=frozenset(), registered_province=province),
        verification=PreliminaryVerification(checked=reason, verified_by=case.authority.name, result=""),
        information_sources=frozenset({source}),
        product={
            "information_source_other": loaded.edition.channels[case.channel].label if source == "other" else "",
            "report_numbers": product.report_numbers,
            "product_name": product.product_name,
            "specification": product.specification,
            "model": product.model,
            "brand": product.brand,
            "producer": product.producer,
            "credit_code": product.credit_code,
            "registered_place": product.address[:120],
            "suspected_defect": product.defect,
            "product_class": product.product_class,
            "batch": product.batches[:120],
            "quantity": product.quantity,
            "produced_from": product.produced_from,
            "produced_until": product.produced_until,
            "origin": product.origin,
        },
    )


def _province_of(division: str) -> str:
    area = shipped_areas().get(f"{division[:2]}0000")
    return area.province if area is not None else ""


def _carry_files(db: Session, case: RecallCase, draft: Consultation, actor: Actor, now: datetime) -> None:
    files = db.scalars(select(CaseFile).where(CaseFile.case_id == case.id, CaseFile.document_id.is_(None)))
    for number, one in enumerate({file.sha256: file for file in files}.values(), start=1):
        db.add(
            Material(
                consultation_id=draft.id, number=number, kind="other", title=one.title, filename=one.filename,
                content_type=one.content_type, size=one.size, sha256=one.sha256, uploaded_by_id=actor.person_id,
                uploaded_at=now,
            )
        )  # fmt: skip
        ask_for_preview(db, sha256=one.sha256, content_type=one.content_type, now=now)
