"""`portal audit`: the audit trail, verified from the shell."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from portal.cli.database import opened_database
from portal.config import Settings


@click.group("audit")
def audit_commands() -> None:
    """审计记录：核验。"""


@audit_commands.command("verify")
def verify_command() -> None:
    """核验全部审计记录的哈希链；有被改动、删除或调换的记录则退出码为 1。"""
    from portal.services.audit import verify_trail

    with opened_database(Settings.from_environment()) as database, database.read() as db:
        report = verify_trail(db, actor=None, now=datetime.now(UTC))
    if not report.is_whole:
        numbers = "、".join(str(number) for number in report.broken)
        raise click.ClickException(f"审计记录不完整：{report.events} 条中，从第 {numbers} 号起对不上。")
    click.echo(f"审计记录完整：{report.events} 条，最新哈希 {report.head}")
