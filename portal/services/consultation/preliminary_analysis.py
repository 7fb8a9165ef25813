"""Step 3, the preliminary analyses: drafts, handing in, and telling the lead when they are there (Art. 8(2), 8(3))."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.obligation import Obligation, ReminderSent
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotFound, Refusal, Stale
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.editions import Edition, load_edition
from portal.rules.majority import quorum_of
from portal.rules.panel import check_panel
from portal.rules.problem import Problem
from portal.services.consultation.members import handed_in, members_of, own_place
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.obligations import begin_at, close, oblige, open_obligations

OPENED = "opened"
FIRST_VIEW = ("severity", "likelihood", "prevalence", "defect_finding")
"""The sheet's questions on which a first view may be given; names and answers are the sheet's."""


@dataclass(frozen=True)
class AnalysisInput:
    """What was typed. `first_view` holds answers by field of the sheet, as `rules.sheet` has them."""

    hazard: str = ""
    cause: str = ""
    prevalence: str = ""
    first_view: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """Where the panel stands with its analyses."""

    handed_in: tuple[PanelMember, ...]
    missing: tuple[PanelMember, ...]  # accepted, not handed in
    invited: tuple[PanelMember, ...]  # asked to replace somebody, not answered yet

    @property
    def are_all_in(self) -> bool:
        """Whether nobody is waited for."""
        return not self.missing and not self.invited

    @property
    def size(self) -> int:
        """How many members the panel has."""
        return len(self.handed_in) + len(self.missing)


def answers_of(db: Session, consultation_id: int) -> Answers:
    """Who has handed in and who is waited for, in two statements."""
    analyses = handed_in(db, consultation_id)
    done: list[PanelMember] = []
    missing: list[PanelMember] = []
    invited: list[PanelMember] = []
    for member in members_of(db, consultation_id):
        if member.state == "invited":
            invited.append(member)
        elif member.state == "accepted":
            analysis = analyses.get(member.id)
            is_in = analysis is not None and analysis.handed_in_at is not None
            (done if is_in else missing).append(member)
    return Answers(tuple(done), tuple(missing), tuple(invited))


def save_analysis(
    db: Session, *, actor: Actor, consultation_id: int, given: AnalysisInput, version: int, now: datetime
) -> PreliminaryAnalysis:
    """Keep a draft; gaps are allowed. `version` is the one the page was made from, 0 before the first saving."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="hand_in_analysis", now=now)
    return _write(db, loaded, given, version, now)


def hand_in_analysis(
    db: Session, *, actor: Actor, consultation_id: int, given: AnalysisInput, version: int, now: datetime
) -> PreliminaryAnalysis:
    """Hand in; from then on it cannot change. After the deadline it is marked late."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="hand_in_analysis", now=now)
    if not given.hazard.strip():
        raise Invalid.field("hazard", "请写明存在的危害；危害分析提交时必填。", "8(2)")
    analysis = _write(db, loaded, given, version, now)
    owed = open_obligations(db, consultation_id, kinds=("hand_in_analysis",), person_id=actor.person_id)
    analysis.handed_in_at = now
    analysis.is_late = any(obligation.due_at is not None and obligation.due_at <= now for obligation in owed)
    advance(db, loaded, "hand_in_analysis", actor=actor, now=now, expert=analysis.member.name, is_late=analysis.is_late)
    settle_telling(db, loaded.consultation, now=now)
    return analysis


def settle_telling(db: Session, consultation: Consultation, *, now: datetime) -> None:
    """Keep the applicant's duty to tell the lead in step with the analyses; call it after whatever changes them.

    It is owed at once when nobody is waited for, and with a quorum from the moment the last of the others is
    overdue (Art. 8(3)): the clock opens it then, without anybody acting. It is lifted when neither is in sight.
    """
    if consultation.stage != Stage.PRELIMINARY_ANALYSIS:
        return
    db.flush()
    owed = next(iter(open_obligations(db, consultation.id, kinds=("tell_lead",))), None)
    begins_at = _telling_begins_at(db, consultation, now)
    if begins_at is None:
        close(db, consultation, [owed] if owed else [], now=now, met=False)
        return
    if owed is None:
        applicant_id = consultation.applicant_institution_id
        owed = oblige(db, consultation, "tell_lead", now=begins_at, institution_id=applicant_id)
    elif owed.since_at > now or begins_at > now:
        begin_at(owed, begins_at)
    ask_to_tell(db, owed, now=now)


def ask_to_tell(db: Session, owed: Obligation, *, now: datetime) -> int:
    """Ask the applicant's liaisons by mail to tell the lead, once it is owed; each once. Returns how many."""
    if owed.since_at > now:
        return 0
    consultation = db.get_one(Consultation, owed.consultation_id)
    already = set(
        db.scalars(
            select(ReminderSent.person_id).where(
                ReminderSent.obligation_id == owed.id,
                ReminderSent.step == OPENED,
                ReminderSent.due_at == owed.since_at,
            )
        )
    )
    asked = [
        person
        for person in liaisons(db, [consultation.applicant_institution_id], beijing_day(now))
        if person.id not in already
    ]
    for person in asked:
        told = {"obligation_id": owed.id, "step": OPENED, "person_id": person.id}
        db.add(ReminderSent(**told, due_at=owed.since_at, sent_at=now))
    answers = answers_of(db, consultation.id)
    return queue(
        db, "all_answers_in", asked, now=now, consultation=consultation,
        link_label="告知牵头单位", link_path=f"/consultations/{consultation.id}/preliminary-analysis/tell-lead",
        missing=[member.name for member in (*answers.missing, *answers.invited)],
        session_days=load_edition(consultation.edition).value("session_days").value,
    )  # fmt: skip


