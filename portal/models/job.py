"""The worker's own book: which process runs which job, when each is due, and what its runs came to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of

RUN_OUTCOMES = (
    "running",
    "done",
    "failed",
    "interrupted",  # its worker was gone before it ended; another one began anew
)


class WorkerProcess(Base):
    """One process `portal worker`; `seen_at` is renewed while it lives."""

    __tablename__ = "worker_process"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)  # machine, process, and a random end
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant, index=True)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)  # NULL also for one that was killed


class JobState(Base):
    """One job: who holds it until when, when it is due next, and how the last run ended."""

    __tablename__ = "job_state"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)  # a key of portal.process.jobs.JOBS
    next_at: Mapped[datetime] = mapped_column(Instant)  # when it is due
    leased_by: Mapped[str | None] = mapped_column(String(80))
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    last_started_at: Mapped[datetime | None] = mapped_column(Instant)
    last_finished_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(String(300))  # of the last run, where that failed
    failures_in_a_row: Mapped[int] = mapped_column(default=0)


class JobRun(Base):
    """A run of a job for one due moment, kept where it did something or failed. No two runs are for one moment."""

    __tablename__ = "job_run"
    __table_args__ = (
        one_of("outcome", RUN_OUTCOMES),
        Index("uq_job_run_job_due_at", "job", "due_at", unique=True),
        Index("ix_job_run_started_at", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    worker: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(default=0)  # how many of what the job is about
    error: Mapped[str | None] = mapped_column(String(300))
