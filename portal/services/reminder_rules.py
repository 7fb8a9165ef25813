"""提醒规则 in force: the shipped policies, and those that the lead has set for a kind of obligation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.obligation import ReminderPolicy
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, Stale
from portal.process.ledger import KINDS, AnyKind
from portal.process.permissions import Actor, is_granted
from portal.process.recall_obligations import RecallObligationKind
from portal.rules.dates import beijing_day
from portal.rules.problem import Problem
from portal.rules.reminder_policies import (
    DEFAULTS,
    ReminderPolicyError,
    check_mandatory,
    check_steps,
    parse_policy,
    policy_text,
    shipped_policies,
)
from portal.rules.reminders import Policy, To, When, ordered
from portal.services.kernel.events import record
from portal.services.kernel.lead import leading_on
from portal.services.kernel.obligations import look_again

_PRIVATE_TO = (To.OWNER, To.LIAISONS, To.HEAD)
CASE_RECIPIENTS = (To.OWNER, To.HEAD)


def shipped_policy(kind: AnyKind) -> Policy:
    """What comes with the release for a kind of obligation."""
    of_consultation, in_case, of_producer = DEFAULTS
    default = of_consultation
    if isinstance(kind, RecallObligationKind):
        default = of_producer if kind.is_producers else in_case
    return shipped_policies().of(kind.kind, has_deadline=kind.has_deadline, may_wait=kind.may_wait, default=default)


def recipients_for(kind: AnyKind) -> tuple[To, ...]:
    """Whom a policy of a kind may name: of a fee and of a recall case nobody else hears."""
    if isinstance(kind, RecallObligationKind):
        return CASE_RECIPIENTS
    return _PRIVATE_TO if kind.is_private else tuple(To)


def policies_in_force(db: Session) -> Mapping[str, Policy]:
    """The policy of every kind of obligation, in one statement."""
    changed: dict[str, str | None] = {row.kind: row.content for row in db.execute(_CHANGED)}
    return {
        kind.kind: _parsed(text) if (text := changed.get(kind.kind)) else shipped_policy(kind)
        for kind in KINDS.values()
    }


_CHANGED = select(ReminderPolicy.kind, ReminderPolicy.content).where(ReminderPolicy.content.is_not(None))


@lru_cache(maxsize=256)
def _parsed(text: str) -> Policy:
    return parse_policy(text)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """The policy of one kind; `changed_by` is "" where it is the shipped one. `version` 0: never changed."""

    kind: AnyKind
    policy: Policy
    is_shipped: bool
    version: int
    changed_by: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """The policies of all kinds, and whether the actor may change them."""

    lines: tuple[RuleLine, ...]
    may_edit: bool

    @property
    def of_consultations(self) -> tuple[RuleLine, ...]:
        """Those of consultations, and of what stands beside them."""
        return tuple(line for line in self.lines if not isinstance(line.kind, RecallObligationKind))

    @property
    def of_cases(self) -> tuple[RuleLine, ...]:
        """Those of recall cases."""
        return tuple(line for line in self.lines if isinstance(line.kind, RecallObligationKind))

    def line_of(self, kind: str) -> RuleLine:
        """The line of one kind. Raises NotFound."""
        found = next((line for line in self.lines if line.kind.kind == kind), None)
        if found is None:
            raise NotFound
        return found


def view_rules(db: Session, *, actor: Actor, now: datetime) -> ReminderRules:
    """All policies in force, for staff."""
    if not is_granted("view_reminder_rules", actor):
        raise NotFound
    return ReminderRules(_lines(db), may_edit=is_editor(db, actor, now))


def view_case_rules(db: Session, *, actor: Actor, now: datetime) -> tuple[RuleLine, ...]:
    """The policies of recall cases, for the officers whom they remind."""
    if not is_granted("view_case_reminder_rules", actor):
        raise NotFound
    return ReminderRules(_lines(db), may_edit=False).of_cases


def _lines(db: Session) -> tuple[RuleLine, ...]:
    policies = policies_in_force(db)
    rows = {
        row.ReminderPolicy.kind: row
        for row in db.execute(
            select(ReminderPolicy, Person.name).join(Person, Person.id == ReminderPolicy.changed_by_id)
        )
    }
    lines = []
    for kind in KINDS.values():
        row = rows.get(kind.kind)
        lines.append(
            RuleLine(
                kind,
                policies[kind.kind],
                is_shipped=row is None or row.ReminderPolicy.content is None,
                version=row.ReminderPolicy.version if row else 0,
                changed_by=row.name if row else "",
                changed_at=row.ReminderPolicy.changed_at if row else None,
            )
        )
    return tuple(lines)


def is_editor(db: Session, actor: Actor, now: datetime) -> bool:
    """Whether the actor is a liaison of an institution that leads today."""
    return is_granted("set_reminder_policy", actor) and actor.institution_id in leading_on(db, beijing_day(now))


def require_editor(db: Session, actor: Actor, now: datetime) -> None:
    """Raise unless the actor may set policies."""
    if not is_granted("view_reminder_rules", actor):
        raise NotFound
    if not is_editor(db, actor, now):
        raise NotAllowed("提醒规则由轮值牵头单位的联络员设定。", article="3")


def checked_policy(kind: AnyKind, policy: Policy) -> Policy:
    """The policy, if it can hold for this kind; Invalid with the step's number in the field otherwise."""
    try:
        check_steps(policy.steps)
        check_mandatory(
            policy,
            has_deadline=kind.has_deadline,
            has_limit=kind.limit is not None and bool(shipped_policy(kind).of(When.AFTER)),
            is_opened_by_clock=bool(shipped_policy(kind).of(When.OPENED)),
        )
    except ReminderPolicyError as error:
        field = "steps" if error.step is None else f"steps-{error.step}-when"
        raise Invalid.field(field, f"{error.reason}。", kind.article or "") from error
    problems = []
    for number, step in enumerate(policy.steps):
        if step.when is When.OPENED and not shipped_policy(kind).of(When.OPENED):
            problems.append(
                Problem(f"steps-{number}-when", "这一事项开始时已有专门通知，不再提醒。", kind.article or "")
            )
        if not set(step.to) <= set(recipients_for(kind)):
            message = "劳务费只有办理单位可见，不能通知申请单位以外的牵头单位。"
            if isinstance(kind, RecallObligationKind):
                message = "召回案件的事项只通知办理人和负责人。"
            problems.append(Problem(f"steps-{number}-to", message, kind.article or ""))
    if problems:
        raise Invalid(problems)
    return policy


