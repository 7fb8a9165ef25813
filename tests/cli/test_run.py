"""`portal run` as people start it: a real web server and a real worker, together until the end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

WHO = ("--name", "沈建", "--username", "shenjian", "--email", "shenjian@example.cn", "--password-stdin")


@pytest.fixture
def environment(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return {
        **os.environ,
        "PORTAL_INSTANCE": str(tmp_path / "instance"),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PYTHONUNBUFFERED": "1",
    }


def portal(*arguments):
    return [sys.executable, "-m", "portal.cli.main", *arguments]


@contextmanager
def running(environment, log):
    with log.open("wb") as output:
        process = subprocess.Popen(portal("run"), env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        wait_for(lambda: "按 Ctrl-C 停止" in log.read_text("utf-8") or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def children(process):
    """The process ids below a process, at any depth."""
    found, parents = set(), {process.pid}
    while parents:
        below = set()
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                parent = re.search(r"^PPid:\t(\d+)", status.read_text(), re.MULTILINE)
            except OSError:
                continue
            if parent and int(parent.group(1)) in parents:
                below.add(int(status.parent.name))
        found |= below
        parents = below
    return found


def is_alive(number):
    try:
        status = Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


@pytest.fixture
def installed(environment):
    subprocess.run(portal("init", *WHO), env=environment, input="会诊-第一把钥匙-7\n", text=True, check=True)


@pytest.mark.usefixtures("installed")
def test_web_and_worker_start_and_stop_together(environment, tmp_path):
    log = tmp_path / "log"
    with running(environment, log) as process:
        said = log.read_text("utf-8")
        assert f"平台地址：{environment['PORTAL_BASE_URL']}" in said
        with urllib.request.urlopen(environment["PORTAL_BASE_URL"], timeout=20) as answer:
            assert answer.status == 200
            assert "专家会诊" in answer.read().decode()
        below = children(process)
        assert len(below) >= 4  # gunicorn, its two workers, and the worker of the jobs
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert [number for number in below if is_alive(number)] == []
    assert log.read_text("utf-8").endswith("已停止。\n")


@pytest.mark.usefixtures("installed")
def test_when_the_worker_dies_the_web_server_goes_too(environment, tmp_path):
    log = tmp_path / "log"
    with running(environment, log) as process:
        below = children(process)
        (worker,) = [number for number in below if Path(f"/proc/{number}/cmdline").read_bytes().endswith(b"\0worker\0")]
        os.kill(worker, signal.SIGKILL)
        assert process.wait(30) == 1
        assert [number for number in below if is_alive(number)] == []
    assert "后台进程意外退出（-9）" in log.read_text("utf-8")


def test_without_an_account_it_says_what_to_do_first(environment, tmp_path):
    with running(environment, tmp_path / "log") as process:
        assert "portal init" in (tmp_path / "log").read_text("utf-8")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
