"""When the 线上会诊 may be held (Art. 8(3))."""

from __future__ import annotations

from datetime import datetime

from portal.rules.editions import Edition
from portal.rules.problem import Problem


def check_session_time(
    starts_at: datetime, *, now: datetime, due_at: datetime, late_reason: str, edition: Edition
) -> tuple[Problem, ...]:
    """Return why a session cannot be fixed at `starts_at`; all instants aware.

    It lies in the future; at or after `due_at`, the end of the fifth working day, it needs a written reason.
    """
    days = edition.value("session_days")
    if starts_at <= now:
        message = f"会诊时间应晚于当前时间（{edition.cite(days.article)}）"
        return (Problem("starts_at", message, days.article),)
    if starts_at >= due_at and not late_reason.strip():
        message = f"会诊时间超出{days.value}个工作日，须写明理由（{edition.cite(days.article)}）"
        return (Problem("late_reason", message, days.article),)
    return ()
