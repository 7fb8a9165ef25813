"""Starting: a web process of its own, from nothing to its first answer, and the memory that it then holds.

`python -m benchmarks.starting portal URL FOLDER` is such a process, `… bare URL FOLDER` its twin.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

TIMES = 5
KINDS = ("portal", "bare")
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


def starts(url: str, folder: Path) -> dict[str, tuple[float, float]]:
    """For each of KINDS: the least CPU seconds to the first answer out of some starts, and the megabytes held then."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(TIMES):
        for kind in KINDS:
            found[kind].append(_start(kind, url, folder))
    return {kind: (min(one[0] for one in many), min(one[1] for one in many)) for kind, many in found.items()}


def _start(kind: str, url: str, folder: Path) -> tuple[float, float]:
    before = _seconds_of_children()
    command = [sys.executable, "-m", "benchmarks.starting", kind, url, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[1])
    return _seconds_of_children() - before, int(done.stdout) / 1024


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Answer one request and print the most kilobytes that this process has held."""
    kind, url, folder = sys.argv[1:]
    status = _portal_answers(url, folder) if kind == "portal" else _bare_answers(url)
    if status != 200:
        raise AssertionError(status)
    found = _PEAK.search(Path("/proc/self/status").read_text())
    sys.stdout.write(found[1] if found else "0")


# Each imports what the other must not have loaded.


def _portal_answers(url: str, folder: str) -> int:
    os.environ.update({"PORTAL_INSTANCE": f"{folder}/instance", "PORTAL_DATABASE_URL": url})
    from portal.wsgi import application

    return application().test_client().get("/login").status_code


def _bare_answers(url: str) -> int:
    from flask import Flask, render_template_string
    from sqlalchemy import create_engine, text

    app, engine = Flask("benchmarks.starting"), create_engine(url)

    @app.get("/login")
    def log_in() -> str:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM institution")).scalar_one()
        return render_template_string("<!doctype html><title>登录</title><p>{{ found }}", found=found)

    return app.test_client().get("/login").status_code


if __name__ == "__main__":
    main()
