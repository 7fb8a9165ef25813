"""The command: fill, measure, print a table, write JSON beside it."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring import CALLS, Cost, measure
from benchmarks.pages import FAR, Ground, comparisons, prepared
from benchmarks.papers import ratios
from benchmarks.recalls import recall_rows
from benchmarks.reminders import FEW_OPEN, OPEN, reminder_costs
from benchmarks.session import crowd, session_calls
from benchmarks.starting import starts
from benchmarks.targets import (
    CROWD_RATE,
    CROWD_SECONDS,
    CROWD_SHARE,
    FIRST_VISIT,
    FRAGMENT,
    GROWTH,
    LIST_COMPRESSED,
    LIST_RAW,
    MEMORY,
    PAPER,
    RECALLS_A_SECOND,
    REMINDERS,
    RULES_A_SECOND,
    SESSION_PAGE,
    SESSION_POLL,
    START,
    Target,
)
from portal.rules.editions import load_edition
from portal.rules.sheet import evaluate
from portal.web.assets import ON_EVERY_PAGE, assets
from tests.rules.answers import complete_answers
from tests.support.postgresql import running_server

FEW = 1_000
GROWING = ("list", "consultation page", "sheet")
RESULTS = Path(__file__).parent / "results"
Row = dict[str, Any]
_VERDICTS = {"goal": "goal met", "limit": "within the limit", "over": "OVER THE LIMIT"}


def main() -> None:
    """Measure what the arguments ask for."""
    given = _arguments()
    rows = 1_000 if given.quick else 100_000 if given.full else given.rows
    calls = 40 if given.quick else CALLS
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    found = []
    for kind in kinds:
        with _database(kind) as (url, folder), prepared(url, rows, folder) as ground:
            found += _pages(ground, kind, calls, min(FAR, rows // 33))
            found += _session(ground, kind, calls)
            found += _recalls(ground, kind, calls, folder)
            with _database(kind) as (small_url, small_folder), prepared(small_url, FEW, small_folder) as small:
                found += _growth(ground, small, kind, calls)
            found += _crowd(ground, kind, url, folder)
            found += _starting(kind, url, folder)
        found.append(_reminders(kind))
    found += [_rules(), *_papers()]
    _print(found, rows)
    _write(found, rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="consultations (default 10,000)")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--full", action="store_true", help="100,000 consultations: filling takes a quarter of an hour")
    parser.add_argument("--quick", action="store_true", help="1,000 consultations and fewer calls: figures to look at")
    return parser.parse_args()


@contextmanager
def _database(kind: str) -> Iterator[tuple[str, Path]]:
    """The address of an empty database, and a folder for the rest."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield f"sqlite:///{folder}/portal.sqlite3", folder
            return
        with running_server() as server:
            server.execute("CREATE DATABASE bench")
            yield server.url("bench"), folder


def _pages(ground: Ground, kind: str, calls: int, far_page: int) -> list[Row]:
    rows: list[Row] = []
    for line in comparisons(ground, far_page):
        engines = [ground.portal_engine, line.engine]
        portal, twin = measure([line.portal, line.twin], engines, times=calls, before=line.before)
        rows.append(_compared(line.name, kind, line.target, portal, twin))
        if line.name == "list":
            rows += _weights(kind, portal)
        if line.name == "live rules":
            rows.append(_row("live rules, bytes compressed", kind, FRAGMENT, portal.compressed))
    return rows


def _row(name: str, kind: str, target: Target, value: float) -> Row:
    return {"name": name, "database": kind, "value": value, **asdict(target), "verdict": target.verdict(value)}


def _compared(name: str, kind: str, target: Target, portal: Cost, twin: Cost) -> Row:
    costs = {"portal": asdict(portal), "twin": asdict(twin), "wall": portal.wall / twin.wall}
    return _row(name, kind, target, portal.cpu / twin.cpu) | costs


def _session(ground: Ground, kind: str, calls: int) -> list[Row]:
    """The session's page, and an open page that asks whether anything has happened, beside a bare page."""
    whole, poll, twin = session_calls(ground)
    engines = [ground.portal_engine, ground.portal_engine, ground.bare_engine]
    costs = measure([whole, poll, twin], engines, times=calls)
    return [
        _compared("session page", kind, SESSION_PAGE, costs[0], costs[2]),
        _compared("session page asks, nothing new", kind, SESSION_POLL, costs[1], costs[2]),
    ]


def _recalls(ground: Ground, kind: str, calls: int, folder: Path) -> list[Row]:
    """The public recall pages for a stranger, beside a bare page and a static file, with requests a second."""
    rows, rates = [], []
    for line in recall_rows(ground, folder):
        engines = [ground.portal_engine, line.twin_engine]
        costs = measure([line.portal, line.twin], engines, times=calls)
        rows.append(_compared(line.name, kind, line.target, *costs))
        if line.is_rate:
            name = line.name.partition(" /")[0]
            rates.append(_row(f"{name}, a second", kind, RECALLS_A_SECOND, 1 / costs[0].cpu))
    return [*rows, *rates]


