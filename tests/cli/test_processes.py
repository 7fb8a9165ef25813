"""Processes that live and die together, with real processes and real signals."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

SUPERVISOR = Path(__file__).with_name("supervisor.py")


def wait_for(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "trace"
    path.touch()
    return path


@contextmanager
def supervised(trace, *behaviours):
    command = [sys.executable, SUPERVISOR, trace, *behaviours]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_stops_all_in_good_order(trace, number):
    with supervised(trace, "steady", "calm") as process:
        wait_for(lambda: trace.read_text().count("runs") == 2)
        os.kill(process.pid, number)
        assert process.communicate(timeout=20)[0] == "{}\n"
    assert sorted(trace.read_text().split("\n")[2:4]) == ["calm stopped", "steady stopped"]


def test_when_one_dies_the_others_are_stopped_and_the_status_is_told(trace):
    with supervised(trace, "steady", "fails") as process:
        assert process.communicate(timeout=20)[0] == "{'fails': 3}\n"
    assert "steady stopped" in trace.read_text()


def test_one_that_does_not_listen_is_killed(trace):
    with supervised(trace, "stubborn", "steady") as process:
        wait_for(lambda: trace.read_text().count("runs") == 2)
        os.kill(process.pid, signal.SIGTERM)
        assert process.communicate(timeout=20)[0] == "{}\n"
    assert "steady stopped" in trace.read_text()


def test_children_do_not_outlive_a_parent_that_was_killed(trace):
    with supervised(trace, "steady", "calm") as process:
        wait_for(lambda: trace.read_text().count("runs") == 2)
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: trace.read_text().count("stopped") == 2)
