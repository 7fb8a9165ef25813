"""Step 6, the expert's sheet: a draft that saves itself, the signature, taking it back (Art. 8(6))."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, joinedload

from portal.documents.verification_code import code_of
from portal.models.consultation import Consultation
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotFound, Refusal, Stale, WrongStage
from portal.process.permissions import Actor, ConsultationFacts, may, relations
from portal.rules.editions import Edition, load_edition
from portal.rules.sheet import SheetAnswers, departures, signing_problems
from portal.rules.sheet_record import from_record
from portal.services.consultation.sheet_text import full_number
from portal.services.consultation.signature import Signature, fix_sheet, write_answers
from portal.services.consultation.voting import ARTICLE, WhyNot, refuse_when
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import queue
from portal.services.kernel.obligations import oblige

PERMISSION = "sign_sheet"
# What an expert may bring over from the preliminary analysis, to be confirmed on the sheet.
FIRST_VIEW = ("severity", "likelihood", "prevalence", "defect_finding")

# A password that was asked for longer ago than the answer to one request takes is not asked for again (decided).
REAUTHENTICATION_LASTS = timedelta(minutes=1)


@dataclass(frozen=True)
class OwnSheet:
    """An expert's own sheet in the open round, with all that it belongs to."""

    consultation: Consultation
    member: PanelMember
    voting_round: VotingRound
    sheet: ConsultationSheet

    @property
    def edition(self) -> Edition:
        """The edition that the consultation began with."""
        return load_edition(self.consultation.edition)

    @property
    def answers(self) -> SheetAnswers:
        """What is answered so far."""
        return from_record(self.sheet.answers, self.edition)


# Made once: they run while one types, and making them takes longer than running them.
_OWN_SHEET = (
    select(Consultation, PanelMember, VotingRound, ConsultationSheet)
    .join(PanelMember, PanelMember.consultation_id == Consultation.id)
    .outerjoin(VotingRound, and_(VotingRound.consultation_id == Consultation.id, VotingRound.closed_at.is_(None)))
    .outerjoin(
        ConsultationSheet,
        and_(
            ConsultationSheet.round_id == VotingRound.id,
            ConsultationSheet.member_id == PanelMember.id,
            ConsultationSheet.state.in_(("draft", "signed")),
        ),
    )
    .where(Consultation.id == bindparam("consultation"), PanelMember.expert_id == bindparam("expert"))
    .order_by(PanelMember.state != "accepted", PanelMember.id.desc())
    .limit(1)
)
_OWN_SHEET_WITH_PRODUCT = _OWN_SHEET.options(
    joinedload(Consultation.product), joinedload(Consultation.applicant_institution)
)


def own_sheet(
    db: Session, *, actor: Actor, consultation_id: int, now: datetime, with_product: bool = False
) -> OwnSheet:
    """Load and authorise in one statement, for pages that answer while one types.

    Filling in belongs to signing: the permission is that of `sign_sheet`, and so are the refusals. `with_product`
    loads what the sheet's first part needs as well.
    """
    given = {"consultation": consultation_id, "expert": actor.expert_id}
    row = db.execute(_OWN_SHEET_WITH_PRODUCT if with_product else _OWN_SHEET, given).one_or_none()
    if row is None or not _may_sign(actor, row[0], row[1]):
        # The full load says with the right refusal why not; nobody gets past it.
        load(db, actor=actor, consultation_id=consultation_id, permission=PERMISSION, now=now)
        raise NotFound
    voting_round: VotingRound | None = row[2]
    sheet: ConsultationSheet | None = row[3]
    if voting_round is None or sheet is None:
        raise WrongStage("现在没有进行中的表决。", article=ARTICLE)
    return OwnSheet(row[0], row[1], voting_round, sheet)


def _may_sign(actor: Actor, consultation: Consultation, member: PanelMember) -> bool:
    """By the permission table, out of what is loaded already: an expert's relation follows from the place alone."""
    facts = ConsultationFacts(
        stage=Stage(consultation.stage),
        applicant_institution_id=consultation.applicant_institution_id,
        lead_institution_id=consultation.lead_institution_id,
        next_lead_institution_id=None,
        alliance_institution_ids=frozenset(),
        party_institution_ids=frozenset(),
        member_state=member.state,
    )
    return may(PERMISSION, relations(actor, facts), facts.stage)


def save_sheet(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    answers: SheetAnswers | Callable[[Edition], SheetAnswers],
    version: int,
    now: datetime,
) -> ConsultationSheet:
    """Save the draft, gaps included. Stale when it was saved elsewhere meanwhile; refused once signed.

    `answers` may be what reads them with the consultation's edition, so that the sheet is loaded only once; it
    raises Invalid for values that are not the sheet's.
    """
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    given = answers(own.edition) if callable(answers) else answers
    require_draft(own)
    require_version(own.sheet, version)
    write_answers(own.sheet, given, now)
    db.flush()
    return own.sheet


def take_first_view(db: Session, *, actor: Actor, consultation_id: int, version: int, now: datetime) -> tuple[str, ...]:
    """Bring the first view of the own preliminary analysis into the questions that are still open; return which.

    In the first round only: a new round asks the whole sheet again.
    """
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    require_draft(own)
    require_version(own.sheet, version)
    view = first_view(db, own.member.id, own.edition)
    if own.voting_round.number > 1 or not view:
        raise Refusal("没有可以带入的初步分析。", article="8(2)")
    open_answers = {name: value for name, value in view.items() if own.answers.answer(name) is None}
    write_answers(own.sheet, replace(own.answers, **open_answers), now)
    db.flush()
    return tuple(open_answers)


