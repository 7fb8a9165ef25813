"""`portal demo`: the demo story, for an empty database only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from portal.cli.database import migrated_database
from portal.config import Settings, demo_mark

if TYPE_CHECKING:
    from portal.models.database import Database

UNFINISHED, FINISHED = "unfinished", "finished"


@click.group("demo")
def demo_commands() -> None:
    """演示数据。"""


@demo_commands.command("load")
def load_command() -> None:
    """在空数据库中载入演示数据；数据库不空则拒绝。"""
    settings = Settings.from_environment()
    with migrated_database(settings) as database:
        load_demo(database, settings)
    print_log_ins()


def load_demo(database: Database, settings: Settings) -> None:
    """Tell the story in an empty, migrated database, and mark the installation as a demo.

    Raises click.ClickException, and changes nothing, where there are accounts already.
    """
    from portal.services.installation import has_accounts

    refuse_unfinished(settings)
    with database.read() as db:
        if has_accounts(db):
            raise click.ClickException("数据库中已有账号，演示数据只能载入空数据库。")
    from portal.demo.story import tell
    from portal.storage.local import Storage

    click.echo("正在载入演示数据（约需半分钟） …")
    # The mark comes first: a demo that was cut off is neither taken for a whole one nor for an installation in use.
    mark = demo_mark(settings.instance)
    mark.write_text(UNFINISHED, "ascii")
    tell(database, Storage(settings.files_folder), keys=settings.field_keys, now=datetime.now(UTC))
    mark.write_text(FINISHED, "ascii")


def refuse_unfinished(settings: Settings) -> None:
    """Raise click.ClickException where loading the demo was cut off before its end."""
    mark = demo_mark(settings.instance)
    if mark.exists() and mark.read_text("ascii") != FINISHED:
        raise click.ClickException(f"上次载入演示数据时中断。请删除 {settings.instance} 后重试。")


def print_log_ins() -> None:
    """Print who can log in to the demo, and with which password."""
    from portal.demo.story import LOG_INS, PASSWORD

    click.echo(f"  演示账号（密码均为 {PASSWORD}）：")
    for username, who in LOG_INS:
        click.echo(f"    {username:<16}{who}")
    click.echo()
