"""The clock that tests give to services: it stands still until it is told to move."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
MONDAY_MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=BEIJING)


class Clock:
    """Call it for the time; `now` reads and sets it, `advance` moves it on."""

    def __init__(self, now: datetime = MONDAY_MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        """Move on by a timedelta's arguments (days=…, hours=…) and return the new time."""
        self.now += timedelta(**duration)
        return self.now
