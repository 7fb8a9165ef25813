"""The worker: real processes that share the jobs between them, take over from the dead, and stop in good order."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from portal.cli.main import main
from portal.config import Settings
from portal.jobs.schedule import SCHEDULE, Job
from portal.jobs.worker import Worker, run_job, run_worker
from portal.models.job import JobRun, JobState, WorkerProcess
from portal.models.outbox import OutboxMessage
from portal.process.jobs import JOBS, JobLine
from portal.services.job_leases import LEASE, note_worker, take_lease

RACERS = Path(__file__).with_name("racing_worker.py")


@pytest.fixture
def settings(sqlite_database, tmp_path):
    return settings_for(sqlite_database, tmp_path)


def settings_for(database, tmp_path):
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    return replace(settings, database_url=database.engine.url.render_as_string(hide_password=False))


@pytest.fixture
def stops_after(monkeypatch):
    """Lets a worker in this very process be told to stop, without a signal."""
    handlers = {}
    monkeypatch.setattr(signal, "signal", lambda number, handler: handlers.setdefault(number, handler))

    def stop():
        handlers[signal.SIGTERM](signal.SIGTERM, None)

    return stop


def line(name, seconds=1):
    return JobLine(name, name, timedelta(seconds=seconds))


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def test_every_job_that_is_named_is_run():
    assert [job.name for job in SCHEDULE] == list(JOBS)


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
            wait_for(lambda: worker.poll() is not None or list(settings.mail.folder.glob("*.eml")))
            worker.terminate()
            _, errors = worker.communicate(timeout=20)
        finally:
            worker.kill()
    assert (worker.returncode, errors) == (0, "")
    (path,) = settings.mail.folder.glob("*.eml")
    assert b"Message-ID: <1@consultation.portal>" in path.read_bytes()
    with sqlite_database.read() as db:
        assert db.query(OutboxMessage).one().state == "sent"
        run = db.scalars(select(JobRun).where(JobRun.job == "deliver_outbox")).one()
        assert (run.outcome, run.amount, run.error) == ("done", 1, None)
        assert db.scalars(select(WorkerProcess)).one().stopped_at is not None
        assert set(db.scalars(select(JobState.leased_by))) == {None}


@contextmanager
def racer(database, tmp_path, name):
    """A worker of its own process with three jobs that write into files when they run; its lease is a second."""
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, str(RACERS), url, str(tmp_path / "instance"), str(tmp_path / name)]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


def test_of_two_workers_one_runs_a_job_and_the_other_follows_when_it_is_killed(database, tmp_path):
    with ExitStack() as stack:
        first, second = (stack.enter_context(racer(database, tmp_path, "runs")) for _ in range(2))
        polls, slow = tmp_path / "runs-polls", tmp_path / "runs-slow"
        wait_for(lambda: polls.exists() and polls.read_text().count("\n") >= 4 and slow.exists())
        workers = {int(entry.split()[0]) for entry in polls.read_text().splitlines()}
        assert len(workers) == 1, "both workers polled"
        killed = int(slow.read_text().split()[0])
        os.kill(killed, signal.SIGKILL)
        other = ({first.pid, second.pid} - {killed}).pop()
        # The run that the dead worker had begun is begun anew, long before its next due moment, an hour later.
        wait_for(lambda: f"{other} begun" in slow.read_text())
        wait_for(lambda: f"{other} " in polls.read_text())
    with database.read() as db:
        runs = db.scalars(select(JobRun).where(JobRun.job == "slow").order_by(JobRun.id)).all()
        assert [run.outcome for run in runs] == ["interrupted", "running"]
        assert len({run.due_at for run in runs}) == 2


def test_what_was_missed_is_made_up_for_once(sqlite_database, settings):
    job_line, ran_at = line("hourly", 3600), []
    job = Job(job_line, lambda _database, _settings, now: ran_at.append(now) or 1)
    now = datetime.now(UTC)
    with sqlite_database.write() as db:
        due = now - timedelta(days=2, minutes=10)
        db.add(JobState(name="hourly", next_at=due, leased_by="dead", leased_until=due))
    worker = Worker(sqlite_database, settings, [job], LEASE)
    for _ in range(5):
        worker.turn(job)
    assert len(ran_at) == 1
    with sqlite_database.read() as db:
        state = db.get_one(JobState, "hourly")
        assert now < state.next_at <= now + timedelta(hours=1)
        assert (state.next_at - due) % timedelta(hours=1) == timedelta(0)


def test_a_poller_that_finds_nothing_writes_nothing_and_a_run_that_did_nothing_is_not_kept(sqlite_database, settings):
    polls, timed = Job(line("polls"), lambda *_: 0), Job(line("timed", 60), lambda *_: None)
    worker = Worker(sqlite_database, settings, [polls, timed], LEASE)
    note_worker(sqlite_database, worker=worker.name, now=datetime.now(UTC))
    worker.turn(polls)
    worker.turn(timed)
    before = writes(sqlite_database)
    for _ in range(20):
        worker.turn(polls)
        worker.turn(timed)
    assert writes(sqlite_database) == before
    worker.beat()
    with sqlite_database.read() as db:
        assert db.get_one(JobState, "polls").last_finished_at is not None
        assert db.scalar(select(func.count()).select_from(JobRun)) == 0


def writes(database):
    with database.engine.connect() as connection:
        return connection.exec_driver_sql("PRAGMA data_version").scalar(), connection.exec_driver_sql(
            "SELECT group_concat(name || coalesce(last_finished_at, '') || next_at || leased_until) FROM job_state"
        ).scalar()


def test_a_worker_whose_lease_ran_out_while_it_worked_leaves_the_book_to_the_one_that_followed(
    sqlite_database, settings
):
    """As after a machine that stood still: the late worker ends its run and touches nothing of the other's."""
    job_line, order = line("once", 3600), []

    def act(*_):
        if not order:
            order.append("late")
            with sqlite_database.write() as db:
                db.get_one(JobState, "once").leased_until = datetime.now(UTC) - timedelta(seconds=1)
            follower.turn(other)
        else:
            order.append("follower")
        return 1

    job, other = Job(job_line, act), Job(job_line, act)
    late, follower = (Worker(sqlite_database, settings, [job], LEASE) for _ in range(2))
    late.turn(job)
    late.beat()
    late.turn(job)
    assert order == ["late", "follower"]
    with sqlite_database.read() as db:
        assert db.get_one(JobState, "once").leased_by == follower.name
        assert db.scalar(select(func.count()).select_from(JobRun)) == 2


