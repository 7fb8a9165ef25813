"""What a reminder says: the same for the mail that leaves and for the preview of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.mail.kinds import MAIL_KINDS, Urgency
from portal.mail.messages import render
from portal.models.account import Person
from portal.models.consultation import Consultation
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.ledger import KINDS, AnyKind
from portal.process.permissions import PERMISSIONS
from portal.process.recall_obligations import RecallObligationKind
from portal.process.recall_permissions import RECALL_PERMISSIONS
from portal.rules.editions import load_edition
from portal.rules.reminders import Step, To, Tone, When
from portal.rules.working_days import WorkingCalendar
from portal.services.kernel.case_mailing import cited
from portal.services.kernel.deadline_words import counted_words
from portal.services.kernel.subjects import Subject
from portal.services.reminder_people import Recipient

MAIL_OF = {
    Tone.BEFORE: "reminder",
    Tone.DUE: "reminder_due",
    Tone.OVERDUE: "reminder_overdue",
    Tone.ESCALATED: "reminder_escalated",
    Tone.WAITING: "reminder_waiting",
}
TO_WORDS = {
    To.OWNER: "办理人",
    To.LIAISONS: "办理人所在单位联络员",
    To.APPLICANT: "申请单位联络员",
    To.LEAD: "牵头单位联络员",
    To.HEAD: "办理人所在单位负责人",
}
IN_CASE_WORDS = {**TO_WORDS, To.OWNER: "案件承办人员", To.HEAD: "办案单位负责人"}
PLACES = {
    "view_consultation": "",
    "resubmit_application": "/application",
    "nominate_members": "/panel/nominate-members",
    "answer_invitation": "/invitation/answer-invitation",
    "confirm_panel": "/panel/confirm-panel",
    "explain_even_panel": "/panel/explain-even-panel",
    "send_material": "/material/send-material",
    "hand_in_analysis": "/preliminary-analysis/hand-in-analysis",
    "tell_lead": "/preliminary-analysis/tell-lead",
    "fix_session": "/online-session/fix-session",
    "view_session": "/online-session",
    "answer_time_poll": "/time-poll/answer-time-poll",
    "name_participants": "/online-session/name-participants",
    "sign_sheet": "/sheet/sign-sheet",
    "close_vote": "/voting/close-vote",
    "conclude_consultation": "/tally/conclude-consultation",
    "issue_minutes": "/meeting-minutes/issue-minutes",
    "confirm_receipt": "/meeting-minutes/confirm-receipt",
    "archive_consultation": "/archive/archive-consultation",
    "continue_watch": "/watch",
    "record_fee": "/fees",
    "approve_fee": "/fees/approve-fee",
    "pay_fee": "/fees/pay-fee",
    "accept_lead": "/handover/accept-lead",
    "view_archive": "/archive",
}
"""Where under /consultations/<id> an act is done, as the pages have it (tests/house/test_reminders.py)."""
TASKS_PATH = "/tasks"
# Some kinds are owed by an institution which has no other part in it and may not open the consultation's page.
_OF_NO_PARTY = ("nominate", "answer_invitation", "mark_times", "name_participants", "confirm_receipt")
_NAME_ONLY = ("mark_times",)  # who is asked for a time sees the product's name, and no more of it


@dataclass(frozen=True)
class Reminder:
    """One reminder to one person: the mail's kind, its words, where its link leads, and why this person is told."""

    person: Person
    to: To
    mail: str
    urgency: Urgency
    context: dict[str, Any]
    link_label: str
    link_path: str
    why: str

    @property
    def subject(self) -> str:
        """The subject as it leaves."""
        return render(self.mail, person=self.person, **self.context).subject


