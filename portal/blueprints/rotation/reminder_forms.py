"""The form of a reminder policy: its steps, and the day and consultation to try it on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time

import wtforms

from portal.process.errors import Invalid
from portal.process.ledger import AnyKind
from portal.rules.problem import Problem
from portal.rules.reminder_policies import MOST_STEPS
from portal.rules.reminders import COUNTED, Policy, Step, To, Unit, When
from portal.services.reminder_letters import TO_WORDS
from portal.services.reminder_rules import recipients_for, shipped_policy
from portal.services.reminder_words import UNIT_WORDS, WHEN_WORDS
from portal.web.fields import DateField, TextField, WholeNumberField
from portal.web.forms import PortalForm

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)", re.ASCII)
_REPEATS = {When.AGAIN: "此后每隔（直到办结）", When.REPEAT: "此后每隔（直到办结）"}


class StepForm(wtforms.Form):
    """One step."""

    when = wtforms.SelectField("时点", choices={})
    count = WholeNumberField("数量")
    unit = wtforms.SelectField("单位", choices={one.value: words for one, words in UNIT_WORDS.items()})
    at = TextField("时刻", longest=8)
    to = wtforms.SelectMultipleField("通知谁", choices={})
    urgent = wtforms.BooleanField("标注“急”")

    def offer(self, kind: AnyKind) -> None:
        """Give the lists what fits the kind."""
        sides = (When.BEFORE, When.DUE, When.AFTER, When.AGAIN) if kind.has_deadline else (When.SINCE, When.REPEAT)
        opened = (When.OPENED,) if shipped_policy(kind).of(When.OPENED) else ()
        self.when.choices = {one.value: _REPEATS.get(one, WHEN_WORDS[one]) for one in (*opened, *sides)}
        self.to.choices = {one.value: TO_WORDS[one] for one in recipients_for(kind)}

    def step(self, number: int) -> Step | list[Problem]:
        """The step, or what is wrong with it."""
        when, unit = When(self.when.data), Unit(self.unit.data)
        problems = []
        if when not in COUNTED:
            unit = Unit.DAYS
        elif not self.count.data or not 1 <= self.count.data <= (60 if unit is Unit.DAYS else 40):
            most = 60 if unit is Unit.DAYS else 40
            problems.append(Problem(f"steps-{number}-count", f"请填写 1 至 {most} 的整数。", ""))
        elif unit is Unit.HOURS and when in _REPEATS:
            problems.append(Problem(f"steps-{number}-unit", "重复提醒按工作日计算。", ""))
        has_clock = unit is Unit.DAYS and (when is not When.OPENED or bool(self.at.data))
        clock = _CLOCK.fullmatch(self.at.data or "")
        if has_clock and clock is None:
            problems.append(Problem(f"steps-{number}-at", "请填写时刻，如 09:00。", ""))
        if not self.to.data:
            problems.append(Problem(f"steps-{number}-to", "请至少选择一方。", ""))
        if problems:
            return problems
        at = time(int(clock[1]), int(clock[2])) if clock and has_clock else None
        to = tuple(one for one in To if one in self.to.data)
        return Step(when, to, (self.count.data or 0) if when in COUNTED else 0, unit, at, bool(self.urgent.data))


class PolicyForm(PortalForm):
    """The steps of one kind; `consultation` and `on` are for trying them only."""

    version = wtforms.HiddenField()
    steps = wtforms.FieldList(wtforms.FormField(StepForm), max_entries=MOST_STEPS)
    consultation = wtforms.SelectField("会诊", choices={}, validate_choice=False)
    on = DateField("哪一天")

    def offer(self, kind: AnyKind) -> PolicyForm:
        """Give every step the lists that fit the kind."""
        for entry in self.steps:
            entry.form.offer(kind)
        return self

    def show(self, policy: Policy) -> None:
        """Fill in what holds now."""
        for step in policy.steps:
            clock = f"{step.at:%H:%M}" if step.at else ""
            told = {"when": step.when.value, "count": step.count or None, "unit": step.unit.value, "at": clock}
            self.steps.append_entry({**told, "to": [one.value for one in step.to], "urgent": step.urgent})

    def add_step(self, kind: AnyKind) -> None:
        """One more step, not filled in."""
        when = When.BEFORE if kind.has_deadline else When.SINCE
        self.steps.append_entry({"when": when.value, "at": "09:00", "unit": Unit.DAYS.value, "to": [To.OWNER.value]})
        self.offer(kind)

    def policy(self) -> Policy:
        """The policy as typed. Raises Invalid with the problems of all steps."""
        read = [entry.form.step(number) for number, entry in enumerate(self.steps)]
        problems = [problem for one in read if isinstance(one, list) for problem in one]
        if problems:
            raise Invalid(problems)
        return Policy(tuple(one for one in read if isinstance(one, Step)))

    def remove_step(self, number: int) -> None:
        """Take one step out; what is typed in the others stays."""
        kept = [entry.data for place, entry in enumerate(self.steps) if place != number]
        while self.steps.entries:
            self.steps.pop_entry()
        for one in kept:
            self.steps.append_entry(one)


class TryForm(PortalForm):
    """A consultation and a day, for the rules in force."""

    consultation = wtforms.SelectField("会诊", choices={}, validate_choice=False)
    on = DateField("哪一天")


def offer_consultations(form: PolicyForm | TryForm, found: Iterable[tuple[int, str]], today: date) -> None:
    """The consultations that can be tried, and today as the day."""
    form.consultation.choices = {str(number): words for number, words in found}
    if form.on.data is None and not form.on.raw_data:
        form.on.data = today
