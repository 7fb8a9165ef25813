"""The session's page: what one costs, and fifty people on it, served by two web processes.

The fifty first open the page within two seconds, then follow it for a while as their browsers would, each asking every
two seconds while the host keeps writing, and at last ask as fast as they get answers. They run in this process, on the
same cores as the portal: what they measure is rather too long than too short.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.measuring import Call
from benchmarks.pages import Ground, portal_call, wsgi_call
from tests.support.surfer import PASSWORD

PEOPLE = 50
INTERVAL = 2.0  # seconds, as the page asks
FOLLOWING = 12.0  # seconds
RUSH = 4.0  # seconds
WRITES_EVERY = 4.0  # seconds between two changes by the host
_MARK = re.compile(r'id="live-since" name="since" value="([\d.]+)"')
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
_NOTE = re.compile(r'id="agenda-severity-version" name="version" value="(\d+)"')


@dataclass(frozen=True)
class Crowd:
    """What fifty people meet: 95th percentiles in seconds, CPU as a share of one core, answers a second at most."""

    page: float
    poll: float
    share: float
    rate: float


def session_calls(ground: Ground) -> tuple[Call, Call, Call]:
    """The whole page, the question of an open page to which nothing is new, and a bare page."""
    path = f"/consultations/{ground.filled.session_id}/online-session"
    whole = portal_call(ground, path)
    mark = _found(_MARK, whole().decode())
    head = {"Cookie": ground.cookie, "HX-Request": "true"}
    poll = wsgi_call(ground.portal, f"{path}?view=host&since={mark}", head)
    return whole, poll, wsgi_call(ground.bare, f"/page/{ground.filled.consultation_id}")


def crowd(url: str, folder: Path, consultation_id: int) -> Crowd:
    """Serve the database at `url` with gunicorn, as `portal run` does, to fifty people."""
    with _serving(url, folder) as (port, pid):
        host = _Browser(port, "jiangsu-liaison-1")
        path = f"/consultations/{consultation_id}/online-session"
        guest = _Browser(port, "shanghai-expert-1")
        people = [_Browser(port, cookie=guest.cookie, place=place) for place in range(PEOPLE)]
        with ThreadPoolExecutor(PEOPLE + 1) as pool:
            list(pool.map(lambda one: one.open(path), people[: PEOPLE // 5]))  # a web process makes its templates once
            opened = list(pool.map(lambda one: one.come(path), people))
            used, began = _cpu(pid), time.perf_counter()
            end = began + FOLLOWING
            writing = pool.submit(_keep_writing, host, path, end)
            asked = [seconds for many in pool.map(lambda one: list(one.follow(path, end)), people) for seconds in many]
            writing.result()
            share = (_cpu(pid) - used) / (time.perf_counter() - began)
            rushed = sum(pool.map(lambda one: one.rush(path, time.perf_counter() + RUSH), people))
        return Crowd(_p95(opened), _p95(asked), share, rushed / RUSH)


class _Browser:
    """One open page: a connection that is kept, a cookie, the mark of what is shown."""

    def __init__(self, port: int, username: str = "", *, cookie: str = "", place: int = 0) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookie, self.mark, self.token, self.place = cookie, "", "", place
        if username:
            self._log_in(username)

    def _log_in(self, username: str) -> None:
        self.token = _found(_TOKEN, self.ask("/login")[1])
        fields = {"csrf_token": self.token, "username": username, "password": PASSWORD}
        status, _ = self.ask("/login", fields)
        if status != 303:
            raise AssertionError(status)

    def ask(self, path: str, fields: dict[str, str] | None = None, *, htmx: bool = False) -> tuple[int, str]:
        """Send one request; status and body."""
        head = {"Cookie": self.cookie} | ({"HX-Request": "true"} if htmx else {})
        if fields is not None:
            head |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.token}
        body = urlencode(fields) if fields is not None else None
        method = "POST" if fields is not None else "GET"
        try:
            answer = self._send(method, path, body, head)
        except (http.client.RemoteDisconnected, ConnectionError):  # closed while it lay idle: as a browser does, again
            self.connection.close()
            answer = self._send(method, path, body, head)
        text = answer.read().decode()
        given = [value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", ())]
        self.cookie = "; ".join(given) or self.cookie
        return answer.status, text

    def _send(self, method: str, path: str, body: str | None, head: dict[str, str]) -> http.client.HTTPResponse:
        self.connection.request(method, path, body, head)
        return self.connection.getresponse()

    def open(self, path: str) -> float:
        """Load the page; the seconds it took."""
        began = time.perf_counter()
        status, text = self.ask(path)
        if status != 200:
            raise AssertionError(status)
        self.mark = _found(_MARK, text)
        return time.perf_counter() - began

    def come(self, path: str) -> float:
        """Load the page at some moment of the first INTERVAL; the seconds it took."""
        time.sleep(self._moment())
        return self.open(path)

    def _moment(self) -> float:
        return INTERVAL * (self.place % PEOPLE) / PEOPLE

    def poll(self, path: str) -> float:
        """Ask what is new; the seconds it took."""
        began = time.perf_counter()
        status, text = self.ask(f"{path}?view=guest&since={self.mark}", htmx=True)
        if status == 200:
            self.mark = _found(_MARK, text)
        elif status != 204:
            raise AssertionError(status)
        return time.perf_counter() - began

    def follow(self, path: str, end: float) -> Iterator[float]:
        """Ask every INTERVAL until `end`, beginning at some moment of the first one."""
        time.sleep(self._moment())
        while time.perf_counter() < end:
            took = self.poll(path)
            yield took
            time.sleep(max(0.0, INTERVAL - took))

    def rush(self, path: str, end: float) -> int:
        """Ask without a pause until `end`; how often."""
        count = 0
        while time.perf_counter() < end:
            self.poll(path)
            count += 1
        return count


def _keep_writing(host: _Browser, path: str, end: float) -> None:
    """The host notes what is said: all open pages get every part anew."""
    _, text = host.ask(path)
    host.token, version = _found(_TOKEN, text), _found(_NOTE, text)
    while time.perf_counter() < end:
        _, text = host.ask(f"{path}/agenda/severity", {"version": version, "text": f"第 {version} 稿"}, htmx=True)
        version = _found(_NOTE, text)
        time.sleep(WRITES_EVERY)


@contextmanager
def _serving(url: str, folder: Path) -> Iterator[tuple[int, int]]:
    """The portal in two web processes; its port, and the process over them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "portal.wsgi:application()", "--bind", f"127.0.0.1:{port}"),
        *("--reuse-port", "--no-control-socket", "--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--log-level", "warning"),
    ]
    own = {
        "PORTAL_INSTANCE": str(folder / "instance"),
        "PORTAL_DATABASE_URL": url,
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
    }
    process = subprocess.Popen(command, env={**os.environ, **own}, cwd=Path(__file__).parents[1])
    try:
        _wait(lambda: _Browser(port).ask("/login")[0] == 200)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(is_there: Callable[[], bool]) -> None:
    for _ in range(200):
        try:
            if is_there():
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the portal does not answer")


def _cpu(pid: int) -> float:
    """Seconds of CPU that the process and its children have used."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for one in (str(pid), *children):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _found(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    if match is None:
        raise LookupError(f"no {pattern.pattern} on the page")
    return match[1]
