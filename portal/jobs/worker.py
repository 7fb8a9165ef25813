"""The worker: APScheduler in a process of its own, working through the schedule until it is told to stop.

Several may run. Each looks every few seconds whether a job is free and takes it (services.job_leases); who holds a
job runs it when it is due. That an effect happens once, also where a worker that lost its lease still works, is for
the services to see to: each claims what it works on in the database.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import traceback
from collections.abc import Sequence, Sized
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

import portal
from portal.config import Settings
from portal.jobs.schedule import SCHEDULE, Job
from portal.models.database import Database
from portal.process.jobs import retry_after
from portal.services.job_leases import (
    LEASE,
    Outcome,
    begin_run,
    end_run,
    note_worker,
    record_look,
    release_leases,
    renew_leases,
    take_lease,
)
from portal.services.seals import warn_of_unusable_seals

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=5)
BEATS_PER_LEASE = 3
_LONGEST_ERROR = 300


def run_worker(settings: Settings, schedule: Sequence[Job] = SCHEDULE, *, lease: timedelta = LEASE) -> None:
    """Run the jobs that are free. Returns after SIGTERM or SIGINT, when none is running."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A job that is still running when its next turn comes skips that turn; nobody needs to read of it.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url)
    warn_of_unusable_seals(settings.seals_folder, _now())
    worker = Worker(database, settings, schedule, lease)
    note_worker(database, worker=worker.name, now=_now())
    scheduler = _scheduler(worker)
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
    release_leases(database, worker=worker.name, now=_now())
    database.dispose()


class Worker:
    """One process: what it holds, and what it knows of the jobs it holds."""

    def __init__(self, database: Database, settings: Settings, schedule: Sequence[Job], lease: timedelta) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.schedule, self.lease = schedule, lease
        self._database, self._settings = database, settings
        self._until: dict[str, datetime] = {}  # until when a job is held
        self._due: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        self._looks: dict[str, Outcome] = {}  # of pollers, since the last beat
        self._busy: set[str] = set()  # pollers that are at it

    def turn(self, job: Job) -> None:
        """Run a job if it is free or held by this worker, and due. An error is logged; a later turn tries again."""
        try:
            now = _now()
            if not self._holds(job, now) or self._due[job.name] > now:
                return
            if job.line.is_poller:
                self._look(job, now)
            else:
                self._run(job, now)
        except Exception:
            log.exception("the book of job %s could not be kept", job.name)

    def beat(self) -> None:
        """Renew what is held."""
        looks, self._looks = self._looks, {}
        lines = {job.name: job.line for job in self.schedule}
        now = _now()
        try:
            held = renew_leases(
                self._database, lines, worker=self.name, looks=looks, busy=set(self._busy), now=now, lasts=self.lease
            )  # fmt: skip
        except Exception:
            log.exception("leases could not be renewed")
            return
        for name in list(self._until):
            if name in held:
                self._until[name] = now + self.lease
            else:
                self._until.pop(name, None)

    def _holds(self, job: Job, now: datetime) -> bool:
        if self._until.get(job.name, now) > now:
            return True
        due = take_lease(self._database, job.line, worker=self.name, now=now, lasts=self.lease)
        if due is None:
            return False
        # A poller looks as soon as it is held; what is due later is for jobs that run now and then.
        self._due[job.name] = now if job.line.is_poller else due
        self._until[job.name] = now + self.lease
        return True

    def _look(self, job: Job, now: datetime) -> None:
        self._busy.add(job.name)
        outcome = run_job(job, self._database, self._settings, now)
        self._busy.discard(job.name)
        failed_before = self._failures.get(job.name, 0)
        if outcome.error is None:
            self._due[job.name] = now
        else:
            self._due[job.name] = outcome.finished_at + retry_after(job.line, failed_before)
        self._failures[job.name] = 0 if outcome.error is None else failed_before + 1
        if outcome.amount or outcome.error is not None or failed_before:
            self._looks.pop(job.name, None)
            record_look(self._database, job.line, outcome, worker=self.name)
        else:
            self._looks[job.name] = outcome

    def _run(self, job: Job, now: datetime) -> None:
        run_id, due = begin_run(self._database, job.line, worker=self.name, now=now)
        if run_id is not None:
            outcome = run_job(job, self._database, self._settings, now)
            due = end_run(self._database, job.line, run_id, outcome, worker=self.name)
        if due is None:
            self._until.pop(job.name, None)
        else:
            self._due[job.name] = due


def run_job(job: Job, database: Database, settings: Settings, now: datetime) -> Outcome:
    """Run one job and say how it went; an error is logged in full."""
    try:
        done = job.act(database, settings, now)
    except Exception as error:
        log.exception("job %s failed", job.name)
        return Outcome(now, _now(), error=_said(error))
    return Outcome(now, _now(), amount=_amount(done))


def _amount(done: object) -> int:
    if isinstance(done, int):
        return int(done)
    return len(done) if isinstance(done, Sized) else 0


def _said(error: Exception) -> str:
    """What failed and where, without the error's own words: they may quote what people have written."""
    own = Path(portal.__file__).parent
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(own)]
    where = f"（{Path(frames[-1].filename).relative_to(own.parent)}:{frames[-1].lineno}）" if frames else ""
    why = f"：{error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__name__}{why}{where}"[:_LONGEST_ERROR]


def _now() -> datetime:
    return datetime.now(UTC)


def _scheduler(worker: Worker) -> BackgroundScheduler:
    threads = len(worker.schedule) + 1
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": threads}})
    # A worker that was late or away does what is due once, not once for each time that it missed.
    once = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    for job in worker.schedule:
        every = min(job.line.interval, LOOK_EVERY, worker.lease / BEATS_PER_LEASE)
        scheduler.add_job(
            worker.turn,
            "interval",
            seconds=every.total_seconds(),
            args=[job],
            id=job.name,
            next_run_time=_now(),
            **once,
        )
    beat = worker.lease.total_seconds() / BEATS_PER_LEASE
    scheduler.add_job(worker.beat, "interval", seconds=beat, id="beat", **once)
    return scheduler
