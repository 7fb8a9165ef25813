"""Step 6 on paper: a sheet that was printed and signed by hand, recorded with its scan (Art. 8(6); decided)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.documents.verification_code import code_of
from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.errors import Invalid, Refusal, WrongStage
from portal.process.permissions import Actor, Role
from portal.rules.dates import beijing_day
from portal.rules.editions import Edition
from portal.rules.problem import Problem
from portal.rules.sheet import SheetAnswers, signing_problems
from portal.services.consultation.material import UploadedFile
from portal.services.consultation.members import accepted_members
from portal.services.consultation.sheet import final_answers
from portal.services.consultation.sheet_text import chinese_day, full_number
from portal.services.consultation.signature import PaperSignature, Signature, fix_sheet
from portal.services.consultation.voting import ARTICLE, WhyNot, open_round, refuse_when, unsigned_members
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import queue
from portal.services.kernel.obligations import close, open_obligations

PERMISSION = "record_paper_sheet"
SCAN_KINDS = ("pdf", "jpg", "png")


def record_paper_sheet(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    member_id: int,
    answers: SheetAnswers,
    signed_on: date | None,
    file: UploadedFile,
    now: datetime,
) -> ConsultationSheet:
    """Record the sheet that a member signed by hand: it counts as one that the member signed online.

    `signed_on` is the day written on the paper, `file` its scan, which lies in the storage. For the lead's liaisons.
    Invalid with everything that keeps a sheet from being signed, and for a day that cannot be; refused (409) where the
    member has signed already.
    """
    product = (joinedload(Consultation.product), joinedload(Consultation.applicant_institution))
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission=PERMISSION, now=now, together=product)
    refuse_when(why_no_paper_sheet(db, loaded, now))
    voting_round = open_round(db, consultation_id)
    if voting_round is None:
        raise WrongStage("现在没有进行中的表决。", article=ARTICLE)
    member = member_to_record(db, loaded, member_id)
    complete = complete_answers(answers, loaded.edition)
    day = _day_on_paper(signed_on, voting_round, now)
    # What the expert drafted online meanwhile gives way to what is signed on paper; nobody else has seen it.
    sheet = db.scalars(
        select(ConsultationSheet).where(
            ConsultationSheet.round_id == voting_round.id,
            ConsultationSheet.member_id == member.id,
            ConsultationSheet.state == "draft",
        )
    ).one()
    paper = PaperSignature(day, file, actor.name, actor.person_id)
    person = member.expert.person
    signature = Signature(person.name, person.id, actor.address, paper)
    fix_sheet(db, loaded.consultation, member, voting_round, sheet, complete, signature, now)
    owed = open_obligations(db, consultation_id, kinds=("sign_sheet",), person_id=person.id)
    close(db, loaded.consultation, owed, now=now, met=True)
    advance(
        db, loaded, PERMISSION, actor=actor, now=now,
        round=voting_round.number, revision=sheet.revision, digest=sheet.digest, scan_sha256=file.sha256,
        signed_on=day.isoformat(), names=member.name, recorder_knows_choice=True,
        detail="登记人因录入而知悉这一份的意见，表决结束前任何页面不再显示",
    )  # fmt: skip
    _tell(db, loaded, member, voting_round, sheet, paper, now)
    return sheet


def why_no_paper_sheet(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    """Why the actor cannot record one: is no liaison of the lead, sits in the panel, or all have signed."""
    actor = loaded.actor
    if Role.LIAISON not in actor.roles:
        return "线下签名的会诊表由牵头单位的联络员登记。"
    if any(member.expert_id == actor.expert_id for member in accepted_members(db, loaded.consultation.id)):
        return "您是本次会诊的专家，不能登记他人的会诊表；请由另一位联络员登记。"
    voting_round = open_round(db, loaded.consultation.id)
    return None if voting_round and unsigned_members(db, voting_round) else "所有专家都已签名。"


WHY_NOT: dict[str, WhyNot] = {PERMISSION: why_no_paper_sheet}


def member_to_record(db: Session, loaded: Loaded, member_id: int) -> PanelMember:
    """The member whose sheet is to be recorded. Invalid for nobody of this panel; refused who has signed already."""
    members = accepted_members(db, loaded.consultation.id)
    member = next((one for one in members if one.id == member_id), None)
    if member is None:
        raise Invalid.field("member", "请从专家组中选择专家。", ARTICLE)
    voting_round = open_round(db, loaded.consultation.id)
    if voting_round is not None and member not in unsigned_members(db, voting_round):
        message = f"{member.name}在本轮已签名，每位专家一票，不能再登记线下签名。需要更改的，由专家本人先撤回签名。"
        raise Refusal(message, article=ARTICLE)
    return member


def complete_answers(answers: SheetAnswers, edition: Edition) -> SheetAnswers:
    """The answers as they are fixed. Invalid with every gap, contradiction and departure without a reason."""
    final = final_answers(answers, edition)
    problems = signing_problems(final, edition)
    if problems:
        raise Invalid(problems)
    return final


def _day_on_paper(signed_on: date | None, voting_round: VotingRound, now: datetime) -> date:
    first, last = beijing_day(voting_round.opened_at), beijing_day(now)
    if signed_on is None:
        raise Invalid([Problem("signed_on", "请填写纸质会诊表上的签名日期。", ARTICLE)])
    if not first <= signed_on <= last:
        message = f"纸质会诊表的签名日期应在本轮表决开始之日（{chinese_day(first)}）至今日之间。"
        raise Invalid([Problem("signed_on", message, ARTICLE)])
    return signed_on


def _tell(
    db: Session,
    loaded: Loaded,
    member: PanelMember,
    voting_round: VotingRound,
    sheet: ConsultationSheet,
    paper: PaperSignature,
    now: datetime,
) -> None:
    """Mail the expert what was recorded in the own name, and nothing of what it says; it can be taken back."""
    consultation = loaded.consultation
    queue(
        db, "paper_sheet_recorded", [member.expert.person], now=now, consultation=consultation,
        link_label="查看签名回执", link_path=f"/consultations/{consultation.id}/sheets/{sheet.id}/receipt",
        number=full_number(consultation, loaded.edition), round_number=voting_round.number, sheet=sheet, paper=paper,
        code=code_of(sheet.digest or ""),
    )  # fmt: skip
