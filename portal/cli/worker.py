"""`portal worker`: the background process, and what became of its jobs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from portal.cli.database import opened_database
from portal.config import Settings

if TYPE_CHECKING:
    from portal.services.job_status import JobStatus

_WORDS = {"ok": "正常", "running": "运行中", "late": "未按时运行", "failed": "失败", "never": "尚未运行"}


@click.command("worker")
@click.option("--status", "asks_status", is_flag=True, help="列出任务和后台进程的状态；有异常时退出码为 1。")
def worker_command(asks_status: bool) -> None:
    """后台进程：投递邮件、到期提醒、自动归档、编成和检查归档包。可以同时运行几个。"""
    settings = Settings.from_environment()
    if not asks_status:
        from portal.jobs.worker import run_worker

        return run_worker(settings)
    from portal.services.job_status import job_status

    with opened_database(settings) as database, database.read() as db:
        found = job_status(db, now=datetime.now(UTC))
        _print(found)
    return None if found.is_well else sys.exit(1)


def _print(found: JobStatus) -> None:
    if found.warning:
        click.echo(found.warning)
    for line in found.lines:
        began = f"{line.last_started_at:%Y-%m-%d %H:%M:%SZ}" if line.last_started_at else "—"
        click.echo(f"{line.line.name:28} {began:22} {_WORDS[line.state]} {line.error}".rstrip())
    for worker in found.workers:
        if worker.name in found.alive:
            click.echo(f"在运行：{worker.name}（自 {worker.started_at:%Y-%m-%d %H:%M:%SZ}）")
