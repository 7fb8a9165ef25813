"""`portal reminders`: what the portal would remind of on a day."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from portal.config import Settings


@click.group("reminders")
def reminders_commands() -> None:
    """期限提醒：预览。"""


@reminders_commands.command("preview")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="如 2026-11-27。")
@click.option("--consultation", "number", metavar="NUMBER", help="会诊编号，如 〔2026〕12号 或 2026-12；默认全部。")
def preview_command(day: datetime, number: str | None) -> None:
    """显示某一天会发出的提醒，假定在此之前没有事项办结；不发送邮件。"""
    from portal.cli.database import migrated_database
    from portal.process.errors import NotFound
    from portal.rules.date_words import beijing
    from portal.services.reminder_preview import preview_day

    count = 0
    with migrated_database(Settings.from_environment()) as database, database.read() as db:
        try:
            for line in preview_day(db, on=day.date(), now=datetime.now(UTC), number=number):
                count += 1
                state = "已发送" if line.is_sent else line.why
                _say(f"{beijing(line.at)}　{line.number}　{line.person}（{state}）　{line.subject}　{line.step}")
        except NotFound as refusal:
            raise click.ClickException(str(refusal)) from refusal
    _say(f"{day:%Y-%m-%d} 共 {count} 封")


def _say(line: str) -> None:
    # Bytes, so that the answer is UTF-8 whatever the shell's locale.
    click.echo(line.encode())
