"""The story's days: working days counted from the last one before the telling, and hours in Beijing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from portal.rules.dates import BEIJING, beijing_day
from portal.rules.working_days import WorkingCalendar

_ONE_DAY = timedelta(days=1)
_FIRST_HOUR, _LAST_HOUR = time(9, 30), time(16, 0)
_HALF_AN_HOUR = timedelta(minutes=30)
_HOUR_SO_FAR = timedelta(hours=1)
JUST_NOW = "just now"


class Days:
    """Day 0 is the day of the telling, or the last working day before it; day -1 the working day before that.

    Everything up to day -1 is over whatever the hour; so a story that ends there has no future in it.
    """

    def __init__(self, calendar: WorkingCalendar, now: datetime) -> None:
        self._calendar, self._now = calendar, now
        self._zero = self._at_or_before(beijing_day(now))
        self._found: dict[int, date] = {0: self._zero}

    def day(self, number: int) -> date:
        """The working day `number` days after day 0, before it where negative."""
        step = 1 if number > 0 else -1
        for one in range(step, number + step, step) if number else ():
            if one not in self._found:
                day = self._found[one - step] + step * _ONE_DAY
                while not self._is_worked(day):
                    day += step * _ONE_DAY
                self._found[one] = day
        return self._found[number]

    def instant(self, number: int | str, hour: str) -> datetime:
        """`hour` ("14:20") of a working day, aware; with JUST_NOW so long after the start of the session under way."""
        if number == JUST_NOW:
            passed = time.fromisoformat(hour)
            return self.session_under_way() + timedelta(hours=passed.hour, minutes=passed.minute)
        return datetime.combine(self.day(int(number)), time.fromisoformat(hour), tzinfo=BEIJING)

    def before(self, day: date) -> date:
        """The working day before a day."""
        return self._at_or_before(day - _ONE_DAY)

    def session_under_way(self) -> datetime:
        """The latest full or half hour of a working day's office hours that is at least an hour ago."""
        latest = (self._now - _HOUR_SO_FAR).astimezone(BEIJING)
        slot = latest.replace(minute=latest.minute // 30 * 30, second=0, microsecond=0)
        while not (self._is_worked(slot.date()) and _FIRST_HOUR <= slot.time() <= _LAST_HOUR):
            slot -= _HALF_AN_HOUR
        return slot

    def _at_or_before(self, day: date) -> date:
        while not self._is_worked(day):
            day -= _ONE_DAY
        return day

    def _is_worked(self, day: date) -> bool:
        # A year whose notice is not at hand is guessed, as the portal's own deadlines are (暂定).
        return self._calendar.mark(day, strict=False).counted
