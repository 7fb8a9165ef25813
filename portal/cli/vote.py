"""`portal vote`: the votes of a consultation, counted again from its archive package alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from portal.rules.editions import Edition
    from portal.services.archiving.recount import Recount, RoundRecount

_UNREADABLE = 2


@click.group("vote")
def vote_commands() -> None:
    """表决：重新计票。"""


@vote_commands.command("recount")
@click.argument("file", type=click.Path(path_type=Path))
def recount_command(file: Path) -> None:
    """只用归档包 FILE（ZIP 或解开后的文件夹）核对各份会诊表并重新计票。

    与记录一致则退出码为 0，不一致为 1 并列出，不能读取为 2。
    """
    from portal.services.archiving.recount import recount_package
    from portal.storage.bag_reading import UnreadableBag

    try:
        recount = recount_package(file)
    except UnreadableBag as problem:
        click.echo(f"错误：{problem}", err=True)
        raise SystemExit(_UNREADABLE) from problem
    _say(recount)
    if recount.differences:
        raise SystemExit(1)


def _say(recount: Recount) -> None:
    click.echo(f"{recount.consultation}　{recount.custodian}保存　会诊表 {recount.sheets} 份")
    for one in recount.rounds:
        _say_round(one, recount.edition)
    for difference in recount.differences:
        click.echo(f"不一致　{difference}")
    click.echo(f"归档时审计记录的最新哈希　{recount.head}")
    click.echo("重新计票与记录不一致。" if recount.differences else "重新计票与记录一致。")


def _say_round(one: RoundRecount, edition: Edition) -> None:
    if one.recounted is None or one.recorded is None:
        click.echo(f"第{one.number}轮　{'作废' if one.is_void else '没有计票'}，不计")
        return
    click.echo(f"第{one.number}轮　专家组 {one.recounted['panel']} 人，已签署 {one.recounted['signed']} 份")
    for question, counted in one.recounted["questions"].items():
        field = edition.field(question)
        recorded = one.recorded["questions"].get(question, {})
        click.echo(f"  {field.brief}")
        for answer, votes in counted["counts"].items():
            before: Any = recorded.get("counts", {}).get(answer, "—")
            click.echo(f"    {field.option(answer).label}\t重新计票 {votes}\t记录 {before}")
        winner = counted["answer"]
        click.echo(f"    结果\t{field.option(winner).label if winner else '未形成多数意见'}")
