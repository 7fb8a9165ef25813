"""`portal account`: the way back in where mail cannot help."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from portal.cli.database import opened_database
from portal.config import Settings


@click.group("account")
def account_commands() -> None:
    """账号：应急设置密码。"""


@account_commands.command("link")
@click.argument("username")
def link_command(username: str) -> None:
    """应急：显示一个设置密码的链接，当面交给本人。

    用于邮件无法送达，而安全管理员自己也不能登录的情形；记入审计记录。链接不要保存或转发。
    """
    from portal.process.errors import Refusal
    from portal.services.account_links import LINK_PATH, issue_emergency_link, path_with_token

    settings = Settings.from_environment()
    lasts = settings.reset_link_lasts
    with opened_database(settings) as database:
        try:
            with database.write() as db:
                token = issue_emergency_link(db, username=username, lasts=lasts, now=datetime.now(UTC))
        except Refusal as refusal:
            raise click.ClickException(refusal.message) from refusal
    click.echo(f"{int(lasts.total_seconds() // 60)} 分钟内有效，只能使用一次：")
    click.echo(settings.base_url + path_with_token(LINK_PATH, token))
