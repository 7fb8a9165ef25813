"""How the deadline of an obligation was worked out, in words: for mails, calendars and the certificate."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from portal.models.obligation import Obligation
from portal.process.ledger import KINDS
from portal.process.recall_obligations import Anchor, RecallObligationKind
from portal.rules.date_words import how_counted
from portal.rules.recall.editions import load_recall_edition
from portal.rules.recall.limits import Due, how_interim_counted, interim_due, interim_number
from portal.rules.working_days import WorkingCalendar

BEGINNINGS = {
    Anchor.RECEIPT: "收到通知书之日",
    Anchor.STARTED: "召回实施之日",
    Anchor.COMPLETED: "完成召回计划之日",
}
"""What a limit of a recall case runs from, where that is no act of it."""
COUNTED_IN_MONTHS = tuple(
    kind.kind
    for kind in KINDS.values()
    if isinstance(kind, RecallObligationKind) and kind.counts_from is Anchor.STARTED
)


class InCase(Protocol):
    """What the months of a recall are counted by: a recall case has it, and the subject of what is owed in one."""

    @property
    def edition(self) -> str:
        """The name of the edition of the Workflow."""

    @property
    def started_on(self) -> date | None:
        """The day on which the recall began."""


def counted_words(obligation: Obligation, calendar: WorkingCalendar, case: InCase | None = None) -> str:
    """One sentence; "" where there is no deadline. `case` is the recall case that it is owed in."""
    if obligation.due_at is None:
        return ""
    if obligation.working_days is not None:
        beginning = beginning_of(obligation)
        counted = how_counted(calendar, obligation.since_at, obligation.working_days)
        return f"自{beginning}起：{counted}" if beginning else counted
    if obligation.recall_case_id is not None:
        return _words_in_case(obligation, calendar, case)
    whence = "按会诊安排确定" if obligation.consultation_id is not None else "是固定的"
    return f"这一日期{whence}，不按工作日推算。"


def beginning_of(obligation: Obligation) -> str:
    """What a deadline of a recall case runs from, where that is no act of it; "" otherwise."""
    kind = KINDS[obligation.kind]
    return BEGINNINGS.get(kind.counts_from, "") if isinstance(kind, RecallObligationKind) else ""


def count_of_months(obligation: Obligation, calendar: WorkingCalendar, case: InCase) -> Due | None:
    """What the months of a recall give as deadline by `calendar`; None for a deadline that is counted in no months."""
    if obligation.kind not in COUNTED_IN_MONTHS or case.started_on is None or obligation.due_at is None:
        return None
    edition = load_recall_edition(case.edition)
    return interim_due(edition, case.started_on, interim_number(edition, case.started_on, obligation.due_at), calendar)


def _words_in_case(obligation: Obligation, calendar: WorkingCalendar, case: InCase | None) -> str:
    counted = count_of_months(obligation, calendar, case) if case is not None else None
    if case is None or case.started_on is None or counted is None or counted.due_at != obligation.due_at:
        return "这一日期由办理单位确定，不按工作日推算。"
    edition = load_recall_edition(case.edition)
    number = interim_number(edition, case.started_on, counted.due_at)
    return how_interim_counted(edition, case.started_on, number, calendar)
