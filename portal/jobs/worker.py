"""The worker: APScheduler in a process of its own, working through the schedule until it is told to stop.

The schedule lives in the code and not in a job store, so several workers may run; that each effect happens
once is for the services to see to, in the database.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from portal.config import Settings
from portal.jobs.schedule import SCHEDULE, Job
from portal.models.database import Database
from portal.services.seals import warn_of_unusable_seals

log = logging.getLogger(__name__)


def run_worker(settings: Settings, schedule: Sequence[Job] = SCHEDULE) -> None:
    """Run every job at once and then in its interval. Returns after SIGTERM or SIGINT, when none is running."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A job that is still running when its next turn comes skips that turn; nobody needs to read of it.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url)
    warn_of_unusable_seals(settings.seals_folder, datetime.now(UTC))
    scheduler = _scheduler(schedule, database, settings)
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
    database.dispose()


def run_job(job: Job, database: Database, settings: Settings) -> None:
    """Run one job; an error is logged, and the next run tries again."""
    try:
        job.act(database, settings, datetime.now(UTC))
    except Exception:
        log.exception("job %s failed", job.name)


def _scheduler(schedule: Sequence[Job], database: Database, settings: Settings) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": len(schedule)}}
    )
    for job in schedule:
        scheduler.add_job(
            run_job,
            "interval",
            seconds=job.every_seconds,
            args=[job, database, settings],
            id=job.name,
            next_run_time=datetime.now(UTC),
            # A worker that was late or away does what is due once, not once for each time that it missed.
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
    return scheduler
