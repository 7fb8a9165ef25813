"""Days in Beijing, and years and months added to a day."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta, timezone

# China keeps one time without summer time, so a fixed offset is exact for every date the portal can meet,
# and needs no time zone database on the machine.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


def beijing_day(instant: datetime) -> date:
    """Return the calendar day in Beijing of an aware instant. A naive one is a ValueError."""
    if instant.tzinfo is None:
        raise ValueError("an instant must carry its time zone")
    return instant.astimezone(BEIJING).date()


def end_of_day(day: date) -> datetime:
    """Return 24:00 Beijing time of `day` as an aware UTC instant (the first moment that is too late)."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=BEIJING)
    return midnight.astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later, or the month's last where there is none (Civil Code Art. 202)."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def add_years(day: date, years: int) -> date:
    """Return the same day `years` later; 29 February becomes 28 February in a common year."""
    return add_months(day, 12 * years)