def tell_lead(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Tell the lead that the experts have answered, or that a quorum has and the others are overdue: those are named.

    From now on the lead has its working days to hold the session (Art. 8(3)). The lead itself can take it up.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="tell_lead", now=now)
    reason = _why_not_tell(db, loaded, now)
    if reason is not None:
        raise Refusal(reason, article="8(3)")
    consultation, answers = loaded.consultation, answers_of(db, consultation_id)
    consultation.lead_told_at = now
    missing = [member.name for member in (*answers.missing, *answers.invited)]
    advance(
        db, loaded, "tell_lead", actor=actor, now=now,
        handed_in=[member.name for member in answers.handed_in], missing=missing,
        detail=f"逾期未提交：{'、'.join(missing)}" if missing else "专家已全部提交初步分析",
    )  # fmt: skip
    lead_id = consultation.lead_institution_id
    (session,) = open_obligations(db, consultation_id, kinds=("hold_session",))
    queue(
        db, "lead_told", liaisons(db, [lead_id] if lead_id else [], beijing_day(now)), now=now,
        consultation=consultation, link_label="约定会诊时间",
        link_path=f"/consultations/{consultation_id}/online-session/fix-session",
        missing=missing, owed=[session], working_days=session.working_days,
    )  # fmt: skip


def _why_not_tell(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the lead cannot be told yet: somebody is still in time, or too few have answered."""
    answers, edition = answers_of(db, loaded.consultation.id), loaded.edition
    too_few = _too_few(answers, edition)
    if too_few is not None or answers.are_all_in:
        return too_few
    waiting = [due_at for due_at in _waits_until(db, loaded.consultation.id, answers) if due_at is None or due_at > now]
    if waiting:
        return f"还有 {len(waiting)} 位专家在期限内，尚未提交初步分析"
    quorum = quorum_of(answers.size, edition)
    if len(answers.handed_in) < quorum:
        return f"期限已过，已提交初步分析的专家 {len(answers.handed_in)} 人，未达到 {quorum} 人"
    return None


def _telling_begins_at(db: Session, consultation: Consultation, now: datetime) -> datetime | None:
    """From when on, as things stand, the lead can be told; `now` where that is already so, None where not in sight."""
    answers, edition = answers_of(db, consultation.id), load_edition(consultation.edition)
    if _too_few(answers, edition) is not None:
        return None
    if answers.are_all_in:
        return now
    if len(answers.handed_in) < quorum_of(answers.size, edition):
        return None
    dates = _waits_until(db, consultation.id, answers)
    known = [due_at for due_at in dates if due_at is not None]
    return max(now, *known) if len(known) == len(dates) else None


def _too_few(answers: Answers, edition: Edition) -> str | None:
    problems = [problem for problem in check_panel(answers.size, "-", edition) if problem.field == "members"]
    return f"{problems[0].message}，请牵头单位先补选专家" if problems else None


def _waits_until(db: Session, consultation_id: int, answers: Answers) -> list[datetime | None]:
    """The deadline of each person who is waited for; None where one has none."""
    kinds = ("hand_in_analysis", "answer_invitation")
    due = {one.person_id: one.due_at for one in open_obligations(db, consultation_id, kinds=kinds)}
    return [due.get(member.expert.person_id) for member in (*answers.missing, *answers.invited)]


def _write(db: Session, loaded: Loaded, given: AnalysisInput, version: int, now: datetime) -> PreliminaryAnalysis:
    member = own_place(db, loaded)
    if member.state != "accepted":
        raise NotFound
    problems = first_view_problems(given.first_view, loaded.edition)
    if problems:
        raise Invalid(problems)
    analysis = db.scalar(select(PreliminaryAnalysis).where(PreliminaryAnalysis.member_id == member.id))
    if analysis is not None and analysis.handed_in_at is not None:
        raise Refusal("初步分析已经提交，不能再修改。", article="8(2)")
    if (analysis.version if analysis else 0) != version:
        raise Stale("这份初步分析刚刚在另一个页面保存过。请核对后再保存，您填写的内容仍在页面上。")
    if analysis is None:
        analysis = PreliminaryAnalysis(member=member)
        db.add(analysis)
    analysis.hazard, analysis.cause = given.hazard.strip(), given.cause.strip()
    analysis.prevalence = given.prevalence.strip()
    analysis.first_view = dict(given.first_view)
    analysis.saved_at = now
    db.flush()
    return analysis


def first_view_problems(first_view: Mapping[str, str | int], edition: Edition) -> list[Problem]:
    """Answers that the sheet does not have."""
    problems = []
    for name, value in first_view.items():
        if name not in FIRST_VIEW:
            raise ValueError(f"{name} is no question of the first view")
        if value not in edition.field(name).values:
            problems.append(Problem(name, f"“{edition.field(name).brief}”没有这一选项，请重新选择。", "8(2)"))
    return problems


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {"tell_lead": _why_not_tell}
