"""`portal archive`: packages made at once, read again, and produced in a drill. There is no command that removes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from portal.cli.database import opened_database
from portal.config import Settings

if TYPE_CHECKING:
    from portal.models.database import Database
    from portal.storage.local import Storage

_NUMBER = re.compile(r"(?:〔?(\d{4})〕?[-/ ]?)?(\d{1,6})号?")


@click.group("archive")
def archive_commands() -> None:
    """归档包：编成、检查完整性、保管演练。"""


@archive_commands.command("package")
@click.argument("number", required=False, default="")
def package_command(number: str) -> None:
    """立即编成尚缺的归档包；NUMBER 如 2026-12，只编这一件。"""
    from portal.services.archiving.packaging import UNPACKAGEABLE, build_package, unpackaged
    from portal.services.official_making import Making

    chosen, making = _read(number) if number else {}, Making.by(Settings.from_environment())
    made, failed = 0, 0
    with _opened() as (database, storage):
        with database.read() as db:
            waiting = unpackaged(db, **chosen)
        for record_id in waiting:
            try:
                made += build_package(database, storage, making, record_id, datetime.now(UTC)) is not None
            except UNPACKAGEABLE as problem:
                failed += 1
                click.echo(f"不能编成归档包（归档记录 {record_id}）：{problem}", err=True)
    click.echo(f"编成归档包 {made} 个。")
    if failed:
        raise SystemExit(1)


@archive_commands.command("verify")
@click.argument("numbers", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="检查全部归档包和召回公示的照片，不论上次何时检查。")
def verify_command(numbers: tuple[str, ...], is_all: bool) -> None:
    """检查归档包的完整性；有损坏则逐件列出，退出码为 1。不给编号时检查一天内未检查过的。"""
    from portal.services.archiving.integrity import (
        all_packages,
        check_due,
        check_packages,
        kept_packages,
        packages_of,
        words,
    )
    from portal.services.archiving.publication_files import check_all_publications, check_publications_due

    now = datetime.now(UTC)
    with _opened() as (database, storage):
        if numbers or is_all:
            queries = [all_packages()] if is_all else [packages_of(**_read(number)) for number in numbers]
            with database.read() as db:
                chosen = {kept.package_id: kept for query in queries for kept in kept_packages(db, query)}
            checked = check_packages(database, storage, list(chosen.values()), now)
            publications = check_all_publications(database, storage, now) if is_all else []
        else:
            checked = check_due(database, storage, now)
            publications = check_publications_due(database, storage, now)
    damaged = [one for one in checked if not one.is_sound]
    for one in damaged:
        for damage in one.damage:
            click.echo(f"{one.kept.label}　{words(damage)}")
    click.echo(f"检查归档包 {len(checked)} 个，损坏 {len(damaged)} 个。")
    hurt = [one for one in publications if one.damage]
    for publication in hurt:
        click.echo(f"召回公示　{publication.title}：{'，'.join(publication.damage)}")
    if publications:
        click.echo(f"检查召回公示 {len(publications)} 项，照片缺失或者损坏的 {len(hurt)} 项。")
    if damaged or hurt:
        raise SystemExit(1)


@archive_commands.command("drill")
@click.argument("institution", required=False, default="")
def drill_command(institution: str) -> None:
    """保管演练：逐件调出每个保存单位应当保存的材料并核对；INSTITUTION 为单位名称或简称。"""
    from portal.services.archiving.drill import drill_institutions

    with _opened() as (database, storage):
        drills = drill_institutions(database, storage, datetime.now(UTC), name=institution)
    for drill in drills:
        click.echo(
            f"单位 {drill.institution_id}：应保存 {drill.records} 件，归档包 {drill.packages} 个，"
            f"缺失 {len(drill.missing)}，损坏 {len(drill.damaged)}"
        )
        for line in (*drill.missing, *drill.damaged):
            click.echo(f"  {line['number']} {line['content']} {line['member']} {line['problem']}")
    if not drills:
        raise click.ClickException("没有保存归档材料的单位。")
    if any(drill.missing or drill.damaged for drill in drills):
        raise SystemExit(1)


@contextmanager
def _opened() -> Iterator[tuple[Database, Storage]]:
    from portal.storage.local import Storage

    settings = Settings.from_environment()
    with opened_database(settings) as database:
        yield database, Storage(settings.files_folder)


def _read(number: str) -> dict[str, int]:
    """`2026-12`, 〔2026〕12号 or 12 as year and serial; a message for anything else."""
    found = _NUMBER.fullmatch(number.strip().removeprefix("长三角会诊"))
    if found is None:
        raise click.ClickException(f"“{number}”不是会诊编号，应如 2026-12 或〔2026〕12号。")
    return {"serial": int(found[2]), **({"year": int(found[1])} if found[1] else {})}