def set_reminder_policy(
    db: Session, *, actor: Actor, kind: str, policy: Policy, version: int, now: datetime
) -> ReminderPolicy:
    """Let another policy hold for a kind of obligation from now on; what is due to be told of already still goes out.

    Invalid names the step; mandatory steps cannot be left out. `version` is the one the page was made from.
    """
    line = _line(db, actor, kind, now)
    return _write(db, actor, line, policy_text(ordered(checked_policy(line, policy))), version, now)


def restore_reminder_policy(db: Session, *, actor: Actor, kind: str, version: int, now: datetime) -> ReminderPolicy:
    """Go back to the policy that comes with the release."""
    return _write(db, actor, _line(db, actor, kind, now), None, version, now)


def _line(db: Session, actor: Actor, kind: str, now: datetime) -> AnyKind:
    require_editor(db, actor, now)
    if kind not in KINDS:
        raise NotFound
    return KINDS[kind]


def _write(
    db: Session, actor: Actor, kind: AnyKind, content: str | None, version: int, now: datetime
) -> ReminderPolicy:
    row = db.get(ReminderPolicy, kind.kind)
    if (row.version if row else 0) != version:
        raise Stale("这一提醒规则刚刚被他人修改。请核对后再保存，您填写的内容仍在页面上。")
    shipped = policy_text(shipped_policy(kind))
    before = (row.content if row else None) or shipped
    if (content or shipped) == before:
        raise Refusal("提醒规则没有变化。")
    if row is None:
        row = ReminderPolicy(kind=kind.kind, version=0)
        db.add(row)
    row.content, row.version = content, version + 1
    row.changed_by_id, row.changed_at = actor.person_id, now
    db.flush()
    look_again(db, now=now, kind=kind.kind)
    record(
        db, "reminder_policy_changed", now=now, actor=actor, kind=kind.kind, duty=kind.label,
        is_default=content is None, before=before, after=content or shipped,
    )  # fmt: skip
    return row
