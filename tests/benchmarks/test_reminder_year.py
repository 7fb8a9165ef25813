"""The simulated year, small: workers killed, mail failing at every step, and each due reminder delivered once."""

from pathlib import Path

from benchmarks.reminders import DUE, reminder_costs
from benchmarks.year import Year


def test_each_due_reminder_is_delivered_once_whoever_is_killed(tmp_path: Path) -> None:
    counts = Year(tmp_path, consultations=10, kills=6, days=7, seed=11).run()
    assert counts.is_well, counts
    assert counts.kills == 6
    assert counts.outages == 1
    assert counts.delivered > 50
    assert 0 < counts.failed_dialogues < counts.dialogues / 4


def test_what_is_not_due_costs_no_statement(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("many", "few")]
    many, few = reminder_costs(*urls, many=DUE + 1500, few=DUE + 400, times=1)
    assert many.statements == few.statements
