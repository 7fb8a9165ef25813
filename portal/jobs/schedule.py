"""What runs when. A job is due work of a service; it is called with database, settings and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.config import Settings
from portal.models.database import Database
from portal.process.jobs import JOBS, JobLine
from portal.services.account_recovery import settle_recovery_requests
from portal.services.archiving.drill import drill_asked
from portal.services.archiving.integrity import check_due
from portal.services.archiving.packaging import package_due
from portal.services.archiving.publication_files import check_publications_due
from portal.services.bounces import read_bounces
from portal.services.channel_delivery import tell_channels
from portal.services.consultation.archive import archive_overdue
from portal.services.digests import send_digests
from portal.services.expert_import import read_waiting
from portal.services.job_leases import thin_job_runs
from portal.services.kernel.storage_removal import remove_queued
from portal.services.official_making import Making
from portal.services.outbox import deliver_due
from portal.services.previews import make_previews
from portal.services.reminders import remind_due
from portal.services.standing_duties import open_by_clock
from portal.storage.local import Storage


@dataclass(frozen=True, slots=True)
class Job:
    """What the job of a line does; `act` does what is due at that moment and may be called too often."""

    line: JobLine
    act: Callable[[Database, Settings, datetime], object]

    @property
    def name(self) -> str:
        """The name of the job."""
        return self.line.name


def _job(name: str, act: Callable[[Database, Settings, datetime], object]) -> Job:
    return Job(JOBS[name], act)


def _archive_overdue(database: Database, now: datetime) -> list[int]:
    with database.write() as db:
        return archive_overdue(db, now)


def _package_due(database: Database, settings: Settings, now: datetime) -> int:
    return package_due(database, Storage(settings.files_folder), Making.by(settings), now)


def _on_files(act: Callable[[Database, Storage, datetime], object]) -> Callable[[Database, Settings, datetime], object]:
    return lambda database, settings, now: act(database, Storage(settings.files_folder), now)


def _check_files(database: Database, storage: Storage, now: datetime) -> int:
    return len(check_due(database, storage, now)) + len(check_publications_due(database, storage, now))


SCHEDULE = (
    _job("settle_recovery_requests", settle_recovery_requests),
    _job("deliver_outbox", deliver_due),
    _job("tell_channels", tell_channels),
    _job("send_digests", lambda database, _settings, now: send_digests(database, now)),
    _job("read_bounces", read_bounces),
    _job("read_expert_imports", lambda database, _settings, now: read_waiting(database, now)),
    _job("archive_overdue", lambda database, _settings, now: _archive_overdue(database, now)),
    _job("archive_packages", _package_due),
    # Each hour a part, so that everything is read once a day and a stop costs little.
    _job("archive_checks", _on_files(_check_files)),
    _job("custody_drills", _on_files(drill_asked)),
    _job("material_previews", _on_files(make_previews)),
    _job("storage_removals", _on_files(remove_queued)),
    _job("open_by_clock", lambda database, _settings, now: open_by_clock(database, now)),
    _job("remind_of_deadlines", lambda database, _settings, now: remind_due(database, now)),
    _job("thin_job_runs", lambda database, _settings, now: thin_job_runs(database, now)),
)
