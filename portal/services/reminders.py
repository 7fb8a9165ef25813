"""Reminding by the clock: each step of a policy once per obligation and person.

`Obligation.remind_at` says from when on nothing has been told yet; a run reads only what is due by it, tells the
newest step that has come, and moves `remind_at` to the next. Both happen in one transaction, and writers come one at
a time on both databases: whoever is late, interrupted or second sends nothing twice. What a worker missed while it
was away is told by the newest step alone, and never by the older ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session, joinedload

from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.obligation import Obligation, ReminderSent
from portal.models.recall_case import RecallCase
from portal.process.ledger import KINDS
from portal.rules.reminder_policies import shipped_policies
from portal.rules.reminders import Moment, Policy, When, WorkingHours, moments, next_moment
from portal.rules.working_days import WorkingCalendar
from portal.services.consultation.preliminary_analysis import ask_to_tell
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.mailing import queue
from portal.services.kernel.subjects import Subject, subjects_of
from portal.services.reminder_letters import reminder_to
from portal.services.reminder_people import People
from portal.services.reminder_rules import policies_in_force

BATCH = 200
"""Obligations looked at in one transaction, so that a long backlog keeps no writer waiting and no memory filled."""


def remind_due(database: Database, now: datetime, limit: int | None = None) -> int:
    """Queue what is to be reminded of now; returns the number of mails. Safe to call at any time, as often as liked.

    `limit`: the most obligations to look at; None for all that are due.
    """
    mails, left = 0, limit
    while left is None or left > 0:
        at_most = BATCH if left is None else min(BATCH, left)
        with database.read() as db:
            if db.scalar(_due(now, 1).with_only_columns(Obligation.id)) is None:
                break
        with database.write() as db:
            mails += _Run(db, now).remind(list(db.scalars(_due(now, at_most))))
        left = None if left is None else left - at_most
    return mails


def _due(now: datetime, at_most: int) -> Select[Obligation]:
    return (
        select(Obligation)
        .where(Obligation.closed_at.is_(None), Obligation.remind_at <= now)
        .order_by(Obligation.remind_at, Obligation.id)
        .limit(at_most)
    )


@dataclass(frozen=True)
class Timing:
    """What moments are worked out from."""

    policies: Mapping[str, Policy]
    calendar: WorkingCalendar
    hours: WorkingHours

    @classmethod
    def read(cls, db: Session) -> Timing:
        """What holds now."""
        return cls(policies_in_force(db), working_calendar(db), shipped_policies().hours)

    def moments(self, obligation: Obligation, *, until: datetime) -> tuple[Moment, ...]:
        """All moments of an obligation up to an instant."""
        return moments(self.policies[obligation.kind], until=until, **self._of(obligation))

    def next(self, obligation: Obligation, *, after: datetime) -> Moment | None:
        """The first moment after an instant."""
        return next_moment(self.policies[obligation.kind], after=after, **self._of(obligation))

    def _of(self, obligation: Obligation) -> dict[str, Any]:
        return {
            "since_at": obligation.since_at,
            "due_at": obligation.due_at,
            "calendar": self.calendar,
            "hours": self.hours,
        }


class _Run:
    """One transaction's work on some obligations; what they share is read once."""

    def __init__(self, db: Session, now: datetime) -> None:
        self._db, self._now = db, now
        self._timing = Timing.read(db)
        self._people = People(db, now)

    def remind(self, obligations: list[Obligation]) -> int:
        """Tell the newest step of each that has come, and set when the next one does. Returns the number of mails."""
        subjects = subjects_of(self._db, [one.id for one in obligations])
        consultations, cases = self._consultations(obligations), self._cases(obligations)
        already = self._already_told(obligations)
        mails = 0
        for obligation in obligations:
            begin = obligation.remind_at or self._now
            come = [one for one in self._timing.moments(obligation, until=self._now) if one.at >= begin]
            if come:
                consultation = consultations.get(obligation.consultation_id)
                about = subjects[obligation.id], consultation, cases.get(obligation.recall_case_id)
                mails += self._tell(obligation, *about, come[-1], already)
            following = self._timing.next(obligation, after=self._now)
            obligation.remind_at = following.at if following else None
        return mails

    def _tell(
        self,
        obligation: Obligation,
        subject: Subject,
        consultation: Consultation | None,
        case: RecallCase | None,
        moment: Moment,
        already: set[tuple[int, str, int, datetime]],
    ) -> int:
        if moment.step.when is When.OPENED and KINDS[obligation.kind].opening is None:
            return ask_to_tell(self._db, obligation, now=self._now)
        about = obligation.due_at or obligation.since_at
        owner, mails, sent = self._people.owner_name(obligation), 0, []
        for recipient in self._people.told(obligation, subject, moment.step.to):
            if (obligation.id, moment.key, recipient[0].id, about) in already:
                continue
            reminder = reminder_to(
                recipient, obligation, subject, moment.step,
                consultation=consultation, case=case, owner=owner, calendar=self._timing.calendar, now=self._now,
            )  # fmt: skip
            mails += queue(
                self._db, reminder.mail, [reminder.person], now=self._now, urgency=reminder.urgency,
                reminds_of=obligation, link_label=reminder.link_label, link_path=reminder.link_path,
                **reminder.context,
            )  # fmt: skip
            told = {"obligation_id": obligation.id, "step": moment.key, "person_id": reminder.person.id}
            sent.append({**told, "due_at": about, "sent_at": self._now})
        if sent:
            self._db.execute(insert(ReminderSent), sent)
        return mails

    def _consultations(self, obligations: list[Obligation]) -> dict[int | None, Consultation]:
        ids = {one.consultation_id for one in obligations} - {None}
        rows = self._db.scalars(
            select(Consultation).options(joinedload(Consultation.product)).where(Consultation.id.in_(ids))
        )
        return {row.id: row for row in rows}

    def _cases(self, obligations: list[Obligation]) -> dict[int | None, RecallCase]:
        ids = {one.recall_case_id for one in obligations} - {None}
        rows = self._db.scalars(
            select(RecallCase)
            .options(joinedload(RecallCase.product), joinedload(RecallCase.authority))
            .where(RecallCase.id.in_(ids))
        )
        return {row.id: row for row in rows}

    def _already_told(self, obligations: list[Obligation]) -> set[tuple[int, str, int, datetime]]:
        rows = self._db.execute(
            select(ReminderSent.obligation_id, ReminderSent.step, ReminderSent.person_id, ReminderSent.due_at).where(
                ReminderSent.obligation_id.in_([one.id for one in obligations])
            )
        )
        return {(row.obligation_id, row.step, row.person_id, row.due_at) for row in rows}
