"""How pages and the command line say a step of a policy."""

from __future__ import annotations

from portal.rules.reminders import Step, To, Unit, When

TO_SHORT = {To.OWNER: "办理人", To.LIAISONS: "联络员", To.APPLICANT: "申请单位", To.LEAD: "牵头单位", To.HEAD: "负责人"}
WHEN_WORDS = {
    When.BEFORE: "截止前",
    When.DUE: "截止当日",
    When.AFTER: "超期后",
    When.AGAIN: "此后每隔",
    When.OPENED: "开始时",
    When.SINCE: "等待满",
    When.REPEAT: "此后每隔",
}
UNIT_WORDS = {Unit.DAYS: "个工作日", Unit.HOURS: "个工作小时"}


def step_words(step: Step) -> str:
    """截止前 2 个工作日 09:00; 此后每隔 5 个工作日 09:00; 截止当日 09:00."""
    counted = f" {step.count} {UNIT_WORDS[step.unit]}" if step.count else ""
    clock = f" {step.at:%H:%M}" if step.at is not None else ""
    return f"{WHEN_WORDS[step.when]}{counted}{clock}"
