"""Processes that live and die together: when one ends, or the parent is told to stop, all stop."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

STOP_SECONDS = 30
LOOK_EVERY_SECONDS = 0.1
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class Processes:
    """Start some, then `wait`; each is named for what people are told about it."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note_stop)
        # In sessions of their own, so that Ctrl-C reaches the parent alone, which then stops them in order.
        self._running = {
            name: subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent)
            for name, command in commands.items()
        }

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def wait_until(self, is_ready: Callable[[], bool]) -> bool:
        """Wait for a condition; False when a process ended or a stop was asked for before."""
        while not self._stopping and not self._ended():
            if is_ready():
                return True
            time.sleep(LOOK_EVERY_SECONDS)
        return False

    def wait(self) -> dict[str, int]:
        """Wait for a stop or for the first process that ends; stop all others.

        Returns the exit status of those that ended by themselves: nothing after an orderly stop.
        """
        self.wait_until(lambda: False)
        ended = self._ended()
        self._stop()
        return ended

    def _ended(self) -> dict[str, int]:
        return {name: process.returncode for name, process in self._running.items() if process.poll() is not None}

    def _stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _die_with_parent() -> None:
    """In the child: be told to stop by the kernel should the parent be killed without a chance to say so."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
