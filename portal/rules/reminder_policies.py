"""Reading and writing reminder policies as TOML; what cannot be used is refused with its line and its rule."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

from portal.rules.reminders import (
    COUNTED,
    DATED,
    ENDLESS,
    Policy,
    Step,
    To,
    Unit,
    When,
    WorkingHours,
)

DEFAULTS = ("default", "default_in_case", "default_of_producer")
"""What holds where a kind has no policy of its own: of a consultation, of a recall case, of a producer."""
MOST_DAYS, MOST_HOURS = 60, 40
MOST_STEPS = 12
_STEP_KEYS = ("when", "working_days", "working_hours", "at", "to", "urgent")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_HEADER = re.compile(r"\s*\[([\w-]+)\]\s*(#.*)?$", re.ASCII)
_STEP_LINE = re.compile(r"\s*\{")


@dataclass(frozen=True)
class Policies:
    """All that the file says: the hours, and the policy of each kind it names."""

    hours: WorkingHours
    defaults: Mapping[str, Policy]
    kinds: Mapping[str, Policy]

    def of(self, kind: str, *, has_deadline: bool, may_wait: bool = True, default: str = DEFAULTS[0]) -> Policy:
        """The shipped policy of a kind; of the default that it goes by, only the steps that a kind can come to."""
        if kind in self.kinds:
            return self.kinds[kind]
        sides = (*(DATED if has_deadline else ()), *((When.SINCE, When.REPEAT) if may_wait else ()))
        return Policy(self.defaults[default].of(*sides))


class ReminderPolicyError(ValueError):
    """A policy that cannot be used; the message says in Chinese which line, which rule and why.

    `step` is the number of the step in its policy, from 0; None where the whole is meant.
    """

    def __init__(self, reason: str, *, step: int | None = None, where: str = "", line: int | None = None) -> None:
        place = "，".join(part for part in (f"第 {line} 行" if line else "", where) if part)
        super().__init__(f"{place}：{reason}" if place else reason)
        self.reason = reason
        self.step = step


@cache
def shipped_policies() -> Policies:
    """The policies that come with this release (portal/rules/reminders.toml)."""
    return parse_policies(files(__package__).joinpath("reminders.toml").read_text("utf-8"))


def parse_policies(toml_text: str) -> Policies:
    """Read the hours, the default and the policies of kinds. Raises ReminderPolicyError."""
    table = _loaded(toml_text)
    for name in ("hours", *DEFAULTS):
        if not isinstance(table.get(name), dict):
            raise ReminderPolicyError(f"缺少 [{name}]")
    hours = WorkingHours(*(_clock(table["hours"].get(end), f"hours.{end}") for end in ("from", "until")))
    if hours.begin >= hours.end:
        raise ReminderPolicyError("until 应晚于 from", where="hours")
    read = {name: _read(name, entry, toml_text) for name, entry in table.items() if name != "hours"}
    return Policies(hours, {name: read.pop(name) for name in DEFAULTS}, read)


def parse_policy(toml_text: str) -> Policy:
    """Read one policy, in the form that `policy_text` writes. Raises ReminderPolicyError."""
    return _read("", _loaded(toml_text), toml_text)


def policy_text(policy: Policy) -> str:
    """A policy as TOML, one step on each line."""
    return "steps = [\n" + "".join(f"    {{ {_written(step)} }},\n" for step in policy.steps) + "]\n"


def check_steps(steps: Iterable[Step], *, where: str = "", lines: tuple[int, ...] = ()) -> Policy:
    """The policy of these steps. Raises ReminderPolicyError for two of one key, and for an end without a beginning."""
    given = tuple(steps)
    seen: set[str] = set()
    for number, step in enumerate(given):
        about = _About(where, number, lines)
        if step.key in seen or (step.when in ENDLESS and any(one.when is step.when for one in given[:number])):
            raise about.error("与前面的一步重复")
        seen.add(step.key)
        behind = {When.AGAIN: When.AFTER, When.REPEAT: When.SINCE}.get(step.when)
        if behind is not None and not any(one.when is behind for one in given):
            raise about.error("重复提醒之前应先有一步超期（等待）提醒")
    if len(given) > MOST_STEPS:
        raise ReminderPolicyError(f"最多 {MOST_STEPS} 步", where=where)
    return Policy(given)


def check_mandatory(policy: Policy, *, has_deadline: bool, has_limit: bool, is_opened_by_clock: bool) -> None:
    """Refuse a policy without what nobody may switch off. Raises ReminderPolicyError.

    `has_limit`: the edition sets a number of working days, so that being late has consequences for others.
    """
    if has_deadline and not any(To.OWNER in step.to for step in policy.of(When.DUE)):
        raise ReminderPolicyError("“截止当日”提醒办理人是必需的，不能删除")
    if has_limit:
        after = sorted(policy.of(When.AFTER), key=lambda step: (step.unit is Unit.DAYS, step.count))
        if not after or To.OWNER not in after[0].to:
            raise ReminderPolicyError("第一次超期提醒应发给办理人，是必需的，不能删除")
    if is_opened_by_clock and not any(To.OWNER in step.to for step in policy.of(When.OPENED)):
        raise ReminderPolicyError("开始时的通知是必需的，不能删除")
    if not has_deadline and policy.of(*DATED):
        raise ReminderPolicyError("这一事项没有期限，不能设期限前后的提醒")


class _About:
    """Where a step stands, for messages."""

    def __init__(self, name: str, number: int, lines: tuple[int, ...]) -> None:
        self.number = number
        self._where = f"{name} 第 {number + 1} 步".strip()
        self._line = lines[number] if number < len(lines) else None

    def error(self, reason: str) -> ReminderPolicyError:
        return ReminderPolicyError(reason, step=self.number, where=self._where, line=self._line)


def _loaded(toml_text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise ReminderPolicyError(f"不是有效的 TOML：{error}") from None


def _read(name: str, entry: object, text: str) -> Policy:
    if not isinstance(entry, dict) or set(entry) != {"steps"} or not isinstance(entry["steps"], list):
        raise ReminderPolicyError("应只有 steps，一步一行", where=name)
    lines = _lines_of(name, text)
    steps = [_step(one, _About(name, number, lines)) for number, one in enumerate(entry["steps"])]
    return check_steps(steps, where=name, lines=lines)


def _lines_of(name: str, text: str) -> tuple[int, ...]:
    """The lines on which the steps of a policy begin, for messages; empty where they are not one on each line."""
    found, here = [], not name
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            here = header[1] == name
        elif here and _STEP_LINE.match(line):
            found.append(number)
    return tuple(found)


def _step(entry: object, about: _About) -> Step:
    if not isinstance(entry, dict):
        raise about.error("应为一步的表，如 { when = … }")
    for key in entry:
        if key not in _STEP_KEYS:
            raise about.error(f"未知的键 {key}")
    try:
        when = When(str(entry.get("when")))
    except ValueError:
        raise about.error(f"when 应为 {'、'.join(When)} 之一") from None
    count, unit = _count(entry, when, about)
    urgent = entry.get("urgent", False)
    if not isinstance(urgent, bool):
        raise about.error("urgent 应为 true 或 false")
    if unit is Unit.HOURS and "at" in entry:
        raise about.error("at 只用于按工作日计算的一步")
    # What the clock opens in the night may be told of there and then, or at an hour of that day.
    has_clock = unit is Unit.DAYS and (when is not When.OPENED or "at" in entry)
    at = _clock(entry.get("at"), "at", about) if has_clock else None
    return Step(when, _recipients(entry.get("to"), about), count, unit, at, urgent)


def _count(entry: dict[str, Any], when: When, about: _About) -> tuple[int, Unit]:
    given = [unit for unit in Unit if unit in entry]
    if when not in COUNTED:
        if given:
            raise about.error(f"{when} 不计工作日或工作小时")
        return 0, Unit.DAYS
    if len(given) != 1 or (given[0] is Unit.HOURS and when in ENDLESS):
        raise about.error("应写明 working_days" + ("" if when in ENDLESS else " 或 working_hours 之一"))
    count, most = entry[given[0]], MOST_DAYS if given[0] is Unit.DAYS else MOST_HOURS
    if type(count) is not int or not 1 <= count <= most:
        raise about.error(f"{given[0]} 应为 1 至 {most} 的整数")
    return count, given[0]


def _recipients(given: object, about: _About) -> tuple[To, ...]:
    if not isinstance(given, list) or not given or any(one not in set(To) for one in given):
        raise about.error(f"to 应列出 {'、'.join(To)} 中的一个或几个")
    return tuple(one for one in To if one in given)


def _clock(given: object, name: str, about: _About | None = None) -> time:
    if isinstance(given, str) and (found := _CLOCK.fullmatch(given)):
        return time(int(found[1]), int(found[2]))
    reason = f'{name} 应为时刻，如 "09:00"'
    raise about.error(reason) if about else ReminderPolicyError(reason)


def _written(step: Step) -> str:
    parts = [f'when = "{step.when}"']
    if step.when in COUNTED:
        parts.append(f"{step.unit} = {step.count}")
    if step.at is not None:
        parts.append(f'at = "{step.at:%H:%M}"')
    parts.append(f"to = [{', '.join(f'{chr(34)}{one}{chr(34)}' for one in step.to)}]")
    if step.urgent:
        parts.append("urgent = true")
    return ", ".join(parts)
