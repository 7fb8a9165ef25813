"""`portal db`: the schema of the database and its migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from portal.config import Settings

if TYPE_CHECKING:
    from portal.models.database import Database


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of this installation, closed at the end."""
    from portal.models.database import Database

    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def migrated_database(settings: Settings) -> Iterator[Database]:
    """The same, its schema brought to the newest migration first."""
    from portal.migrations import upgrade

    with opened_database(settings) as database:
        upgrade(database.engine)
        yield database


@click.group("db")
def database_commands() -> None:
    """数据库结构：升级、查看、检查。"""


@database_commands.command("upgrade")
def upgrade_command() -> None:
    """把数据库结构升级到最新；空数据库则新建。"""
    from portal.migrations import head_revision

    with migrated_database(Settings.from_environment()):
        click.echo(f"数据库结构为最新：{head_revision()}")


@database_commands.command("current")
def current_command() -> None:
    """显示数据库结构的版本。"""
    from portal.migrations import current_revision

    with opened_database(Settings.from_environment()) as database:
        click.echo(current_revision(database.engine) or "数据库为空")


@database_commands.command("check")
def check_command() -> None:
    """检查数据库结构是否最新；不是则退出码为 1。"""
    from portal.migrations import current_revision, head_revision

    with opened_database(Settings.from_environment()) as database:
        current, newest = current_revision(database.engine), head_revision()
    if current != newest:
        raise click.ClickException(f"数据库结构为 {current or '空'}，最新为 {newest}；请运行 portal db upgrade。")
    click.echo(f"数据库结构正确：{current}")
