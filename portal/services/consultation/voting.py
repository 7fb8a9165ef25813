"""Step 6, the vote: opening a round, reminding, closing and counting it (Art. 8(6)).

While a round is open nobody learns more than who has signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.obligation import Obligation
from portal.models.panel import PanelMember
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.errors import Invalid, Refusal
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.editions import Edition
from portal.rules.majority import Tally, tally, tally_as_record, vote_of
from portal.rules.panel import check_panel
from portal.rules.sheet import SheetAnswers
from portal.rules.sheet_record import as_record, from_record
from portal.rules.sheet_rules import QUESTIONS
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import close_discussion
from portal.services.consultation.sheet_text import PAPER_SCAN
from portal.services.kernel.advancing import advance
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.obligations import oblige, open_obligations

WhyNot = Callable[[Session, Loaded, datetime], str | None]
ARTICLE = "8(6)"


def open_vote(
    db: Session, *, actor: Actor, consultation_id: int, sign_by: datetime | None = None, now: datetime
) -> VotingRound:
    """Open the next round for the accepted members, with an empty sheet for each.

    `sign_by` is the instant by which to sign; None takes the edition's working days. Refused while the panel is
    not one that may vote; Invalid for a time that is over.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="open_vote", now=now)
    refuse_when(why_no_vote(db, loaded, now))
    if sign_by is not None and sign_by <= now:
        message = f"签名时限应晚于当前时间（{loaded.edition.cite(ARTICLE)}）。"
        raise Invalid.field("sign_by", message, ARTICLE)
    consultation, members = loaded.consultation, accepted_members(db, consultation_id)
    opened = VotingRound(
        consultation_id=consultation_id,
        number=len(rounds_of(db, consultation_id)) + 1,
        opened_at=now,
        opened_by_id=actor.person_id,
        sign_by=sign_by or usual_sign_by(db, loaded.edition, now),
    )
    opened.sheets = [_empty_sheet(member, now) for member in members]
    db.add(opened)
    db.flush()
    close_discussion(db, loaded, now)
    advance(db, loaded, "open_vote", actor=actor, now=now, round=opened.number)
    owed = [
        oblige(db, consultation, "sign_sheet", now=now, person_id=member.expert.person_id, due_at=sign_by)
        for member in members
    ]
    oblige(db, consultation, "close_vote", now=now, institution_id=consultation.lead_institution_id)
    _ask_to_sign(db, consultation, opened, members, owed, now, is_reminder=False)
    return opened