def sign_sheet(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    version: int,
    reauthenticated_at: datetime | None,
    now: datetime,
) -> ConsultationSheet:
    """Sign the draft of `version`: fix its canonical text and SHA-256.

    `reauthenticated_at` is when the signer last proved the own password; it must be just now. Invalid with every
    gap, contradiction and departure without a reason; refused (409) for a second signature in a round, after the
    round is closed, and when the draft is not the one that was shown.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="sign_sheet", now=now)
    refuse_when(why_no_signature(db, loaded, now))
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    require_version(own.sheet, version)
    answers = final_answers(own.answers, own.edition)
    problems = signing_problems(answers, own.edition)
    if problems:
        raise Invalid(problems)
    if reauthenticated_at is None or now - reauthenticated_at > REAUTHENTICATION_LASTS:
        raise Invalid.field("password", "签名前请再次输入登录密码。", ARTICLE)
    signature = Signature(actor.name, actor.person_id, actor.address)
    fix_sheet(db, own.consultation, own.member, own.voting_round, own.sheet, answers, signature, now)
    facts: dict[str, Any] = {
        "round": own.voting_round.number,
        "revision": own.sheet.revision,
        "digest": own.sheet.digest,
    }
    advance(db, loaded, "sign_sheet", actor=actor, now=now, **facts)
    _send_receipt(db, own, now)
    return own.sheet


def withdraw_signature(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> ConsultationSheet:
    """Take the signature back while the round is open: the signed version is kept, a copy becomes the new draft."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="withdraw_signature", now=now)
    refuse_when(why_no_withdrawal(db, loaded, now))
    own = own_sheet(db, actor=actor, consultation_id=consultation_id, now=now)
    signed = own.sheet
    signed.state, signed.left_at, signed.left_reason = "withdrawn", now, "专家撤回签名"
    db.flush()  # the place of the live sheet must be free before the copy takes it
    draft = ConsultationSheet(
        round_id=signed.round_id, member_id=signed.member_id, revision=signed.revision + 1, answers={}, saved_at=now
    )
    write_answers(draft, own.answers, now)
    db.add(draft)
    advance(
        db, loaded, "withdraw_signature", actor=actor, now=now,
        round=own.voting_round.number, revision=signed.revision,
    )  # fmt: skip
    oblige(db, own.consultation, "sign_sheet", now=now, person_id=actor.person_id, due_at=own.voting_round.sign_by)
    return draft


def why_no_signature(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the expert cannot sign: has signed already."""
    own = own_sheet(db, actor=loaded.actor, consultation_id=loaded.consultation.id, now=now)
    return "您在本轮已签名，每位专家一票。如需修改，请先撤回签名。" if own.sheet.state == "signed" else None


def why_no_withdrawal(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why there is nothing to take back: has not signed."""
    own = own_sheet(db, actor=loaded.actor, consultation_id=loaded.consultation.id, now=now)
    return None if own.sheet.state == "signed" else "您在本轮尚未签名。"


WHY_NOT: dict[str, WhyNot] = {"sign_sheet": why_no_signature, "withdraw_signature": why_no_withdrawal}


def first_view(db: Session, member_id: int, edition: Edition) -> dict[str, Any]:
    """The first view that the member handed in with the preliminary analysis, as answers of the sheet."""
    query = select(PreliminaryAnalysis.first_view).where(
        PreliminaryAnalysis.member_id == member_id, PreliminaryAnalysis.handed_in_at.is_not(None)
    )
    return readable_view(db.scalar(query) or {}, edition)


def readable_view(view: Mapping[str, Any], edition: Edition) -> dict[str, Any]:
    """Those entries of a first view that are answers of the sheet, in the sheet's order."""
    return {name: view[name] for name in FIRST_VIEW if view.get(name) in edition.field(name).values}


def final_answers(answers: SheetAnswers, edition: Edition) -> SheetAnswers:
    """The answers as they are signed: without texts that belong to a tick that was taken back."""
    texts = {name: text.strip() for name, text in answers.texts.items() if _is_asked(name, answers, edition)}
    departed = {departure.question for departure in departures(answers, edition)}
    reasons = {name: text.strip() for name, text in answers.departure_reasons.items() if name in departed}
    return replace(answers, texts=texts, departure_reasons=reasons)


def require_version(sheet: ConsultationSheet, version: int) -> None:
    """Raise Stale when the draft is not the one of `version` any more."""
    if sheet.version != version:
        raise Stale("这份会诊表刚刚在另一窗口或设备上保存过。请核对后再保存，您填写的内容仍在页面上。")


def _is_asked(name: str, answers: SheetAnswers, edition: Edition) -> bool:
    entry = edition.field(name)
    given = answers.answer(entry.asked_by)
    return entry.asked_when in given if isinstance(given, frozenset) else given == entry.asked_when


def require_draft(own: OwnSheet) -> None:
    """Raise a refusal (409) when the sheet is signed."""
    if own.sheet.state != "draft":
        raise Refusal("您在本轮已签名，会诊表不能再修改。如需修改，请先撤回签名。", article=ARTICLE)


def _send_receipt(db: Session, own: OwnSheet, now: datetime) -> None:
    """Mail the signer what was fixed, and nothing of what it says."""
    queue(
        db, "sheet_signed", [own.member.expert.person], now=now, consultation=own.consultation,
        link_label="查看签名回执", link_path=f"/consultations/{own.consultation.id}/sheets/{own.sheet.id}/receipt",
        number=full_number(own.consultation, own.edition), round_number=own.voting_round.number, sheet=own.sheet,
        code=code_of(own.sheet.digest or ""),
    )  # fmt: skip