def test_a_job_that_fails_is_logged_tried_more_seldom_and_does_not_stop_the_others(
    sqlite_database, settings, stops_after, caplog
):
    both = threading.Semaphore(0)

    def fail(*_):
        raise OSError(28, "No space left on device", "张三的收款信息.xlsx")

    jobs = [Job(line("fails"), fail), Job(line("works"), lambda *_: both.release())]

    def stop_in_time():
        assert both.acquire(timeout=20)
        assert both.acquire(timeout=20)
        stops_after()

    watcher = threading.Thread(target=stop_in_time)
    watcher.start()
    run_worker(settings, jobs)
    watcher.join()
    assert "job fails failed" in caplog.text
    with sqlite_database.read() as db:
        state = db.get_one(JobState, "fails")
        assert state.failures_in_a_row >= 1
        assert state.error.startswith("OSError：No space left on device（portal/jobs/worker.py:")
        assert "张三" not in state.error
        assert db.scalar(select(func.count()).where(JobRun.job == "fails", JobRun.outcome == "failed")) == (
            state.failures_in_a_row
        )


def test_the_worker_waits_for_the_job_that_is_running(settings, stops_after):
    began, ended = threading.Event(), threading.Event()

    def take_a_while(*_):
        began.set()
        stops_after()
        time.sleep(0.3)
        ended.set()

    run_worker(settings, [Job(line("slow", 60), take_a_while)])
    assert began.is_set()
    assert ended.is_set()


def test_the_command_says_how_the_jobs_are(sqlite_database, settings):
    given = {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_DATABASE_URL": settings.database_url}
    nothing_runs = CliRunner().invoke(main, ["worker", "--status"], env=given)
    assert (nothing_runs.exit_code, "后台进程尚未运行" in nothing_runs.output) == (1, True)
    now = datetime.now(UTC)
    note_worker(sqlite_database, worker="here-1", now=now)
    for line_of_table in JOBS.values():
        take_lease(sqlite_database, line_of_table, worker="here-1", now=now)
    well = CliRunner().invoke(main, ["worker", "--status"], env=given)
    assert (well.exit_code, "在运行：here-1" in well.output) == (0, True)
    with sqlite_database.write() as db:
        db.get_one(JobState, "read_bounces").failures_in_a_row = 1
    assert CliRunner().invoke(main, ["worker", "--status"], env=given).exit_code == 1


def test_a_job_is_told_the_time_and_counts_what_it_did(settings, sqlite_database):
    told, now = [], datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

    def act(*given):
        told.append(given)
        return ["two", "things"]

    outcome = run_job(Job(line("asks"), act), sqlite_database, settings, now)
    assert told == [(sqlite_database, settings, now)]
    assert (outcome.amount, outcome.error) == (2, None)