def remind_signers(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> int:
    """Mail those who have not signed, and nobody else; return how many that are."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="remind_signers", now=now)
    refuse_when(why_no_reminder(db, loaded, now))
    voting_round = required_open_round(db, consultation_id)
    unsigned = unsigned_members(db, voting_round)
    owed = open_obligations(db, consultation_id, kinds=["sign_sheet"])
    _ask_to_sign(db, loaded.consultation, voting_round, unsigned, owed, now, is_reminder=True)
    advance(db, loaded, "remind_signers", actor=actor, now=now, round=voting_round.number, count=len(unsigned))
    return len(unsigned)


def close_vote(db: Session, *, actor: Actor, consultation_id: int, reason: str = "", now: datetime) -> VotingRound:
    """Close the round and count the signed sheets of the present members (Art. 8(6)).

    While some have not signed a reason is needed: Invalid beside `reason` without one.
    """
    product = (joinedload(Consultation.product),)  # the mail names it
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="close_vote", now=now, together=product)
    closed = required_open_round(db, consultation_id)
    sheets = list(db.scalars(_SHEETS_ALONE, {"round": closed.id, "state": "signed"}))
    members, edition = accepted_members(db, consultation_id), loaded.edition
    unsigned = _without_sheet(members, sheets)
    if unsigned and not reason.strip():
        names = "、".join(member.name for member in unsigned)
        message = f"还有 {len(unsigned)} 位专家未签名（{names}），现在结束须写明理由（{edition.cite(ARTICLE)}）。"
        raise Invalid.field("reason", message, ARTICLE)
    panel = len(members)
    counted = tally(panel, [vote_of(answers_of(sheet, edition)) for sheet in sheets], edition)
    closed.closed_at, closed.closed_by_id = now, actor.person_id
    closed.close_reason = reason.strip() if unsigned else ""
    closed.panel_size, closed.tally = panel, tally_as_record(counted)
    closed.witness = [
        {"seat": member.seat, "signer": sheet.signer_name, "digest": sheet.digest, **_on_paper(sheet)}
        for sheet in sheets
        for member in members
        if member.id == sheet.member_id
    ]
    advance(
        db, loaded, "close_vote", actor=actor, now=now,
        round=closed.number, signed=counted.signed, panel=panel, reason=closed.close_reason, sheets=closed.witness,
    )  # fmt: skip
    consultation = loaded.consultation
    owed = oblige(db, consultation, "issue_minutes", now=now, institution_id=consultation.lead_institution_id)
    _tell_of_the_count(db, consultation, closed, counted, edition, now, minutes_due_at=owed.due_at)
    return closed


def void_latest_round(
    db: Session, consultation_id: int, *, actor: Actor, member_id: int, reason: str, now: datetime
) -> None:
    """Let the latest round count for nothing, because `member_id` was recused after it had begun.

    The member's signed sheet is void, and so are all of a round that is broken off: nobody has seen them, and each
    signs anew. Nothing is lost. A round that is void already, or none at all, is left alone.
    """
    latest = next(iter(rounds_of(db, consultation_id)), None)
    if latest is None or latest.is_void:
        return
    for sheet in signed_sheets(db, latest):
        if latest.closed_at is None or sheet.member_id == member_id:
            sheet.state, sheet.left_at, sheet.left_reason = "void", now, reason
    latest.is_void, latest.close_reason = True, reason
    if latest.closed_at is None:
        latest.closed_at, latest.closed_by_id = now, actor.person_id
    db.flush()


def why_no_vote(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    """Why the vote cannot be opened: the panel is too small, or even without a reason."""
    consultation = loaded.consultation
    size = len(accepted_members(db, consultation.id))
    problems = check_panel(size, consultation.even_panel_reason or "", loaded.edition)
    return problems[0].message if problems else None


def why_no_reminder(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    """Why nobody can be reminded: all have signed."""
    voting_round = open_round(db, loaded.consultation.id)
    return None if voting_round and unsigned_members(db, voting_round) else "所有专家都已签名。"


def why_not_close(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    """Why the vote is not closed as a matter of course: signatures are missing, so a reason is needed."""
    voting_round = open_round(db, loaded.consultation.id)
    unsigned = unsigned_members(db, voting_round) if voting_round else []
    names = "、".join(member.name for member in unsigned)
    return f"还有 {len(unsigned)} 位专家未签名（{names}）。" if unsigned else None


def is_signing_over(db: Session, loaded: Loaded, now: datetime) -> bool:
    """Whether the time by which to sign is over."""
    voting_round = open_round(db, loaded.consultation.id)
    return voting_round is not None and voting_round.sign_by <= now


WHY_NOT: dict[str, WhyNot] = {
    "open_vote": why_no_vote,
    "remind_signers": why_no_reminder,
    "close_vote": why_not_close,
}


def refuse_when(reason: str | None, article: str = ARTICLE) -> None:
    """Raise the reason as a refusal, or return."""
    if reason is not None:
        raise Refusal(reason, article=article)


@dataclass(frozen=True)
class Signer:
    """A member of the panel and whether the sheet is signed; never what it says."""

    name: str
    institution_id: int
    has_signed: bool

    @property
    def is_in(self) -> bool:
        """As the list of seats asks for it."""
        return self.has_signed


def rounds_of(db: Session, consultation_id: int) -> list[VotingRound]:
    """All rounds, the latest first."""
    query = select(VotingRound).where(VotingRound.consultation_id == consultation_id)
    return list(db.scalars(query.order_by(VotingRound.number.desc())))


def open_round(db: Session, consultation_id: int) -> VotingRound | None:
    """The round that is open, if one is."""
    return db.scalar(_OPEN_ROUND, {"consultation": consultation_id})


_OPEN_ROUND = select(VotingRound).where(
    VotingRound.consultation_id == bindparam("consultation"), VotingRound.closed_at.is_(None)
)


def required_open_round(db: Session, consultation_id: int) -> VotingRound:
    """The open round; a refusal (409) where none is."""
    found = open_round(db, consultation_id)
    if found is None:
        raise Refusal("本轮表决已结束。", article=ARTICLE)
    return found


def signed_sheets(db: Session, voting_round: VotingRound) -> list[ConsultationSheet]:
    """The signed sheets of a round, by the members' number in the panel."""
    return _sheets(db, voting_round, "signed")


def signers(db: Session, voting_round: VotingRound) -> list[Signer]:
    """Who has signed and who has not."""
    signed = {sheet.member_id for sheet in signed_sheets(db, voting_round)}
    members = accepted_members(db, voting_round.consultation_id)
    return [Signer(member.name, member.institution_id, member.id in signed) for member in members]


def unsigned_members(db: Session, voting_round: VotingRound) -> list[PanelMember]:
    """The members who have not signed in this round."""
    return _without_sheet(accepted_members(db, voting_round.consultation_id), signed_sheets(db, voting_round))


def _without_sheet(members: Iterable[PanelMember], sheets: Iterable[ConsultationSheet]) -> list[PanelMember]:
    having = {sheet.member_id for sheet in sheets}
    return [member for member in members if member.id not in having]


def answers_of(sheet: ConsultationSheet, edition: Edition) -> SheetAnswers:
    """The answers that a sheet holds."""
    return from_record(sheet.answers, edition)


def answer_words(question: str, answer: str | None, edition: Edition) -> str:
    """The answer to one of the three questions as the sheet words it; 未形成多数意见 where there is none."""
    return edition.field(question).option(answer).label if answer is not None else "未形成多数意见"


def usual_sign_by(db: Session, edition: Edition, now: datetime) -> datetime:
    """By when to sign where nobody sets another time."""
    return working_calendar(db).deadline(now, edition.value("vote_signing_days").value, strict=False).due_at


def _on_paper(sheet: ConsultationSheet) -> dict[str, str]:
    """Named only where it is not the usual way to sign."""
    return {"signed_with": PAPER_SCAN} if sheet.signed_with == PAPER_SCAN else {}


def _empty_sheet(member: PanelMember, now: datetime) -> ConsultationSheet:
    return ConsultationSheet(member_id=member.id, answers=as_record(SheetAnswers()), saved_at=now)


def _sheets(db: Session, voting_round: VotingRound, state: str) -> list[ConsultationSheet]:
    return list(db.scalars(_SHEETS, {"round": voting_round.id, "state": state}))


# Made once: making it takes longer than running it.
_SHEETS_ALONE = (
    select(ConsultationSheet)
    .join(PanelMember, PanelMember.id == ConsultationSheet.member_id)
    .where(ConsultationSheet.round_id == bindparam("round"), ConsultationSheet.state == bindparam("state"))
    .order_by(PanelMember.seat, PanelMember.id)
)
_SHEETS = _SHEETS_ALONE.options(joinedload(ConsultationSheet.member).joinedload(PanelMember.institution))


def _ask_to_sign(
    db: Session,
    consultation: Consultation,
    voting_round: VotingRound,
    members: Sequence[PanelMember],
    owed: Sequence[Obligation],
    now: datetime,
    *,
    is_reminder: bool,
) -> None:
    persons: list[Person] = [member.expert.person for member in members]
    queue(
        db, "please_sign", persons, now=now, consultation=consultation,
        link_label="填写会诊表并签名", link_path=f"/consultations/{consultation.id}/sheet",
        voting_round=voting_round, is_reminder=is_reminder, owed=owed,
    )  # fmt: skip


def _tell_of_the_count(
    db: Session,
    consultation: Consultation,
    closed: VotingRound,
    counted: Tally,
    edition: Edition,
    now: datetime,
    *,
    minutes_due_at: datetime | None,
) -> None:
    institutions = [consultation.applicant_institution_id, consultation.lead_institution_id or 0]
    results = [
        (edition.field(question).brief, answer_words(question, counted.of(question).answer, edition))
        for question in QUESTIONS
    ]
    queue(
        db, "vote_closed", liaisons(db, institutions, beijing_day(now)), now=now, consultation=consultation,
        link_label="查看计票", link_path=f"/consultations/{consultation.id}/tally/{closed.number}",
        voting_round=closed, counted=counted, results=results, minutes_due_at=minutes_due_at,
    )  # fmt: skip
