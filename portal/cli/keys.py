"""`portal keys`: the keys that personal data in the database are sealed with."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from portal.cli.database import opened_database
from portal.config import Settings


@click.group("keys")
def keys_commands() -> None:
    """加密密钥：更换、移除旧密钥。"""


@keys_commands.command("rotate")
def rotate_command() -> None:
    """生成新密钥，并用它重新加密全部收款信息；旧密钥留在其后，用于旧备份。

    密钥由 PORTAL_FIELD_KEYS 给出时不生成：请先把新密钥放在最前面并重启，再运行本命令。
    """
    from portal.field_keys import new_key
    from portal.process.errors import FieldsUnreadable
    from portal.services.payment_details import check_all_open, seal_all_anew

    settings = Settings.from_environment()
    keys = settings.field_keys
    with opened_database(settings) as database:
        try:
            # First the new key is there for every process, then something is sealed with it.
            if not keys.is_given:
                with database.read() as db:
                    check_all_open(db, keys=keys)
                keys.prepend(new_key())
            with database.write() as db:
                count = seal_all_anew(db, keys=keys, now=datetime.now(UTC))
        except FieldsUnreadable as refusal:
            raise click.ClickException(refusal.message) from refusal
    click.echo(f"已用最新的密钥重新加密 {count} 人的收款信息；现有密钥 {len(keys.current())} 个。")


@keys_commands.command("drop-old")
def drop_old_command() -> None:
    """只留最新的密钥；先确认全部收款信息都能用它解开。旧备份此后不能再用。"""
    from portal.process.errors import FieldsUnreadable
    from portal.services.payment_details import check_all_open

    settings = Settings.from_environment()
    keys = settings.field_keys
    if keys.is_given:
        raise click.ClickException("密钥由 PORTAL_FIELD_KEYS 给出，请在那里移除。")
    with opened_database(settings) as database, database.read() as db:
        try:
            count = check_all_open(db, keys=keys.first())
        except FieldsUnreadable as refusal:
            raise click.ClickException("还有收款信息不能用最新的密钥解开，请先运行 portal keys rotate。") from refusal
    keys.keep_first()
    click.echo(f"只留最新的密钥；{count} 人的收款信息都能用它解开。")