def _crowd(ground: Ground, kind: str, url: str, folder: Path) -> list[Row]:
    """Fifty people on one session page, with two web processes."""
    found = crowd(url, folder, ground.filled.session_id)
    return [
        _row("50 open a session page, p95 s", kind, CROWD_SECONDS, found.page),
        _row("50 follow it, p95 s", kind, CROWD_SECONDS, found.poll),
        _row("50 follow it, CPU of 1 core", kind, CROWD_SHARE, found.share),
        _row("50 follow it, most a second", kind, CROWD_RATE, found.rate),
    ]


def _growth(ground: Ground, small: Ground, kind: str, calls: int) -> list[Row]:
    """The same pages with many consultations and with few."""
    rows = []
    for many, few in zip(comparisons(ground), comparisons(small), strict=True):
        if many.name in GROWING:
            engines = [ground.portal_engine, small.portal_engine]
            costs = measure([many.portal, few.portal], engines, times=calls)
            rows.append(_compared(f"{many.name}, against {FEW:,}", kind, GROWTH, *costs))
    return rows


def _reminders(kind: str) -> Row:
    """The reminders' run with much open and with little."""
    with _database(kind) as (many, _), _database(kind) as (few, _):
        costs = reminder_costs(many, few)
    return _compared(f"reminders, {OPEN:,} open against {FEW_OPEN:,}", kind, REMINDERS, *costs)


def _starting(kind: str, url: str, folder: Path) -> list[Row]:
    """From nothing to the first answer."""
    found = starts(url, folder)
    (seconds, megabytes), (bare_seconds, _) = found["portal"], found["bare"]
    return [
        _row("start to first answer", kind, START, seconds / bare_seconds),
        _row("memory of a web process, MB", kind, MEMORY, megabytes),
    ]


def _weights(kind: str, listed: Cost) -> list[Row]:
    first_visit = listed.compressed + sum(len(assets()[name].compressed) for name in ON_EVERY_PAGE)
    return [
        _row("list, bytes", kind, LIST_RAW, listed.raw),
        _row("list, bytes compressed", kind, LIST_COMPRESSED, listed.compressed),
        _row("first visit, compressed", kind, FIRST_VISIT, first_visit),
    ]


def _rules() -> Row:
    """How many sheets the rules evaluate in a second of CPU."""
    edition, answers, best = load_edition(), complete_answers(), 0.0
    for _ in range(5):
        began = time.process_time()
        for _ in range(2_000):
            evaluate(answers, edition)
        best = max(best, 2_000 / (time.process_time() - began))
    return _row("rules of one sheet, a second", "", RULES_A_SECOND, best)


def _papers() -> list[Row]:
    """A sheet as PDF and DOCX, as ratios to the libraries alone."""
    names = ("sheet as PDF, ratio", "sheet as DOCX, ratio")
    return [_row(name, "", PAPER, round(ratio, 2)) for name, ratio in zip(names, ratios(), strict=True)]


def _print(found: list[Row], rows: int) -> None:
    print(f"{rows:,} consultations; least CPU time of one call, portal and bare twin by turns. A database server")
    print("works beside this process: what it costs is in the ratio of wall times only.\n")
    head = ("portal", "twin", "ratio", "wall", "statements", "goal", "limit")
    print(f"{'':38}{'':11}{head[0]:>10}{head[1]:>10}{head[2]:>8}{head[3]:>8}{head[4]:>12}{head[5]:>8}{head[6]:>9}")
    for row in found:
        print(_line(row))


def _line(row: Row) -> str:
    head = f"{row['name']:38}{row['database']:11}"
    aims = f"{row['goal']:>8,g}{row['limit']:>9,g}  {_VERDICTS[row['verdict']]}"
    if "portal" not in row:
        digits = 0 if row["value"] >= 10 else 2
        return f"{head}{row['value']:>10,.{digits}f}{'':38}{aims}"
    portal, twin = row["portal"], row["twin"]
    statements = f"{portal['statements']} / {twin['statements']}"
    times = f"{portal['cpu'] * 1000:>7.2f} ms{twin['cpu'] * 1000:>7.2f} ms{row['value']:>7.2f}×{row['wall']:>7.2f}×"
    return f"{head}{times}{statements:>12}{aims}"


def _write(found: list[Row], rows: int) -> None:
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    path = RESULTS / f"{at:%Y%m%d-%H%M%S}.json"
    about = {"at": at.isoformat(), "rows": rows, "python": platform.python_version(), "machine": platform.machine()}
    path.write_text(json.dumps({**about, "found": found}, ensure_ascii=False, indent=1), "utf-8")
    print(f"\nwritten to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


if __name__ == "__main__":
    sys.exit(main())