def reminder_to(
    recipient: Recipient,
    obligation: Obligation,
    subject: Subject,
    step: Step,
    *,
    consultation: Consultation | None,
    case: RecallCase | None,
    owner: str,
    calendar: WorkingCalendar,
    now: datetime,
) -> Reminder:
    """The reminder of an obligation to one person. An institution's liaisons are the owner of what it owes.

    What a producer owes is said to the authority's people as another's. Where the clock opens it, the first is the
    mail that says what is owed and why.
    """
    person, to = recipient
    kind = KINDS[obligation.kind]
    is_producers = isinstance(kind, RecallObligationKind) and kind.is_producers
    is_own = not is_producers and (to is To.OWNER or (to is To.LIAISONS and obligation.person_id is None))
    tone = step.tone_for(is_owner=is_own, due_at=obligation.due_at, now=now)
    label, path = _link(kind, subject, To.OWNER if is_own else to)
    why = IN_CASE_WORDS[to] if subject.recall_case_id is not None else TO_WORDS[to]
    opening = kind.opening if step.when is When.OPENED else None
    return Reminder(
        person,
        to,
        opening or MAIL_OF[tone],
        MAIL_KINDS[opening].urgency if opening else _urgency(tone, is_urgent=step.urgent),
        {
            "consultation": consultation,
            "case": case,
            "is_producers": is_producers,
            "may": isinstance(kind, RecallObligationKind) and kind.lapses,
            "ask": kind.ask + ("（急）" if step.urgent else ""),
            "thing": _thing(kind, subject),
            "about": subject.title,
            "article": _article(kind, subject),
            "duty": kind.label,
            "owner": owner,
            "is_own": is_own,
            "why": why,
            "due_at": obligation.due_at,
            "since_at": obligation.since_at,
            "is_provisional": obligation.is_provisional,
            "days_late": calendar.working_days_late(now, obligation.due_at or obligation.since_at),
            "how_counted": counted_words(obligation, calendar, subject),
        },
        label,
        path,
        why,
    )


def _article(kind: AnyKind, subject: Subject) -> str:
    if isinstance(kind, RecallObligationKind):
        return cited(subject.edition, kind.article)
    return load_edition().cite(kind.article) if kind.article else ""


def _thing(kind: AnyKind, subject: Subject) -> str:
    if not subject.page:
        return f"{subject.name}{kind.thing}"
    model = "" if kind.kind in _NAME_ONLY else subject.model
    return " ".join(part for part in (subject.name, model, kind.thing) if part)


def _link(kind: AnyKind, subject: Subject, to: To) -> tuple[str, str]:
    """Label and path: for who owes it the very spot; for others a page that they can open."""
    if isinstance(kind, RecallObligationKind):
        return _link_in_case(kind, subject, to)
    stage, page = subject.stage, subject.page
    if stage is None:
        path = subject.path_of(kind)
        return (kind.button, path) if to is To.OWNER else ("我的待办", TASKS_PATH)
    if to is not To.OWNER:
        is_party = to in (To.APPLICANT, To.LEAD) or kind.kind not in _OF_NO_PARTY
        return ("查看会诊", page) if is_party else ("我的待办", TASKS_PATH)
    act = kind.act_in(stage)
    stages = PERMISSIONS[act].stages
    if stages is not None and stage not in stages:  # waits for another act
        return ("我的待办", TASKS_PATH)
    return kind.button_in(stage), page + PLACES[act]


def _link_in_case(kind: RecallObligationKind, subject: Subject, to: To) -> tuple[str, str]:
    stages = RECALL_PERMISSIONS[kind.act].stages
    is_done_now = stages is None or subject.case_stage in stages
    if to is To.OWNER and is_done_now and not kind.is_producers:
        return kind.button, subject.path_of(kind)
    return "查看案件", subject.page


def _urgency(tone: Tone, *, is_urgent: bool) -> Urgency:
    if tone in (Tone.DUE, Tone.OVERDUE, Tone.ESCALATED):
        return Urgency.MANDATORY
    return Urgency.ORDINARY if is_urgent or tone is Tone.BEFORE else Urgency.DIGESTIBLE
