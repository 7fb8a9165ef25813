"""What stands on a sheet beside the answers, and a sheet as a document: while drafted, and as it was signed."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents.sheet_paper import SheetDocument
from portal.models.consultation import Consultation
from portal.models.online_session import OnlineSession
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.document_numbers import DocumentNumber
from portal.rules.editions import Edition, load_edition
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_record import from_record

Values = dict[str, str | list[str]]
# How a signer proves to be the signer; kept in the signed text.
PASSWORD, PAPER_SCAN = "password", "paper_scan"
FACTOR_LABELS = {PASSWORD: "平台账号登录，签名时再次核对登录密码", PAPER_SCAN: "线下签名，扫描件"}


def filled_values(db: Session, consultation: Consultation, member: PanelMember) -> Values:
    """What the portal writes into the sheet, by the names of the edition's `filled_from`."""
    product = consultation.product
    return {
        "applicant_institution": consultation.applicant_institution.name,
        "session_on": chinese_day(session_day(db, consultation.id)),
        "information_source": list(product.information_sources),
        "information_source_other": product.information_source_other,
        "report_numbers": product.report_numbers,
        "product_name": product.product_name,
        "specification": product.specification,
        "model": product.model,
        "brand": product.brand,
        "producer": product.producer,
        "test_basis": product.test_basis,
        "suspected_defect": product.suspected_defect,
        "panel_number": str(member.seat or ""),
        "expert_name": member.name,
        "expert_field": member.field,
        "expert_employer": member.employer,
        "expert_title": member.title,
    }


def session_day(db: Session, consultation_id: int) -> date | None:
    """The day of the session that was held last (时间 on the sheet: decided)."""
    starts_at = db.scalar(
        select(OnlineSession.starts_at)
        .where(OnlineSession.consultation_id == consultation_id, OnlineSession.state.in_(("open", "closed")))
        .order_by(OnlineSession.starts_at.desc())
        .limit(1)
    )
    return beijing_day(starts_at) if starts_at else None


def chinese_day(day: date | None) -> str:
    """2026年11月24日; empty for None."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def full_number(consultation: Consultation, edition: Edition) -> str:
    """长三角会诊〔2026〕12号."""
    series = edition.document_series["consultation"]
    return str(DocumentNumber(series, consultation.year or 0, consultation.serial or 0))


def draft_document(
    db: Session, consultation: Consultation, member: PanelMember, voting_round: VotingRound, revision: int,
    answers: SheetAnswers,
) -> SheetDocument:  # fmt: skip
    """The sheet as it would be signed now."""
    edition = load_edition(consultation.edition)
    values = filled_values(db, consultation, member)
    number = full_number(consultation, edition)
    return SheetDocument(edition, number, voting_round.number, revision, values, answers)


def signed_document(sheet: ConsultationSheet) -> SheetDocument:
    """The sheet exactly as it was signed, read from its canonical text and from nothing else."""
    if sheet.canonical is None or sheet.signed_at is None:
        raise ValueError("the sheet is not signed")
    said = json.loads(sheet.canonical)
    edition = load_edition(said["edition"])
    local = sheet.signed_at.astimezone(BEIJING)
    instant = f"{chinese_day(local.date())} {local:%H:%M:%S}"
    paper = said.get("paper")
    signed_on = date.fromisoformat(paper["signed_on"]) if paper else local.date()
    return SheetDocument(
        edition=edition,
        number=said["consultation"],
        round_number=said["round"],
        revision=said["revision"],
        values=said["filled"],
        answers=from_record(said["answers"], edition),
        signer=said["signer"],
        signed_on=signed_on,
        # On paper there is a day and no time of it.
        signed_at=chinese_day(signed_on) if paper else instant,
        digest=sheet.digest or "",
        on_paper=_on_paper(paper, instant) if paper else (),
    )


def _on_paper(paper: dict[str, str], recorded_at: str) -> tuple[str, ...]:
    return (
        f"签名方式　{FACTOR_LABELS[PAPER_SCAN]}　{recorded_at} 由{paper['recorded_by']}登记",
        f"扫描件 SHA-256　{paper['scan_sha256']}",
    )
