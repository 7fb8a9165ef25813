"""`portal init`: the first account of an installation that is not a demo."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from portal.cli.database import migrated_database
from portal.config import Settings


@click.command("init")
@click.option("--name", prompt="姓名", help="姓名。")
@click.option("--username", prompt="用户名", help="登录用的用户名。")
@click.option("--email", prompt="邮箱", help="邮箱。")
@click.option("--password-stdin", is_flag=True, help="从标准输入读取密码（一行），不再询问。")
def init_command(name: str, username: str, email: str, password_stdin: bool) -> None:
    """建立第一个账号（安全管理员，由其开通其他账号）；已有账号时拒绝。没有默认密码。"""
    from portal.process.errors import Refusal
    from portal.services.accounts import first_administrator

    settings = Settings.from_environment()
    if settings.is_demo:
        raise click.ClickException(f"{settings.instance} 是演示用的文件夹，请用 PORTAL_INSTANCE 指定另一个。")
    with migrated_database(settings) as database:
        password = (
            _password_from_stdin()
            if password_stdin
            else click.prompt("密码", hide_input=True, confirmation_prompt="再输一次密码")
        )
        try:
            with database.write() as db:
                first_administrator(
                    db,
                    username=username,
                    name=name,
                    email=email,
                    password=password,
                    profile=settings.password_profile,
                    now=datetime.now(UTC),
                )
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from refusal
    click.echo(f"已建立安全管理员 {username}。现在可以运行 portal run。")


def _password_from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")
