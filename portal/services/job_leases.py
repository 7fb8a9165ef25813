"""Who runs a job: a lease in the database, one run for each due moment, and a book of what the runs came to.

A worker takes a job for a short while and renews all that it holds in one transaction, so that a job that polls
every few seconds writes nothing while there is nothing to do. A worker that dies is followed by another one when
its lease has run out (docs/decisions/jobs-are-leased.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.job import JobRun, JobState, WorkerProcess
from portal.process.jobs import JobLine, retry_after

LEASE = timedelta(seconds=30)
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run went. `error` is None where it went well; `amount` is how much it did."""

    started_at: datetime
    finished_at: datetime
    amount: int = 0
    error: str | None = None


def note_worker(database: Database, *, worker: str, now: datetime) -> None:
    """Write down that a worker has begun."""
    with database.write() as db:
        db.add(WorkerProcess(name=worker, started_at=now, seen_at=now))


def take_lease(
    database: Database, line: JobLine, *, worker: str, now: datetime, lasts: timedelta = LEASE
) -> datetime | None:
    """Take a job that nobody holds, or whose holder's lease has run out. Returns when it is due; None: it is held.

    A run that the former holder did not end is closed as interrupted, and the job is due at once.
    """
    with database.read() as db:
        state = db.get(JobState, line.name)
        if state is not None and not _is_free(state, worker, now):
            return None
    with database.write() as db:
        state = db.get(JobState, line.name)
        if state is None:
            state = JobState(name=line.name, next_at=now)
            db.add(state)
        elif not _is_free(state, worker, now):
            return None
        if state.leased_by != worker and _close_interrupted(db, line.name, now):
            state.next_at = min(state.next_at, now)
        # A release with a longer or shorter interval: nobody waits longer than the interval of today.
        state.next_at = min(state.next_at, now + line.interval)
        state.leased_by, state.leased_until = worker, now + lasts
        return state.next_at


def _is_free(state: JobState, worker: str, now: datetime) -> bool:
    return state.leased_by in (None, worker) or state.leased_until is None or state.leased_until <= now


def _close_interrupted(db: Session, name: str, now: datetime) -> bool:
    running = db.scalars(select(JobRun).where(JobRun.job == name, JobRun.outcome == "running")).all()
    for run in running:
        run.outcome, run.finished_at = "interrupted", now
    return bool(running)


def begin_run(database: Database, line: JobLine, *, worker: str, now: datetime) -> tuple[int | None, datetime | None]:
    """Claim the due moment of a job: the run's id, and when it is due next. A missed moment is not made up for.

    (None, …) when it is not due; (…, None) when this worker does not hold it any more.
    """
    with database.write() as db:
        state = db.get_one(JobState, line.name)
        if state.leased_by != worker or state.leased_until is None or state.leased_until <= now:
            return None, None
        if state.next_at > now:
            return None, state.next_at
        run = JobRun(job=line.name, due_at=state.next_at, started_at=now, worker=worker, outcome="running")
        db.add(run)
        passed = (now - state.next_at) // line.interval
        state.next_at += line.interval * (passed + 1)
        state.last_started_at = now
        db.flush()
        return run.id, state.next_at


def end_run(database: Database, line: JobLine, run_id: int, outcome: Outcome, *, worker: str) -> datetime | None:
    """Write down how a claimed run went, and return when the job is due next; None where it is another's by now.

    A run that did nothing is not kept. One that failed is tried again soon.
    """
    with database.write() as db:
        run = db.get_one(JobRun, run_id)
        if outcome.error is None and outcome.amount == 0:
            db.delete(run)
        else:
            _fill(run, outcome)
        state = db.get_one(JobState, line.name)
        if state.leased_by != worker:
            return None
        _note(state, outcome)
        if outcome.error is not None:
            state.next_at = min(state.next_at, outcome.finished_at + retry_after(line, state.failures_in_a_row - 1))
        return state.next_at


def record_look(database: Database, line: JobLine, outcome: Outcome, *, worker: str) -> None:
    """Write down what a poller did when it found something or failed, or worked again after failures."""
    with database.write() as db:
        if outcome.error is not None or outcome.amount:
            run = JobRun(job=line.name, due_at=outcome.started_at, started_at=outcome.started_at, worker=worker)
            _fill(run, outcome)
            db.add(run)
        state = db.get_one(JobState, line.name)
        if state.leased_by == worker:
            _note(state, outcome)
            state.next_at = outcome.started_at + line.interval


def renew_leases(
    database: Database,
    lines: Mapping[str, JobLine],
    *,
    worker: str,
    looks: Mapping[str, Outcome],
    busy: Collection[str] = (),
    now: datetime,
    lasts: timedelta = LEASE,
) -> set[str]:
    """Say that a worker lives, renew what it holds, and note the pollers' last looks. Returns what it still holds.

    A poller that is `busy` is not late. What ran out meanwhile is not renewed: another one may have begun.
    """
    with database.write() as db:
        db.execute(update(WorkerProcess).where(WorkerProcess.name == worker).values(seen_at=now))
        held = db.scalars(select(JobState).where(JobState.leased_by == worker, JobState.leased_until > now)).all()
        for state in held:
            state.leased_until = now + lasts
            look = looks.get(state.name)
            if look is not None and look.error is None:
                _note(state, look)
                state.next_at = look.started_at + lines[state.name].interval
            elif state.name in busy:
                state.next_at = now
        return {state.name for state in held}


def release_leases(database: Database, *, worker: str, now: datetime) -> None:
    """Give back what a worker holds that stops in good order, so that another one need not wait."""
    with database.write() as db:
        db.execute(update(JobState).where(JobState.leased_by == worker).values(leased_by=None, leased_until=None))
        db.execute(update(WorkerProcess).where(WorkerProcess.name == worker).values(seen_at=now, stopped_at=now))


def thin_job_runs(database: Database, now: datetime) -> int:
    """Remove runs and workers of which nobody will ask any more; how many."""
    before = now - KEPT_FOR
    with database.write() as db:
        runs = db.execute(delete(JobRun).where(JobRun.started_at < before, JobRun.outcome != "running"))
        workers = db.execute(delete(WorkerProcess).where(WorkerProcess.seen_at < before))
        return int(runs.rowcount) + int(workers.rowcount)  # type: ignore[attr-defined]


def _fill(run: JobRun, outcome: Outcome) -> None:
    run.outcome = "done" if outcome.error is None else "failed"
    run.finished_at, run.amount, run.error = outcome.finished_at, outcome.amount, outcome.error


def _note(state: JobState, outcome: Outcome) -> None:
    state.last_started_at, state.last_finished_at = outcome.started_at, outcome.finished_at
    state.error = outcome.error
    state.failures_in_a_row = 0 if outcome.error is None else state.failures_in_a_row + 1
