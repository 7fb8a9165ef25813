"""A worker with jobs that leave their process number in a file: one that polls, and one that never ends."""

import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from portal.config import Settings
from portal.jobs.schedule import Job
from portal.jobs.worker import run_worker
from portal.process.jobs import JobLine

url, instance, trace = sys.argv[1:]


def leave(name, word):
    with Path(f"{trace}-{name}").open("a") as file:
        file.write(f"{os.getpid()} {word}\n")


def take_forever(*_):
    leave("slow", "begun")
    time.sleep(60)


jobs = (
    Job(JobLine("polls", "polls", timedelta(seconds=0.2)), lambda *_: leave("polls", "looked")),
    Job(JobLine("slow", "slow", timedelta(hours=1)), take_forever),
)
settings = replace(Settings.from_environment({"PORTAL_INSTANCE": instance}), database_url=url)
run_worker(settings, jobs, lease=timedelta(seconds=1.5))
