"""The worker: a real process that delivers what is in the outbox and stops in good order."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.config import Settings
from portal.jobs.schedule import SCHEDULE, Job
from portal.jobs.worker import run_job, run_worker
from portal.models.outbox import OutboxMessage


@pytest.fixture
def settings(sqlite_database, tmp_path):
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    return replace(settings, database_url=sqlite_database.engine.url.render_as_string(hide_password=False))


@pytest.fixture
def stops_after(monkeypatch):
    """Lets a worker in this very process be told to stop, without a signal."""
    handlers = {}
    monkeypatch.setattr(signal, "signal", lambda number, handler: handlers.setdefault(number, handler))

    def stop():
        handlers[signal.SIGTERM](signal.SIGTERM, None)

    return stop


def test_every_job_has_its_own_name_and_an_interval():
    assert len({job.name for job in SCHEDULE}) == len(SCHEDULE) > 0
    assert all(job.every_seconds > 0 for job in SCHEDULE)


def test_mail_leaves_soon_after_it_was_queued_and_the_worker_stops_when_told(sqlite_database, settings, tmp_path):
    queued_at = datetime.now(UTC) - timedelta(seconds=1)
    with sqlite_database.write() as db:
        db.add(
            OutboxMessage(
                message_id="<1@consultation.portal>",
                kind="application_submitted",
                recipient_name="张喆",
                recipient_address="zhang@example.cn",
                subject="【待受理】",
                text="请受理。",
                link_label="打开",
                link_path="/consultations/1",
                created_at=queued_at,
                next_try_at=queued_at,
            )
        )
    environment = {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_DATABASE_URL": settings.database_url}
    command = [sys.executable, "-m", "portal.cli.main", "worker"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True) as worker:
        try:
            until = time.monotonic() + 20
            while not list(settings.mail.folder.glob("*.eml")):
                assert worker.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            worker.terminate()
            _, errors = worker.communicate(timeout=20)
        finally:
            worker.kill()
    assert (worker.returncode, errors) == (0, "")
    (path,) = settings.mail.folder.glob("*.eml")
    assert b"Message-ID: <1@consultation.portal>" in path.read_bytes()
    with sqlite_database.read() as db:
        assert db.query(OutboxMessage).one().state == "sent"


def test_a_job_that_fails_is_logged_and_does_not_stop_the_others(settings, stops_after, caplog):
    ran = threading.Semaphore(0)

    def fail(*_):
        raise OSError("disk full")

    jobs = [Job("fails", 1, fail), Job("works", 1, lambda *_: ran.release())]

    def stop_in_time():
        assert ran.acquire(timeout=20)
        assert ran.acquire(timeout=20)
        stops_after()

    watcher = threading.Thread(target=stop_in_time)
    watcher.start()
    run_worker(settings, jobs)
    watcher.join()
    assert "job fails failed" in caplog.text
    assert "disk full" in caplog.text


def test_the_worker_waits_for_the_job_that_is_running(settings, stops_after):
    began, ended = threading.Event(), threading.Event()

    def take_a_while(*_):
        began.set()
        stops_after()
        time.sleep(0.3)
        ended.set()

    run_worker(settings, [Job("slow", 60, take_a_while)])
    assert began.is_set()
    assert ended.is_set()


def test_a_job_is_told_the_time(settings, sqlite_database, caplog):
    told = []
    with caplog.at_level(logging.ERROR):
        run_job(Job("asks", 1, lambda *given: told.append(given)), sqlite_database, settings)
    ((database, its_settings, now),) = told
    assert (database, its_settings) == (sqlite_database, settings)
    assert timedelta(0) <= datetime.now(UTC) - now < timedelta(seconds=10)
    assert caplog.text == ""
