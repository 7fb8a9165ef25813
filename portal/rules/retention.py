"""保存期限: how long records are kept (Art. 9)."""

from __future__ import annotations

from datetime import date, timedelta

from portal.rules.dates import add_years
from portal.rules.editions import Edition

KINDS = ("sheet", "meeting_minutes", "other")


def retain_until(archived_on: date, edition: Edition, kind: str = "sheet") -> date:
    """Return the last day on which a record of this kind must be kept.

    Five years (Art. 9) counted from 1 January after the year of archiving (decided), so never shorter
    than five full years. `kind` is one of KINDS; another is a KeyError.
    """
    years = edition.value(f"retention_years_{kind}").value
    month = edition.value("retention_start_month").value
    day = edition.value("retention_start_day").value
    counted_from = date(archived_on.year + 1, month, day)
    return add_years(counted_from, years) - timedelta(days=1)


def has_expired(retained_until: date, today: date) -> bool:
    """Tell whether the retention is over: from the day after its last day."""
    return today > retained_until
