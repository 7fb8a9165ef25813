"""What runs when. A job is due work of a service; it is called with database, settings and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.config import Settings
from portal.models.database import Database
from portal.services.account_recovery import settle_recovery_requests
from portal.services.archiving.drill import drill_asked
from portal.services.archiving.integrity import check_due
from portal.services.archiving.packaging import package_due
from portal.services.bounces import read_bounces
from portal.services.consultation.archive import archive_overdue
from portal.services.digests import send_digests
from portal.services.expert_import import read_waiting
from portal.services.kernel.storage_removal import remove_queued
from portal.services.official_making import Making
from portal.services.outbox import deliver_due
from portal.services.previews import make_previews
from portal.services.reminders import remind_due
from portal.services.standing_duties import open_by_clock
from portal.storage.local import Storage


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the schedule; `act` does what is due at that moment and may be called too often."""

    name: str
    every_seconds: int
    act: Callable[[Database, Settings, datetime], object]


def _archive_overdue(database: Database, now: datetime) -> list[int]:
    with database.write() as db:
        return archive_overdue(db, now)


def _package_due(database: Database, settings: Settings, now: datetime) -> int:
    return package_due(database, Storage(settings.files_folder), Making.by(settings), now)


def _on_files(act: Callable[[Database, Storage, datetime], object]) -> Callable[[Database, Settings, datetime], object]:
    return lambda database, settings, now: act(database, Storage(settings.files_folder), now)


SCHEDULE = (
    Job("settle_recovery_requests", 5, settle_recovery_requests),
    Job("deliver_outbox", 5, deliver_due),
    Job("send_digests", 60, lambda database, _settings, now: send_digests(database, now)),
    Job("read_bounces", 300, read_bounces),
    Job("read_expert_imports", 2, lambda database, _settings, now: read_waiting(database, now)),
    Job("archive_overdue", 600, lambda database, _settings, now: _archive_overdue(database, now)),
    Job("archive_packages", 60, _package_due),
    # Each hour a part, so that everything is read once a day and a stop costs little.
    Job("archive_checks", 3600, _on_files(check_due)),
    Job("custody_drills", 30, _on_files(drill_asked)),
    Job("material_previews", 5, _on_files(make_previews)),
    Job("storage_removals", 60, _on_files(remove_queued)),
    Job("open_by_clock", 3600, lambda database, _settings, now: open_by_clock(database, now)),
    Job("remind_of_deadlines", 60, lambda database, _settings, now: remind_due(database, now)),
)
