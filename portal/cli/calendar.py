"""`portal calendar`: working days and deadlines by the State Council's notices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import click

from portal.rules.calendar_year import CalendarYear
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import WEEKDAYS, CalendarYearMissing, Deadline, shipped_calendar

_BAD_INPUT = 2


@click.group("calendar")
def calendar_commands() -> None:
    """Working days and deadlines."""


@calendar_commands.command("deadline")
@click.option(
    "--from",
    "start",
    required=True,
    metavar="INSTANT",
    help="ISO date and time; Beijing time unless it says.",
)
@click.option("--working-days", required=True, type=click.IntRange(min=1))
@click.option("--explain", is_flag=True, help="Also print every day, counted or skipped, with its reason.")
def deadline_command(start: str, working_days: int, explain: bool) -> None:
    """Print the last day of a deadline; the day it starts on does not count."""
    started_at = _read_instant(start)
    try:
        deadline = shipped_calendar().deadline(started_at, working_days)
    except CalendarYearMissing as missing:
        _fail(str(missing))
    _say(deadline.last_day.isoformat())
    if explain:
        _explain(started_at, deadline)


@calendar_commands.command("show")
@click.argument("year", type=int)
def show_command(year: int) -> None:
    """Print a year's holidays, make-up working days and number of working days, with its notice."""
    calendar = shipped_calendar()
    if not calendar.covers(year):
        _fail(str(CalendarYearMissing(year)))
    entry = calendar.years[year]
    _say(f"{year}年　{entry.notice}（{entry.document_number}）")
    for day in sorted({*entry.holidays, *entry.make_up_working_days}):
        _say(f"{_name_day(day)}　{calendar.mark(day).reason}")
    _say(f"工作日 {_count_working_days(entry)} 天")


@calendar_commands.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_command(file: Path) -> None:
    """Load a year from FILE (TOML) into this installation; open deadlines that reach into it are counted anew."""
    # The other commands of this group need no database and start without its library.
    from portal.cli.database import migrated_database
    from portal.config import Settings
    from portal.process.errors import Refusal
    from portal.services.calendar_years import load_year

    try:
        toml_text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        _fail(f"{file}：不是 UTF-8 文字")
    with migrated_database(Settings.from_environment()) as database:
        try:
            with database.write() as db:
                loaded = load_year(db, actor=None, toml_text=toml_text, now=datetime.now(UTC))
        except Refusal as refusal:
            _fail(str(refusal))
    _say(f"已载入 {loaded.year} 年工作日历（{loaded.notice}），重新计算期限 {loaded.recomputed} 项")


def _read_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=BEIJING)
        beijing_day(instant)
    except (ValueError, OverflowError):
        _fail(f"--from：“{text}”不是 ISO 日期时间，应如 2026-09-30T15:00")
    return instant


def _explain(started_at: datetime, deadline: Deadline) -> None:
    _say(f"{_name_day(beijing_day(started_at))}　不计　起算日，不计入")
    counted = 0
    for mark in deadline.days:
        counted += mark.counted
        _say(f"{_name_day(mark.day)}　{f'第{counted}日' if mark.counted else '不计'}　{mark.reason}")
    _say(f"截止 {deadline.last_day.isoformat()} 24:00（北京时间），依据 {'、'.join(deadline.notices)}")


def _name_day(day: date) -> str:
    return f"{day.isoformat()} 周{WEEKDAYS[day.weekday()]}"


def _count_working_days(entry: CalendarYear) -> int:
    first = date(entry.year, 1, 1).toordinal()
    last = date(entry.year, 12, 31).toordinal()
    return sum(entry.is_working_day(date.fromordinal(number)) for number in range(first, last + 1))


def _say(line: str) -> None:
    # Bytes, so that the answer is UTF-8 whatever the shell's locale.
    click.echo(line.encode())


def _fail(message: str) -> NoReturn:
    click.echo(f"错误：{message}".encode("utf-8", "backslashreplace"), err=True)
    raise SystemExit(_BAD_INPUT)
