"""A worker of the simulated year: what the portal's own does about reminders and mail, by the clock in a file."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from portal.config import Settings, SmtpMail, Tls
from portal.models.database import Database
from portal.services.outbox import deliver_due
from portal.services.reminders import remind_due


def work(folder: Path, port: int, number: int, controller: int) -> None:
    """Work until the process `controller` is gone, or until SIGKILL; say in `idle-<number>` when nothing is left."""
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(folder)})
    settings = replace(settings, mail=SmtpMail("127.0.0.1", port, Tls.NONE))
    database = Database(f"sqlite:///{folder}/portal.sqlite3")
    idle = folder / f"idle-{number}"
    while _lives(controller):
        said = (folder / "clock").read_text()
        now = datetime.fromisoformat(said)
        remind_due(database, now)
        while deliver_due(database, settings, now):
            pass
        idle.write_text(said)
        # What another one leaves behind when it is killed is for its successor: until the clock moves, this one rests.
        while _lives(controller) and (folder / "clock").read_text() == said:
            time.sleep(0.004)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
