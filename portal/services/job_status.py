"""What the administrator sees of the background jobs: no business data, only what ran when and how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.job import JobRun, JobState, WorkerProcess
from portal.process.errors import NotFound
from portal.process.jobs import JOBS, JobLine
from portal.process.permissions import Actor, is_granted
from portal.services.job_leases import LEASE

LATE_AFTER = timedelta(minutes=2)
MISSED_AFTER = timedelta(minutes=5)
NEWEST_RUNS = 25
NEWEST_WORKERS = 10


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One job. `state`: ok, running, late, failed, or never."""

    line: JobLine
    state: str
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None
    next_at: datetime | None = None
    worker: str = ""
    failures: int = 0
    error: str = ""

    @property
    def took(self) -> timedelta | None:
        """How long the last run took; None while it runs and before the first."""
        if self.last_started_at is None or self.last_finished_at is None:
            return None
        return self.last_finished_at - self.last_started_at if self.last_finished_at >= self.last_started_at else None


@dataclass(frozen=True, slots=True)
class JobStatus:
    """All jobs, the newest runs that did something or failed, and the worker processes, newest first."""

    lines: tuple[StatusLine, ...]
    runs: tuple[JobRun, ...]
    workers: tuple[WorkerProcess, ...]
    alive: frozenset[str]
    warning: str | None

    @property
    def titles(self) -> dict[str, str]:
        """What each job is called; one of an earlier release is not in it."""
        return {name: line.title for name, line in JOBS.items()}

    @property
    def is_well(self) -> bool:
        """Whether a worker lives and no job is late or has failed."""
        return bool(self.alive) and all(line.state in ("ok", "running") for line in self.lines)


def view_jobs(db: Session, *, actor: Actor, now: datetime) -> JobStatus:
    """The page of the background jobs, for the administrator."""
    if not is_granted("view_jobs", actor):
        raise NotFound
    return job_status(db, now=now)


def job_status(db: Session, *, now: datetime) -> JobStatus:
    """The state of all jobs; for the operator at the command line."""
    states = {state.name: state for state in db.scalars(select(JobState))}
    running = {run.job for run in db.scalars(select(JobRun).where(JobRun.outcome == "running"))}
    runs = db.scalars(select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(NEWEST_RUNS))
    workers = tuple(
        db.scalars(select(WorkerProcess).order_by(WorkerProcess.seen_at.desc()).limit(NEWEST_WORKERS)).all()
    )
    return JobStatus(
        lines=tuple(_line(line, states.get(name), name in running, now) for name, line in JOBS.items()),
        runs=tuple(runs),
        workers=workers,
        alive=frozenset(one.name for one in workers if one.stopped_at is None and one.seen_at > now - LEASE),
        warning=worker_warning(db, now),
    )


def worker_warning(db: Session, now: datetime) -> str | None:
    """What to tell the administrator while no worker lives: nothing leaves the portal then, no mail, no reminder."""
    seen_at = db.scalar(select(func.max(WorkerProcess.seen_at)))
    if seen_at is None:
        return "后台进程尚未运行：邮件和提醒都不会发出。请运行 portal worker。"
    if now - seen_at < MISSED_AFTER:
        return None
    minutes = int((now - seen_at).total_seconds()) // 60
    ago = f"{minutes} 分钟" if minutes < 120 else f"{minutes // 60} 小时"
    return f"后台进程已有 {ago}没有运行：邮件和提醒都不会发出。请检查 portal worker。"


def _line(line: JobLine, state: JobState | None, is_running: bool, now: datetime) -> StatusLine:
    if state is None:
        return StatusLine(line, "never")
    is_held = state.leased_until is not None and state.leased_until > now
    if is_running and is_held:
        word = "running"
    elif state.failures_in_a_row:
        word = "failed"
    else:
        word = "late" if now - state.next_at > LATE_AFTER else "ok"
    return StatusLine(
        line,
        word,
        state.last_started_at,
        state.last_finished_at,
        state.next_at,
        (state.leased_by or "") if is_held else "",
        state.failures_in_a_row,
        state.error or "",
    )
