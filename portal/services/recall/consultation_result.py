"""Where a consultation's result meets the recall case: its case is told, or advice begins one (Art. 9)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.institution import Institution
from portal.models.recall_case import CaseConsultation, RecallCase
from portal.models.watch import Watch
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import Channel, NoEditionInForce, RecallEdition, edition_for
from portal.rules.regions import place_in
from portal.services.kernel.case_mailing import in_charge_or_all
from portal.services.kernel.case_obligations import open_in_case, provincial_regulator
from portal.services.kernel.events import record
from portal.services.kernel.mailing import queue
from portal.services.recall.clue import ClueInput, begin_from_consultation, new_case_for
from portal.services.recall.review import asked_consultation
from portal.services.regulators import handling_regulator

_CARRIED = (
    *("product_name", "product_class", "brand", "model", "specification", "quantity", "producer", "credit_code"),
    "report_numbers",
)


def hand_to_case(db: Session, consultation: Consultation, *, actor: Actor, now: datetime) -> RecallCase | None:
    """Hand the result of a consultation over as its minutes are issued; returns the case, None where there is none.

    A case that asked is told that the result can be taken. Advice to investigate that no case stands behind begins one
    at the regulator of the producer's registered place, which decides; the consultation's timeline says so, or why not.
    """
    case = case_of(db, consultation)
    if case is not None:
        _tell(db, case, consultation, now)
        return case
    if (consultation.final_opinion or {}).get("recommend_investigation") != "yes":
        return None
    authority = competent_regulator(db, consultation)
    if authority is None:
        _say_why_not(db, consultation, "生产者注册地的市场监管部门还没有登记。", actor, now)
        return None
    try:
        edition = edition_for(beijing_day(now), authority.province)
    except NoEditionInForce as refused:
        _say_why_not(db, consultation, refused.problem.message, actor, now)
        return None
    channel = _channel_of(consultation, edition)
    case = new_case_for(db, authority, _clue(consultation, channel, now), now=now)
    begin_from_consultation(db, case, now=now, consultation_id=consultation.id)
    _link(db, case, consultation, "advised", now)
    record(
        db, "case_advised", now=now, actor=actor, consultation_id=consultation.id,
        detail=f"{authority.name}　召回案件{case.number}",
    )  # fmt: skip
    return case


def case_of(db: Session, consultation: Consultation) -> RecallCase | None:
    """The case of a consultation, or of the one that it continues; it is linked to that from then on."""
    here: Consultation | None = consultation
    while here is not None:
        link = db.get(CaseConsultation, here.id)
        if link is not None:
            case = db.get_one(RecallCase, link.case_id)
            if here is not consultation:
                _link(db, case, consultation, link.origin, consultation.accepted_at or consultation.created_at)
            return case
        here = db.get(Consultation, here.previous_consultation_id) if here.previous_consultation_id else None
    return None


def competent_regulator(db: Session, consultation: Consultation) -> Institution | None:
    """The regulator of the producer's registered place: its city's, else its province's; None while none is entered.

    For a producer from outside the region it is that of the applicant's province, which passes the clue on (Art. 10).
    """
    product = consultation.product
    place = place_in(product.registered_place, product.registered_province or "")
    found = handling_regulator(db, place) if place is not None else None
    if found is not None:
        return found
    try:
        return provincial_regulator(db, consultation.applicant_institution.province)
    except LookupError:
        return None


def suggested_review_on(db: Session, case_id: int, now: datetime) -> date | None:
    """The day on which the applicant reviews the watch that the experts advised; None where there is none to come."""
    consultation = asked_consultation(db, case_id)
    if consultation is None:
        return None
    found = db.scalar(select(Watch.review_on).where(Watch.consultation_id == consultation.id, Watch.state == "open"))
    return found if found is not None and found > beijing_day(now) else None


def _tell(db: Session, case: RecallCase, consultation: Consultation, now: datetime) -> None:
    owed = next(iter(open_in_case(db, case.id, ("take_consultation_result",))), None)
    path = f"/recall/{case.id}" if owed is None else f"/recall/{case.id}/take-consultation-result"
    queue(
        db, "case_result_ready", in_charge_or_all(db, case.authority_id, case.in_charge_id, beijing_day(now)),
        now=now, case=case, reminds_of=owed, link_label="接收会诊结果" if owed is not None else "查看案件",
        link_path=path, consultation_number=consultation.number or "",
    )  # fmt: skip


def _link(db: Session, case: RecallCase, consultation: Consultation, origin: str, at: datetime) -> None:
    db.add(CaseConsultation(consultation_id=consultation.id, case_id=case.id, origin=origin, linked_at=at))
    db.flush()


def _say_why_not(db: Session, consultation: Consultation, why: str, actor: Actor, now: datetime) -> None:
    record(db, "case_not_begun", now=now, actor=actor, consultation_id=consultation.id, detail=why)


def _channel_of(consultation: Consultation, edition: RecallEdition) -> Channel | None:
    """The channel that an information source of the sheet stands for; None for 其他, which several share."""
    named = {source for source in consultation.product.information_sources if source != "other"}
    return next((one for one in edition.channels.values() if one.information_source in named), None)


def _clue(consultation: Consultation, channel: Channel | None, now: datetime) -> ClueInput:
    product = consultation.product
    place = place_in(product.registered_place, product.registered_province or "")
    texts = {name: getattr(product, name) for name in _CARRIED}
    return ClueInput(
        channel=channel.name if channel is not None else "other",
        channel_note="" if channel is not None else f"专家会诊{consultation.number or ''}建议开展调查",
        found_on=beijing_day(now),
        product={
            **texts,
            "batches": product.batch,
            "address": product.registered_place,
            "defect": product.suspected_defect,
            "producer_area": place or "",
        },
        origin=product.origin,
        produced_from=product.produced_from,
        produced_until=product.produced_until,
    )
