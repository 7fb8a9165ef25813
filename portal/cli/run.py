"""`portal run`: web and worker, started together and stopped together."""

from __future__ import annotations

import http.client
import socket
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import click

from portal.cli.database import migrated_database
from portal.cli.demo import load_demo, print_log_ins, refuse_unfinished
from portal.cli.processes import Processes
from portal.config import Settings, is_loopback

READY_SECONDS = 2


@click.command("run")
@click.option("--bind", metavar="HOST:PORT", help="监听地址；默认取自 PORTAL_BASE_URL，否则 127.0.0.1:8000。")
@click.option("--web-workers", default=2, show_default=True, type=click.IntRange(min=1), help="网页进程数。")
@click.option("--demo-if-empty", is_flag=True, help="数据库为空时载入演示数据。")
def run_command(bind: str | None, web_workers: int, demo_if_empty: bool) -> None:
    """启动网站与后台进程；按 Ctrl-C 一并停止。"""
    settings = Settings.from_environment()
    host, port = _listening_address(bind, settings)
    _check_free(host, port)
    _prepare(settings, demo_if_empty=demo_if_empty)
    click.echo("正在启动 …")
    processes = Processes(
        {
            "网站": _web_command(host, port, web_workers),
            "后台进程": [sys.executable, "-m", "portal.cli.main", "worker"],
        }
    )
    if processes.wait_until(lambda: _answers(host, port, settings)):
        click.echo(f"\n  平台地址：{settings.base_url}\n")
        settings = Settings.from_environment()
        if settings.is_demo:
            print_log_ins()
        click.echo("  按 Ctrl-C 停止。")
    ended = processes.wait()
    for name, status in ended.items():
        click.echo(f"{name}意外退出（{status}），其余进程已停止。", err=True)
    if ended:
        sys.exit(1)
    click.echo("已停止。")


def _prepare(settings: Settings, *, demo_if_empty: bool) -> None:
    """Bring the database up to date; fill it with the demo where that was asked for and nothing is there."""
    from portal.services.installation import has_accounts

    refuse_unfinished(settings)
    with migrated_database(settings) as database:
        with database.read() as db:
            is_empty = not has_accounts(db)
        if is_empty and demo_if_empty:
            load_demo(database, settings)
        elif is_empty:
            click.echo("还没有任何账号：请先运行 portal init。", err=True)


def _listening_address(bind: str | None, settings: Settings) -> tuple[str, int]:
    if bind is None:
        base = urlsplit(settings.base_url)
        # Behind a proxy that speaks HTTPS the portal listens on this machine only.
        return (base.hostname or "127.0.0.1", base.port or 80) if not settings.is_https else ("127.0.0.1", 8000)
    host, colon, port = bind.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise click.BadParameter("应为 主机:端口，例如 127.0.0.1:8000。", param_hint="--bind")
    return host.strip("[]"), int(port)


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            message = f"不能在 {host}:{port} 上监听：{error.strerror}"
            if is_loopback(host):
                message += f"。可换一个端口：PORTAL_BASE_URL=http://127.0.0.1:{port + 1}"
            raise click.ClickException(message) from error


def _web_command(host: str, port: int, workers: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    # gunicorn's heartbeat would stand still with a slow disk, so it goes into memory where there is such a folder.
    memory = "/dev/shm"  # noqa: S108
    heartbeat = ["--worker-tmp-dir", memory] if Path(memory).is_dir() else []
    return [
        *(sys.executable, "-m", "gunicorn", "portal.wsgi:application()"),
        *("--bind", bind, "--reuse-port", "--no-control-socket", *heartbeat),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "20", "--log-level", "warning"),
    ]


def _answers(host: str, port: int, settings: Settings) -> bool:
    """Whether the web process answers requests, whatever the answer."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    connection = http.client.HTTPConnection(here, port, timeout=READY_SECONDS)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/", headers={"Host": urlsplit(settings.base_url).netloc})
        connection.getresponse().read()
        return True
    connection.close()
    return False
