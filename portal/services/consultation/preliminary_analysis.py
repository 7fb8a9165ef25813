"""Step 3, the preliminary analyses: drafts, handing in, and telling the lead when they are there (Art. 8(2), 8(3))."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotFound, Refusal, Stale
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.editions import Edition
from portal.rules.majority import quorum_of
from portal.rules.panel import check_panel
from portal.rules.problem import Problem
from portal.services.consultation.members import handed_in, members_of, own_place
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import liaisons, queue
from portal.services.kernel.obligations import close, oblige, open_obligations

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
    announce_when_all_in(db, loaded, now=now)
    return analysis


def announce_when_all_in(db: Session, loaded: Loaded, *, now: datetime) -> None:
    """Ask the applicant to tell the lead once nobody is waited for; lift that when somebody is again (Art. 8(3))."""
    consultation = loaded.consultation
    if loaded.stage != Stage.PRELIMINARY_ANALYSIS:
        return
    db.flush()
    owed = open_obligations(db, consultation.id, kinds=("tell_lead",))
    if _why_not_tell(db, loaded, now) is not None:
        close(db, consultation, owed, now=now, met=False)
    elif not owed:
        applicant_id = consultation.applicant_institution_id
        oblige(db, consultation, "tell_lead", now=now, institution_id=applicant_id)
        queue(
            db, "all_answers_in", liaisons(db, [applicant_id], beijing_day(now)), now=now, consultation=consultation,
            link_label="告知牵头单位", link_path=f"/consultations/{consultation.id}/preliminary-analysis/tell-lead",
            session_days=loaded.edition.value("session_days").value,
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
        missing=missing, due_at=session.due_at, working_days=session.working_days,
    )  # fmt: skip


def _why_not_tell(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why the lead cannot be told yet: somebody is still in time, or too few have answered."""
    answers, edition = answers_of(db, loaded.consultation.id), loaded.edition
    size = len(answers.handed_in) + len(answers.missing)
    too_few = [problem for problem in check_panel(size, "-", edition) if problem.field == "members"]
    if too_few:
        return f"{too_few[0].message}，请牵头单位先补选专家"
    if answers.are_all_in:
        return None
    kinds = ("hand_in_analysis", "answer_invitation")
    late = {
        obligation.person_id
        for obligation in open_obligations(db, loaded.consultation.id, kinds=kinds)
        if obligation.due_at is not None and obligation.due_at <= now
    }
    waiting = [member for member in (*answers.missing, *answers.invited) if member.expert.person_id not in late]
    if waiting:
        return f"还有 {len(waiting)} 位专家在期限内，尚未提交初步分析"
    quorum = quorum_of(size, edition)
    if len(answers.handed_in) < quorum:
        return f"期限已过，已提交初步分析的专家 {len(answers.handed_in)} 人，未达到 {quorum} 人"
    return None


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
